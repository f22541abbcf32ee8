import type { ListId, NumberFacts, PhoneNumber } from '@qianhu/core';
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
    const before = book.probability(false, facts);
    for (let i = 0; i < 50; i++) book.learn(true, facts, true);
    expect(book.probability(false, facts)).toBe(before);
    expect(book.probability(true, facts)).toBeGreaterThan(0.6);
    expect(book.takeChanged().map(({ key }) => key)).toEqual(['answers:demo']);
    expect(book.takeChanged()).toEqual([]);
  });

  it('learns nothing about a person from what a carrier did', () => {
    expect(['congestion', 'failed', 'cancelled', 'unknown'].filter((one) => tellsOfPerson(one as never))).toEqual([]);
    expect(tellsOfPerson('noAnswer')).toBe(true);
  });
});
