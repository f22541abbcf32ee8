import type { RiskPacerSettings } from '../dialing/pacing/settings.ts';
import { createRiskPacer } from '../dialing/pacing/risk-pacer.ts';
import { quantile } from '../stats/intervals.ts';
import type { DurationLaw } from './duration-law.ts';
import type { Range } from './forecast.ts';
import { simulate } from './simulate.ts';
import { pooled } from './simulation-result.ts';
import type { World } from './world.ts';
import { defaultWorld } from './world.ts';

/** A shift on a telephone network whose laws are known, to be held against what a real run of it measured. */
export type ShiftQuestion = {
  readonly agents: number;
  /** Share (0–1) of dials that a person answers. It does not move. */
  readonly answerRate: number;
  /** From the dial to a person's answer; who would answer after the ring time-out of the settings does not. */
  readonly answerDelay: DurationLaw;
  readonly talk: DurationLaw;
  readonly wrapUp: DurationLaw;
  /** From the choice of an agent until the two can talk; the agent is busy meanwhile. */
  readonly connectDelay: DurationLaw;
  readonly settings: RiskPacerSettings;
  /** The shift ends when so many people have answered. */
  readonly people: number;
  /** Leads of the list when the shift begins; without end by default. */
  readonly leads?: number;
  /** Of the dials that no person answers: failures and machines (detected). By default all of them ring out. */
  readonly failed?: World['failed'];
  readonly machine?: World['machine'];
  /** What the pacer is told about the close of dialing, seconds from the start; a day by default. */
  readonly closesSec?: number;
  /** Lines of the trunks; any number by default. */
  readonly lines?: number;
  /** Least time between two decisions, seconds; 0.5 by default. */
  readonly decisionGapSec?: number;
};

/** What a shift should bring: median and the 10 % and 90 % points over seeds. */
export type ShiftPrediction = {
  /** (Reserved + talk + wrap-up) as a share (0–1) of the time agents were there, from the first dial to the last answer. */
  readonly occupancy: Range;
  /** Share (0–1) of people who answered that were dropped. */
  readonly dropRate: Range;
  /** Length of the shift, seconds of a full team. */
  readonly shiftSec: Range;
  /** Dials of the shift. */
  readonly dials: Range;
};

const rangeOf = (values: readonly number[]): Range => ({
  low: quantile(values, 0.1),
  middle: quantile(values, 0.5),
  high: quantile(values, 0.9),
});

/**
 * Plays the shift through the real pacer from its first call, all agents being there from the start and taking no breaks.
 * Deterministic for a seed.
 */
export const predictShift = (
  question: ShiftQuestion,
  options: { readonly seed: number; readonly repetitions: number },
): ShiftPrediction => {
  const { agents, settings, closesSec = 86_400 - 9 * 3600 } = question;
  const world = defaultWorld(agents, question.answerRate, {
    name: 'shift',
    talk: question.talk,
    wrapUp: question.wrapUp,
    answerDelay: question.answerDelay,
    connectDelay: question.connectDelay,
    failed: question.failed ?? { share: 0, delay: { kind: 'fixed', sec: 0 } },
    machine: question.machine ?? { share: 0, delay: { kind: 'fixed', sec: 0 } },
    ringTimeoutSec: settings.ringTimeoutMs / 1000,
    graceSec: settings.graceMs / 1000,
    falsePositiveRate: settings.falsePositiveRate,
    agentSpread: 0,
    dayLevelSd: 0,
    swing: 0,
    shockSd: 0,
    logInOverSec: 0,
    breaks: false,
    shiftSec: closesSec,
    stopAfterPeople: question.people,
    leadsPerDay: question.leads ?? Infinity,
    maxLines: question.lines ?? Infinity,
    decisionGapSec: question.decisionGapSec ?? 0.5,
  });
  const pacer = createRiskPacer(settings);
  const days = Array.from({ length: options.repetitions }, (_, i) => {
    const { days: shift } = simulate(world, pacer, { seed: options.seed + i });
    const busySec = shift.reduce((sum, day) => sum + day.busySec, 0);
    const idleSec = shift.reduce((sum, day) => sum + day.idleSec, 0);
    return {
      ...pooled({ days: shift }),
      shiftSec: (busySec + idleSec) / Math.max(1, agents),
      dials: shift.reduce((sum, day) => sum + day.dials, 0),
    };
  });
  return {
    occupancy: rangeOf(days.map((day) => day.occupancy)),
    dropRate: rangeOf(days.map((day) => day.dropRate)),
    shiftSec: rangeOf(days.map((day) => day.shiftSec)),
    dials: rangeOf(days.map((day) => day.dials)),
  };
};
