import { useSyncExternalStore } from 'react';
import { serverTime } from './server-time.ts';

/** One timer for all running clocks on the page, aligned to whole seconds so that they tick together. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let present = serverTime.now();

const tick = (): void => {
  present = serverTime.now();
  timer = setTimeout(tick, 1000 - (present % 1000));
  for (const listener of [...listeners]) listener();
};

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  if (timer === undefined) tick();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearTimeout(timer);
      timer = undefined;
    }
  };
};

/** The present time (the server's), renewed every second while somebody looks. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => present);
