import type { Clock } from '../../lib/clock.ts';

/** A busy campaign settles several attempts a second: tables are read anew at most this often. */
const PERIOD_MS = 2_000;

/** Makes many calls into few: the first after a quiet time acts at once, those that follow together after the period. */
export const settledRefresher = (clock: Clock, refresh: () => void): (() => void) => {
  /** Invariant: whether the period since the last refresh is running, and whether something came in meanwhile. */
  let isResting = false;
  let isWanted = false;
  const act = (): void => {
    isResting = true;
    isWanted = false;
    refresh();
    clock.setTimer(PERIOD_MS, () => {
      isResting = false;
      if (isWanted) act();
    });
  };
  return () => {
    if (isResting) isWanted = true;
    else act();
  };
};
