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

/** sfc32 (Chris Doty-Humphrey, PractRand). */
class Sfc32 implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;
  /** The second normal of a pair (Box and Muller), until it is asked for; NaN for none. */
  private spare = NaN;

  constructor(seed: number) {
    this.a = seed;
    this.b = mix(seed, 1);
    this.c = mix(seed, 2);
    for (let i = 0; i < 4; i++) this.next();
  }

  next(): number {
    const { b, c, counter } = this;
    const t = (((this.a + b) | 0) + counter) | 0;
    this.counter = (counter + 1) | 0;
    this.a = b ^ (b >>> 9);
    this.b = (c + (c << 3)) | 0;
    this.c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4294967296;
  }

  normal(): number {
    const { spare } = this;
    if (!Number.isNaN(spare)) {
      this.spare = NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** A stream for these seeds (whole numbers). Not for secrets. */
export const createRandom = (...seeds: readonly number[]): Random => {
  let h = 0x9e3779b9;
  for (const seed of seeds) h = mix(mix(h, seed), Math.floor(seed / 4294967296));
  return new Sfc32(h);
};
