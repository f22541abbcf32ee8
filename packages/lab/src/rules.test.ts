import { expect, test } from 'vitest';

import { characterOf, DEFAULT_POPULATION } from './population.ts';
import { castCall, patched, ruleMatches, ruleSchema, type RuleInput } from './rules.ts';

const rule = (input: RuleInput) => ruleSchema.parse(input);
const busy = { character: { kind: 'busy' } } as const;

test('a rule matches by prefix, by range of one length, by list, or always', () => {
  expect(ruleMatches(rule({ ...busy, prefix: '138' }), '13800138000')).toBe(true);
  expect(ruleMatches(rule({ ...busy, prefix: '138' }), '013800138000')).toBe(false);
  const range = rule({ ...busy, from: '13800000100', to: '13800000199' });
  expect(
    ['13800000099', '13800000100', '13800000199', '13800000200'].map((number) => ruleMatches(range, number)),
  ).toEqual([false, true, true, false]);
  expect(ruleMatches(range, '1380000015')).toBe(false);
  expect(ruleMatches(rule({ ...busy, numbers: ['110'] }), '110')).toBe(true);
  expect(ruleMatches(rule({ ...busy, numbers: ['110'] }), '119')).toBe(false);
  expect(ruleMatches(rule(busy), 'anything')).toBe(true);
});

test('the first rule that matches says who answers, with defaults filled in', () => {
  const rules = [
    rule({ prefix: '138', character: { kind: 'talks', answerAfterMs: 2000 } }),
    rule({ prefix: '13', character: { kind: 'busy' } }),
  ];
  expect(castCall(DEFAULT_POPULATION, rules, '13800000000', 0)).toEqual({
    kind: 'talks',
    ringAfterMs: 300,
    answerAfterMs: 2000,
    talkMs: 60_000,
    voice: 'a',
  });
  expect(castCall(DEFAULT_POPULATION, rules, '13900000000', 3)).toEqual({ kind: 'busy', afterMs: 300 });
  expect(castCall(DEFAULT_POPULATION, rules, '15900000000', 3)).toEqual(
    characterOf(DEFAULT_POPULATION, '15900000000', 3),
  );
});

test('a rule may give a range of numbers another population', () => {
  const rules = [rule({ prefix: '138', population: { answerRate: 1, talk: { meanMs: 5000, sdMs: 0 } } })];
  const character = castCall(DEFAULT_POPULATION, rules, '13800000000', 0);
  expect(character).toMatchObject({ answerAfterMs: expect.any(Number) as number });
});

test('an answer never comes before its ringing', () => {
  const character = castCall(DEFAULT_POPULATION, [rule({ character: { kind: 'fax', answerAfterMs: 0 } })], '1', 0);
  expect(character).toEqual({ kind: 'fax', ringAfterMs: 0, answerAfterMs: 0 });
});

test('settings are laid over a population share by share', () => {
  const population = patched(DEFAULT_POPULATION, { seed: 9, others: { fax: 50 } });
  expect(population.seed).toBe(9);
  expect(population.others).toEqual({ ...DEFAULT_POPULATION.others, fax: 50 });
  expect(population.people).toEqual(DEFAULT_POPULATION.people);
});

test('rules that mean nothing are refused', () => {
  const refused: unknown[] = [
    {},
    { character: { kind: 'dances' } },
    { ...busy, population: {} },
    { ...busy, from: '100' },
    { ...busy, from: '100', to: '1000' },
    { character: { kind: 'talks', answerAfterMs: -1 } },
    { character: { kind: 'pressesKeys', answerAfterMs: 1, digits: 'x' } },
    { population: { answerRate: 2 } },
  ];
  for (const input of refused) expect(ruleSchema.safeParse(input).success).toBe(false);
});
