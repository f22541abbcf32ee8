import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../call/outcome.ts';
import { OUTCOMES } from '../call/outcome.ts';
import { ALWAYS_OPEN, everyDay, hours, isOpen } from './calling-window.ts';
import type { LeadNumber, RetryInput } from './retry.ts';
import { defaultRetryPolicy, planRetry, retryDelayMs } from './retry.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.parse('2026-03-03T10:00:00+08:00');
const usable: LeadNumber = { isUsable: true, zones: ['Asia/Shanghai'] };
const gone: LeadNumber = { isUsable: false, zones: ['Asia/Shanghai'] };

const input = (outcome: Outcome, more: Partial<RetryInput> = {}): RetryInput => ({
  nowMs: NOW,
  outcome,
  numberIndex: 0,
  numbers: [usable],
  attempts: 1,
  attemptsByOutcome: { [outcome]: 1 },
  policy: defaultRetryPolicy,
  window: ALWAYS_OPEN,
  ...more,
});

describe('what follows an attempt', () => {
  it('tries a busy number again after the first, then the second delay, then gives up', () => {
    expect(planRetry(input('busy'))).toEqual({
      kind: 'retry',
      atMs: NOW + 20 * MINUTE,
      numberIndex: 0,
      reason: 'sameNumber',
      movedByWindow: false,
    });
    expect(planRetry(input('busy', { attempts: 2, attemptsByOutcome: { busy: 2 } }))).toMatchObject({
      atMs: NOW + HOUR,
    });
    expect(planRetry(input('busy', { attempts: 3, attemptsByOutcome: { busy: 3 } }))).toEqual({
      kind: 'done',
      reason: 'maxAttemptsOfOutcome',
    });
  });

  it('is done with a person who answered or declined', () => {
    expect(planRetry(input('answered'))).toEqual({ kind: 'done', reason: 'outcomeIsFinal' });
    expect(planRetry(input('rejected'))).toEqual({ kind: 'done', reason: 'outcomeIsFinal' });
  });

  it('stops at the most attempts over all outcomes', () => {
    expect(planRetry(input('busy', { attempts: 5 }))).toEqual({ kind: 'done', reason: 'maxAttempts' });
  });

  it('goes to the next number at once after no answer, and waits after a whole round', () => {
    const numbers = [usable, gone, usable];
    expect(planRetry(input('noAnswer', { numbers }))).toMatchObject({
      atMs: NOW,
      numberIndex: 2,
      reason: 'nextNumber',
    });
    expect(planRetry(input('noAnswer', { numbers, numberIndex: 2 }))).toMatchObject({
      atMs: NOW + 4 * HOUR,
      numberIndex: 0,
    });
  });

  it('tries the other numbers when one does not exist, and is done when none is left', () => {
    expect(planRetry(input('invalidNumber', { numbers: [gone, usable] }))).toMatchObject({ atMs: NOW, numberIndex: 1 });
    expect(planRetry(input('invalidNumber', { numbers: [usable, gone], numberIndex: 1 }))).toMatchObject({
      numberIndex: 0,
    });
    expect(planRetry(input('invalidNumber', { numbers: [gone] }))).toEqual({ kind: 'done', reason: 'noUsableNumber' });
    expect(planRetry(input('busy', { numbers: [gone] }))).toEqual({ kind: 'done', reason: 'noUsableNumber' });
  });

  it('leaves a fax alone but tries the numbers after it', () => {
    expect(planRetry(input('fax', { numbers: [usable, usable] }))).toMatchObject({ numberIndex: 1, atMs: NOW });
    expect(planRetry(input('fax', { numbers: [usable, usable], numberIndex: 1 }))).toEqual({
      kind: 'done',
      reason: 'noUsableNumber',
    });
  });

  it('moves a retry to the next opening', () => {
    const window = everyDay(hours(9, 12), hours(14, 20));
    expect(planRetry(input('noAnswer', { window, nowMs: Date.parse('2026-03-03T18:00:00+08:00') }))).toMatchObject({
      atMs: Date.parse('2026-03-04T09:00:00+08:00'),
      movedByWindow: true,
    });
    expect(planRetry(input('noAnswer', { window: everyDay() }))).toEqual({ kind: 'done', reason: 'windowNeverOpens' });
  });

  it('keeps a promised callback after a final outcome and above all counts, but inside the window', () => {
    const window = everyDay(hours(9, 12), hours(14, 20));
    const atMs = Date.parse('2026-03-05T13:00:00+08:00');
    expect(planRetry(input('answered', { attempts: 99, window, callback: { atMs } }))).toEqual({
      kind: 'retry',
      atMs: Date.parse('2026-03-05T14:00:00+08:00'),
      numberIndex: 0,
      reason: 'callback',
      movedByWindow: true,
    });
    expect(planRetry(input('answered', { callback: { atMs: 0 } }))).toMatchObject({ atMs: NOW });
    expect(planRetry(input('answered', { numbers: [usable, gone], callback: { atMs, numberIndex: 1 } }))).toMatchObject(
      { numberIndex: 0, atMs },
    );
  });

  it('grows a back-off to its bound and never shrinks it', () => {
    const delay = { kind: 'backOff', firstMs: 5, factor: 3, maxMs: 100 } as const;
    expect([1, 2, 3, 4, 400].map((n) => retryDelayMs(delay, n))).toEqual([5, 15, 45, 100, 100]);
    expect(retryDelayMs({ ...delay, factor: 0.1 }, 5)).toBe(5);
    expect(retryDelayMs({ kind: 'list', delaysMs: [] }, 1)).toBe(0);
  });

  it('ends every lead in boundedly many attempts, each inside the window, never before now', () => {
    const window = everyDay(hours(9, 12), hours(14, 20));
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...OUTCOMES), { minLength: 20, maxLength: 20 }),
        fc.integer({ min: 1, max: 14 }),
        (outcomes, count) => {
          const numbers = Array.from({ length: count }, () => ({ ...usable }));
          const attemptsByOutcome: Partial<Record<Outcome, number>> = {};
          let nowMs = NOW;
          let numberIndex = 0;
          let attempts = 0;
          for (const outcome of outcomes) {
            attempts++;
            attemptsByOutcome[outcome] = (attemptsByOutcome[outcome] ?? 0) + 1;
            if (outcome === 'invalidNumber') numbers[numberIndex] = gone;
            const plan = planRetry(
              input(outcome, { nowMs, numbers, numberIndex, attempts, attemptsByOutcome, window }),
            );
            if (plan.kind === 'done') break;
            expect(plan.atMs).toBeGreaterThanOrEqual(nowMs);
            expect(isOpen(window, 'Asia/Shanghai', plan.atMs)).toBe(true);
            expect(numbers[plan.numberIndex]?.isUsable).toBe(true);
            nowMs = plan.atMs;
            numberIndex = plan.numberIndex;
          }
          expect(attempts).toBeLessThanOrEqual(defaultRetryPolicy.maxAttempts);
        },
      ),
    );
  });
});
