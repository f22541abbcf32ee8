import { describe, expect, it } from 'vitest';
import { addSample, stepPath, type PacingSample } from './pacing-trend.ts';

const at = (sec: number, risk = 0): PacingSample => ({ atMs: sec * 1000, risk, price: 0.05 });

describe('the trend of a pacer', () => {
  it('keeps one moment a second, the latest, and ten minutes of them', () => {
    let history: readonly PacingSample[] = [];
    for (let i = 0; i < 20; i++) history = addSample(history, at(i / 4, i));
    expect(history.length).toBeLessThanOrEqual(7);
    expect(history.at(-1)?.risk).toBe(19);
    expect(addSample(history, at(700)).map((one) => one.atMs)).toEqual([700_000]);
  });
  it('begins anew when the clock went back', () => {
    expect(addSample([at(100), at(110)], at(50))).toEqual([at(50)]);
  });
  it('is drawn in steps, cut at the top', () => {
    const points = [
      { atMs: 0, value: 0 },
      { atMs: 500, value: 5 },
      { atMs: 1000, value: 1 },
    ];
    expect(stepPath(points, { width: 100, height: 10, top: 2 })).toBe('M0 10.0H50.0V0.0H100.0V5.0');
    expect(stepPath([], { width: 1, height: 1, top: 1 })).toBe('');
  });
});
