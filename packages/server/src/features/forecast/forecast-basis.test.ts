import { defaultCampaignSettings, meanDuration } from '@qianhu/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { basisOf, lawOf, toldBasis, withMean, type CallSamples } from './forecast-basis.ts';

const nothing: CallSamples = { dials: 0, people: 0, answerDelays: [], talks: [], wrapUps: [] };
const many = (sec: number): readonly number[] => Array.from({ length: 50 }, () => sec);
const measured: CallSamples = { dials: 200, people: 50, answerDelays: many(9), talks: many(60), wrapUps: many(12) };
const from = (facts: Partial<Parameters<typeof basisOf>[0]>) =>
  toldBasis(
    basisOf({ asked: {}, settings: defaultCampaignSettings, pacer: undefined, own: nothing, house: nothing, ...facts }),
  );

describe('what a forecast is computed from', () => {
  it('is assumed, and says so, before the first call', () => {
    const basis = from({});
    expect(Object.values(basis).map((figure) => figure.from)).toEqual(['assumed', 'assumed', 'assumed', 'assumed']);
    expect(basis.answerRate.value).toBe(0.3);
  });

  it('is the house’s calls for a new campaign, its own as soon as there are enough', () => {
    expect(from({ house: measured }).answerRate).toEqual({ value: 0.25, from: 'house', seen: 200 });
    const own = from({ own: measured, house: { ...measured, people: 100 } });
    expect(own.answerRate).toEqual({ value: 0.25, from: 'campaign', seen: 200 });
    expect(own.talkSec.value).toBeGreaterThan(53);
    expect(own.talkSec.value).toBeLessThan(67);
    expect(from({ own: { ...measured, dials: 20, talks: [60] }, house: measured }).talkSec.from).toBe('house');
  });

  it('is what was asked for, in the shape that was measured', () => {
    const basis = from({ own: measured, asked: { answerRate: 0.5, talkSec: 200 } });
    expect(basis.answerRate).toEqual({ value: 0.5, from: 'asked' });
    expect(basis.talkSec.from).toBe('asked');
    expect(basis.talkSec.value).toBeCloseTo(200, 6);
    expect(basis.wrapUpSec.from).toBe('campaign');
  });

  it('keeps the mean of measured durations within a bin, and takes any other mean', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.5, max: 3000, noNaN: true }), { minLength: 1, maxLength: 100 }),
        fc.double({ min: 1, max: 600, noNaN: true }),
        (samples, mean) => {
          const law = lawOf(samples);
          const truth = samples.reduce((sum, x) => sum + x, 0) / samples.length;
          expect(Math.abs(meanDuration(law) - truth)).toBeLessThanOrEqual(0.12 * truth + 1);
          expect(meanDuration(withMean(law, mean))).toBeCloseTo(mean, 6);
        },
      ),
    );
  });
});
