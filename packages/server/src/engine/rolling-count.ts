import type { EpochMs } from '@qianhu/core';

/**
 * How many things happened in a rolling window, in bins: memory does not grow with the rate. A bin that lies partly in the
 * window counts whole, so a limit is reached a bin too early rather than too late.
 */
export class RollingCount {
  readonly #binMs: number;
  readonly #windowMs: number;
  /** Bin number to count, oldest first; bins outside the window are dropped when counting. */
  readonly #bins = new Map<number, number>();

  constructor(windowMs: number, bins: number) {
    this.#windowMs = windowMs;
    this.#binMs = windowMs / bins;
  }

  add(atMs: EpochMs): void {
    const bin = Math.floor(atMs / this.#binMs);
    this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + 1);
  }

  /** The clock was set by `byMs`: what happened an hour ago still happened an hour ago (to the bin). */
  shift(byMs: number): void {
    const bins = [...this.#bins];
    this.#bins.clear();
    for (const [bin, n] of bins) this.#bins.set(bin + Math.round(byMs / this.#binMs), n);
  }

  /** Things in the window that ends at `nowMs`. */
  count(nowMs: EpochMs): number {
    const first = Math.floor((nowMs - this.#windowMs) / this.#binMs);
    let sum = 0;
    for (const [bin, n] of this.#bins) {
      if (bin < first) this.#bins.delete(bin);
      else sum += n;
    }
    return sum;
  }
}
