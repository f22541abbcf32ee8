import { describe, expect, it } from 'vitest';
import { fixedRatio } from './baselines/index.ts';
import { memorylessOptimum } from './optimum.ts';
import { simulate } from './simulate.ts';
import { pooled } from './simulation-result.ts';
import { memorylessSimulation } from './world.ts';

describe('the optimum of the memoryless world', { timeout: 120_000 }, () => {
  it('is the published table at a limit of three per cent', () => {
    for (const [agents, answerRate, percent] of [
      [2, 0.1, 61.2],
      [2, 0.25, 74.1],
      [2, 0.5, 83.7],
      [5, 0.1, 73.1],
      [5, 0.5, 84.6],
      [10, 0.25, 83.4],
    ] as const) {
      const { occupancy } = memorylessOptimum({ agents, answerRate, handleSec: 140, ringSec: 15 }, 0.03);
      expect(100 * occupancy).toBeCloseTo(percent, 0);
    }
  });

  it('cannot be beaten by a fixed ratio at the ratio’s own drop rate', () => {
    const world = memorylessSimulation(5, 0.25, { shiftSec: 100_000 });
    const { occupancy, dropRate } = pooled(simulate(world, fixedRatio(2), { seed: 3 }));
    const best = memorylessOptimum({ agents: 5, answerRate: 0.25, handleSec: 140, ringSec: 15 }, dropRate);
    expect(occupancy).toBeLessThan(best.occupancy + 0.015);
  });
});
