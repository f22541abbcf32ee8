import { describe, expect, it } from 'vitest';
import { createRiskPacer } from '../dialing/pacing/risk-pacer.ts';
import { defaultRiskPacerSettings } from '../dialing/pacing/settings.ts';
import { fixedRatio } from './baselines/index.ts';
import { simulate } from './simulate.ts';
import { pooled } from './simulation-result.ts';
import { defaultWorld } from './world.ts';

/**
 * Occupancy (per cent) that this grid has with today's pacer: team, answer rate, days, value. A fall of more than one point
 * fails; so does a rise, until it is stored, so that no later fall can hide in it.
 */
const STORED = [
  [2, 0.25, 4, 70.36],
  [5, 0.1, 3, 66.23],
  [5, 0.5, 3, 85.29],
  [10, 0.25, 2, 82.68],
  [20, 0.1, 1, 86.28],
  [50, 0.25, 1, 92.76],
] as const;

const results = new Map<string, ReturnType<typeof pooled>>();

describe('the gate of pacing', () => {
  it.each(STORED)(
    '%i agents, answer rate %f, %i days: occupancy is not a point below the stored value, nor above it',
    (agents, rate, days, stored) => {
      const world = defaultWorld(agents, rate, { days });
      const result = pooled(simulate(world, createRiskPacer(defaultRiskPacerSettings), { seed: 1 }));
      results.set(world.name, result);
      expect(100 * result.occupancy).toBeGreaterThanOrEqual(stored - 1);
      expect(100 * result.occupancy).toBeLessThanOrEqual(stored + 1);
    },
    300_000,
  );

  it('drops at most three per cent of all who answered, over the whole grid', () => {
    const all = [...results.values()];
    expect(all).toHaveLength(STORED.length);
    const humans = all.reduce((sum, { humans: n }) => sum + n, 0);
    const drops = all.reduce((sum, { drops: n }) => sum + n, 0);
    expect(humans).toBeGreaterThan(2000);
    expect(drops / humans).toBeLessThanOrEqual(0.03);
  });

  it('can fail: a ratio of three lines breaks the limit on the same world', () => {
    const world = defaultWorld(10, 0.25, { shiftSec: 2 * 3600 });
    expect(pooled(simulate(world, fixedRatio(3), { seed: 1 })).dropRate).toBeGreaterThan(0.05);
  });
});
