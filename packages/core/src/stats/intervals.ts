/** A two-sided interval. */
export type Interval = { readonly low: number; readonly high: number };

/** Wilson's score interval of a proportion (Wilson 1927), 95 % by default. The whole of [0, 1] without observations. */
export const wilsonInterval = (hits: number, trials: number, z = 1.96): Interval => {
  if (trials <= 0) return { low: 0, high: 1 };
  const p = hits / trials;
  const zz = (z * z) / trials;
  const centre = (p + zz / 2) / (1 + zz);
  const half = (z * Math.sqrt((p * (1 - p)) / trials + zz / (4 * trials))) / (1 + zz);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
};

/** 97.5 % points of Student's t for 1 … 30 degrees of freedom. */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Mean and half width of its 95 % interval (Student's t); half width is infinite for a single value. */
export const meanInterval = (values: readonly number[]): { readonly mean: number; readonly half: number } => {
  const n = values.length;
  if (n === 0) return { mean: NaN, half: Infinity };
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  if (n === 1) return { mean, half: Infinity };
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  return { mean, half: (T_975[n - 2] ?? 1.96) * Math.sqrt(variance / n) };
};

/** The quantile `q` (0–1) by linear interpolation between order statistics; NaN of nothing. */
export const quantile = (values: readonly number[], q: number): number => {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.min(1, Math.max(0, q)) * (sorted.length - 1);
  const low = Math.floor(at);
  const a = sorted[low] ?? NaN;
  const b = sorted[Math.min(low + 1, sorted.length - 1)] ?? NaN;
  return a + (b - a) * (at - low);
};
