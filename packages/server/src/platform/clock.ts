/** Where time comes from and where timers wait; the virtual clock of `@qianhu/switch` has the same shape. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since some beginning, by a clock that is never set; without it nobody looks for jumps of `now`. */
  steady?(): number;
  /** Runs `fn` once, `ms` from now (0 or less: as soon as possible, never at once). Returns its cancel, which is idempotent. */
  setTimer(ms: number, fn: () => void): () => void;
}

/** Node's timers turn a longer delay into 1 ms. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Real time: `Date.now`, `performance.now` and `setTimeout` (which counts what has passed, whatever the clock says). */
export const realClock = (): Clock => ({
  now: () => Date.now(),
  steady: () => performance.now(),
  setTimer: (ms, fn) => {
    const timer = setTimeout(fn, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    return () => {
      clearTimeout(timer);
    };
  },
});

/** Runs `fn` every `ms` until the returned cancel is called. The next run is set after the last one began. */
export const every = (clock: Clock, ms: number, fn: () => void): (() => void) => {
  let cancel: () => void = () => undefined;
  let isStopped = false;
  const next = (): void => {
    cancel = clock.setTimer(ms, () => {
      if (isStopped) return;
      next();
      fn();
    });
  };
  next();
  return () => {
    isStopped = true;
    cancel();
  };
};

/** Resolves after `ms` of the clock's time. */
export const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.setTimer(ms, resolve);
  });
