/** Counts in bins of equal width (seconds); the last bin takes what is beyond. Not changed in place. */
export type Counts = readonly number[];

/** Adds one observation to a copy; all counts are multiplied by `keep` first (forgetting). */
export const addCount = (counts: Counts, bin: number, keep = 1): Counts => {
  const next = keep === 1 ? counts.slice() : counts.map((count) => count * keep);
  const at = Math.min(next.length - 1, Math.max(0, bin));
  next[at] = (next[at] ?? 0) + 1;
  return next;
};

/** Sum of all bins. */
export const totalCount = (counts: Counts): number => {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
};

/** Width of handle-time bins as a ratio; the first begins at one second. 80 bins reach 2.2 hours. */
export const LOG_RATIO = 1.12;
/** Number of handle-time bins. */
export const LOG_BINS = 80;
const LOG_STEP = Math.log(LOG_RATIO);
const EDGES = Float64Array.from({ length: LOG_BINS + 1 }, (_, i) => (i === 0 ? 0 : Math.exp(LOG_STEP * i)));

/** The handle-time bin of a duration in seconds. */
export const logBin = (sec: number): number =>
  sec <= 1 ? 0 : Math.min(LOG_BINS - 1, Math.floor(Math.log(sec) / LOG_STEP));

/** The survival function of a duration as a table: value at each edge, linear between. */
export type Survival = { readonly edges: Float64Array; readonly values: Float64Array };

/** Survival of log-binned counts. */
export const logSurvival = (counts: Counts): Survival => {
  const n = counts.length;
  const values = new Float64Array(n + 1);
  const total = Math.max(1e-12, totalCount(counts));
  let left = total;
  values[0] = 1;
  for (let i = 0; i < n; i++) {
    left -= counts[i] ?? 0;
    values[i + 1] = Math.max(0, left / total);
  }
  return { edges: EDGES, values };
};

/** P(duration > sec) from a log-binned table. */
export const survivalAt = (survival: Survival, sec: number): number => {
  const { edges, values } = survival;
  if (sec <= 0) return 1;
  const i = logBin(sec);
  const low = edges[i]!;
  const high = edges[i + 1]!;
  const share = Math.min(1, (sec - low) / (high - low));
  return values[i]! + (values[i + 1]! - values[i]!) * share;
};

/** Log-binned prior counts of total weight `weight` for a lognormal with this mean (seconds) and variation. */
export const lognormalPrior = (meanSec: number, cv: number, weight: number, cdf: (z: number) => number): Counts => {
  const variance = Math.log(1 + cv * cv);
  const mu = Math.log(meanSec) - variance / 2;
  const counts: number[] = [];
  let before = 0;
  for (let i = 0; i < LOG_BINS; i++) {
    const upTo = i === LOG_BINS - 1 ? 1 : cdf((LOG_STEP * (i + 1) - mu) / Math.sqrt(variance));
    counts.push(weight * (upTo - before));
    before = upTo;
  }
  return counts;
};
