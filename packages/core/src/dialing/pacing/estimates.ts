import { normalCdf } from '../../stats/normal.ts';
import type { EpochMs } from '../../ids.ts';
import type { Counts } from './histogram.ts';
import type { LevelFilters } from './level.ts';
import { initialLevel, levelOf, updateLevel } from './level.ts';
import { addCount, logBin, lognormalPrior, totalCount } from './histogram.ts';
import type { RiskPacerSettings } from './settings.ts';

/**
 * Dials of one second that may still be answered. `weight` is the sum of their answer probabilities. Void ones rang while
 * the line was down and say nothing.
 */
export type Cohort = {
  readonly sec: number;
  readonly weight: number;
  readonly dials: number;
  readonly humans: number;
  readonly isVoid?: true;
};

/** How one agent's calls compare with the team's: sum of log ratios and their number (both forgotten slowly). */
type AgentPace = { readonly sum: number; readonly count: number };

/** What has been learned from calls. Plain data. */
export type Estimates = {
  /** Open cohorts in time order. */
  readonly cohorts: readonly Cohort[];
  /** The level of the answer rate against the dials' probabilities, from closed cohorts. */
  readonly level: LevelFilters;
  /** Sum of probabilities of the closed cohorts since a person last answered, and the level at that time; absent before. */
  readonly silence: number;
  readonly levelBefore?: LevelFilters;
  /** Ages (1 s bins) at which people answered, and at which other lines ended. */
  readonly answerAges: Counts;
  readonly missAges: Counts;
  /** Handle times, log bins. */
  readonly talk: Counts;
  readonly wrapUp: Counts;
  /** Means of log seconds. */
  readonly talkLog: AgentPace;
  readonly wrapUpLog: AgentPace;
  /** Agents' paces in buckets by the hash of the agent's id, so that a change copies little. */
  readonly paces: readonly Readonly<Record<string, AgentPace>>[];
};

/** Longest ring that is told apart, seconds. */
export const AGE_BINS = 121;
const PACE_BUCKETS = 64;
const PRIOR_WEIGHT = 30;
const HANDLE_KEEP = 0.9995;

/** Base answer probability of a dial about which no lead model said anything; only its constancy matters. */
export const PLAIN_PROBABILITY = 0.3;

const agePrior = (meanSec: number, cv: number, weight: number): number[] => {
  const variance = Math.log(1 + cv * cv);
  const mu = Math.log(meanSec) - variance / 2;
  let before = 0;
  return Array.from({ length: AGE_BINS }, (_, i) => {
    const upTo = i === AGE_BINS - 1 ? 1 : normalCdf((Math.log(i + 1) - mu) / Math.sqrt(variance));
    const count = weight * (upTo - before);
    before = upTo;
    return count;
  });
};

/** What is believed before the first call. */
export const initialEstimates = (settings: RiskPacerSettings): Estimates => {
  const timeout = Math.max(1, Math.min(AGE_BINS - 1, Math.round(settings.ringTimeoutMs / 1000)));
  const missAges = new Array<number>(AGE_BINS).fill(0);
  missAges[timeout] = 10;
  const level = initialLevel(PRIOR_WEIGHT * settings.prior.answerRate, PRIOR_WEIGHT * PLAIN_PROBABILITY);
  return {
    cohorts: [],
    level,
    silence: 0,
    answerAges: agePrior(Math.min(10, timeout), 0.5, 10),
    missAges,
    talk: lognormalPrior(settings.prior.talkSec, 1, PRIOR_WEIGHT, normalCdf),
    wrapUp: lognormalPrior(Math.max(0.5, settings.prior.wrapUpSec), 0.8, PRIOR_WEIGHT, normalCdf),
    talkLog: { sum: 5 * (Math.log(settings.prior.talkSec) - 0.35), count: 5 },
    wrapUpLog: { sum: 5 * (Math.log(Math.max(0.5, settings.prior.wrapUpSec)) - 0.25), count: 5 },
    paces: Array.from({ length: PACE_BUCKETS }, () => ({})),
  };
};

const changeCohort = (
  cohorts: readonly Cohort[],
  atMs: EpochMs,
  change: (cohort: Cohort) => Cohort,
): readonly Cohort[] => {
  const sec = Math.floor(atMs / 1000);
  for (let i = cohorts.length - 1; i >= 0; i--) {
    const cohort = cohorts[i]!;
    if (cohort.sec === sec) {
      const next = cohorts.slice();
      next[i] = change(cohort);
      return next;
    }
    if (cohort.sec < sec) break;
  }
  return cohorts;
};

/** A dial left. */
export const countDial = (estimates: Estimates, atMs: EpochMs, probability: number | undefined): Estimates => {
  const sec = Math.floor(atMs / 1000);
  const weight = probability ?? PLAIN_PROBABILITY;
  const last = estimates.cohorts.at(-1);
  const cohorts =
    last !== undefined && last.sec === sec
      ? changeCohort(estimates.cohorts, atMs, (c) => ({ ...c, weight: c.weight + weight, dials: c.dials + 1 }))
      : [...estimates.cohorts, { sec, weight, dials: 1, humans: 0 }];
  return { ...estimates, cohorts };
};

/** A line was hung up by us: only the part of its ringing that it had counts as a trial. */
export const countShed = (estimates: Estimates, dialedAtMs: EpochMs, weight: number, left: number): Estimates => ({
  ...estimates,
  cohorts: changeCohort(estimates.cohorts, dialedAtMs, (c) => ({
    ...c,
    weight: Math.max(0, c.weight - weight * left),
  })),
});

/** Moves open cohorts to where the clock jumped. */
export const shiftCohorts = (estimates: Estimates, byMs: number): Estimates => ({
  ...estimates,
  cohorts: estimates.cohorts.map((cohort) => ({ ...cohort, sec: cohort.sec + Math.round(byMs / 1000) })),
});

/** Whether a line can have rung so long; anything else is a clock that jumped. */
const isAge = (sec: number): boolean => sec >= 0 && sec < AGE_BINS;

/**
 * Whether so many people who should have answered did not that the line is down rather than its people unwilling: even a
 * rate that fell to a tenth would have brought somebody in 49 of 50 cases. Before anybody answered there is no telling: a
 * dead list looks the same.
 */
export const isSilent = ({ silence, levelBefore }: Pick<Estimates, 'silence' | 'levelBefore'>): boolean =>
  levelBefore !== undefined && silence * levelOf(levelBefore, 0, 0) > 40;

/** A person answered, `dialedAtMs` being the time of the dial. */
export const countHuman = (before: Estimates, atMs: EpochMs, dialedAtMs: EpochMs): Estimates => {
  // The line is back: what rang while it was down must not be taken for people who do not answer.
  const estimates = isSilent(before)
    ? { ...before, silence: 0, cohorts: before.cohorts.map((c) => ({ ...c, isVoid: true as const })) }
    : before;
  const age = Math.floor((atMs - dialedAtMs) / 1000);
  const full = totalCount(estimates.answerAges) > 4000;
  return {
    ...estimates,
    cohorts: changeCohort(estimates.cohorts, dialedAtMs, (c) => ({ ...c, humans: c.humans + 1 })),
    answerAges: isAge(age) ? addCount(estimates.answerAges, age, full ? 0.5 : 1) : estimates.answerAges,
  };
};

/** A line ended otherwise: machine, failure, ringing out. */
export const countMiss = (estimates: Estimates, atMs: EpochMs, dialedAtMs: EpochMs): Estimates => {
  const age = Math.floor((atMs - dialedAtMs) / 1000);
  if (!isAge(age)) return estimates;
  const full = totalCount(estimates.missAges) > 4000;
  return { ...estimates, missAges: addCount(estimates.missAges, age, full ? 0.5 : 1) };
};

const hash = (text: string): number => {
  let h = 0;
  for (let i = Math.max(0, text.length - 8); i < text.length; i++) h = (Math.imul(h, 31) + text.charCodeAt(i)) | 0;
  return (h >>> 0) % PACE_BUCKETS;
};

/** A talk or wrap-up ended. */
export const countHandle = (
  estimates: Estimates,
  kind: 'talk' | 'wrapUp',
  agentId: string,
  durationMs: number,
): Estimates => {
  const sec = Math.max(0.5, durationMs / 1000);
  const log = Math.log(sec);
  const team = kind === 'talk' ? estimates.talkLog : estimates.wrapUpLog;
  const bucket = hash(agentId);
  const own = estimates.paces[bucket]?.[agentId] ?? { sum: 0, count: 0 };
  const paces = estimates.paces.slice();
  paces[bucket] = {
    ...paces[bucket],
    [agentId]: { sum: own.sum * 0.995 + log - team.sum / team.count, count: own.count * 0.995 + 1 },
  };
  const teamNext = { sum: team.sum * HANDLE_KEEP + log, count: team.count * HANDLE_KEEP + 1 };
  return kind === 'talk'
    ? { ...estimates, paces, talk: addCount(estimates.talk, logBin(sec), HANDLE_KEEP), talkLog: teamNext }
    : { ...estimates, paces, wrapUp: addCount(estimates.wrapUp, logBin(sec), HANDLE_KEEP), wrapUpLog: teamNext };
};

/** Logarithm of an agent's factor on handle times, shrunk towards 0 until about 15 calls are known. */
export const agentFactorLog = (paces: Estimates['paces'], agentId: string): number => {
  const pace = paces[hash(agentId)]?.[agentId];
  return pace === undefined ? 0 : pace.sum / (pace.count + 15);
};

/** Moves cohorts that can no longer be answered into the long-run level. */
export const closeCohorts = (
  estimates: Estimates,
  nowMs: EpochMs,
  ringTimeoutMs: number,
  levelDials?: number,
): Estimates => {
  const first = estimates.cohorts[0];
  const before = Math.floor((nowMs - ringTimeoutMs - 6000) / 1000);
  if (first === undefined || first.sec >= before) return estimates;
  const kept = levelDials === undefined ? undefined : levelDials * PLAIN_PROBABILITY;
  let { level, silence, levelBefore } = estimates;
  let i = 0;
  for (; i < estimates.cohorts.length; i++) {
    const cohort = estimates.cohorts[i]!;
    if (cohort.sec >= before) break;
    if (cohort.isVoid === true) continue;
    level = updateLevel(level, cohort.humans, cohort.weight, cohort.sec, kept);
    silence = cohort.humans > 0 ? 0 : silence + cohort.weight;
    if (cohort.humans > 0) levelBefore = level;
    // What the line will come back with is what it had.
    else if (kept === undefined && levelBefore !== undefined && isSilent({ silence, levelBefore })) level = levelBefore;
  }
  const cohorts = estimates.cohorts.slice(i);
  return { ...estimates, cohorts, level, silence, ...(levelBefore === undefined ? {} : { levelBefore }) };
};

/** The present level: closed cohorts, and open ones as far as they have rung. `answered(age)`: share of answers by that age. */
export const levelNow = (estimates: Estimates, nowMs: EpochMs, answered: (ageSec: number) => number): number => {
  if (isSilent(estimates)) return levelOf(estimates.level, 0, 0);
  let humans = 0;
  let weight = 0;
  const now = nowMs / 1000;
  for (const cohort of estimates.cohorts) {
    if (cohort.isVoid === true) continue;
    humans += cohort.humans;
    weight += cohort.weight * answered(now - cohort.sec - 0.5);
  }
  return levelOf(estimates.level, humans, weight);
};
