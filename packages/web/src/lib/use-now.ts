import { useSyncExternalStore } from 'react';

/** One timer for all running clocks on the page, aligned to whole seconds so that they tick together. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let present = Date.now();

const tick = (): void => {
  present = Date.now();
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

/** The present time, renewed every second while somebody looks. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => present);
