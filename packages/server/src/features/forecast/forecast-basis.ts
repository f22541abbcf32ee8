import type { CampaignForecast, ForecastBody } from '@qianhu/contracts';
import {
  defaultRiskPacerSettings,
  learnedLaws,
  meanDuration,
  type CampaignSettings,
  type DurationLaw,
  type RiskPacerState,
} from '@qianhu/core';

/** What was measured in calls: of one campaign, or of all that were made before. Durations in seconds. */
export type CallSamples = {
  /** Settled dials that say whether a person was there, and those of them that a person answered. */
  readonly dials: number;
  readonly people: number;
  readonly answerDelays: readonly number[];
  readonly talks: readonly number[];
  readonly wrapUps: readonly number[];
};

type Figure = CampaignForecast['basis']['answerRate'];
type Known<T> = { readonly value: T; readonly from: Figure['from']; readonly seen?: number };

/** The laws of a forecast, each with where it comes from. */
export type ForecastBasis = {
  readonly answerRate: Known<number>;
  readonly talk: Known<DurationLaw>;
  readonly wrapUp: Known<DurationLaw>;
  readonly answerDelay: Known<DurationLaw>;
};

/** So many dials (or talks) must have been seen before they say more than an assumption does. */
const TELLING_DIALS = 100;
const TELLING_TIMES = 30;

/** Bins grow by this ratio, as the pacer's do. */
const RATIO = 1.12;

/** Measured durations as a law: counts in bins that grow with the duration. */
export const lawOf = (samples: readonly number[]): DurationLaw => {
  const counts: number[] = [];
  for (const sec of samples) {
    const bin = sec < 1 ? 0 : Math.ceil(Math.log(sec) / Math.log(RATIO));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const filled = Array.from(counts, (n) => n ?? 0);
  return { kind: 'histogram', edgesSec: [0, ...filled.map((_, i) => RATIO ** i)], counts: filled };
};

/** The same law with another mean. */
export const withMean = (law: DurationLaw, meanSec: number): DurationLaw => {
  const factor = meanSec / Math.max(1e-9, meanDuration(law));
  switch (law.kind) {
    case 'fixed':
      return { kind: 'fixed', sec: meanSec };
    case 'exponential':
      return { kind: 'exponential', meanSec };
    case 'lognormal':
      return { ...law, meanSec };
    case 'shifted':
      return { ...law, bySec: law.bySec * factor, law: withMean(law.law, meanDuration(law.law) * factor) };
    case 'mixture':
      return {
        ...law,
        parts: law.parts.map((part) => ({ ...part, law: withMean(part.law, meanDuration(part.law) * factor) })),
      };
    case 'histogram':
      return { ...law, edgesSec: law.edgesSec.map((edge) => edge * factor) };
  }
};

/**
 * The best that is known of each figure: asked for, learned by the campaign's pacer, measured in its calls, measured in the
 * house's calls, or assumed (docs/pacing.md, "The world").
 */
export const basisOf = (facts: {
  readonly asked: Pick<ForecastBody, 'answerRate' | 'talkSec' | 'wrapUpSec'>;
  readonly settings: CampaignSettings;
  readonly pacer: RiskPacerState | undefined;
  readonly own: CallSamples;
  readonly house: CallSamples;
}): ForecastBasis => {
  const { asked, settings, own, house } = facts;
  const { prior } = defaultRiskPacerSettings;
  const learned = facts.pacer === undefined || own.dials < TELLING_DIALS ? undefined : learnedLaws(facts.pacer);
  const time = (
    of: (samples: CallSamples) => readonly number[],
    fromPacer: DurationLaw | undefined,
    assumed: DurationLaw,
  ): Known<DurationLaw> => {
    const [mine, ours] = [of(own), of(house)];
    if (mine.length >= TELLING_TIMES)
      return fromPacer === undefined
        ? { value: lawOf(mine), from: 'campaign', seen: mine.length }
        : { value: fromPacer, from: 'pacer', seen: mine.length };
    if (ours.length >= TELLING_TIMES) return { value: lawOf(ours), from: 'house', seen: ours.length };
    return { value: assumed, from: 'assumed' };
  };
  const changed = (known: Known<DurationLaw>, meanSec: number | undefined): Known<DurationLaw> =>
    meanSec === undefined ? known : { value: withMean(known.value, meanSec), from: 'asked' };
  const rate = (): Known<number> => {
    if (asked.answerRate !== undefined) return { value: asked.answerRate, from: 'asked' };
    if (learned !== undefined) return { value: learned.answerRate, from: 'pacer', seen: own.dials };
    if (own.dials >= TELLING_DIALS) return { value: own.people / own.dials, from: 'campaign', seen: own.dials };
    if (house.dials >= TELLING_DIALS) return { value: house.people / house.dials, from: 'house', seen: house.dials };
    return { value: prior.answerRate, from: 'assumed' };
  };
  const wrapUpSec =
    settings.wrapUp.maxMs === null
      ? prior.wrapUpSec
      : Math.max(0.5, Math.min(prior.wrapUpSec, settings.wrapUp.maxMs / 1000));
  const known = rate();
  return {
    answerRate: { ...known, value: Math.min(0.98, Math.max(0.005, known.value)) },
    talk: changed(
      time((x) => x.talks, learned?.talk, { kind: 'lognormal', meanSec: prior.talkSec, cv: 1 }),
      asked.talkSec,
    ),
    wrapUp: changed(
      time((x) => x.wrapUps, learned?.wrapUp, { kind: 'lognormal', meanSec: wrapUpSec, cv: 0.8 }),
      asked.wrapUpSec,
    ),
    answerDelay: time((x) => x.answerDelays, learned?.answerDelay, {
      kind: 'shifted',
      bySec: 3,
      law: { kind: 'lognormal', meanSec: 8, cv: 0.5 },
    }),
  };
};

/** The basis as it is told: means only. */
export const toldBasis = (basis: ForecastBasis): CampaignForecast['basis'] => {
  const time = (known: Known<DurationLaw>): Figure => ({ ...known, value: meanDuration(known.value) });
  return {
    answerRate: basis.answerRate,
    talkSec: time(basis.talk),
    wrapUpSec: time(basis.wrapUp),
    answerDelaySec: time(basis.answerDelay),
  };
};
