import type { DurationLaw } from './duration-law.ts';

/** Something out of the ordinary on every simulated day. Times in seconds from the start of the shift. */
export type Incident =
  /** The answer rate is multiplied by `factor` (0 = nobody answers; very large = everything does) for a while. */
  | { readonly kind: 'answerFactor'; readonly atSec: number; readonly forSec: number; readonly factor: number }
  /** That share (0–1) of the agents leaves at once, in mid-call the call is finished first; they come back after `forSec`. */
  | { readonly kind: 'logOut'; readonly atSec: number; readonly forSec: number; readonly share: number }
  /** The wall clock that the pacer sees jumps by so many seconds (negative: backwards) and stays there. */
  | { readonly kind: 'clockJump'; readonly atSec: number; readonly bySec: number };

/** The world that a pacer is tried in. Defaults and their sources: docs/pacing.md, "The world". */
export type World = {
  readonly name: string;
  readonly agents: number;
  /** Share (0–1) of dials that a person answers, before the day's level, the swing over the shift and slow shocks. */
  readonly answerRate: number;
  readonly talk: DurationLaw;
  readonly wrapUp: DurationLaw;
  /** Standard deviation of the logarithm of each agent's own factor on talk and wrap-up. */
  readonly agentSpread: number;
  /** From dial to a person's answer. */
  readonly answerDelay: DurationLaw;
  /** Of the dials that no person answers: failures and answering machines (detected); the rest rings out. Shares 0–1. */
  readonly failed: { readonly share: number; readonly delay: DurationLaw };
  readonly machine: { readonly share: number; readonly delay: DurationLaw };
  readonly ringTimeoutSec: number;
  /** Relative standard deviation of the answer rate between days. */
  readonly dayLevelSd: number;
  /** Relative height of one sine over the shift. */
  readonly swing: number;
  /** Relative standard deviation of slow shocks (first-order, 20 minutes). */
  readonly shockSd: number;
  /** Seconds from the end of the callee's greeting until a call without an agent counts as dropped. */
  readonly graceSec: number;
  readonly shiftSec: number;
  readonly days: number;
  /** Agents log in spread over so many seconds. */
  readonly logInOverSec: number;
  /** One meal of 30 minutes and two breaks of 10 minutes each. */
  readonly breaks: boolean;
  /** The pacer is told of breaks and the end of work so many seconds ahead; 0: never. */
  readonly announcedSec: number;
  readonly incidents: readonly Incident[];
  /** Share (0–1) of people who answer and are hung up on as machines; unknown to the pacer but for its setting. */
  readonly falsePositiveRate: number;
  /** Calls that robots or queues hand to the same agents, per hour; they are not in the drop rate. */
  readonly transfersPerHour: number;
  /** Least time between two decisions, seconds; 0 decides after every event. */
  readonly decisionGapSec: number;
  /** Leads that can be dialled in a day; Infinity for an endless list. */
  readonly leadsPerDay: number;
  /** Lines of the trunks. */
  readonly maxLines: number;
  /** From the choice of an agent until the two can talk; the agent is reserved meanwhile. */
  readonly connectDelay: DurationLaw;
  /** The day ends when so many people have answered; Infinity: with the shift. */
  readonly stopAfterPeople: number;
};

/** The benchmark's default world for a team and an answer rate. */
export const defaultWorld = (agents: number, answerRate: number, changes: Partial<World> = {}): World => ({
  name: `${agents} agents, ${Math.round(answerRate * 100)} % answer`,
  agents,
  answerRate,
  talk: { kind: 'lognormal', meanSec: 120, cv: 1 },
  wrapUp: { kind: 'lognormal', meanSec: 20, cv: 0.8 },
  agentSpread: 0.15,
  answerDelay: { kind: 'shifted', bySec: 3, law: { kind: 'lognormal', meanSec: 8, cv: 0.5 } },
  failed: { share: 0.1, delay: { kind: 'histogram', edgesSec: [2, 5], counts: [1] } },
  machine: { share: 0.3, delay: { kind: 'histogram', edgesSec: [18, 22], counts: [1] } },
  ringTimeoutSec: 25,
  dayLevelSd: 0.1,
  swing: 0.25,
  shockSd: 0.1,
  graceSec: 2,
  shiftSec: 8 * 3600,
  days: 1,
  logInOverSec: 600,
  breaks: true,
  announcedSec: 0,
  incidents: [],
  falsePositiveRate: 0,
  transfersPerHour: 0,
  decisionGapSec: 0.5,
  leadsPerDay: Infinity,
  maxLines: Infinity,
  connectDelay: { kind: 'fixed', sec: 0 },
  stopAfterPeople: Infinity,
  ...changes,
});

/** The world whose exact optimum is known (optimum.ts): exponential times, nobody leaves, no grace. */
export const memorylessSimulation = (agents: number, answerRate: number, changes: Partial<World> = {}): World =>
  defaultWorld(agents, answerRate, {
    name: `${agents} agents, ${Math.round(answerRate * 100)} % answer, memoryless`,
    talk: { kind: 'exponential', meanSec: 140 },
    wrapUp: { kind: 'fixed', sec: 0 },
    agentSpread: 0,
    answerDelay: { kind: 'exponential', meanSec: 15 },
    failed: { share: 0, delay: { kind: 'fixed', sec: 0 } },
    machine: { share: 1, delay: { kind: 'exponential', meanSec: 15 } },
    ringTimeoutSec: Infinity,
    dayLevelSd: 0,
    swing: 0,
    shockSd: 0,
    graceSec: 0,
    logInOverSec: 0,
    breaks: false,
    ...changes,
  });
