import type { HangupCause, LegEnding } from '../call/hangup.ts';
import type { Outcome } from '../call/outcome.ts';

/**
 * One line of a trunk's own cause map: carriers give private meanings to codes (a powered-off mobile as 480 after a
 * spoken announcement, a barred number as 403). The first line that fits decides. Absent fields fit anything.
 */
export type VendorCause = {
  readonly sipStatus?: number;
  readonly cause?: HangupCause;
  /** Whether the far end had rung (180) or given progress (183) before. */
  readonly reached?: boolean;
  readonly outcome: Outcome;
  /** Whether the next trunk must not be tried. */
  readonly isFinal: boolean;
};

/** How a dial ended and what came before. */
export type DialEnding = {
  readonly ending: LegEnding;
  /** 180 came. */
  readonly rang: boolean;
  /** 183 came (a tone or an announcement could be heard). */
  readonly progressed: boolean;
  readonly answered: boolean;
  /** Our ring timer, and not another command, ended the dial. */
  readonly ringTimedOut: boolean;
  /** The switch itself died or restarted with the dial in it. */
  readonly switchDied?: boolean;
  /** The trunk's health check at the time of the ending; absent when there is none. */
  readonly trunkReachable?: boolean;
  readonly vendorCauses?: readonly VendorCause[];
};

/**
 * What an ending means. `isFinal`: the callee (or we) decided, no other trunk may be tried for this attempt.
 * `code` names the line of the table that decided, for the attempt's story.
 */
export type EndingClass = { readonly outcome: Outcome; readonly isFinal: boolean; readonly code: string };

const ends = (outcome: Outcome, isFinal: boolean, code: string): EndingClass => ({ outcome, isFinal, code });

/** SIP answers whose meaning does not depend on what came before (RFC 3261 §21 unless noted). */
const SIP_MEANING: Readonly<Record<number, readonly [Outcome, boolean]>> = {
  401: ['failed', false], // Our credentials for this trunk.
  402: ['congestion', false], // The account is empty.
  404: ['invalidNumber', true],
  405: ['failed', false],
  406: ['failed', false],
  407: ['failed', false],
  410: ['invalidNumber', true],
  413: ['failed', false],
  414: ['failed', false],
  415: ['failed', false],
  416: ['failed', false],
  420: ['failed', false],
  421: ['failed', false],
  422: ['failed', false], // RFC 4028: session timer too short.
  428: ['failed', false], // RFC 8224: identity wanted.
  433: ['rejected', true], // RFC 5079: the callee refuses anonymous calls.
  436: ['failed', false],
  437: ['failed', false],
  438: ['failed', false],
  482: ['congestion', false],
  483: ['congestion', false],
  484: ['invalidNumber', true],
  485: ['invalidNumber', true],
  486: ['busy', true],
  488: ['failed', false], // No codec in common with this trunk (also made up by Asterisk for a bad SDP in the 200).
  600: ['busy', true],
  603: ['rejected', true],
  604: ['invalidNumber', true],
  606: ['failed', true], // 6xx speaks for every place the callee could be found (RFC 3261 §21.6).
  607: ['rejected', true], // RFC 8197: the callee marked the call as unwanted.
  608: ['rejected', true], // RFC 8688: an analysis on the callee's behalf.
};

/** Q.850 causes that speak of the callee; a carrier's Reason header with one of them is more exact than a vague status. */
const CALLEE_CAUSE: Readonly<Record<number, Outcome>> = {
  1: 'invalidNumber',
  17: 'busy',
  19: 'noAnswer',
  20: 'poweredOff', // Subscriber absent: a mobile that is off or out of reach.
  21: 'rejected',
  22: 'invalidNumber',
  28: 'invalidNumber',
};

/** Q.850 causes of the network and of protocol trouble: the next trunk may do better. */
const NETWORK_CAUSE: Readonly<Record<number, Outcome>> = {
  2: 'congestion',
  3: 'congestion',
  6: 'congestion',
  25: 'congestion',
  27: 'congestion',
  29: 'failed',
  34: 'congestion',
  38: 'congestion',
  41: 'congestion',
  42: 'congestion',
  43: 'congestion',
  44: 'congestion',
  46: 'congestion',
  47: 'congestion',
  50: 'failed',
  55: 'failed',
  57: 'failed',
  58: 'failed',
  63: 'failed',
  65: 'failed',
  69: 'failed',
  79: 'failed',
  87: 'failed',
  88: 'failed',
  95: 'failed',
  96: 'failed',
  97: 'failed',
  99: 'failed',
  100: 'failed',
  101: 'failed',
  102: 'congestion',
  111: 'failed',
};

/** The cause a switch writes for a status when the carrier sent no Reason header (asterisk-trials §2): it says nothing new. */
const IMPLIED_CAUSE: Readonly<Record<number, HangupCause>> = {
  403: 21,
  408: 18,
  480: 19,
  487: 19,
  500: 38,
  502: 27,
  503: 34,
};

const fits = (line: VendorCause, ended: DialEnding, reached: boolean): boolean =>
  (line.sipStatus === undefined || line.sipStatus === ended.ending.sipStatus) &&
  (line.cause === undefined || line.cause === ended.ending.cause) &&
  (line.reached === undefined || line.reached === reached);

const bySip = (status: number, ended: DialEnding, reached: boolean): EndingClass => {
  const fixed = SIP_MEANING[status];
  if (fixed) return ends(fixed[0], fixed[1], `sip${status}`);
  const cause = ended.ending.cause;
  const stated = IMPLIED_CAUSE[status] === cause ? undefined : CALLEE_CAUSE[cause];
  if (stated) return ends(stated, true, `sip${status}Cause${cause}`);
  // 403 comes from carriers for an unpaid account, an unknown caller ID or a barred route, before the callee is reached;
  // after ringing it can only be the callee's side. Asterisk gives both the cause of a declined call.
  if (status === 403) return reached ? ends('rejected', true, 'sip403Reached') : ends('congestion', false, 'sip403');
  // 408 without any provisional answer: the carrier's next hop was silent. With one, the callee's phone was.
  if (status === 408) return reached ? ends('noAnswer', true, 'sip408Reached') : ends('congestion', false, 'sip408');
  if (status === 480) return ends('noAnswer', true, 'sip480');
  if (status === 487) return ends('noAnswer', true, 'sip487');
  // Server failures are the carrier's. A phone that has rung already is not rung again at once through another carrier:
  // the attempt ends and the retry delay applies.
  if (status >= 500 && status < 600) return ends('congestion', ended.rang, ended.rang ? 'sip5xxRang' : 'sip5xx');
  if (status >= 600) return ends('rejected', true, 'sip6xx');
  return ends('failed', ended.rang, 'sipOther');
};

const byCause = (cause: HangupCause, ended: DialEnding, reached: boolean): EndingClass => {
  const callee = CALLEE_CAUSE[cause];
  if (callee) return ends(callee, true, `cause${cause}`);
  // No user responding: silence before any provisional answer is the carrier's.
  if (cause === 18) return reached ? ends('noAnswer', true, 'cause18Reached') : ends('congestion', false, 'cause18');
  const network = NETWORK_CAUSE[cause];
  if (network) return ends(network, ended.rang, ended.rang ? `cause${cause}Rang` : `cause${cause}`);
  // Normal and unspecified clearing (16, 31, 127) and the rest: after ringing it is no answer, before it is the carrier's.
  return reached ? ends('noAnswer', true, 'causeOtherReached') : ends('congestion', false, 'causeOther');
};

/**
 * From the ending of a dial to its outcome, and whether the callee's word is final.
 *
 * Who ended it comes first (a switch makes up a status for its own endings, asterisk-trials §2), then the trunk's own map,
 * then the SIP status, then the Q.850 cause. A callee's refusal (busy, declined, invalid number, no answer) is final; only
 * a carrier's failure before the callee's phone rang tries the next trunk. Total: every ending has an outcome.
 */
export const classifyEnding = (ended: DialEnding): EndingClass => {
  if (ended.answered) return ends('answered', true, 'answered');
  const reached = ended.rang || ended.progressed;
  // Whether the callee's phone rang when the switch died is not known: another dial could ring it twice.
  if (ended.switchDied === true) return ends('failed', true, 'switchDied');
  if (ended.ringTimedOut) {
    // Silence is the callee's unless the health check says that the gateway is away: a second ring would be worse than
    // a lost fail-over, since some carriers send no 180 while the phone rings.
    return !reached && ended.trunkReachable === false
      ? ends('failed', false, 'gatewaySilent')
      : ends('noAnswer', true, 'ringTimeout');
  }
  if (ended.ending.by === 'us') return ends('cancelled', true, 'withdrawn');
  if (ended.ending.by === 'switch') return ends('failed', reached, reached ? 'switchReached' : 'switch');
  const line = ended.vendorCauses?.find((candidate) => fits(candidate, ended, reached));
  if (line) return ends(line.outcome, line.isFinal, 'vendor');
  return ended.ending.sipStatus === undefined
    ? byCause(ended.ending.cause, ended, reached)
    : bySip(ended.ending.sipStatus, ended, reached);
};
