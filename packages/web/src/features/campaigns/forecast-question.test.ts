import { describe, expect, it } from 'vitest';
import { daysOf, questionOf, sliderEnd } from './forecast-question.ts';

const own = { agents: 4, lines: 20, mode: 'progressive', dropLimit: 0.03, leads: 100, hoursPerDay: 8 } as const;

describe('a what-if', () => {
  it('asks for nothing where nothing differs from the campaign', () => {
    expect(questionOf({}, undefined)).toEqual({});
    expect(questionOf({ agents: 4, lines: 20, mode: 'progressive' }, own)).toEqual({});
  });
  it('asks for what differs, and for a limit only where calls may be dropped', () => {
    expect(questionOf({ agents: 6, dropLimit: 0.01 }, own)).toEqual({ agents: 6 });
    expect(questionOf({ mode: 'predictive', dropLimit: 0.01 }, own)).toEqual({ mode: 'predictive', dropLimit: 0.01 });
  });
  it('leaves room on its sliders', () => {
    expect([sliderEnd(2, 20, 1000), sliderEnd(40, 20, 1000), sliderEnd(900, 20, 1000)]).toEqual([20, 120, 1000]);
  });
  it('tells hours of dialing as working days', () => {
    expect([daysOf(0.2, 8), daysOf(20, 8), daysOf(100, 8), daysOf(1, 0)]).toEqual(['1', '2.5', '13', '2']);
  });
});
