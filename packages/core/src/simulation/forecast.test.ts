import { describe, expect, it } from 'vitest';
import { createRiskPacer } from '../dialing/pacing/risk-pacer.ts';
import { defaultRiskPacerSettings } from '../dialing/pacing/settings.ts';
import type { ForecastQuestion } from './forecast.ts';
import { forecast, learnedLaws } from './forecast.ts';

const question = (changes: Partial<ForecastQuestion> = {}): ForecastQuestion => ({
  agents: 5,
  answerRate: 0.3,
  talk: { kind: 'lognormal', meanSec: 60, cv: 1 },
  wrapUp: { kind: 'lognormal', meanSec: 20, cv: 0.8 },
  answerDelay: { kind: 'shifted', bySec: 3, law: { kind: 'lognormal', meanSec: 8, cv: 0.5 } },
  leads: 5000,
  lines: Infinity,
  hoursPerDay: 0.5,
  settings: defaultRiskPacerSettings,
  ...changes,
});
const options = { seed: 4, repetitions: 3 };

describe('the forecast', { timeout: 120_000 }, () => {
  it('gives ordered ranges, the same for the same seed', () => {
    const answer = forecast(question(), options);
    expect(answer).toEqual(forecast(question(), options));
    const ranges = [
      answer.occupancy,
      answer.dropRate,
      answer.finishHours,
      answer.agentWaitSec,
      answer.talkMinutesPerHour,
    ];
    for (const { low, middle, high } of ranges) {
      expect(low).toBeLessThanOrEqual(middle);
      expect(middle).toBeLessThanOrEqual(high);
    }
    expect(answer.talkMinutesPerHour.high).toBeLessThan(60);
  });

  it('foretells less talk and a later finish with too few lines', () => {
    const free = forecast(question(), options);
    const tight = forecast(question({ lines: 3 }), options);
    expect(tight.occupancy.middle).toBeLessThan(free.occupancy.middle);
    expect(tight.finishHours.middle).toBeGreaterThan(free.finishHours.middle);
    expect(tight.ringingLinesNeeded).toBeLessThanOrEqual(3);
  });

  it('takes a running campaign’s own laws', () => {
    const laws = learnedLaws(createRiskPacer(defaultRiskPacerSettings).initial(1_700_000_000_000));
    expect(laws.answerRate).toBeCloseTo(0.3, 2);
    expect(forecast(question(laws), options).occupancy.middle).toBeGreaterThan(0.4);
  });
});
