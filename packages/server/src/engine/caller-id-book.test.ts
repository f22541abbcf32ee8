import { defaultRestPolicy } from '@qianhu/core';
import { expect, it } from 'vitest';
import { CallerIdBook, RECENT_MS } from './caller-id-book.ts';

const HOUR_MS = 3_600_000;
const nowMs = Date.UTC(2026, 10, 2, 12);
const ago = (hours: number): number => nowMs - hours * HOUR_MS;

const bookOf = (...counts: readonly (readonly [string, string, number, number, number])[]): CallerIdBook => {
  const book = new CallerIdBook();
  for (const [number, kind, hours, dials, answers] of counts)
    book.add({ number, kind, atMs: ago(hours), dials, answers });
  return book;
};
const resting = (book: CallerIdBook): readonly string[] => [...book.judge(nowMs, defaultRestPolicy).keys()];

it('puts a number to rest whose answers fell to a quarter of its own usual, and says what was counted', () => {
  const book = bookOf(['+861', 'a', 200, 1_000, 400], ['+861', 'a', 2, 200, 20]);
  expect(book.judge(nowMs, defaultRestPolicy).get('+861')).toEqual({
    recentDials: 200,
    recentAnswers: 20,
    usualShare: 0.4,
  });
});

it('judges a new number against the others on the same leads', () => {
  expect(resting(bookOf(['+861', 'a', 2, 200, 10], ['+862', 'a', 2, 200, 90]))).toEqual(['+861']);
});

it('does not blame a number for repeats, which are answered more seldom', () => {
  const book = bookOf(
    ['+861', 'first', 200, 1_000, 500],
    ['+861', 'repeat', 200, 1_000, 50],
    ['+861', 'repeat', 2, 300, 14],
  );
  expect(resting(book)).toEqual([]);
});

it('concludes nothing from few dials, nor without anything to compare with', () => {
  expect(resting(bookOf(['+861', 'a', 200, 1_000, 400], ['+861', 'a', 2, 49, 0]))).toEqual([]);
  expect(resting(bookOf(['+861', 'a', 2, 500, 0]))).toEqual([]);
});

it('judges no dial twice', () => {
  const book = bookOf(['+861', 'a', 200, 1_000, 400], ['+861', 'a', 2, 200, 5]);
  book.forget('+861', nowMs - RECENT_MS);
  expect(resting(book)).toEqual([]);
});

it('lets go of what is older than the usual', () => {
  const book = bookOf(['+861', 'a', 31 * 24, 1_000, 900], ['+861', 'a', 2, 200, 5]);
  book.prune(nowMs);
  expect(resting(book)).toEqual([]);
});
