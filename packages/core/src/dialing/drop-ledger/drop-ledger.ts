import type { EpochMs } from '../../ids.ts';
import { wilsonInterval } from '../../stats/intervals.ts';

/** One answered outbound call, as evidence. Times in epoch milliseconds. */
export type LedgerEntry = {
  readonly answeredAtMs: EpochMs;
  /** End of the callee's greeting, from which the two seconds run; the answer itself when no greeting was found. */
  readonly greetingEndedAtMs?: EpochMs;
  /** What machine detection or the agent said; without detection every answer is taken for a person's. */
  readonly answeredBy: 'person' | 'machine';
  /** When an agent was on the line; absent when nobody came. */
  readonly connectedAtMs?: EpochMs;
  /** The callee hung up before the clock ran out and before anybody came: neither dropped nor connected. */
  readonly hungUpAtMs?: EpochMs;
};

/** An answered call as the engine has it. Times in epoch milliseconds. */
export type AnsweredCall = {
  readonly answeredAtMs: EpochMs;
  /** The call machine's outcome and its detail; null while the call goes on. */
  readonly outcome: string | null;
  readonly detail: string | null;
  /** When an agent was first on the line. */
  readonly bridgedAtMs?: EpochMs;
  readonly endedAtMs?: EpochMs;
};

/** The call machine's details of people who hung up before anybody came. */
export const CALLEE_LEFT: readonly string[] = ['hungUpWaiting', 'hungUpConnecting'];

/** A call as the ledger judges it. Whoever was dropped by us is never one who left early, whenever the call ended. */
export const entryOfCall = (call: AnsweredCall): LedgerEntry => ({
  answeredAtMs: call.answeredAtMs,
  answeredBy: call.outcome === 'machine' || call.outcome === 'fax' ? 'machine' : 'person',
  ...(call.bridgedAtMs === undefined ? {} : { connectedAtMs: call.bridgedAtMs }),
  ...(call.endedAtMs !== undefined && call.detail !== null && CALLEE_LEFT.includes(call.detail)
    ? { hungUpAtMs: call.endedAtMs }
    : {}),
});

/** What became of an entry under the two-second clock. */
export type LedgerVerdict = 'connected' | 'dropped' | 'machine' | 'leftEarly';

/**
 * Judges one entry; the one definition of a drop, for the ledger, the pacer and the reports. A call is abandoned when "a person
 * answers it" and it is not connected to an agent "within two (2) seconds of the person's completed greeting"
 * (16 CFR 310.4(b)(1)(iv); 47 CFR 64.1200(a)(7)): dropped is who is still there `graceMs` after the greeting's end and has
 * no agent. Somebody who hangs up before that leaves no call to connect. Neither text names the case; such calls are in
 * neither side of the rate, which is stricter than counting them among the answered.
 */
export const judge = (entry: LedgerEntry, graceMs: number): LedgerVerdict => {
  if (entry.answeredBy === 'machine') return 'machine';
  const clock = (entry.greetingEndedAtMs ?? entry.answeredAtMs) + graceMs;
  if (entry.connectedAtMs !== undefined) return entry.connectedAtMs <= clock ? 'connected' : 'dropped';
  return entry.hungUpAtMs !== undefined && entry.hungUpAtMs < clock ? 'leftEarly' : 'dropped';
};

/** Counts over any span. */
export type LedgerCounts = {
  readonly connected: number;
  readonly dropped: number;
  readonly machines: number;
  readonly leftEarly: number;
};

/** No calls. */
export const noCounts: LedgerCounts = { connected: 0, dropped: 0, machines: 0, leftEarly: 0 };

/** Adds one verdict. */
export const addVerdict = (counts: LedgerCounts, verdict: LedgerVerdict): LedgerCounts => ({
  connected: counts.connected + (verdict === 'connected' ? 1 : 0),
  dropped: counts.dropped + (verdict === 'dropped' ? 1 : 0),
  machines: counts.machines + (verdict === 'machine' ? 1 : 0),
  leftEarly: counts.leftEarly + (verdict === 'leftEarly' ? 1 : 0),
});

/** Tested errors of machine detection, shares 0–1. */
export type DetectionErrors = {
  /** People taken for machines and hung up on, of all people. */
  readonly falsePositives: number;
  /** Without detection: machines among the calls that agents took, to deduct from drops (Ofcom 2010, Annex 3). */
  readonly machinesAmongAnswers?: number;
};

/** The rates that laws and houses define, side by side; each 0–1, with what it was computed from. */
export type DropRates = {
  /** FTC and FCC: dropped people / people who answered. */
  readonly ftc: number;
  /**
   * Ofcom: abandoned / (abandoned + passed to an agent). With detection, people taken for machines are added to the abandoned;
   * without, the estimated machines among drops are deducted.
   */
  readonly ofcom: number;
  /** 呼损率: answered calls of any kind that no agent took / all answered calls, as Chinese centres count it. */
  readonly callLoss: number;
  /** 95 % interval of the FTC rate, for reading only: the law counts, it does not estimate. */
  readonly ftcInterval: { readonly low: number; readonly high: number };
  /** Estimated people taken for machines. */
  readonly falsePositives: number;
};

/** The rates of some counts. */
export const dropRates = (counts: LedgerCounts, errors: DetectionErrors): DropRates => {
  const { connected, dropped, machines, leftEarly } = counts;
  const people = connected + dropped;
  const share = Math.min(0.99, Math.max(0, errors.falsePositives));
  // Of all real people a share was filed under machines; what we see is the rest. Never more than the machines seen.
  const falsePositives = Math.min(machines, (people * share) / (1 - share));
  const abandoned = dropped * (1 - (errors.machinesAmongAnswers ?? 0)) + falsePositives;
  const answered = people + machines + leftEarly;
  return {
    ftc: people > 0 ? dropped / people : 0,
    ofcom: abandoned + connected > 0 ? abandoned / (abandoned + connected) : 0,
    callLoss: answered > 0 ? (dropped + leftEarly) / answered : 0,
    ftcInterval: wilsonInterval(dropped, people),
    falsePositives,
  };
};

/** A span of the ledger: successive periods of a fixed length from an anchor (30 days, 24 hours), or local days. */
export type LedgerSpan =
  | { readonly kind: 'periods'; readonly name: string; readonly anchorMs: EpochMs; readonly lengthMs: number }
  | { readonly kind: 'days'; readonly name: string; readonly dayStartOf: (atMs: EpochMs) => EpochMs };

/** Start of the period of a span in which an instant lies. */
export const periodStart = (span: LedgerSpan, atMs: EpochMs): EpochMs =>
  span.kind === 'days'
    ? span.dayStartOf(atMs)
    : span.anchorMs + Math.floor((atMs - span.anchorMs) / span.lengthMs) * span.lengthMs;

/** Calls that were answered in the same period of every span that is asked for; `atMs` lies in it. */
export type LedgerTally = { readonly atMs: EpochMs; readonly counts: LedgerCounts };

const added = (a: LedgerCounts, b: LedgerCounts): LedgerCounts => ({
  connected: a.connected + b.connected,
  dropped: a.dropped + b.dropped,
  machines: a.machines + b.machines,
  leftEarly: a.leftEarly + b.leftEarly,
});

/** One line of evidence. */
export type EvidenceRow = {
  readonly span: string;
  readonly fromMs: EpochMs;
  readonly counts: LedgerCounts;
  readonly rates: DropRates;
  readonly isWithinLimit: boolean;
};

/**
 * The evidence of a campaign: counts and rates for each period of each span, oldest first. A period belongs to a call by its
 * answer. `limit` (0–1) is held against the FTC rate with false positives added.
 */
export const evidence = (
  tallies: readonly LedgerTally[],
  spans: readonly LedgerSpan[],
  rule: { readonly limit: number; readonly errors: DetectionErrors },
): readonly EvidenceRow[] =>
  spans.flatMap((span) => {
    const periods = new Map<EpochMs, LedgerCounts>();
    for (const { atMs, counts } of tallies) {
      const start = periodStart(span, atMs);
      periods.set(start, added(periods.get(start) ?? noCounts, counts));
    }
    return [...periods]
      .sort(([a], [b]) => a - b)
      .map(([fromMs, counts]) => {
        const rates = dropRates(counts, rule.errors);
        const people = counts.connected + counts.dropped;
        const charged = (counts.dropped + rates.falsePositives) / Math.max(1, people + rates.falsePositives);
        return { span: span.name, fromMs, counts, rates, isWithinLimit: charged <= rule.limit };
      });
  });

/** The evidence as CSV (RFC 4180, instants in UTC), one line per period. Holds no number and no name. */
export const evidenceCsv = (rows: readonly EvidenceRow[]): string => {
  const head =
    'span,from,connected,dropped,machines,left_early,ftc_rate,ofcom_rate,call_loss_rate,false_positives,within_limit';
  const lines = rows.map(({ span, fromMs, counts, rates, isWithinLimit }) =>
    [
      `"${span.replaceAll('"', '""')}"`,
      new Date(fromMs).toISOString(),
      counts.connected,
      counts.dropped,
      counts.machines,
      counts.leftEarly,
      rates.ftc.toFixed(5),
      rates.ofcom.toFixed(5),
      rates.callLoss.toFixed(5),
      rates.falsePositives.toFixed(1),
      isWithinLimit,
    ].join(','),
  );
  return [head, ...lines].join('\r\n') + '\r\n';
};
