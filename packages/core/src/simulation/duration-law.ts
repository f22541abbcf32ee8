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

/** Draws durations of a law in seconds, never negative; what does not depend on chance is worked out once. */
export const durationDrawer = (law: DurationLaw): ((random: Random) => number) => {
  switch (law.kind) {
    case 'fixed':
      return () => law.sec;
    case 'exponential':
      return (random) => -law.meanSec * Math.log(1 - random.next());
    case 'lognormal': {
      const variance = Math.log(1 + law.cv * law.cv);
      const middle = Math.log(law.meanSec) - variance / 2;
      const spread = Math.sqrt(variance);
      return (random) => Math.exp(middle + spread * random.normal());
    }
    case 'shifted': {
      const draw = durationDrawer(law.law);
      return (random) => law.bySec + draw(random);
    }
    case 'mixture': {
      const total = law.parts.reduce((sum, part) => sum + part.weight, 0);
      const parts = law.parts.map(({ weight, law: own }) => ({ weight, draw: durationDrawer(own) }));
      const last = parts.at(-1);
      return (random) => {
        let at = random.next() * total;
        for (const { weight, draw } of parts) {
          at -= weight;
          if (at < 0) return draw(random);
        }
        return last === undefined ? 0 : last.draw(random);
      };
    }
    case 'histogram': {
      const { counts, edgesSec } = law;
      const total = counts.reduce((sum, count) => sum + count, 0);
      return (random) => {
        let at = random.next() * total;
        for (let i = 0; i < counts.length; i++) {
          const count = counts[i] ?? 0;
          if (at < count) {
            const low = edgesSec[i] ?? 0;
            const high = edgesSec[i + 1] ?? low;
            return low + ((high - low) * at) / count;
          }
          at -= count;
        }
        return edgesSec.at(-1) ?? 0;
      };
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
