import { expect, it } from 'vitest';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { settledRefresher } from './settled-refresher.ts';

it('refreshes at once, then at most once per period, and never misses the last', () => {
  const clock = new VirtualClock();
  let refreshed = 0;
  const settled = settledRefresher(clock, () => (refreshed += 1));
  settled();
  expect(refreshed).toBe(1);
  for (let i = 0; i < 50; i += 1) settled();
  expect(refreshed).toBe(1);
  clock.advance(2000);
  expect(refreshed).toBe(2);
  clock.advance(2000);
  expect(refreshed).toBe(2);
  expect(clock.pending).toBe(0);
});
