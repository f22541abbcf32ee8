import type { Random } from '../stats/random.ts';

/** How long something takes, in seconds. */
export type DurationLaw =
  | { readonly kind: 'fixed'; readonly sec: number }
  | { readonly kind: 'exponential'; readonly meanSec: number }
  | { readonly kind: 'lognormal'; readonly meanSec: number; readonly cv: number }
  | { readonly kind: 'shifted'; readonly bySec: number; readonly law: DurationLaw }
  | { readonly kind: 'mixture'; readonly parts: readonly { readonly weight: number; readonly law: DurationLaw }[] }
  /** Bin i spans `edgesSec[i]` to `edgesSec[i + 1]`; within a bin all times are equally likely. */
  | { readonly kind: 'histogram'; readonly edgesSec: readonly number[]; readonly counts: readonly number[] };

/** Draws one duration in seconds, never negative. */
export const drawDuration = (law: DurationLaw, random: Random): number => {
  switch (law.kind) {
    case 'fixed':
      return law.sec;
    case 'exponential':
      return -law.meanSec * Math.log(1 - random.next());
    case 'lognormal': {
      const variance = Math.log(1 + law.cv * law.cv);
      return Math.exp(Math.log(law.meanSec) - variance / 2 + Math.sqrt(variance) * random.normal());
    }
    case 'shifted':
      return law.bySec + drawDuration(law.law, random);
    case 'mixture': {
      let at = random.next() * law.parts.reduce((sum, part) => sum + part.weight, 0);
      for (const part of law.parts) {
        at -= part.weight;
        if (at < 0) return drawDuration(part.law, random);
      }
      const last = law.parts.at(-1);
      return last === undefined ? 0 : drawDuration(last.law, random);
    }
    case 'histogram': {
      let at = random.next() * law.counts.reduce((sum, count) => sum + count, 0);
      for (let i = 0; i < law.counts.length; i++) {
        const count = law.counts[i] ?? 0;
        if (at < count) {
          const low = law.edgesSec[i] ?? 0;
          const high = law.edgesSec[i + 1] ?? low;
          return low + ((high - low) * at) / count;
        }
        at -= count;
      }
      return law.edgesSec.at(-1) ?? 0;
    }
  }
};

/** The mean of a law, seconds. */
export const meanDuration = (law: DurationLaw): number => {
  switch (law.kind) {
    case 'fixed':
      return law.sec;
    case 'exponential':
    case 'lognormal':
      return law.meanSec;
    case 'shifted':
      return law.bySec + meanDuration(law.law);
    case 'mixture': {
      const weight = law.parts.reduce((sum, part) => sum + part.weight, 0);
      return law.parts.reduce((sum, part) => sum + (part.weight / weight) * meanDuration(part.law), 0);
    }
    case 'histogram': {
      const total = law.counts.reduce((sum, count) => sum + count, 0);
      return law.counts.reduce(
        (sum, count, i) => sum + (count / total) * (((law.edgesSec[i] ?? 0) + (law.edgesSec[i + 1] ?? 0)) / 2),
        0,
      );
    }
  }
};
