import { createRandom } from '../stats/random.ts';
import type { LeadId } from '../ids.ts';
import { drawDuration } from './duration-law.ts';
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
export const drawLead = (world: World, seed: number, index: number): Omit<SimulatedLead, 'factor'> => {
  const random = createRandom(seed, 1, index);
  const answerDraw = random.next();
  const missDraw = random.next();
  const answerDelaySec = drawDuration(world.answerDelay, random);
  const talkSec = drawDuration(world.talk, random);
  const wrapUpSec = drawDuration(world.wrapUp, random);
  const { failed, machine } = world;
  const missDelaySec =
    missDraw < failed.share
      ? drawDuration(failed.delay, random)
      : missDraw < failed.share + machine.share
        ? drawDuration(machine.delay, random)
        : world.ringTimeoutSec;
  return { answerDraw, missDraw, answerDelaySec, missDelaySec, talkSec, wrapUpSec };
};

/** An endless list of leads that nobody can tell apart. */
export const plainLeads = (world: World, seed: number): LeadSupply => {
  let index = 0;
  return {
    peek: () => undefined,
    take: () => ({ ...drawLead(world, seed, index++), factor: 1 }),
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
  return {
    peek: () => undefined,
    readyAt: (nowMs) => book.readyAt(nowMs),
    take: (nowMs) => {
      const lead = book.take(nowMs);
      if (lead === undefined) return undefined;
      // First attempts have the fates that `plainLeads` gives.
      const draw = lead.attempts * list.leads + Number(lead.leadId) - 1;
      const seen: SimulatedLead = { ...drawLead(world, seed, draw), factor: 1 };
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
