import type { Outcome } from '../call/outcome.ts';
import type { EpochMs } from '../ids.ts';
import type { CallingWindow } from './calling-window.ts';
import { nextOpeningInAll } from './calling-window.ts';

/** Delay before the next attempt: a list (its last value repeats), or a back-off `firstMs · factor^(n−1)` up to `maxMs`. */
export type RetryDelay =
  | { readonly kind: 'list'; readonly delaysMs: readonly number[] }
  | { readonly kind: 'backOff'; readonly firstMs: number; readonly factor: number; readonly maxMs: number };

export type OutcomeRetry = {
  /** Most attempts of a lead that may end so before the lead is done. */
  readonly maxAttempts: number;
  readonly delay: RetryDelay;
  /**
   * Which of the lead's numbers comes next: the same one; the next usable one after the delay; the next usable one at once
   * (the delay applies after a whole round); or only the numbers after this one, at once, and then none (a fax).
   */
  readonly nextNumber: 'same' | 'next' | 'nextNow' | 'otherOnly';
};

/** Outcomes without an entry end the lead. */
export type RetryPolicy = {
  /** Most attempts of a lead over all outcomes and numbers. */
  readonly maxAttempts: number;
  readonly perOutcome: Readonly<Partial<Record<Outcome, OutcomeRetry>>>;
};

/** One of a lead's numbers, in the lead's own order. */
export type LeadNumber = {
  /** Not invalid, not on a do-not-call list for good. */
  readonly isUsable: boolean;
  readonly zones: readonly string[];
};

export type RetryInput = {
  readonly nowMs: EpochMs;
  readonly outcome: Outcome;
  /** Which number the attempt just ended was made to. */
  readonly numberIndex: number;
  /** After the attempt: usable marks and counts already include it. */
  readonly numbers: readonly LeadNumber[];
  readonly attempts: number;
  readonly attemptsByOutcome: Readonly<Partial<Record<Outcome, number>>>;
  readonly policy: RetryPolicy;
  readonly window: CallingWindow;
  /** A re-dial promised to the person; it stands above the policy's counts and delays, not above the window. */
  readonly callback?: { readonly atMs: EpochMs; readonly numberIndex?: number };
};

export type RetryPlan =
  | {
      readonly kind: 'retry';
      readonly atMs: EpochMs;
      readonly numberIndex: number;
      readonly reason: 'callback' | 'sameNumber' | 'nextNumber';
      /** Whether the window moved it to a later time. */
      readonly movedByWindow: boolean;
    }
  | {
      readonly kind: 'done';
      readonly reason:
        'outcomeIsFinal' | 'maxAttempts' | 'maxAttemptsOfOutcome' | 'noUsableNumber' | 'windowNeverOpens';
    };

const safeMs = (ms: number): number => (Number.isFinite(ms) ? Math.max(0, ms) : 0);

/** The delay before the attempt that follows the `n`th one with the same outcome (`n` from 1). */
export const retryDelayMs = (delay: RetryDelay, n: number): number => {
  const nth = Math.max(1, Math.floor(n));
  if (delay.kind === 'list') return safeMs(delay.delaysMs[nth - 1] ?? delay.delaysMs.at(-1) ?? 0);
  // A factor under 1 would dial ever more often; the delay never shrinks.
  const grown = delay.firstMs * Math.max(1, delay.factor) ** (nth - 1);
  return safeMs(Math.min(delay.maxMs, Number.isNaN(grown) ? delay.maxMs : grown));
};

const nextUsable = (numbers: readonly LeadNumber[], after: number): { index: number; isNewRound: boolean } | null => {
  for (let step = 1; step <= numbers.length; step++) {
    const index = (after + step) % numbers.length;
    if (numbers[index]?.isUsable) return { index, isNewRound: index <= after };
  }
  return null;
};

const inWindow = (
  input: RetryInput,
  atMs: EpochMs,
  index: number,
  reason: 'callback' | 'sameNumber' | 'nextNumber',
): RetryPlan => {
  const openMs = nextOpeningInAll(input.window, input.numbers[index]?.zones ?? [], atMs);
  if (openMs === undefined) return { kind: 'done', reason: 'windowNeverOpens' };
  return { kind: 'retry', atMs: openMs, numberIndex: index, reason, movedByWindow: openMs > atMs };
};

/**
 * When and at which number a lead is tried again after an attempt, or why not. Pure; the verdict before the dial has the
 * last word all the same.
 */
export const planRetry = (input: RetryInput): RetryPlan => {
  const { numbers, numberIndex, outcome, policy, nowMs } = input;
  const isUsable = (index: number): boolean => numbers[index]?.isUsable === true;
  if (input.callback) {
    const asked = input.callback.numberIndex ?? numberIndex;
    const index = isUsable(asked) ? asked : nextUsable(numbers, asked)?.index;
    if (index === undefined) return { kind: 'done', reason: 'noUsableNumber' };
    return inWindow(input, Math.max(nowMs, input.callback.atMs), index, 'callback');
  }
  if (input.attempts >= policy.maxAttempts) return { kind: 'done', reason: 'maxAttempts' };
  // A number that does not exist says nothing of the lead's other numbers.
  const rule: OutcomeRetry | undefined =
    policy.perOutcome[outcome] ??
    (outcome === 'invalidNumber' && numbers.some((number) => number.isUsable)
      ? { maxAttempts: Infinity, delay: { kind: 'list', delaysMs: [0] }, nextNumber: 'nextNow' }
      : undefined);
  if (!rule) return { kind: 'done', reason: numbers.some((n) => n.isUsable) ? 'outcomeIsFinal' : 'noUsableNumber' };
  const sameOutcome = input.attemptsByOutcome[outcome] ?? 0;
  if (sameOutcome >= rule.maxAttempts) return { kind: 'done', reason: 'maxAttemptsOfOutcome' };
  const delayMs = retryDelayMs(rule.delay, sameOutcome);
  if (rule.nextNumber === 'same' && isUsable(numberIndex)) {
    return inWindow(input, nowMs + delayMs, numberIndex, 'sameNumber');
  }
  const next = nextUsable(numbers, numberIndex);
  if (!next) return { kind: 'done', reason: 'noUsableNumber' };
  if (rule.nextNumber === 'otherOnly' && next.isNewRound) return { kind: 'done', reason: 'noUsableNumber' };
  const isAtOnce = !next.isNewRound && (rule.nextNumber === 'nextNow' || rule.nextNumber === 'otherOnly');
  const reason = next.index === numberIndex ? 'sameNumber' : 'nextNumber';
  return inWindow(input, isAtOnce ? nowMs : nowMs + delayMs, next.index, reason);
};

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A gentle policy: few attempts, long delays, quicker after a busy line. */
export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 5,
  perOutcome: {
    busy: { maxAttempts: 3, delay: { kind: 'list', delaysMs: [20 * MINUTE_MS, HOUR_MS] }, nextNumber: 'same' },
    noAnswer: { maxAttempts: 3, delay: { kind: 'list', delaysMs: [4 * HOUR_MS, 24 * HOUR_MS] }, nextNumber: 'nextNow' },
    poweredOff: {
      maxAttempts: 3,
      delay: { kind: 'list', delaysMs: [4 * HOUR_MS, 24 * HOUR_MS] },
      nextNumber: 'nextNow',
    },
    suspended: { maxAttempts: 3, delay: { kind: 'list', delaysMs: [0] }, nextNumber: 'otherOnly' },
    machine: { maxAttempts: 2, delay: { kind: 'list', delaysMs: [4 * HOUR_MS, 24 * HOUR_MS] }, nextNumber: 'nextNow' },
    fax: { maxAttempts: 3, delay: { kind: 'list', delaysMs: [0] }, nextNumber: 'otherOnly' },
    congestion: {
      maxAttempts: 3,
      delay: { kind: 'backOff', firstMs: 5 * MINUTE_MS, factor: 3, maxMs: 2 * HOUR_MS },
      nextNumber: 'same',
    },
    failed: {
      maxAttempts: 3,
      delay: { kind: 'backOff', firstMs: 5 * MINUTE_MS, factor: 3, maxMs: 2 * HOUR_MS },
      nextNumber: 'same',
    },
    cancelled: { maxAttempts: 5, delay: { kind: 'list', delaysMs: [10 * MINUTE_MS] }, nextNumber: 'same' },
    dropped: { maxAttempts: 2, delay: { kind: 'list', delaysMs: [24 * HOUR_MS] }, nextNumber: 'same' },
    unknown: { maxAttempts: 2, delay: { kind: 'list', delaysMs: [4 * HOUR_MS] }, nextNumber: 'same' },
  },
};
