/** A stream of pseudo-random numbers. Same seeds, same stream, on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Standard normal. */
  normal(): number;
}

const mix = (h: number, value: number): number => {
  // Murmur3 finaliser steps: seeds that differ in one bit give unrelated streams.
  let x = Math.imul(h ^ (value | 0), 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
};

/** A stream for these seeds (whole numbers), by sfc32 (Chris Doty-Humphrey, PractRand). Not for secrets. */
export const createRandom = (...seeds: readonly number[]): Random => {
  let h = 0x9e3779b9;
  for (const seed of seeds) h = mix(mix(h, seed), Math.floor(seed / 4294967296));
  let a = h;
  let b = mix(h, 1);
  let c = mix(h, 2);
  let counter = 1;
  let spare: number | undefined;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 4; i++) next();
  return {
    next,
    normal: () => {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      const angle = 2 * Math.PI * next();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
};
