import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRiskPacerSettings } from './settings.ts';
import { countHandle, initialEstimates } from './estimates.ts';
import { LOG_RATIO, logSurvival, survivalAt } from './histogram.ts';
import type { ModelBasis } from './model.ts';
import { FACTOR_CLASSES, factorClass, freeRow, freeTable, modelOf } from './model.ts';

const basisAfter = (talksMs: readonly number[], wrapUpsMs: readonly number[]): ModelBasis => {
  let estimates = initialEstimates(defaultRiskPacerSettings);
  for (const ms of talksMs) estimates = countHandle(estimates, 'talk', 'a', ms);
  for (const ms of wrapUpsMs) estimates = countHandle(estimates, 'wrapUp', 'a', ms);
  const { answerAges, missAges, talk, wrapUp, paces } = estimates;
  return { atMs: 0, answerAges, missAges, talk, wrapUp, graceSec: 2, paces };
};

/** P(free within `horizon` s) of an agent `age` s in talk or wrap-up, by the formula of docs/pacing.md. */
const plain = (basis: ModelBasis, kind: 'talk' | 'wrapUp', age: number, horizon: number): number => {
  const talk = logSurvival(basis.talk);
  const wrapUp = logSurvival(basis.wrapUp);
  if (kind === 'wrapUp') return 1 - survivalAt(wrapUp, age + horizon) / Math.max(1e-9, survivalAt(wrapUp, age));
  const steps = 5;
  const talking = (u: number): number => survivalAt(talk, age + u);
  let free = 0;
  for (let i = 0; i < steps; i++) {
    const ended = talking((horizon * i) / steps) - talking((horizon * (i + 1)) / steps);
    free += ended * (1 - survivalAt(wrapUp, (horizon * (steps - i - 0.5)) / steps));
  }
  return free / Math.max(1e-9, talking(0));
};

const durations = fc.array(fc.integer({ min: 500, max: 900_000 }), { maxLength: 40 });

describe('the tables of who will be free', () => {
  it('hold what the formula gives, in whatever order their rows are asked for', () => {
    fc.assert(
      fc.property(
        durations,
        durations,
        fc.array(
          fc.record({
            kind: fc.constantFrom('talk' as const, 'wrapUp' as const),
            factor: fc.integer({ min: 0, max: FACTOR_CLASSES - 1 }),
            ageSec: fc.double({ min: 0, max: 3000, noNaN: true }),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        (talks, wrapUps, asked) => {
          const basis = basisAfter(talks, wrapUps);
          const model = modelOf(basis);
          for (const { kind, factor, ageSec } of asked) {
            const row = freeRow(ageSec, factor);
            const table = freeTable(model, kind, factor, row);
            const age = row === 0 ? 0.5 : LOG_RATIO ** (row + 0.5);
            model.nodes.forEach((node, k) => {
              const team = plain(basis, kind, age, node + basis.graceSec);
              const own = 1 - (1 - team) ** Math.exp((10 - factor) / 20);
              expect(table[row * model.nodes.length + k]).toBeCloseTo(own, 9);
            });
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('take an agent of the team’s pace as one of the middle class, and bound the others', () => {
    expect(factorClass(0)).toBe(10);
    expect(factorClass(-9)).toBe(0);
    expect(factorClass(9)).toBe(FACTOR_CLASSES - 1);
  });
});
