import {
  explainAnswer,
  initialAnswerModel,
  learnAnswer,
  PLAIN_PROBABILITY,
  relativeOdds,
  zoneOffsetMs,
  type AnswerModel,
  type EpochMs,
  type Explained,
  type LeadFacts,
  type ListId,
  type NumberFacts,
  type Outcome,
  type RelativeOdds,
} from '@qianhu/core';
import type { Pool } from 'pg';
import { recall } from './memory.ts';

/** A dial of earlier: when, and whether somebody answered. */
export type CallMade = { readonly atMs: EpochMs; readonly answered: boolean };

/** Answer rate that is believed before the first call. */
const FIRST_GUESS = 0.3;

/** Leads that the next ones are compared with: about as many as the pacer's own idea of the level is made from. */
const RECENT = 100;

/** A reason that moves the odds by less than a tenth is not told, and never more than three are. */
const TELLING_LOG_ODDS = 0.1;
const MAX_REASONS = 3;

/** Dials that say whether a person is there; those that a carrier or we ended say nothing about the person. */
const TELLS: ReadonlySet<Outcome> = new Set([
  'busy',
  'noAnswer',
  'rejected',
  'invalidNumber',
  'poweredOff',
  'suspended',
  'machine',
  'fax',
]);

/** Whether an ended, unanswered dial taught something. */
export const tellsOfPerson = (outcome: Outcome): boolean => TELLS.has(outcome);

const MODELS = ['answers', 'answers:demo'] as const;
type ModelKey = (typeof MODELS)[number];

/** Row of the engine's memory that holds the model. */
export const answersKey = (isDemo: boolean): ModelKey => (isDemo ? 'answers:demo' : 'answers');

/**
 * Who answers when: one model for the installation's own calls, learned from each dial's end, and one for the
 * demonstration, whose people are invented.
 */
export class AnswerBook {
  readonly #models = new Map<ModelKey, AnswerModel>();
  /** Leads dialled of late, oldest first. */
  readonly #recent = new Map<ModelKey, LeadFacts[]>();
  readonly #changed = new Set<ModelKey>();

  /** Takes saved models back. */
  async load(pool: Pool): Promise<void> {
    for (const key of MODELS) {
      const saved = (await recall(pool, key)) as AnswerModel | undefined;
      if (saved?.version === 1) this.#models.set(key, saved);
    }
  }

  model(isDemo: boolean): AnswerModel {
    return this.#models.get(answersKey(isDemo)) ?? initialAnswerModel(FIRST_GUESS);
  }

  /** How the pacer is to take leads now, beside those dialled of late. */
  forPacer(isDemo: boolean): RelativeOdds {
    const compare = relativeOdds(this.model(isDemo), this.#recent.get(answersKey(isDemo)) ?? [], PLAIN_PROBABILITY);
    return (facts) => compare(withoutCallerId(facts));
  }

  /** A lead is being dialled. */
  dialled(isDemo: boolean, facts: LeadFacts): void {
    const key = answersKey(isDemo);
    const recent = this.#recent.get(key) ?? [];
    recent.push(withoutCallerId(facts));
    if (recent.length > RECENT) recent.shift();
    this.#recent.set(key, recent);
  }

  /** The probability with the few reasons that matter, for people to read. */
  explain(isDemo: boolean, facts: LeadFacts): Explained {
    const { probability, reasons } = explainAnswer(this.model(isDemo), facts);
    const telling = reasons.filter(({ oddsFactor }) => Math.abs(Math.log(oddsFactor)) > TELLING_LOG_ODDS);
    return {
      probability: Number(probability.toFixed(3)),
      reasons: telling
        .slice(0, MAX_REASONS)
        .map((reason) => ({ ...reason, oddsFactor: Number(reason.oddsFactor.toFixed(2)) })),
    };
  }

  learn(isDemo: boolean, facts: LeadFacts, answered: boolean): void {
    const key = answersKey(isDemo);
    this.#models.set(key, learnAnswer(this.model(isDemo), facts, answered));
    this.#changed.add(key);
  }

  /** Models that changed since the last call of this. */
  takeChanged(): readonly { readonly key: string; readonly state: object }[] {
    const rows = [...this.#changed].map((key) => ({ key, state: this.model(key === 'answers:demo') }));
    this.#changed.clear();
    return rows;
  }
}

/** The number shown is chosen after the lead; those that wait have none yet to be compared by. */
const withoutCallerId = ({ callerId: _chosen, ...facts }: LeadFacts): LeadFacts => facts;

/** What is known of a lead before a dial at `nowMs`, in the callee's own time. */
export const leadFacts = (
  lead: {
    readonly listId: ListId;
    /** As stored: the first of several zones stands for all. */
    readonly zone: string;
    readonly attempts: number;
    readonly lastOutcome?: string | undefined;
    readonly lastAttemptAtMs?: EpochMs | undefined;
  },
  number: NumberFacts,
  calls: readonly CallMade[],
  callerId: string | undefined,
  nowMs: EpochMs,
): LeadFacts => {
  const zone = lead.zone.split(',')[0] ?? '';
  const local = (atMs: EpochMs): Date => new Date(atMs + (zoneOffsetMs(zone, atMs) ?? 0));
  const here = local(nowMs);
  const hoursOf = (answered: boolean): readonly number[] =>
    calls.filter((call) => call.answered === answered).map((call) => local(call.atMs).getUTCHours());
  return {
    attempts: lead.attempts,
    hour: here.getUTCHours(),
    weekday: here.getUTCDay() === 0 ? 7 : here.getUTCDay(),
    list: lead.listId,
    numberType: number.kind,
    region: `${number.country}${number.areaCode ?? ''}`,
    answeredHours: hoursOf(true),
    missedHours: hoursOf(false),
    ...(lead.lastOutcome === undefined ? {} : { lastOutcome: lead.lastOutcome }),
    ...(lead.lastAttemptAtMs === undefined ? {} : { hoursSinceLast: (nowMs - lead.lastAttemptAtMs) / 3_600_000 }),
    ...(callerId === undefined ? {} : { callerId }),
  };
};
