import { describe, expect, it } from 'vitest';
import { watchService } from './service-watcher.ts';
import type { ServiceStatus, WatchTimers } from './service-watcher.ts';

/** Virtual time: `advance` runs what is due, and lets promises settle in between. */
function fakeTimers(): { timers: WatchTimers; advance: (ms: number) => Promise<void>; pending: () => number } {
  let now = 0;
  let due: { at: number; callback: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    timers: {
      now: () => now,
      after: (ms, callback) => {
        const entry = { at: now + ms, callback };
        due.push(entry);
        return () => (due = due.filter((other) => other !== entry));
      },
    },
    advance: async (ms) => {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        due = due.filter((entry) => entry !== next);
        now = next.at;
        next.callback();
        await settle();
      }
      now = end;
      await settle();
    },
    pending: () => due.length,
  };
}

function harness(options: { startFails?: () => boolean } = {}) {
  const clock = fakeTimers();
  const seen: ServiceStatus[] = [];
  const world = { up: true, starts: [] as number[] };
  const watcher = watchService(
    {
      name: 'thing',
      isUp: () => Promise.resolve(world.up),
      start: () => {
        world.starts.push(clock.timers.now());
        if (options.startFails?.() === true) return Promise.reject(new Error('it will not'));
        world.up = true;
        return Promise.resolve();
      },
    },
    {
      timers: clock.timers,
      onChange: (status) => seen.push(status),
      checkEveryMs: 1000,
      firstBackOffMs: 200,
      longestBackOffMs: 5000,
      steadyAfterMs: 60_000,
      failAfter: 3,
    },
  );
  return { ...clock, watcher, world, seen };
}

describe('a watched service', () => {
  it('is left alone while it lives', async () => {
    const { watcher, world, advance, seen } = harness();
    watcher.start();
    await advance(10_000);
    expect(world.starts).toEqual([]);
    expect(seen).toEqual([]);
    await watcher.stop();
  });

  it('is started again soon after it died, and the restart is counted', async () => {
    const { watcher, world, advance, seen } = harness();
    watcher.start();
    await advance(5000);
    world.up = false;
    await advance(1300);
    expect(world.starts).toEqual([6200]);
    expect(seen.map(({ state }) => state)).toEqual(['down', 'starting', 'up']);
    expect(watcher.status()).toMatchObject({ state: 'up', restarts: 1 });
    await watcher.stop();
  });

  it('is tried less and less often while it does not come up, is called failed, and recovers', async () => {
    let broken = true;
    const { watcher, world, advance } = harness({ startFails: () => broken });
    watcher.start();
    world.up = false;
    await advance(30_000);
    const waits = world.starts.map((at, i) => at - (world.starts[i - 1] ?? 1000));
    expect(waits.slice(0, 7)).toEqual([200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(watcher.status()).toMatchObject({ state: 'failed', lastError: { code: 'unknown', message: 'it will not' } });
    broken = false;
    await advance(6000);
    expect(watcher.status()).toMatchObject({ state: 'up', restarts: 1 });
    await watcher.stop();
  });

  it('backs off when it comes up and dies at once, and forgets that after a steady minute', async () => {
    const { watcher, world, advance } = harness();
    watcher.start();
    for (let i = 0; i < 3; i++) {
      world.up = false;
      await advance(2500);
    }
    const before = world.starts.length;
    expect(before).toBe(3);
    await advance(70_000);
    world.up = false;
    await advance(1200);
    expect(world.starts.length).toBe(before + 1);
    await watcher.stop();
  });

  it('is not restarted while it is stopped on purpose, and is watched again afterwards', async () => {
    const { watcher, world, advance } = harness();
    watcher.start();
    await watcher.lookAwayDuring(async () => {
      world.up = false;
      await advance(20_000);
      expect(world.starts).toEqual([]);
    });
    await advance(2000);
    expect(world.starts.length).toBe(1);
    await watcher.stop();
  });

  it('leaves no timer behind when watching stops', async () => {
    const { watcher, world, advance, pending } = harness();
    watcher.start();
    world.up = false;
    await advance(1100);
    await watcher.stop();
    expect(pending()).toBe(0);
    await advance(60_000);
    expect(world.starts).toEqual([]);
  });
});
