/** Where time comes from and where timers wait. Passed in everywhere, so that the same code runs on real and virtual time. */
export interface Scheduler {
  /** Epoch milliseconds. */
  now(): number;
  /** Runs `fn` once, `ms` from now (0 or less: as soon as possible, never at once). Returns its cancel, which is idempotent. */
  setTimer(ms: number, fn: () => void): () => void;
}

/** Real time: `Date.now` and `setTimeout`. */
export const realScheduler = (): Scheduler => ({
  now: () => Date.now(),
  setTimer: (ms, fn) => {
    // Node turns delays beyond 2^31-1 ms into 1 ms; nothing of ours waits 24 days.
    const timer = setTimeout(fn, Math.min(Math.max(ms, 0), 2_147_483_647));
    return () => clearTimeout(timer);
  },
});

/** A waiting timer; `fn` is dropped on cancel and the entry stays in the heap until it comes up or the heap is swept. */
type Entry = { readonly atMs: number; readonly order: number; fn: (() => void) | undefined };

/**
 * Virtual time: a heap of timers and a clock that moves only when told. Timers of one instant run in the order they were
 * set. Timers set while advancing run too when they fall inside the span.
 *
 * `advance` is for code without promises. Code that awaits needs `advanceAsync` or `runUntil`, which let the event loop
 * turn after every instant so that pending promises settle before time moves on.
 */
export class VirtualClock implements Scheduler {
  #nowMs: number;
  #order = 0;
  /** Binary min-heap by (atMs, order). */
  #heap: Entry[] = [];
  /** Entries in the heap whose `fn` was dropped. */
  #cancelled = 0;

  /** @param startMs Epoch milliseconds to begin at. */
  constructor(startMs = Date.UTC(2026, 0, 5, 2, 0, 0)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimer(ms: number, fn: () => void): () => void {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, fn };
    this.#push(entry);
    return () => {
      if (entry.fn === undefined) return;
      entry.fn = undefined;
      this.#cancelled++;
      if (this.#cancelled > 1024 && this.#cancelled * 2 > this.#heap.length) this.#sweep();
    };
  }

  /** How many timers wait (cancelled ones not counted); zero when nothing leaks. */
  get pending(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** When the next timer is due, or undefined when none waits. */
  get nextAtMs(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.atMs;
  }

  /** Moves time on by `ms`, running every timer that falls due, in order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.#runNextInstant(untilMs));
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** As `advance`, but lets the event loop turn after each instant (and once before the first). */
  async advanceAsync(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await eventLoopTurn();
    while (this.#runNextInstant(untilMs)) await eventLoopTurn();
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /**
   * Moves time on, instant by instant, until `done()` holds; looks at it before the first move too.
   * @returns whether it came true within `limitMs` of virtual time (default one hour). With no timer left, time jumps to the limit.
   */
  async runUntil(done: () => boolean, limitMs = 3_600_000): Promise<boolean> {
    const untilMs = this.#nowMs + limitMs;
    for (;;) {
      await eventLoopTurn();
      if (done()) return true;
      if (!this.#runNextInstant(untilMs)) {
        // A promise chain that is longer than one turn may still set a timer.
        await eventLoopTurn();
        if (done()) return true;
        if (this.#runNextInstant(untilMs)) continue;
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return done();
      }
    }
  }

  /** Runs all timers of the next instant that is not after `untilMs`; false when there is none. */
  #runNextInstant(untilMs: number): boolean {
    const atMs = this.nextAtMs;
    if (atMs === undefined || atMs > untilMs) return false;
    this.#nowMs = Math.max(this.#nowMs, atMs);
    // Timers set by these timers for the same instant run in the next call, so that promises settle between.
    const lastOrder = this.#order;
    for (;;) {
      this.#dropCancelled();
      const head = this.#heap[0];
      if (head === undefined || head.atMs > this.#nowMs || head.order >= lastOrder) return true;
      this.#pop();
      const fn = head.fn;
      head.fn = undefined;
      fn?.();
    }
  }

  #dropCancelled(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].fn === undefined) {
      this.#pop();
      this.#cancelled--;
    }
  }

  #sweep(): void {
    const live = this.#heap.filter((entry) => entry.fn !== undefined);
    live.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    this.#heap = live;
    this.#cancelled = 0;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as Entry;
      if (isBefore(parent, entry)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      const right = heap[childAt + 1];
      if (right !== undefined && isBefore(right, heap[childAt] as Entry)) childAt++;
      const child = heap[childAt] as Entry;
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** One full turn: every promise that can settle without I/O has settled afterwards. */
const eventLoopTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
