import type { EpochMs } from '../../ids.ts';
import type { LegalWindow, RiskPacerSettings } from './settings.ts';

/** What a legal window has seen so far. */
export type WindowCount = { readonly period: number; readonly humans: number; readonly drops: number };

/** The price of risk and what steers it. Plain data. */
export type PriceState = {
  /** Greatest risk at which a line is dialled, 0.001–0.5. */
  readonly price: number;
  /** Sum of predicted drops (probability of an answer times its risk) and drops that came. */
  readonly predicted: number;
  readonly realised: number;
  /** One count for each legal window of the settings, in their order. */
  readonly windows: readonly WindowCount[];
};

/** What the budget asks for now. */
export type Budget = {
  /** Drop rate to aim at from here on. */
  readonly aim: number;
  /** Mean risk at which lines shall be dialled. */
  readonly target: number;
  /** Drops over predictions. */
  readonly bias: number;
  /** Drops that the tightest window still allows at this moment, in calls. */
  readonly left: number;
  /** Only lines without risk. */
  readonly isGuarded: boolean;
};

/** The period of a window at an instant. */
export const periodOf = (window: LegalWindow, nowMs: EpochMs): number =>
  Math.floor((nowMs - window.anchorMs) / window.lengthMs);

/** Moves counts on to the present periods. A clock that went back changes nothing: what was counted stays counted. */
export const rollWindows = (
  counts: readonly WindowCount[],
  windows: readonly LegalWindow[],
  nowMs: EpochMs,
): readonly WindowCount[] => {
  const isOver = (count: WindowCount, i: number): boolean => {
    const window = windows[i];
    return window !== undefined && periodOf(window, nowMs) > count.period;
  };
  if (!counts.some(isOver)) return counts;
  return counts.map((count, i) => {
    const window = windows[i];
    return window === undefined || !isOver(count, i) ? count : { period: periodOf(window, nowMs), humans: 0, drops: 0 };
  });
};

/**
 * A person who answered at `answeredAtMs` was connected or dropped at `atMs`. A window counts people by their answers, as the
 * ledger does: who answered in the period before is none of the present one's.
 */
export const countPerson = (
  state: PriceState,
  windows: readonly LegalWindow[],
  person: { readonly answeredAtMs: EpochMs; readonly atMs: EpochMs; readonly isDropped: boolean },
): PriceState => {
  const drops = person.isDropped ? 1 : 0;
  return {
    ...state,
    realised: state.realised + drops,
    windows: rollWindows(state.windows, windows, person.atMs).map((count, i) => {
      const window = windows[i];
      // By a clock that went back everything is of an earlier period; it counts all the same.
      const isEarlier =
        window !== undefined &&
        periodOf(window, person.atMs) === count.period &&
        periodOf(window, person.answeredAtMs) < count.period;
      return isEarlier ? count : { ...count, humans: count.humans + 1, drops: count.drops + drops };
    }),
  };
};

/** Constants of the steering, chosen by experiment (docs/pacing.md, "What was tried"). */
export type Tuning = {
  /** How far the logarithm of the price moves for one expected answer … */
  readonly priceStep: number;
  /** … or, in the reference pacer, for one dial. */
  readonly priceStepPerDial?: number;
  /** Answers over which a surplus or deficit of drops is made good. */
  readonly aheadLeast: number;
  readonly aheadMost: number;
  /** The guard: so many more drops, with that share of the answers that are expected, must still be within the limit. */
  readonly guardCalls: number;
  readonly guardShare: number;
  /** The reference pacer's memory of the answer rate, in dials. Otherwise the filters of level.ts. */
  readonly levelDials?: number;
};

/** What the pacer uses. */
export const bestTuning: Tuning = {
  priceStep: 0.05,
  aheadLeast: 20,
  aheadMost: 1000,
  guardCalls: 1,
  guardShare: 0.85,
};

/** The prototype in the project's reference, kept as a baseline. */
export const referenceTuning: Tuning = {
  priceStep: 0,
  priceStepPerDial: 0.03,
  aheadLeast: 40,
  aheadMost: 250,
  guardCalls: 1.25,
  guardShare: 0.85,
  levelDials: 400,
};

/**
 * Puts the ledger's truth into a restored state: people who answered and drops of the present period, for each legal window
 * in the settings' order.
 */
export const restoreWindows = <State extends { readonly pricing: PriceState }>(
  state: State,
  windows: readonly LegalWindow[],
  counts: readonly { readonly humans: number; readonly drops: number }[],
  nowMs: EpochMs,
): State => ({
  ...state,
  pricing: {
    ...state.pricing,
    windows: windows.map((window, i) => ({
      period: periodOf(window, nowMs),
      humans: counts[i]?.humans ?? 0,
      drops: counts[i]?.drops ?? 0,
    })),
  },
});

/**
 * Share of people charged for false positives of machine detection. Nobody sees which they were, so that chance makes them
 * more than the tested rate on half of the days: 1.25 standard deviations of their number among the window's people come on
 * top, which with the margin of `aim` keeps 19 days in 20 within the limit.
 */
const chargedFor = (rate: number, people: number): number =>
  rate <= 0 ? 0 : rate + 1.25 * Math.sqrt(rate / Math.max(1, people));

const NOTHING = { humans: 0, drops: 0 };

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/**
 * What the windows allow: `aheadToday` people are expected to answer until the day's dialing closes. Every window must be
 * within its limit at that moment, so that it is within it at its end too. `guardedToday` is the same if only progressive
 * dialing went on, which is what the guard would leave.
 */
export const budgetOf = (
  state: PriceState,
  settings: RiskPacerSettings,
  aheadToday: number,
  guardedToday: number,
  peoplePerSec: number,
  answerSec: number,
  nowMs: EpochMs,
  tuning: Tuning,
): Budget => {
  const bias = clamp((state.realised + 6) / (state.predicted + 6), 0.3, 3);
  let aim = Infinity;
  let left = Infinity;
  let isGuarded = false;
  for (let i = 0; i < settings.windows.length; i++) {
    const window = settings.windows[i]!;
    const { humans, drops } = state.windows[i] ?? NOTHING;
    // A window that goes on after today can mend today's luck later; a third of its hours are taken as working hours.
    const windowEndMs = window.anchorMs + (periodOf(window, nowMs) + 1) * window.lengthMs;
    const inWindow = (peoplePerSec * (windowEndMs - nowMs)) / 3000;
    const falsePositives = chargedFor(settings.falsePositiveRate, humans + Math.max(inWindow, aheadToday));
    const steady = Math.max(0, window.limit * settings.aim - falsePositives);
    const ahead = clamp(inWindow > 3 * aheadToday ? inWindow : aheadToday, tuning.aheadLeast, tuning.aheadMost);
    const wanted = clamp(steady + (steady * humans - drops) / ahead, 0.15 * steady, 2.5 * steady);
    const atEnd = humans + tuning.guardShare * (tuning.levelDials === undefined ? guardedToday : aheadToday);
    const allowed = window.limit * atEnd - falsePositives * atEnd;
    // Drops that lines already ringing may still bring, as a Poisson number with two standard deviations in hand.
    const ringing = tuning.levelDials === undefined ? window.limit * peoplePerSec * answerSec : 0;
    if (drops + tuning.guardCalls + ringing + 2 * Math.sqrt(ringing) > allowed) isGuarded = true;
    aim = Math.min(aim, wanted);
    left = Math.min(left, (window.limit - falsePositives) * humans - drops);
  }
  return { aim, target: aim / bias, bias, left, isGuarded };
};

/**
 * After a dial at risk `risk`: the price moves so that the mean risk of those who answer goes to the target. `step` is the
 * dial's weight, its answer probability times `Tuning.priceStep`.
 */
export const movePrice = (price: number, risk: number, target: number, step: number): number =>
  clamp(price * Math.exp(step * clamp((target - risk) / Math.max(0.01, target), -4, 1)), 0.001, 0.5);

/** Charges dials' expected drops to the predictions, and sets the price; both sums are halved when many. */
export const predict = (state: PriceState, expectedDrops: number, price: number): PriceState => {
  const { realised, windows } = state;
  const predicted = state.predicted + expectedDrops;
  return predicted > 200
    ? { price, predicted: predicted / 2, realised: realised / 2, windows }
    : { price, predicted, realised, windows };
};
