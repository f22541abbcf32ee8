/** Density of the standard normal. */
export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) / 2.5066282746310002;

/**
 * Distribution function of the standard normal, absolute error below 7.5e-8 (Abramowitz and Stegun 26.2.17). Who has the
 * density at z already can pass it.
 */
export const normalCdf = (z: number, density = normalDensity(z)): number => {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    density * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
};
