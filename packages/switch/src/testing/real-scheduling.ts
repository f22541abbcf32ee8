import type { Scheduling } from '../asterisk/scheduling.ts';

/** Real time, for tests against real programs. */
export const realScheduling: Scheduling = {
  now: () => Date.now(),
  setTimer: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};
