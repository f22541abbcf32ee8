import type { AnswerModel, RelativeOdds } from '../dialing/answer-model/answer-model.ts';
import { initialAnswerModel, learnAnswer, relativeOdds } from '../dialing/answer-model/answer-model.ts';
import type { LeadFacts } from '../dialing/answer-model/features.ts';
import { PLAIN_PROBABILITY } from '../dialing/pacing/estimates.ts';
import type { OutcomeRetry } from '../dialing/retry.ts';
import type { LeadId } from '../ids.ts';
import { createRandom } from '../stats/random.ts';
import type { BookedLead, LeadRules } from './lead-book.ts';
import { LeadBook } from './lead-book.ts';
import type { LeadSupply, SimulatedLead, SimulatedOutcome } from './lead-supply.ts';
import { leadDrawer } from './lead-supply.ts';
import type { World } from './world.ts';

/** What the pacer is told about mixed leads: nothing, what the learned model says, or the truth. */
export type MixedKnowledge = 'blind' | 'model' | 'truth';

/** A mixed list with the model that was learned from it. */
export type MixedSupply = LeadSupply & { readonly model: () => AnswerModel };

type MixedLead = BookedLead & {
  readonly id: number;
  readonly list: string;
  readonly numberType: string;
  readonly region: string;
  /** Own inclination to answer, on log-odds, seen by nobody. */
  readonly inclination: number;
  readonly goodHour: number;
  readonly lastOutcome: SimulatedOutcome | undefined;
  readonly lastMs: number;
  readonly missedHours: readonly number[];
  readonly answeredHours: number[];
};

const HOUR_MS = 3_600_000;
/** Effects on log-odds: three sources, two kinds of numbers, ten regions (in steps), the person's own good hours. */
const LISTS = [
  ['customers', 1.3],
  ['web', 0],
  ['bought', -1.6],
] as const;

const again = {
  maxAttempts: 6,
  delay: { kind: 'list', delaysMs: [1.5 * HOUR_MS] },
  nextNumber: 'same',
} as const satisfies OutcomeRetry;
/** Who did not answer comes back after an hour and a half, before leads that were never tried; six attempts at most. */
const RULES: LeadRules = {
  order: { dueCallbacks: 'first', untried: 'last', fewerAttemptsFirst: false, then: 'longestDue' },
  retry: { maxAttempts: 6, perOutcome: { noAnswer: again, machine: again, failed: again } },
};

/**
 * A strongly mixed list: lists of three qualities, landlines and mobiles, regions, good hours of each person, retries of those
 * who did not answer. The mean answer rate of first attempts is the world's.
 */
export const mixedLeads = (world: World, seed: number, knowledge: MixedKnowledge): MixedSupply => {
  let model = initialAnswerModel(0.3);
  let made = 0;
  const book = new LeadBook<MixedLead>(RULES);
  const draw = leadDrawer(world, seed);
  const ahead: { lead: MixedLead; seen: SimulatedLead; facts: LeadFacts }[] = [];
  const out = new Map<SimulatedLead, { lead: MixedLead; facts: LeadFacts }>();

  const make = (): MixedLead => {
    const id = made++;
    const random = createRandom(seed, 5, id);
    const pick = random.next();
    const list = LISTS[pick < 0.25 ? 0 : pick < 0.6 ? 1 : 2];
    const isMobile = random.next() < 0.7;
    const region = Math.floor(random.next() * 10);
    const goodHour = 9 + Math.floor(random.next() * 8);
    const known = random.next() < 0.3;
    return {
      id,
      leadId: String(id + 1) as LeadId,
      priority: 50,
      attemptsByOutcome: {},
      dueAtMs: 0,
      list: list[0],
      numberType: isMobile ? 'mobile' : 'landline',
      region: `region-${region}`,
      inclination: list[1] + (isMobile ? 0.25 : -0.5) + (region - 4.5) * 0.1 + 0.6 * random.normal(),
      goodHour,
      attempts: 0,
      lastOutcome: undefined,
      lastMs: 0,
      missedHours: [],
      answeredHours: known ? [goodHour] : [],
    };
  };

  /** As the engine tells it: against the last hundred leads, by the model of this moment. */
  const recent: LeadFacts[] = [];
  let compared: { readonly by: AnswerModel; readonly odds: RelativeOdds } | undefined;
  const comparedNow = (facts: LeadFacts): number => {
    if (compared?.by !== model) compared = { by: model, odds: relativeOdds(model, recent, PLAIN_PROBABILITY) };
    const odds = compared.odds(facts);
    recent.push(facts);
    if (recent.length > 100) recent.shift();
    return odds;
  };

  const hourOf = (nowMs: number): number => Math.floor((nowMs / HOUR_MS) % 24);

  const truth = (lead: MixedLead, nowMs: number): number => {
    const isGood = Math.abs(hourOf(nowMs) - lead.goodHour) <= 1;
    // The constant keeps the mean over leads and hours near the world's answer rate.
    const base = Math.log(world.answerRate / (1 - world.answerRate)) - 0.25;
    return 1 / (1 + Math.exp(-(base + lead.inclination + (isGood ? 0.9 : -0.3))));
  };

  const prepare = (nowMs: number): void => {
    const lead = book.take(nowMs) ?? make();
    const hour = hourOf(nowMs);
    const facts: LeadFacts = {
      attempts: lead.attempts,
      hour,
      weekday: 1 + (Math.floor(nowMs / 86_400_000) % 5),
      list: lead.list,
      numberType: lead.numberType,
      region: lead.region,
      missedHours: lead.missedHours,
      answeredHours: lead.answeredHours,
      ...(lead.lastOutcome === undefined
        ? {}
        : { lastOutcome: lead.lastOutcome, hoursSinceLast: (nowMs - lead.lastMs) / HOUR_MS }),
    };
    const factor = truth(lead, nowMs) / world.answerRate;
    const told =
      knowledge === 'blind' ? undefined : knowledge === 'truth' ? factor * world.answerRate : comparedNow(facts);
    const seen = draw(lead.id * 8 + lead.attempts, factor, told);
    ahead.push({ lead, seen, facts });
  };

  return {
    model: () => model,
    peek: (nowMs, count) => {
      if (knowledge === 'blind') return undefined;
      while (ahead.length < count) prepare(nowMs);
      return ahead.slice(0, count).map((x) => x.seen.answerProbability ?? 0.3);
    },
    take: (nowMs) => {
      if (ahead.length === 0) prepare(nowMs);
      const next = ahead.shift();
      if (next === undefined) return undefined;
      out.set(next.seen, next);
      return next.seen;
    },
    resolved: (seen, outcome, nowMs) => {
      const found = out.get(seen);
      if (found === undefined) return;
      out.delete(seen);
      const { lead, facts } = found;
      // A line that we hung up late counts as not answered: leaving it out would count only the short rings.
      if (knowledge === 'model') model = learnAnswer(model, facts, outcome === 'human');
      const next = book.after(lead, outcome, nowMs);
      if (next === undefined) return;
      const missedHours = [...lead.missedHours, hourOf(nowMs)];
      book.add({ ...lead, ...next, lastOutcome: outcome, lastMs: nowMs, missedHours });
    },
  };
};
