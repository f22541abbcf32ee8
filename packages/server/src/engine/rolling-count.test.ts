import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RollingCount } from './rolling-count.ts';

describe('RollingCount', () => {
  it('never counts less than happened in the window, and at most one bin more', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 200 }), (gaps) => {
        const times = gaps.map((gap) => 1_800_000_000_000 + gap).sort((a, b) => a - b);
        const rolling = new RollingCount(60_000, 60);
        for (const at of times) rolling.add(at);
        const now = times.at(-1) ?? 0;
        const inside = times.filter((at) => at > now - 60_000).length;
        const withBin = times.filter((at) => at > now - 62_000).length;
        expect(rolling.count(now)).toBeGreaterThanOrEqual(inside);
        expect(rolling.count(now)).toBeLessThanOrEqual(withBin);
      }),
    );
  });

  it('forgets what has left the window', () => {
    const rolling = new RollingCount(60_000, 60);
    rolling.add(1_000_000);
    expect(rolling.count(1_000_000)).toBe(1);
    expect(rolling.count(1_070_000)).toBe(0);
  });

  it('keeps what happened when the clock is set', () => {
    const count = new RollingCount(60_000, 60);
    count.add(1_000_000);
    count.add(1_030_000);
    count.shift(-3_600_000);
    expect(count.count(1_031_000 - 3_600_000)).toBe(2);
    expect(count.count(1_065_000 - 3_600_000)).toBe(1);
    count.shift(7_200_000);
    expect(count.count(1_065_000 + 3_600_000)).toBe(1);
  });
});
