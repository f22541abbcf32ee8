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

/** What became of an entry under the two-second clock. */
export type LedgerVerdict = 'connected' | 'dropped' | 'machine' | 'leftEarly';

/** Judges one entry: dropped when no agent is there `graceMs` after the greeting's end (16 CFR 310.4(b)(4)(ii)). */
export const judge = (entry: LedgerEntry, graceMs: number): LedgerVerdict => {
  if (entry.answeredBy === 'machine') return 'machine';
  const clock = (entry.greetingEndedAtMs ?? entry.answeredAtMs) + graceMs;
  if (entry.connectedAtMs !== undefined && entry.connectedAtMs <= clock) return 'connected';
  if (entry.connectedAtMs === undefined && entry.hungUpAtMs !== undefined && entry.hungUpAtMs < clock)
    return 'leftEarly';
  return 'dropped';
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
  entries: readonly LedgerEntry[],
  spans: readonly LedgerSpan[],
  rule: { readonly graceMs: number; readonly limit: number; readonly errors: DetectionErrors },
): readonly EvidenceRow[] =>
  spans.flatMap((span) => {
    const periods = new Map<EpochMs, LedgerCounts>();
    for (const entry of entries) {
      const start = periodStart(span, entry.answeredAtMs);
      periods.set(start, addVerdict(periods.get(start) ?? noCounts, judge(entry, rule.graceMs)));
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
