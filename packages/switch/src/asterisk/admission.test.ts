import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Admission } from './admission.ts';
import type { Scheduling } from './scheduling.ts';

/** A clock whose timers run when it is moved. */
class Clock implements Scheduling {
  #nowMs = 1_000_000;
  #timers: { atMs: number; fn: () => void }[] = [];
  now(): number {
    return this.#nowMs;
  }
  setTimer(ms: number, fn: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  get waiting(): number {
    return this.#timers.length;
  }
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.fn();
      await Promise.resolve();
    }
    this.#nowMs = endMs;
    await Promise.resolve();
  }
}

/**
 * A switch of a given capacity: its dials wait in one line, and when the line is longer than a second its work per dial doubles,
 * as Asterisk's does when it collapses. `offer` asks for `rate` new calls per second and returns what came through per second.
 */
const offer = async (
  clock: Clock,
  admission: Admission | undefined,
  capacity: number,
  rate: number,
  seconds: number,
): Promise<number> => {
  let freeAtMs = clock.now();
  let done = 0;
  const endMs = clock.now() + seconds * 1000;
  const serve = (release: () => void): void => {
    const now = clock.now();
    const backlogMs = Math.max(0, freeAtMs - now);
    const workMs = (1000 / capacity) * (backlogMs > 1000 ? 2 : 1);
    freeAtMs = Math.max(now, freeAtMs) + workMs;
    const latencyMs = freeAtMs - now;
    clock.setTimer(latencyMs, () => {
      if (clock.now() <= endMs) done += 1;
      admission?.sample(latencyMs);
      release();
    });
  };
  let owed = 0;
  for (let ms = 0; ms < seconds * 1000; ms += 10) {
    owed += rate / 100;
    for (; owed >= 1; owed -= 1) {
      if (admission) void admission.acquire().then(serve, () => undefined);
      else serve(() => undefined);
    }
    await clock.advance(10);
  }
  return done / seconds;
};

describe('admission', () => {
  test('grows for an asker who takes only what is free, and not for one who seldom asks', async () => {
    const ask = async (everyMs: number): Promise<number> => {
      const clock = new Clock();
      const admission = new Admission(clock);
      for (let i = 0; i < 200; i++) {
        const wanted = admission.free;
        for (let n = 0; n < wanted; n++) {
          const release = await admission.acquire();
          admission.sample(5);
          release();
        }
        await clock.advance(everyMs);
      }
      return admission.newCallsPerSecond;
    };
    expect(await ask(50)).toBeGreaterThan(100);
    expect(await ask(500)).toBe(40);
  });

  test('keeps goodput when asked for twice what the switch can do, where an unguarded switch collapses', async () => {
    const bare = await offer(new Clock(), undefined, 100, 200, 30);
    const clock = new Clock();
    const admission = new Admission(clock);
    await offer(clock, admission, 100, 200, 20);
    const guarded = await offer(clock, admission, 100, 200, 30);
    expect(bare).toBeLessThan(65);
    expect(guarded).toBeGreaterThan(90);
  });

  test('finds a capacity that changed, both ways', async () => {
    const clock = new Clock();
    const admission = new Admission(clock);
    await offer(clock, admission, 200, 300, 30);
    expect(admission.newCallsPerSecond).toBeGreaterThan(150);
    await offer(clock, admission, 50, 300, 20);
    expect(admission.newCallsPerSecond).toBeLessThan(90);
    await offer(clock, admission, 200, 300, 40);
    expect(admission.newCallsPerSecond).toBeGreaterThan(150);
  });

  test('does not raise its ceiling while nobody asks for more', async () => {
    const clock = new Clock();
    const admission = new Admission(clock, { initialRate: 40 });
    await offer(clock, admission, 1000, 20, 10);
    expect(admission.newCallsPerSecond).toBe(40);
  });

  test('a dial held too long is refused as overloaded and may be sent again', async () => {
    const clock = new Clock();
    const admission = new Admission(clock, { initialRate: 1, minRate: 1, maxWaitMs: 500 });
    await admission.acquire();
    await admission.acquire();
    const held = admission.acquire();
    expect(admission.held).toBe(1);
    expect(admission.free).toBe(0);
    const refused = expect(held).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    await clock.advance(501);
    await refused;
    expect(admission.held).toBe(0);
  });

  test('refuses at once when the line is full', async () => {
    const clock = new Clock();
    const admission = new Admission(clock, { initialRate: 1, maxHeld: 2 });
    const all = Array.from({ length: 5 }, () =>
      admission.acquire().then(
        () => 'ok',
        (error: { code: string }) => error.code,
      ),
    );
    await expect(all[4]).resolves.toBe('overloaded');
    admission.reset();
    expect(await Promise.all(all)).toEqual(['ok', 'ok', 'notConnected', 'notConnected', 'overloaded']);
    await clock.advance(10_000);
    expect(clock.waiting).toBe(0);
  });

  test('never lets more than the limit be under way, and loses no place, whatever the order of releases', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { minLength: 1, maxLength: 200 }), async (steps) => {
        const clock = new Clock();
        const admission = new Admission(clock, { initialRate: 500, maxInFlight: 5, maxWaitMs: 200 });
        const out: (() => void)[] = [];
        for (const step of steps) {
          if (step < 6)
            void admission.acquire().then(
              (release) => out.push(release),
              () => undefined,
            );
          else if (step < 8) out.splice(step % Math.max(1, out.length), 1)[0]?.();
          else await clock.advance(step * 5);
          await Promise.resolve();
          expect(admission.inFlight).toBeLessThanOrEqual(5);
          expect(admission.free).toBeGreaterThanOrEqual(0);
        }
        for (const release of out) release();
        for (const release of out) release();
        await clock.advance(10_000);
        for (const release of out) release();
        expect(admission.inFlight).toBe(0);
        expect(admission.held).toBe(0);
        expect(clock.waiting).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test('a clock that jumps back neither blocks nor floods', async () => {
    let nowMs = 10_000_000;
    const timers: (() => void)[] = [];
    const admission = new Admission(
      { now: () => nowMs, setTimer: (_ms, fn) => (timers.push(fn), () => undefined) },
      { initialRate: 10 },
    );
    await admission.acquire();
    await admission.acquire();
    nowMs -= 3_600_000;
    expect(admission.free).toBe(0);
    nowMs += 1000;
    expect(admission.free).toBe(2);
    nowMs += 86_400_000;
    expect(admission.free).toBe(2);
  });
});
