import type { HangupCause, HangUpReason } from '@qianhu/core';

/** Q.850 cause and text that the embedded Asterisk was seen to report for each final SIP status, so that both switches agree. */
const BY_STATUS: Readonly<Record<number, readonly [HangupCause, string]>> = {
  403: [21, 'Call Rejected'],
  404: [1, 'Unallocated (unassigned) number'],
  408: [18, 'No user responding'],
  410: [22, 'Number changed'],
  480: [19, 'User alerting, no answer'],
  484: [28, 'Invalid number format'],
  486: [17, 'User busy'],
  488: [58, 'Bearer capability not available'],
  500: [38, 'Network out of order'],
  502: [27, 'Destination out of order'],
  503: [34, 'Circuit/channel congestion'],
  600: [17, 'User busy'],
  603: [21, 'Call Rejected'],
};

/** The cause of a final SIP status; 127 (interworking) for those not listed. */
export const causeOfSipStatus = (status: number): { readonly cause: HangupCause; readonly text: string } => {
  const known = BY_STATUS[status];
  return known === undefined ? { cause: 127, text: 'Interworking, unspecified' } : { cause: known[0], text: known[1] };
};

/** The cause reported when we hang up for a reason (Q.850). */
export const causeOfReason = (reason: HangUpReason): { readonly cause: HangupCause; readonly text: string } => {
  switch (reason) {
    case 'normal':
      return { cause: 16, text: 'Normal Clearing' };
    case 'busy':
      return { cause: 17, text: 'User busy' };
    case 'noAnswer':
      return { cause: 19, text: 'User alerting, no answer' };
    case 'rejected':
      return { cause: 21, text: 'Call Rejected' };
    case 'congestion':
      return { cause: 34, text: 'Circuit/channel congestion' };
  }
};
