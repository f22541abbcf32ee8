import { describe, expect, it } from 'vitest';
import { defaultRiskPacerSettings } from '../dialing/pacing/settings.ts';
import type { ShiftQuestion } from './predict-shift.ts';
import { predictShift } from './predict-shift.ts';

const question = (changes: Partial<ShiftQuestion> = {}): ShiftQuestion => ({
  agents: 10,
  answerRate: 0.4,
  answerDelay: { kind: 'lognormal', meanSec: 4, cv: 0.5 },
  talk: { kind: 'lognormal', meanSec: 12, cv: 0.6 },
  wrapUp: { kind: 'fixed', sec: 2 },
  connectDelay: { kind: 'fixed', sec: 0.15 },
  settings: {
    ...defaultRiskPacerSettings,
    ringTimeoutMs: 15_000,
    prior: { answerRate: 0.4, talkSec: 12, wrapUpSec: 2 },
  },
  people: 400,
  ...changes,
});
const options = { seed: 1, repetitions: 4 };

describe('the prediction of a shift', { timeout: 120_000 }, () => {
  it('is the same for the same seeds, ordered, and keeps the limit', () => {
    const found = predictShift(question(), options);
    expect(found).toEqual(predictShift(question(), options));
    for (const { low, middle, high } of [found.occupancy, found.dropRate, found.shiftSec, found.dials]) {
      expect(low).toBeLessThanOrEqual(middle);
      expect(middle).toBeLessThanOrEqual(high);
    }
    expect(found.occupancy.middle).toBeGreaterThan(0.6);
    expect(found.dropRate.middle).toBeLessThanOrEqual(0.04);
  });

  it('has the length that 400 people need: each who was not dropped took a talk, a wrap-up and the connecting', () => {
    const { occupancy, shiftSec } = predictShift(question(), options);
    const busySec = (400 * (12 + 2 + 0.15)) / 10;
    expect(shiftSec.middle * occupancy.middle).toBeGreaterThan(busySec * 0.88);
    expect(shiftSec.middle * occupancy.middle).toBeLessThan(busySec * 1.1);
  });

  it('tells a pacer that is set wrongly from one that is set well by more than three points', () => {
    const well = predictShift(question(), options).occupancy.middle;
    const progressive = {
      ...question().settings,
      aim: 0,
      windows: [{ ...defaultRiskPacerSettings.windows[0]!, limit: 0 }],
    };
    const wrongly = predictShift(question({ settings: progressive }), options).occupancy.middle;
    expect(well - wrongly).toBeGreaterThan(0.03);
  });
});
