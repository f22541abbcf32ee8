import { PLAIN_PROBABILITY, type ListId, type NumberFacts, type PhoneNumber } from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import { AnswerBook, leadFacts, tellsOfPerson } from './answer-book.ts';

const LIST = '018f0000-0000-7000-8000-000000000001' as ListId;
const BEIJING: NumberFacts = {
  e164: '+861012345678' as PhoneNumber,
  country: 'CN',
  callingCode: '86',
  kind: 'landline',
  areaCode: '10',
};
/** Sunday, 22 November 2026, 09:30 in Shanghai. */
const NOW = Date.parse('2026-11-22T01:30:00Z');

describe('what is known of a lead', () => {
  it('is told in the callee’s own time', () => {
    const facts = leadFacts(
      { listId: LIST, zone: 'Asia/Shanghai', attempts: 2, lastOutcome: 'noAnswer', lastAttemptAtMs: NOW - 7_200_000 },
      BEIJING,
      [
        { atMs: NOW - 86_400_000, answered: true },
        { atMs: NOW - 7_200_000, answered: false },
      ],
      undefined,
      NOW,
    );
    expect(facts).toEqual({
      attempts: 2,
      hour: 9,
      weekday: 7,
      list: LIST,
      numberType: 'landline',
      region: 'CN10',
      answeredHours: [9],
      missedHours: [7],
      lastOutcome: 'noAnswer',
      hoursSinceLast: 2,
    });
  });

  it('has an hour even where the zone is not known', () => {
    expect(leadFacts({ listId: LIST, zone: '', attempts: 0 }, BEIJING, [], undefined, NOW).hour).toBe(1);
  });
});

describe('the book of answers', () => {
  const facts = leadFacts({ listId: LIST, zone: 'Asia/Shanghai', attempts: 0 }, BEIJING, [], undefined, NOW);

  it('keeps the demonstration’s invented people apart from the installation’s own', () => {
    const book = new AnswerBook();
    const before = book.explain(false, facts).probability;
    for (let i = 0; i < 50; i++) book.learn(true, facts, true);
    expect(book.explain(false, facts).probability).toBe(before);
    expect(book.explain(true, facts).probability).toBeGreaterThan(0.6);
    expect(book.takeChanged().map(({ key }) => key)).toEqual(['answers:demo']);
    expect(book.takeChanged()).toEqual([]);
  });

  it('tells the pacer nothing of leads that are all alike, however much the model has learned of them', () => {
    const book = new AnswerBook();
    for (let i = 0; i < 300; i++) {
      expect(book.forPacer(false)(facts)).toBeCloseTo(PLAIN_PROBABILITY, 9);
      book.dialled(false, { ...facts, callerId: '+861088886666' });
      book.learn(false, facts, i % 7 === 0);
    }
  });

  it('tells the pacer which leads are better than those of late', () => {
    const book = new AnswerBook();
    const mobile = { ...facts, numberType: 'mobile' };
    for (let i = 0; i < 300; i++) {
      const one = i % 2 === 0 ? facts : mobile;
      book.dialled(false, one);
      book.learn(false, one, i % 2 === 0 ? i % 4 === 0 : i % 10 === 1);
    }
    const odds = book.forPacer(false);
    expect(odds(facts)).toBeGreaterThan(PLAIN_PROBABILITY * 1.2);
    expect(odds(mobile)).toBeLessThan(PLAIN_PROBABILITY * 0.7);
  });

  it('learns nothing about a person from what a carrier did', () => {
    expect(['congestion', 'failed', 'cancelled', 'unknown'].filter((one) => tellsOfPerson(one as never))).toEqual([]);
    expect(tellsOfPerson('noAnswer')).toBe(true);
  });
});
