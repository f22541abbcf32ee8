/** Keeps the phone in one tab: two tabs that answer the same station would cut each other off. */
export interface TabLock {
  /** Calls `onHeld` once it is ours, or `onRefused` if another tab has it, or takes it away later. */
  acquire(options: { steal: boolean; onHeld: () => void; onRefused: () => void }): void;
  release(): void;
}

/** By the Web Locks API; a closed or crashed tab lets go by itself. Without the API (old or insecure) every tab may. */
export const webTabLock = (locks: LockManager | undefined, name = 'qianhu-softphone'): TabLock => {
  /** Invariant: counts acquisitions, so that answers to an older one are known as such. */
  let generation = 0;
  let letGo: (() => void) | undefined;
  const release = (): void => {
    generation += 1;
    letGo?.();
    letGo = undefined;
  };
  return {
    acquire({ steal, onHeld, onRefused }) {
      release();
      const mine = generation;
      if (locks === undefined) {
        onHeld();
        return;
      }
      const hold = (lock: Lock | null): Promise<void> | undefined => {
        if (mine !== generation) return undefined;
        if (lock === null) {
          onRefused();
          return undefined;
        }
        return new Promise((resolve) => {
          letGo = resolve;
          onHeld();
        });
      };
      locks.request(name, steal ? { steal: true } : { ifAvailable: true }, hold).catch(() => {
        // Rejected: another tab took it over.
        if (mine === generation) onRefused();
      });
    },
    release,
  };
};
