import { PartsError } from '../parts-error.ts';

/**
 * The states of a watched service.
 * ```
 *            start()            isUp() false              wait over
 *   (made) ──────────► up ─────────────────────► down ─────────────────► starting
 *                      ▲                          ▲                        │  │
 *                      │         it came up       │      it did not        │  │
 *                      └──────────────────────────┼────────────────────────┘  │
 *                                                 └────────── (fewer than     │
 *                      failed ◄── (several times in a row) ── failAfter) ─────┘
 * ```
 * - `up`: the last look found it alive.
 * - `down`: it is not alive; a start follows after the back-off.
 * - `starting`: a start is under way.
 * - `failed`: it did not come up several times in a row; starts go on at the longest back-off, but a person must look.
 */
export type ServiceState = 'up' | 'starting' | 'down' | 'failed';

/** What is known of a service, for the health page. */
export type ServiceStatus = {
  readonly name: string;
  readonly state: ServiceState;
  /** When it entered this state, milliseconds since 1970. */
  readonly sinceMs: number;
  /** Successful restarts since watching began. */
  readonly restarts: number;
  readonly lastError?: { readonly atMs: number; readonly code: string; readonly message: string };
};

/** Clock and timers, passed in. */
export type WatchTimers = {
  readonly now: () => number;
  /** Calls back once after `ms`; the returned function cancels. */
  readonly after: (ms: number, callback: () => void) => () => void;
};

/** A service that can be asked and started. */
export type WatchedService = {
  readonly name: string;
  /** Whether it lives; a rejection counts as "no". Asked once a second, so it must be cheap. */
  readonly isUp: () => Promise<boolean>;
  /** Starts it, or adopts it when another process was quicker; rejects when it does not come up. */
  readonly start: () => Promise<void>;
};

/** How a service is watched. */
export type WatchOptions = {
  readonly timers: WatchTimers;
  /** Told of every change of state. */
  readonly onChange?: (status: ServiceStatus) => void;
  /** Default 1000. */
  readonly checkEveryMs?: number;
  /** Wait before the first restart, doubled with each failure in a row. Default 200. */
  readonly firstBackOffMs?: number;
  /** Default 30,000. */
  readonly longestBackOffMs?: number;
  /** Up for so long, the failures are forgotten; a service that comes up and dies at once still backs off. Default 60,000. */
  readonly steadyAfterMs?: number;
  /** Failures in a row that make it `failed`. Default 5. */
  readonly failAfter?: number;
};

/** Watches a service and starts it again when it dies. */
export type ServiceWatcher = {
  /** Begins to watch a service that is up. */
  readonly start: () => void;
  readonly status: () => ServiceStatus;
  /** Looks away while the service is stopped or restarted on purpose, and watches again when `work` ends. */
  readonly lookAwayDuring: <T>(work: () => Promise<T>) => Promise<T>;
  /** Stops watching and waits for a start that is under way; the service itself goes on. */
  readonly stop: () => Promise<void>;
};

/** Makes a watcher; it does nothing until `start`. */
export function watchService(service: WatchedService, options: WatchOptions): ServiceWatcher {
  const { timers } = options;
  const checkEveryMs = options.checkEveryMs ?? 1000;
  const firstBackOffMs = options.firstBackOffMs ?? 200;
  const longestBackOffMs = options.longestBackOffMs ?? 30_000;
  const steadyAfterMs = options.steadyAfterMs ?? 60_000;
  const failAfter = options.failAfter ?? 5;

  let status: ServiceStatus = { name: service.name, state: 'up', sinceMs: timers.now(), restarts: 0 };
  /** Failures in a row: starts that did not succeed, and deaths before the service was steady. */
  let failures = 0;
  /** At most one timer or one step is under way. */
  let cancelTimer: (() => void) | undefined;
  let step: Promise<void> = Promise.resolve();
  let watching = false;

  const change = (next: Partial<ServiceStatus>): void => {
    const state = next.state ?? status.state;
    status = { ...status, ...next, sinceMs: state === status.state ? status.sinceMs : timers.now() };
    options.onChange?.(status);
  };
  const plan = (ms: number, work: () => Promise<void>): void => {
    cancelTimer?.();
    if (!watching) return;
    cancelTimer = timers.after(ms, () => {
      cancelTimer = undefined;
      step = work();
    });
  };
  const backOffMs = (): number => Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.max(0, failures - 1));

  const look = async (): Promise<void> => {
    const isUp = await service.isUp().catch(() => false);
    if (!watching) return;
    if (isUp) {
      if (timers.now() - status.sinceMs >= steadyAfterMs) failures = 0;
      plan(checkEveryMs, look);
      return;
    }
    failures++;
    change({ state: failures > failAfter ? 'failed' : 'down' });
    plan(backOffMs(), restart);
  };
  const restart = async (): Promise<void> => {
    if (status.state !== 'failed') change({ state: 'starting' });
    try {
      await service.start();
      change({ state: 'up', restarts: status.restarts + 1 });
      plan(checkEveryMs, look);
    } catch (error) {
      failures++;
      const message = error instanceof Error ? error.message : String(error);
      change({
        state: failures > failAfter ? 'failed' : 'down',
        lastError: { atMs: timers.now(), code: error instanceof PartsError ? error.code : 'unknown', message },
      });
      plan(backOffMs(), restart);
    }
  };
  const pause = async (): Promise<void> => {
    watching = false;
    cancelTimer?.();
    cancelTimer = undefined;
    await step;
  };
  const resume = (): void => {
    watching = true;
    plan(checkEveryMs, look);
  };

  return {
    start: resume,
    status: () => status,
    stop: pause,
    lookAwayDuring: async (work) => {
      const wasWatching = watching;
      await pause();
      try {
        return await work();
      } finally {
        if (wasWatching) resume();
      }
    },
  };
}
