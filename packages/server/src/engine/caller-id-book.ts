import { restDecision, type EpochMs, type RestPolicy } from '@qianhu/core';

const HOUR_MS = 3_600_000;
/** The recent time that is judged, and the time before in which the usual is learned. */
export const RECENT_MS = 24 * HOUR_MS;
export const USUAL_MS = 30 * 24 * HOUR_MS;
/** Memory does not grow with the rate: so long a time is one pair of counts. */
export const BIN_MS = 4 * HOUR_MS;

/** Dials of one caller ID in one bin, to leads of one kind. */
export type CountedDials = {
  readonly number: string;
  /** Leads that are alike: one campaign's first tries, or its repeats. */
  readonly kind: string;
  /** Any instant of the bin. */
  readonly atMs: EpochMs;
  readonly dials: number;
  readonly answers: number;
};

/** Why a caller ID rests: what was counted when it was judged. */
export type RestReason = {
  readonly recentDials: number;
  readonly recentAnswers: number;
  /** Share (0–1) of such dials that is usually answered. */
  readonly usualShare: number;
};

type Count = { dials: number; answers: number };
type Bins = Map<number, Count>;

/**
 * How often each caller ID was answered of late, and how often leads of the same kind usually answer, whichever number was
 * shown. A number is judged only against leads like its own: a harder list or repeats alone put nothing to rest.
 */
export class CallerIdBook {
  /** By number, then kind, then bin. */
  readonly #counts = new Map<string, Map<string, Bins>>();

  add({ number, kind, atMs, dials, answers }: CountedDials): void {
    let kinds = this.#counts.get(number);
    if (kinds === undefined) this.#counts.set(number, (kinds = new Map<string, Bins>()));
    let bins = kinds.get(kind);
    if (bins === undefined) kinds.set(kind, (bins = new Map<number, Count>()));
    const bin = Math.floor(atMs / BIN_MS);
    const count = bins.get(bin);
    if (count === undefined) bins.set(bin, { dials, answers });
    else {
      count.dials += dials;
      count.answers += answers;
    }
  }

  /** The number's dials since then have been judged: they do not count again. */
  forget(number: string, fromMs: EpochMs): void {
    for (const bins of this.#counts.get(number)?.values() ?? [])
      for (const bin of bins.keys()) if (bin >= Math.floor(fromMs / BIN_MS)) bins.delete(bin);
  }

  /** Drops what is older than the usual. */
  prune(nowMs: EpochMs): void {
    const first = Math.floor((nowMs - USUAL_MS) / BIN_MS);
    for (const kinds of this.#counts.values())
      for (const bins of kinds.values()) for (const bin of bins.keys()) if (bin < first) bins.delete(bin);
  }

  /** Numbers that should rest now, with what was counted. */
  judge(nowMs: EpochMs, policy: RestPolicy): ReadonlyMap<string, RestReason> {
    const recentFrom = Math.floor((nowMs - RECENT_MS) / BIN_MS);
    const inAll = new Map<string, Count>();
    for (const kinds of this.#counts.values())
      for (const [kind, bins] of kinds) {
        const sum = inAll.get(kind) ?? { dials: 0, answers: 0 };
        inAll.set(kind, plus(sum, sumOf(bins, -Infinity)));
      }
    const found = new Map<string, RestReason>();
    for (const [number, kinds] of this.#counts) {
      const recent: Count = { dials: 0, answers: 0 };
      let expected = 0;
      for (const [kind, bins] of kinds) {
        const own = sumOf(bins, recentFrom);
        const all = inAll.get(kind) ?? { dials: 0, answers: 0 };
        // Its own recent dials say nothing about what is usual.
        const others = { dials: all.dials - own.dials, answers: all.answers - own.answers };
        if (own.dials === 0 || others.dials < policy.minDials) continue;
        recent.dials += own.dials;
        recent.answers += own.answers;
        expected += own.dials * (others.answers / others.dials);
      }
      const { rests } = restDecision(
        {
          recentDials: recent.dials,
          recentAnswers: recent.answers,
          usualDials: recent.dials,
          usualAnswers: expected,
        },
        policy,
      );
      if (rests)
        found.set(number, {
          recentDials: recent.dials,
          recentAnswers: recent.answers,
          usualShare: expected / recent.dials,
        });
    }
    return found;
  }
}

const plus = (a: Count, b: Count): Count => ({ dials: a.dials + b.dials, answers: a.answers + b.answers });

const sumOf = (bins: Bins, fromBin: number): Count => {
  let sum: Count = { dials: 0, answers: 0 };
  for (const [bin, count] of bins) if (bin >= fromBin) sum = plus(sum, count);
  return sum;
};
