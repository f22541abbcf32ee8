import type { Clock } from '../clock.ts';

/** A clock that moves only when told. Timers fire in order of time, then of setting. */
export class VirtualClock implements Clock {
  #now: number;
  #nextId = 0;
  readonly #timers = new Map<number, { readonly at: number; readonly run: () => void }>();

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const id = this.#nextId++;
    this.#timers.set(id, { at: this.#now + Math.max(0, ms), run: callback });
    return () => {
      this.#timers.delete(id);
    };
  }

  /** How many timers are set: a test that ends with some has leaked them. */
  get pending(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = [...this.#timers.entries()]
        .filter(([, timer]) => timer.at <= until)
        .sort(([idA, a], [idB, b]) => a.at - b.at || idA - idB)[0];
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#now = next[1].at;
      next[1].run();
    }
    this.#now = until;
  }
}
