/**
 * The level of the answer rate, followed by several filters at once that differ in how fast they believe it drifts; each
 * is trusted by how well it foretold what came (Bayesian model averaging, Raftery, Kárný and Ettler 2010). A steady list
 * is then known precisely, and one that collapses is noticed within a few answers.
 */
export type LevelFilters = {
  /** Per filter: Gamma shape (people) and rate (probability dialled). */
  readonly humans: readonly number[];
  readonly weight: readonly number[];
  /** Per filter: logarithm of how well it has predicted of late. */
  readonly merit: readonly number[];
  readonly sec: number;
};

/** Standard deviation of the logarithm of the level after one second, by filter. */
const DRIFTS = [0.0003, 0.0012, 0.0045, 0.018];

/** Filters with the weight of a prior. */
export const initialLevel = (humans: number, weight: number): LevelFilters => ({
  humans: DRIFTS.map(() => humans),
  weight: DRIFTS.map(() => weight),
  merit: DRIFTS.map(() => 0),
  sec: 0,
});

/** Logarithm of the negative binomial predictive, without the factor that is the same for all filters. */
const merit = (humans: number, weight: number, came: number, dialled: number): number => {
  let sum = humans * Math.log(weight / (weight + dialled)) - came * Math.log(weight + dialled);
  for (let i = 0; i < came; i++) sum += Math.log(humans + i);
  return sum;
};

/**
 * Takes in a closed cohort: `came` people answered dials whose probabilities add up to `dialled`. With `weightKept` a
 * single filter that forgets by dials is used (the reference pacer's).
 */
export const updateLevel = (
  filters: LevelFilters,
  came: number,
  dialled: number,
  sec: number,
  weightKept?: number,
): LevelFilters => {
  if (weightKept !== undefined) {
    const keep = Math.exp(-dialled / weightKept);
    return {
      humans: [filters.humans[0]! * keep + came],
      weight: [filters.weight[0]! * keep + dialled],
      merit: [0],
      sec,
    };
  }
  // Nights and pauses count as one minute of drift: what the day's start brings is the fast filters' affair.
  const passed = filters.sec === 0 ? 1 : Math.min(60, Math.max(0, sec - filters.sec));
  const humans: number[] = [];
  const weight: number[] = [];
  const merits: number[] = [];
  let best = -Infinity;
  for (let j = 0; j < DRIFTS.length; j++) {
    const drift = DRIFTS[j]!;
    const a = filters.humans[j]!;
    // A Gamma belief of shape a has relative variance 1/a; drift adds to it: 1/a' = 1/a + drift² · time.
    const forget = 1 / (1 + drift * drift * passed * a);
    const shape = Math.max(0.5, a * forget);
    const rate = (filters.weight[j]! * shape) / a;
    const value = 0.998 ** Math.min(50, came + 0.2) * filters.merit[j]! + merit(shape, rate, came, dialled);
    humans.push(shape + came);
    weight.push(rate + dialled);
    merits.push(value);
    if (value > best) best = value;
  }
  return { humans, weight, merit: merits.map((value) => Math.max(-8, value - best)), sec };
};

/** The averaged level; people and exposure of dials that still ring are taken in too. */
export const levelOf = (filters: LevelFilters, openHumans: number, openWeight: number): number => {
  let sum = 0;
  let total = 0;
  for (let j = 0; j < filters.humans.length; j++) {
    const a = filters.humans[j]!;
    const w = filters.weight[j]!;
    const trust = Math.exp(filters.merit[j]! + (openWeight > 0 ? merit(a, w, openHumans, openWeight) : 0));
    sum += (trust * (a + openHumans)) / Math.max(1e-9, w + openWeight);
    total += trust;
  }
  if (total > 0) return sum / total;
  const last = filters.humans.length - 1;
  return (filters.humans[last]! + openHumans) / Math.max(1e-9, filters.weight[last]! + openWeight);
};
