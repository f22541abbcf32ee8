import fc from 'fast-check';
import { expect, test } from 'vitest';

import { PEOPLE, type Character } from './character.ts';
import { characterOf, DEFAULT_POPULATION, type Population } from './population.ts';

const isPerson = ({ kind }: Character): boolean => PEOPLE.includes(kind);
const numbers = (count: number, from = 13_800_000_000): string[] =>
  Array.from({ length: count }, (_, index) => String(from + index));
const shareOf = (population: Population, wanted: (character: Character) => boolean, count = 20_000): number =>
  numbers(count).filter((number) => wanted(characterOf(population, number))).length / count;

test('the same population, number and attempt give the same character', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat({ max: 50 }), fc.integer(), (number, attempt, seed) => {
      const population = { ...DEFAULT_POPULATION, seed };
      expect(characterOf(population, number, attempt)).toEqual(characterOf(population, number, attempt));
    }),
  );
});

test('another seed is another town', () => {
  const kinds = (seed: number): string =>
    numbers(200)
      .map((number) => characterOf({ ...DEFAULT_POPULATION, seed }, number).kind)
      .join();
  expect(kinds(1)).not.toBe(kinds(2));
});

test.each([0.1, 0.25, 0.5, 1])('people answer at the asked rate of %d', (answerRate) => {
  const share = shareOf({ ...DEFAULT_POPULATION, answerRate }, isPerson);
  // Three standard errors of 20,000 draws are about 0.011.
  expect(Math.abs(share - answerRate)).toBeLessThan(0.012);
});

test('nobody answers where the rate is zero, and everyone where it is one', () => {
  expect(shareOf({ ...DEFAULT_POPULATION, answerRate: 0 }, isPerson, 2000)).toBe(0);
  expect(shareOf({ ...DEFAULT_POPULATION, answerRate: 1 }, isPerson, 2000)).toBe(1);
});

test('what happens when nobody answers has the shares of the population', () => {
  const { others, answerRate } = DEFAULT_POPULATION;
  const total = Object.values(others).reduce((sum, share) => sum + share, 0);
  for (const [kind, share] of Object.entries(others)) {
    const found = shareOf(DEFAULT_POPULATION, (character) => character.kind === kind);
    expect(Math.abs(found - ((1 - answerRate) * share) / total)).toBeLessThan(0.012);
  }
});

test('an invalid number, a suspended one and a fax stay so, whenever they are called', () => {
  for (const number of numbers(3000)) {
    const first = characterOf(DEFAULT_POPULATION, number).kind;
    if (first !== 'invalidNumber' && first !== 'suspended' && first !== 'fax') continue;
    for (let attempt = 1; attempt < 5; attempt++)
      expect(characterOf(DEFAULT_POPULATION, number, attempt).kind).toBe(first);
  }
});

test('a reachable number that did not answer may answer the next time', () => {
  const later = numbers(2000)
    .filter((number) => characterOf(DEFAULT_POPULATION, number).kind === 'ringsOut')
    .filter((number) => isPerson(characterOf(DEFAULT_POPULATION, number, 1)));
  expect(later.length).toBeGreaterThan(150);
});

test('people answer and talk as long as the world says', () => {
  const people = numbers(40_000)
    .map((number) => characterOf(DEFAULT_POPULATION, number))
    .filter((character): character is Character & { kind: 'talks' } => character.kind === 'talks');
  const mean = (of: (character: Character & { kind: 'talks' }) => number): number =>
    people.reduce((sum, character) => sum + of(character), 0) / people.length;
  expect(Math.abs(mean((character) => character.answerAfterMs) - 11_000)).toBeLessThan(300);
  expect(Math.abs(mean((character) => character.talkMs) - 120_000)).toBeLessThan(7000);
  for (const { answerAfterMs, ringAfterMs } of people) {
    expect(answerAfterMs).toBeGreaterThanOrEqual(3000);
    expect(ringAfterMs).toBeLessThanOrEqual(answerAfterMs);
  }
});
