import { describe, expect, it } from 'vitest';
import { createRiskPacer } from '../dialing/pacing/risk-pacer.ts';
import { defaultRiskPacerSettings } from '../dialing/pacing/settings.ts';
import { fixedRatio } from './baselines/index.ts';
import { EventQueue } from './event-queue.ts';
import { simulate } from './simulate.ts';
import { pooled } from './simulation-result.ts';
import { defaultWorld } from './world.ts';

const HOUR = 3600;

describe('the simulator', { timeout: 120_000 }, () => {
  it('gives the same result for the same seed and another for another', () => {
    const world = defaultWorld(5, 0.25, { shiftSec: HOUR });
    const run = (seed: number) => simulate(world, createRiskPacer(defaultRiskPacerSettings), { seed });
    expect(run(1)).toEqual(run(1));
    expect(run(1).days).not.toEqual(run(2).days);
  });

  it('drops nobody when there is one line per idle agent and nobody leaves', () => {
    const world = defaultWorld(10, 0.5, { shiftSec: 2 * HOUR, breaks: false });
    expect(pooled(simulate(world, fixedRatio(1), { seed: 1 })).drops).toBe(0);
  });

  it('keeps agents’ time: busy and idle add up to the time they were there', () => {
    const world = defaultWorld(10, 0.5, { shiftSec: 2 * HOUR, breaks: false, logInOverSec: 0 });
    const [day] = simulate(world, fixedRatio(2), { seed: 1 }).days;
    expect((day?.busySec ?? 0) + (day?.idleSec ?? 0)).toBeCloseTo(10 * 2 * HOUR, 3);
  });

  it('takes events by time, and those of one instant in the order they came', () => {
    const queue = new EventQueue<string>();
    for (const [time, item] of [
      [3, 'd'],
      [1, 'a'],
      [2, 'b'],
      [2, 'c'],
    ] as const) {
      queue.push(time, item);
    }
    expect([queue.pop(), queue.pop(), queue.pop(), queue.pop(), queue.pop()]).toEqual(['a', 'b', 'c', 'd', undefined]);
  });
});
