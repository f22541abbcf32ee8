/** Where time comes from and where timers wait; the shape every `Scheduler` of this package has. */
export type Scheduling = {
  /** Epoch milliseconds. */
  now(): number;
  /** Runs `fn` once, `ms` from now. Returns its cancel, which is idempotent. */
  setTimer(ms: number, fn: () => void): () => void;
};
