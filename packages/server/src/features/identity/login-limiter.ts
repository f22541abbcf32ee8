/** Slows down guessing: failures per key (login and address) in a window. Pure but for its map; time is passed in. */
export type LoginLimiter = {
  /** Milliseconds to wait before another try; 0 when one may be made. */
  waitMs(key: string, nowMs: number): number;
  failed(key: string, nowMs: number): void;
  succeeded(key: string): void;
};

export type LoginLimits = { readonly mostFailures: number; readonly windowMs: number };

/** NIST SP 800-63B, section 3.2.2 asks for a limit; ten wrong tries in ten minutes cost nobody who knows the password. */
export const DEFAULT_LOGIN_LIMITS: LoginLimits = { mostFailures: 10, windowMs: 600_000 };

/** Keys kept at most; the oldest is forgotten first, so that a flood of names cannot fill the memory. */
const MOST_KEYS = 10_000;

export const createLoginLimiter = (limits: LoginLimits = DEFAULT_LOGIN_LIMITS): LoginLimiter => {
  // Invariant: times ascend; none is older than the window when it is counted.
  const failures = new Map<string, number[]>();
  const recent = (key: string, nowMs: number): number[] =>
    (failures.get(key) ?? []).filter((atMs) => atMs > nowMs - limits.windowMs && atMs <= nowMs);
  return {
    waitMs: (key, nowMs) => {
      const times = recent(key, nowMs);
      const first = times[times.length - limits.mostFailures];
      return first === undefined ? 0 : first + limits.windowMs - nowMs;
    },
    failed: (key, nowMs) => {
      const times = [...recent(key, nowMs), nowMs].slice(-limits.mostFailures);
      failures.delete(key);
      failures.set(key, times);
      const oldest: string | undefined = failures.keys().next().value;
      if (failures.size > MOST_KEYS && oldest !== undefined) failures.delete(oldest);
    },
    succeeded: (key) => {
      failures.delete(key);
    },
  };
};
