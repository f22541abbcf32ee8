import fc from 'fast-check';
import { expect, test } from 'vitest';

import { VirtualClock } from './virtual-clock.ts';

test('timers run in time order, those of one instant in the order they were set', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 200 }), (delays) => {
      const clock = new VirtualClock(0);
      const ran: { at: number; index: number }[] = [];
      delays.forEach((ms, index) => clock.setTimer(ms, () => ran.push({ at: clock.now(), index })));
      clock.advance(100);
      const expected = delays.map((ms, index) => ({ at: ms, index })).sort((a, b) => a.at - b.at || a.index - b.index);
      expect(ran).toEqual(expected);
      expect(clock.pending).toBe(0);
      expect(clock.now()).toBe(100);
    }),
  );
});

test('a cancelled timer never runs and is not pending, however many there are', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean()), { maxLength: 200 }), (timers) => {
      const clock = new VirtualClock(0);
      let ran = 0;
      for (const [ms, isCancelled] of timers) {
        const cancel = clock.setTimer(ms, () => ran++);
        if (isCancelled) {
          cancel();
          cancel();
        }
      }
      const kept = timers.filter(([, isCancelled]) => !isCancelled).length;
      expect(clock.pending).toBe(kept);
      clock.advance(50);
      expect(ran).toBe(kept);
    }),
  );
});

test('sweeping thousands of cancelled timers keeps the others in order', () => {
  const clock = new VirtualClock(0);
  const ran: number[] = [];
  const cancels: (() => void)[] = [];
  for (let index = 0; index < 6000; index++) {
    const ms = (index * 7919) % 6000;
    if (index % 3 === 0) clock.setTimer(ms, () => ran.push(ms));
    else cancels.push(clock.setTimer(ms, () => ran.push(-1)));
  }
  for (const cancel of cancels) cancel();
  expect(clock.pending).toBe(2000);
  clock.advance(6000);
  expect(ran).toEqual([...ran].sort((a, b) => a - b));
  expect(ran).toHaveLength(2000);
});

test('a timer set by a timer runs in the same advance when it falls inside it', () => {
  const clock = new VirtualClock(1000);
  const ran: number[] = [];
  clock.setTimer(10, () => {
    ran.push(clock.now());
    clock.setTimer(0, () => ran.push(clock.now()));
    clock.setTimer(5, () => ran.push(clock.now()));
    clock.setTimer(500, () => ran.push(clock.now()));
  });
  clock.advance(100);
  expect(ran).toEqual([1010, 1010, 1015]);
  expect(clock.nextAtMs).toBe(1510);
});

test('promises settle between the instants of an asynchronous advance', async () => {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(ms, resolve));
  const worker = (async () => {
    await sleep(10);
    ran.push(`first ${clock.now()}`);
    await sleep(10);
    ran.push(`second ${clock.now()}`);
  })();
  clock.setTimer(15, () => ran.push(`between ${clock.now()}`));
  await clock.advanceAsync(30);
  await worker;
  expect(ran).toEqual(['first 10', 'between 15', 'second 20']);
});

test('running until a condition stops at its instant, and gives up at the limit', async () => {
  const clock = new VirtualClock(0);
  let isDone = false;
  clock.setTimer(70, () => {
    isDone = true;
  });
  clock.setTimer(90, () => undefined);
  expect(await clock.runUntil(() => isDone)).toBe(true);
  expect(clock.now()).toBe(70);
  expect(await clock.runUntil(() => false, 1000)).toBe(false);
  expect(clock.now()).toBe(1070);
});
