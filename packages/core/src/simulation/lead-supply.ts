import { createRandom } from '../stats/random.ts';
import type { LeadId } from '../ids.ts';
import { durationDrawer } from './duration-law.ts';
import type { BookedLead, LeadRules } from './lead-book.ts';
import { LeadBook } from './lead-book.ts';
import type { World } from './world.ts';

/** A lead with its whole future: what its callee does if it is dialled. All algorithms meet the same leads. */
export type SimulatedLead = {
  /** Uniform 0–1; a person answers when it is below the answer rate of the moment times `factor`. */
  readonly answerDraw: number;
  /** How much more than the average lead this one answers. */
  readonly factor: number;
  readonly answerDelaySec: number;
  /** Uniform 0–1: failure, machine or ringing out. */
  readonly missDraw: number;
  readonly missDelaySec: number;
  readonly talkSec: number;
  readonly wrapUpSec: number;
  /** What the lead model says (0–1), where there is one. */
  readonly answerProbability?: number;
};

/** What became of a dial. */
export type SimulatedOutcome = 'human' | 'machine' | 'failed' | 'noAnswer' | 'shed';

/** Where the simulated dialer gets its leads. Held against the clock of the shift, in milliseconds. */
export interface LeadSupply {
  /** Answer probabilities of the next leads, if known. */
  peek(nowMs: number, count: number): readonly number[] | undefined;
  take(nowMs: number): SimulatedLead | undefined;
  /** How many could be dialled now, where the list has an end. */
  readyAt?(nowMs: number): number;
  resolved(lead: SimulatedLead, outcome: SimulatedOutcome, nowMs: number): void;
}

/** Draws everything about the lead number `index` of a seed. */
export type LeadDrawer = (index: number, factor: number, answerProbability?: number) => SimulatedLead;

/** The leads of a world and seed. */
export const leadDrawer = (world: World, seed: number): LeadDrawer => {
  const { failed, machine, ringTimeoutSec } = world;
  const drawAnswerDelay = durationDrawer(world.answerDelay);
  const drawTalk = durationDrawer(world.talk);
  const drawWrapUp = durationDrawer(world.wrapUp);
  const drawFailed = durationDrawer(failed.delay);
  const drawMachine = durationDrawer(machine.delay);
  return (index, factor, answerProbability) => {
    const random = createRandom(seed, 1, index);
    const answerDraw = random.next();
    const missDraw = random.next();
    const answerDelaySec = drawAnswerDelay(random);
    const talkSec = drawTalk(random);
    const wrapUpSec = drawWrapUp(random);
    const missDelaySec =
      missDraw < failed.share
        ? drawFailed(random)
        : missDraw < failed.share + machine.share
          ? drawMachine(random)
          : ringTimeoutSec;
    const lead = { answerDraw, factor, answerDelaySec, missDraw, missDelaySec, talkSec, wrapUpSec };
    return answerProbability === undefined ? lead : { ...lead, answerProbability };
  };
};

/** An endless list of leads that nobody can tell apart. */
export const plainLeads = (world: World, seed: number): LeadSupply => {
  const draw = leadDrawer(world, seed);
  let index = 0;
  return {
    peek: () => undefined,
    take: () => draw(index++, 1),
    resolved: () => undefined,
  };
};

/**
 * A list of so many leads that nobody can tell apart, dialled in the campaign's order and tried again by its retry policy.
 * `fromMs` is when the list came.
 */
export const campaignLeads = (
  world: World,
  seed: number,
  list: LeadRules & { readonly leads: number; readonly fromMs: number },
): LeadSupply => {
  const book = new LeadBook<BookedLead>(list);
  for (let i = 0; i < list.leads; i++) {
    const leadId = String(i + 1) as LeadId;
    book.add({ leadId, priority: 50, attempts: 0, dueAtMs: list.fromMs, attemptsByOutcome: {} });
  }
  const out = new Map<SimulatedLead, BookedLead>();
  const draw = leadDrawer(world, seed);
  return {
    peek: () => undefined,
    readyAt: (nowMs) => book.readyAt(nowMs),
    take: (nowMs) => {
      const lead = book.take(nowMs);
      if (lead === undefined) return undefined;
      // First attempts have the fates that `plainLeads` gives.
      const seen = draw(lead.attempts * list.leads + Number(lead.leadId) - 1, 1);
      out.set(seen, lead);
      return seen;
    },
    resolved: (seen, outcome, nowMs) => {
      const lead = out.get(seen);
      if (lead === undefined) return;
      out.delete(seen);
      const next = book.after(lead, outcome, nowMs);
      if (next !== undefined) book.add(next);
    },
  };
};
