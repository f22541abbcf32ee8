/**
 * Q.850 hang-up cause (ITU-T Q.850, table 1), 1–127. The number as the switch reports it.
 */
export type HangupCause = number;

/** Who ended a leg: the far end (carrier or person), we by command or timer, or the switch itself (it died, it refused). */
export type EndedBy = 'them' | 'us' | 'switch';

/** How a leg ended, as seen by the switch. `sipStatus` only when the far end really sent one. */
export type LegEnding = {
  readonly cause: HangupCause;
  readonly sipStatus?: number;
  readonly by: EndedBy;
  /** Text of the cause for people, in the switch's own words. */
  readonly text?: string;
};

/** Why we hang up; adapters map it to their own words. */
export type HangUpReason = 'normal' | 'busy' | 'rejected' | 'noAnswer' | 'congestion';
