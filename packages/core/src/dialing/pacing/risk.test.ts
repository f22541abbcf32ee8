import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalCdf, normalDensity } from '../../stats/normal.ts';
import { Risk } from './risk.ts';

const probability = fc.double({ min: 0, max: 1, noNaN: true });

/** P(answers − completions ≥ spare) by adding up every combination. */
const naive = (spare: number, answers: readonly number[], completions: readonly number[]): number => {
  const all = [...answers.map((p) => ({ p, by: 1 })), ...completions.map((p) => ({ p, by: -1 }))];
  let sum = 0;
  for (let mask = 0; mask < 2 ** all.length; mask++) {
    let weight = 1;
    let x = 0;
    all.forEach(({ p, by }, i) => {
      const happens = (mask >> i) & 1;
      weight *= happens ? p : 1 - p;
      x += happens ? by : 0;
    });
    if (x >= spare) sum += weight;
  }
  return sum;
};

const riskOf = (spare: number, answers: readonly number[], completions: readonly number[]): Risk => {
  const risk = new Risk([spare], completions.length, answers.length);
  for (const c of completions) risk.addCompletion(Float64Array.of(c), 0);
  for (const q of answers) risk.addLine(Float64Array.of(q), 0, 1);
  return risk;
};

describe('the risk of one more line', () => {
  it('is the chance that answers outrun free agents, exactly for small teams', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -2, max: 6 }),
        fc.array(probability, { maxLength: 6 }),
        fc.array(probability, { maxLength: 5 }),
        (spare, answers, completions) => {
          expect(riskOf(spare, answers, completions).marginal()).toBeCloseTo(naive(spare, answers, completions), 10);
        },
      ),
    );
  });

  it('is nothing while there are fewer lines than idle agents', () => {
    expect(riskOf(3, [0.9, 0.9], [0.1]).marginal()).toBe(0);
  });

  it('never falls when a line is added', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.array(probability, { maxLength: 10 }),
        probability,
        (spare, lines, p) => {
          const risk = riskOf(spare, lines, [0.3, 0.2]);
          const before = risk.marginal();
          risk.addLine(Float64Array.of(1), 0, p);
          expect(risk.marginal()).toBeGreaterThanOrEqual(before - 1e-12);
        },
      ),
    );
  });

  it('is within two points of the exact distribution where large teams use three cumulants', () => {
    const answers = Array.from({ length: 60 }, (_, i) => 0.05 + 0.003 * i);
    const completions = Array.from({ length: 40 }, (_, i) => 0.1 + 0.002 * i);
    for (const spare of [0, 2, 4, 6]) {
      // The exact value by the same recursion that small teams use, in two halves: answers' tail and completions.
      let pmf = [1];
      for (const q of answers) pmf = [...pmf, 0].map((x, i) => x * (1 - q) + (pmf[i - 1] ?? 0) * q);
      let done = [1];
      for (const c of completions) done = [...done, 0].map((x, i) => x * (1 - c) + (done[i - 1] ?? 0) * c);
      let exact = 0;
      pmf.forEach((a, i) => done.forEach((c, j) => (exact += i - j >= spare ? a * c : 0)));
      expect(Math.abs(riskOf(spare, answers, completions).marginal() - exact)).toBeLessThan(0.02);
    }
  });

  it('by three cumulants is what the formula gives, for any lines and agents', () => {
    // The same sum written plainly: mean, variance, third cumulant, Edgeworth's first term.
    const plain = (spare: number, answers: readonly number[], completions: readonly number[]): number => {
      const all = [...answers.map((p) => ({ p, by: 1 })), ...completions.map((p) => ({ p, by: -1 }))];
      const total = (of: (x: { p: number; by: number }) => number): number => all.reduce((sum, x) => sum + of(x), 0);
      const variance = Math.max(
        1e-9,
        total(({ p }) => p * (1 - p)),
      );
      const third = total(({ p, by }) => by * p * (1 - p) * (1 - 2 * p));
      const z = (spare - 0.5 - total(({ p, by }) => by * p)) / Math.sqrt(variance);
      const correction = (third / (6 * variance ** 1.5)) * (1 - z * z) * normalDensity(z);
      return Math.min(1, Math.max(0, 1 - normalCdf(z) - correction));
    };
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 40 }),
        fc.array(probability, { minLength: 61, maxLength: 90 }),
        fc.array(probability, { maxLength: 30 }),
        (spare, answers, completions) => {
          expect(riskOf(spare, answers, completions).marginal()).toBeCloseTo(plain(spare, answers, completions), 9);
        },
      ),
    );
  });
});
