import { describe, expect, it } from 'vitest';
import { erlangB, erlangC } from './erlang.ts';
import { meanInterval, quantile, wilsonInterval } from './intervals.ts';
import { normalCdf } from './normal.ts';
import { createRandom } from './random.ts';

describe('statistics', () => {
  it('has Erlang B and C as the tables print them', () => {
    expect(erlangB(10, 5)).toBeCloseTo(0.018385, 6);
    expect(erlangB(1, 1)).toBeCloseTo(0.5, 12);
    expect(erlangC(10, 5)).toBeCloseTo(0.036105, 6);
    expect(erlangC(3, 3)).toBe(1);
  });

  it('has the normal distribution to seven digits', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 7);
    expect(normalCdf(1.96)).toBeCloseTo(0.9750021, 6);
    expect(normalCdf(-3)).toBeCloseTo(0.0013499, 6);
  });

  it('has Wilson intervals and Student intervals', () => {
    const { low, high } = wilsonInterval(3, 100);
    expect(low).toBeCloseTo(0.01025, 4);
    expect(high).toBeCloseTo(0.08452, 4);
    expect(meanInterval([1, 2, 3]).half).toBeCloseTo(4.303 / Math.sqrt(3), 3);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  });

  it('draws the same numbers from the same seeds and unrelated ones from others', () => {
    const draw = (...seeds: number[]): number[] => {
      const random = createRandom(...seeds);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(draw(1, 2)).toEqual(draw(1, 2));
    expect(draw(1, 2)).not.toEqual(draw(1, 3));
    const random = createRandom(7);
    const normals = Array.from({ length: 20_000 }, () => random.normal());
    const mean = normals.reduce((a, b) => a + b, 0) / normals.length;
    const variance = normals.reduce((a, b) => a + (b - mean) ** 2, 0) / normals.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
  });
});
