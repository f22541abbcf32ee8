import type { PacingLine } from '../dialing/pacer.ts';
import type { CallId } from '../ids.ts';
import type { Random } from '../stats/random.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedLead, SimulatedOutcome } from './lead-supply.ts';
import type { SimulatedAgent } from './simulated-agent.ts';
import type { World } from './world.ts';

/** A line that is out; it comes due when it resolves. */
export type Line = {
  readonly kind: 'resolve';
  readonly seen: PacingLine;
  readonly lead: SimulatedLead;
  readonly outcome: SimulatedOutcome;
  /** Its index among the lines that are out; −1 when it is no longer. */
  slot: number;
  readonly falsePositive: boolean;
};

/** Somebody who answered or was handed over and waits for an agent; due when the wait is over. */
export type Waiter = {
  readonly kind: 'giveUp';
  readonly callId: CallId;
  readonly answeredAtMs: number;
  readonly lead: SimulatedLead;
  readonly isTransfer: boolean;
};

/** What can happen at an instant of a simulated day. */
export type Occurrence =
  | Line
  | Waiter
  | { readonly kind: 'bridge'; readonly agent: SimulatedAgent; readonly waiter: Waiter }
  | { readonly kind: 'talkEnd'; readonly agent: SimulatedAgent }
  | { readonly kind: 'wrapUpEnd'; readonly agent: SimulatedAgent }
  | { readonly kind: 'logIn'; readonly agent: SimulatedAgent }
  | { readonly kind: 'leave'; readonly agent: SimulatedAgent; readonly forMs: number }
  | { readonly kind: 'announce'; readonly agent: SimulatedAgent; readonly leavesAtMs: number }
  | { readonly kind: 'return'; readonly agent: SimulatedAgent }
  | { readonly kind: 'clock'; readonly byMs: number }
  | { readonly kind: 'transfer' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'decide' };

/** Breaks of a shift of eight hours: earliest and latest beginning (hours), minutes. Shorter shifts shrink them. */
const BREAKS = [
  [1.5, 2.5, 10],
  [3.5, 5, 30],
  [6, 7, 10],
] as const;

/** Time (ms) until the next call that robots or queues hand over. */
export const nextTransferMs = (world: World, random: Random): number =>
  (-Math.log(1 - random.next()) * 3_600_000) / world.transfersPerHour;

/** Puts what is known of a day beforehand into its queue: log-ins, breaks, incidents, the first transfer. */
export const planShift = (
  queue: EventQueue<Occurrence>,
  world: World,
  agents: readonly SimulatedAgent[],
  startMs: number,
  random: Random,
): void => {
  for (const agent of agents) {
    queue.push(startMs + random.next() * world.logInOverSec * 1000, { kind: 'logIn', agent });
    if (!world.breaks) continue;
    const share = world.shiftSec / (8 * 3600);
    for (const [from, to, minutes] of BREAKS) {
      const at = Math.round(startMs + (from + (to - from) * random.next()) * 3_600_000 * share);
      queue.push(at, { kind: 'leave', agent, forMs: minutes * 60_000 * share });
      if (world.announcedSec > 0) {
        queue.push(at - world.announcedSec * 1000, { kind: 'announce', agent, leavesAtMs: at });
      }
    }
  }
  for (const incident of world.incidents) {
    const at = startMs + incident.atSec * 1000;
    if (incident.kind === 'logOut') {
      const gone = Math.round(agents.length * incident.share);
      for (const agent of agents.slice(0, gone)) {
        queue.push(at, { kind: 'leave', agent, forMs: incident.forSec * 1000 });
      }
    } else if (incident.kind === 'clockJump') {
      queue.push(at, { kind: 'clock', byMs: incident.bySec * 1000 });
    }
  }
  if (world.transfersPerHour > 0) queue.push(startMs + nextTransferMs(world, random), { kind: 'transfer' });
};
