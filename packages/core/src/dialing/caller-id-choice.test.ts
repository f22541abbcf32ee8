import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PhoneNumber, TrunkId } from '../ids.ts';
import type { CallerIdCandidate, CallerIdQuestion } from './caller-id-choice.ts';
import { chooseCallerId, defaultRestPolicy, restDecision } from './caller-id-choice.ts';

const number = (text: string): PhoneNumber => text as PhoneNumber;
const trunkId = 't' as TrunkId;
const candidate = (name: string, more: Partial<CallerIdCandidate> = {}): CallerIdCandidate => ({
  number: number(name),
  country: 'CN',
  isEnabled: true,
  trunkIds: [trunkId],
  dialsToday: 0,
  dialsInWindow: 0,
  concurrent: 0,
  ...more,
});
const ask = (callerIds: CallerIdCandidate[], more: Partial<CallerIdQuestion> = {}) =>
  chooseCallerId({
    nowMs: 0,
    trunkId,
    callee: { country: 'CN', areaCode: '21' },
    allowed: callerIds.map((one) => one.number),
    use: { sameCityFirst: true, maxPerDay: 100, maxConcurrent: 5 },
    callerIds,
    ...more,
  });

describe('the choice of a caller ID', () => {
  it('prefers the callee’s city, however much used, while its cap lasts', () => {
    const near = candidate('+862188886666', { areaCode: '21', dialsInWindow: 50, dialsToday: 99 });
    const far = candidate('+861088886666', { areaCode: '10' });
    expect(ask([far, near])).toMatchObject({ chosen: '+862188886666', because: 'sameCity' });
    expect(ask([far, { ...near, dialsToday: 100 }])).toEqual({
      chosen: '+861088886666',
      because: 'leastUsed',
      passedOver: [{ number: '+862188886666', objections: ['dailyCapReached'] }],
    });
  });

  it('takes the least used otherwise: of late, then today, then by number', () => {
    expect(ask([candidate('b', { dialsInWindow: 2 }), candidate('c', { dialsInWindow: 1 })]).chosen).toBe('c');
    expect(ask([candidate('b', { dialsToday: 2 }), candidate('c', { dialsToday: 1 })]).chosen).toBe('c');
    expect(ask([candidate('c'), candidate('b')]).chosen).toBe('b');
    const near = candidate('n', { areaCode: '21', dialsInWindow: 1 });
    const use = { sameCityFirst: false, maxPerDay: 100, maxConcurrent: 5 };
    expect(ask([near, candidate('b')], { use }).chosen).toBe('b');
  });

  it('does not take two unknown cities for the same one', () => {
    expect(ask([candidate('a')], { callee: { country: 'CN' } }).because).toBe('leastUsed');
    expect(ask([candidate('a', { country: 'US', areaCode: '21' })]).because).toBe('leastUsed');
  });

  it('shows no number of another trunk, resting, full or not of the campaign, and says all that', () => {
    const found = ask(
      [
        candidate('a', { trunkIds: ['other' as TrunkId], concurrent: 5 }),
        candidate('b', { restsUntilMs: 1 }),
        candidate('c', { isEnabled: false }),
        candidate('d'),
        candidate('e', { maxPerDay: 10, dialsToday: 10 }),
      ],
      { allowed: ['a', 'b', 'c', 'e'].map(number) },
    );
    expect(found).toEqual({
      chosen: null,
      because: 'none',
      passedOver: [
        { number: 'a', objections: ['notOnTrunk', 'tooManyAtOnce'] },
        { number: 'b', objections: ['resting'] },
        { number: 'c', objections: ['disabled'] },
        { number: 'd', objections: ['notInCampaign'] },
        { number: 'e', objections: ['dailyCapReached'] },
      ],
    });
  });

  it('spreads a day’s dials evenly and never passes a cap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 80 }), (count, dials) => {
        const use = { sameCityFirst: true, maxPerDay: 10, maxConcurrent: 1_000 };
        let ids = Array.from({ length: count }, (_, i) => candidate(String(i)));
        let shown = 0;
        for (let i = 0; i < dials; i++) {
          const { chosen } = ask(ids, { use });
          if (chosen === null) continue;
          shown++;
          ids = ids.map((one) =>
            one.number === chosen
              ? { ...one, dialsToday: one.dialsToday + 1, dialsInWindow: one.dialsInWindow + 1 }
              : one,
          );
        }
        const used = ids.map((one) => one.dialsToday);
        expect(shown).toBe(Math.min(dials, count * 10));
        expect(Math.max(...used) - Math.min(...used)).toBeLessThanOrEqual(1);
        expect(Math.max(...used)).toBeLessThanOrEqual(10);
      }),
    );
  });
});

describe('rest for a number that fewer people answer', () => {
  it('rests it after a clear fall, not after a few unlucky calls', () => {
    const usual = { usualDials: 10_000, usualAnswers: 3_000 };
    expect(restDecision({ ...usual, recentDials: 100, recentAnswers: 5 }, defaultRestPolicy).rests).toBe(true);
    expect(restDecision({ ...usual, recentDials: 100, recentAnswers: 14 }, defaultRestPolicy).rests).toBe(false);
    expect(restDecision({ ...usual, recentDials: 49, recentAnswers: 0 }, defaultRestPolicy).rests).toBe(false);
    expect(
      restDecision({ recentDials: 100, recentAnswers: 0, usualDials: 0, usualAnswers: 0 }, defaultRestPolicy).rests,
    ).toBe(false);
  });

  it('rests no number for more answers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 500 }), fc.nat(500), fc.nat(100), (recentDials, answers, usualAnswers) => {
        const recentAnswers = Math.min(answers, recentDials - 1);
        const record = { recentDials, usualDials: 100, usualAnswers };
        const before = restDecision({ ...record, recentAnswers }, defaultRestPolicy).rests;
        const after = restDecision({ ...record, recentAnswers: recentAnswers + 1 }, defaultRestPolicy).rests;
        if (after) expect(before).toBe(true);
      }),
    );
  });
});
