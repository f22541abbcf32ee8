/** What the machine saw of an attempt (docs/glossary.md). */
export const OUTCOMES = [
  'answered',
  'busy',
  'noAnswer',
  'rejected',
  'invalidNumber',
  'poweredOff',
  'suspended',
  'machine',
  'fax',
  'congestion',
  'failed',
  'cancelled',
  'dropped',
  'unknown',
] as const;

/**
 * - `answered`: a person answered and was bridged (or a script ran).
 * - `dropped`: answered, but nobody was in time.
 * - `congestion`: the carrier could not take the call (only this and `failed` try the next trunk).
 * - `failed`: our side or the switch failed before the carrier decided.
 * - `cancelled`: we withdrew the dial before it was answered for a reason other than the ring time-out.
 * - `unknown`: could not be settled after a crash; counts in the caps.
 */
export type Outcome = (typeof OUTCOMES)[number];
