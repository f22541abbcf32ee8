import type { RiskPacerSettings } from '../dialing/pacing/settings.ts';
import type { DialMode } from '../campaign/settings.ts';
import type { Pacer } from '../dialing/pacer.ts';
import { progressivePacer, ratioPacer } from '../dialing/pacers.ts';
import { createRiskPacer } from '../dialing/pacing/risk-pacer.ts';
import type { RiskPacerState } from '../dialing/pacing/risk-pacer.ts';
import { LOG_RATIO, totalCount } from '../dialing/pacing/histogram.ts';
import { PLAIN_PROBABILITY } from '../dialing/pacing/estimates.ts';
import { levelOf } from '../dialing/pacing/level.ts';
import { quantile } from '../stats/intervals.ts';
import type { DurationLaw } from './duration-law.ts';
import { meanDuration } from './duration-law.ts';
import { simulate } from './simulate.ts';
import { pooled } from './simulation-result.ts';
import type { World } from './world.ts';
import { defaultWorld } from './world.ts';

/** The question of a "what if": a campaign as it is or might be. */
export type ForecastQuestion = {
  readonly agents: number;
  readonly answerRate: number;
  readonly talk: DurationLaw;
  readonly wrapUp: DurationLaw;
  readonly answerDelay: DurationLaw;
  /** Leads still to be dialled; the finish is foretold from these. */
  readonly leads: number;
  /** Lines of the trunks; Infinity when they do not matter. */
  readonly lines: number;
  readonly hoursPerDay: number;
  readonly settings: RiskPacerSettings;
  /** How lines are dialled; predictive by default. The drop limit is that of `settings`. */
  readonly mode?: DialMode;
};

/** A figure with its range: median, and the 10 % and 90 % points over simulated days. */
export type Range = { readonly low: number; readonly middle: number; readonly high: number };

/** The answer of a "what if". */
export type Forecast = {
  /** Minutes of talk per agent and hour. */
  readonly talkMinutesPerHour: Range;
  /** Talk and wrap-up as a share (0–1) of the time agents were there. */
  readonly occupancy: Range;
  /** Mean wait of agents between two calls, seconds. */
  readonly agentWaitSec: Range;
  /** Share (0–1) of people who answered that were dropped. */
  readonly dropRate: Range;
  /** Working hours until the list is through. */
  readonly finishHours: Range;
  /** Most lines out at once, ringing; conversations come on top. */
  readonly ringingLinesNeeded: number;
};

const rangeOf = (values: readonly number[]): Range => ({
  low: quantile(values, 0.1),
  middle: quantile(values, 0.5),
  high: quantile(values, 0.9),
});

/** The world that a question describes, one day long. */
export const worldOf = (question: ForecastQuestion): World =>
  defaultWorld(question.agents, question.answerRate, {
    name: 'forecast',
    talk: question.talk,
    wrapUp: question.wrapUp,
    answerDelay: question.answerDelay,
    ringTimeoutSec: question.settings.ringTimeoutMs / 1000,
    graceSec: question.settings.graceMs / 1000,
    falsePositiveRate: question.settings.falsePositiveRate,
    shiftSec: Math.max(600, question.hoursPerDay * 3600),
    // How the answer rate moves by itself is not the campaign's own knowledge; half the benchmark's swing is assumed.
    swing: 0.12,
    maxLines: question.lines,
  });

const priorOf = (question: ForecastQuestion): RiskPacerSettings['prior'] => ({
  answerRate: Math.max(0.005, question.answerRate),
  talkSec: meanDuration(question.talk),
  wrapUpSec: Math.max(0.5, meanDuration(question.wrapUp)),
});

/**
 * Replays the question through the real pacer on several simulated days and gives ranges. Deterministic for a seed; costs one
 * simulated day per repetition, so the caller runs it off the main thread.
 */
export const forecast = (
  question: ForecastQuestion,
  options: { readonly seed: number; readonly repetitions: number },
): Forecast => {
  const world = worldOf(question);
  const handleSec = meanDuration(question.talk) + meanDuration(question.wrapUp);
  const talkShare = meanDuration(question.talk) / handleSec;
  const runsOf = <State>(pacer: Pacer<State>) =>
    Array.from({ length: options.repetitions }, (_, i) => simulate(world, pacer, { seed: options.seed + i }));
  const runs =
    question.mode?.kind === 'progressive'
      ? runsOf(progressivePacer())
      : question.mode?.kind === 'ratio'
        ? runsOf(ratioPacer(question.mode.linesPerAgent))
        : runsOf(createRiskPacer({ ...question.settings, prior: priorOf(question) }));
  const occupancies = runs.map((run) => pooled(run).occupancy);
  return {
    talkMinutesPerHour: rangeOf(occupancies.map((x) => 60 * x * talkShare)),
    occupancy: rangeOf(occupancies),
    agentWaitSec: rangeOf(occupancies.map((x) => (handleSec * (1 - x)) / Math.max(0.01, x))),
    dropRate: rangeOf(runs.map((run) => pooled(run).dropRate)),
    finishHours: rangeOf(
      runs.map((run) => {
        const dials = run.days.reduce((sum, day) => sum + day.dials, 0);
        return dials > 0 ? (question.leads / dials) * (world.shiftSec / 3600) : Infinity;
      }),
    ),
    ringingLinesNeeded: Math.max(...runs.map((run) => run.peakLines)),
  };
};

const logEdges = (bins: number): number[] => [0, ...Array.from({ length: bins }, (_, i) => LOG_RATIO ** (i + 1))];

/** What a running campaign's pacer has learned, as the laws of a question. */
export const learnedLaws = (
  state: RiskPacerState,
): Pick<ForecastQuestion, 'answerRate' | 'talk' | 'wrapUp' | 'answerDelay'> => {
  const { estimates } = state;
  const { talk, wrapUp, answerAges } = estimates;
  return {
    answerRate: Math.min(0.98, levelOf(estimates.level, 0, 0) * PLAIN_PROBABILITY),
    talk: { kind: 'histogram', edgesSec: logEdges(talk.length), counts: talk },
    wrapUp: { kind: 'histogram', edgesSec: logEdges(wrapUp.length), counts: wrapUp },
    answerDelay: {
      kind: 'histogram',
      edgesSec: Array.from({ length: answerAges.length + 1 }, (_, i) => i),
      counts: totalCount(answerAges) > 0 ? answerAges : [1],
    },
  };
};
