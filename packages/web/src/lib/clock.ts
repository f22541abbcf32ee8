/** Time and timers as the view models need them; tests pass a virtual one. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once after `ms`; returns the canceller (idempotent). */
  setTimer(ms: number, callback: () => void): () => void;
}

/** The browser's clock. */
export const browserClock: Clock = {
  now: () => Date.now(),
  setTimer: (ms, callback) => {
    const id = setTimeout(callback, ms);
    return () => {
      clearTimeout(id);
    };
  },
};
