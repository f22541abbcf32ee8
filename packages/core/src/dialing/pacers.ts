import type { Pacer, PacingDecision, PacingLimit, PacingView } from './pacer.ts';

/** The simple pacers keep nothing between decisions. */
export type NoPacingState = { readonly kind: 'none' };

const NO_STATE: NoPacingState = { kind: 'none' };

/** Most lines per free agent that `ratioPacer` takes (VICIdial's forks stop at 10; more only throws calls away). */
export const MAX_RATIO = 10;

const whole = (value: number): number => (Number.isFinite(value) ? Math.max(0, Math.floor(value)) : 0);

/** An agent who is free now and not about to leave. Reserved agents are spoken for. */
const freeAgents = (view: PacingView): number =>
  view.agents.filter(
    (agent) => agent.state === 'idle' && (agent.leavesAtMs === undefined || agent.leavesAtMs > view.nowMs),
  ).length;

const decideRatio = (linesPerAgent: number, view: PacingView): PacingDecision => {
  const free = freeAgents(view);
  // A callee who waits takes the next free agent, so lines are dialled only for the agents left after that.
  const spare = Math.max(0, free - view.waiting.length);
  const wanted = Math.max(0, Math.floor(spare * linesPerAgent) - view.ringing.length);
  const available = whole(view.linesAvailable);
  const leads = whole(view.leadsAvailable);
  const isClosed = view.closesAtMs !== undefined && view.closesAtMs <= view.nowMs;
  const lines = isClosed ? 0 : Math.min(wanted, available, leads);
  let limitedBy: PacingLimit = 'enoughLines';
  if (isClosed) limitedBy = 'windowClosed';
  else if (spare === 0) limitedBy = 'noAgents';
  else if (lines < wanted) limitedBy = leads <= available ? 'noLeads' : 'noLines';
  return {
    lines,
    shed: [],
    limitedBy,
    figures: { freeAgents: free, waiting: view.waiting.length, ringing: view.ringing.length, wanted, linesPerAgent },
  };
};

/**
 * `linesPerAgent` lines for every free agent who has no waiting callee. Values that are no number count as 1, others are
 * brought into 1–`MAX_RATIO`. Fractions are kept until after the multiplication: 1.5 lines make 3 for two agents.
 */
export const ratioPacer = (linesPerAgent: number): Pacer<NoPacingState> => {
  const ratio = Number.isFinite(linesPerAgent) ? Math.min(MAX_RATIO, Math.max(1, linesPerAgent)) : 1;
  return {
    name: 'ratio',
    initial: () => NO_STATE,
    observe: (state) => state,
    decide: (state, view) => ({ state, decision: decideRatio(ratio, view) }),
  };
};

/**
 * One line for every free agent: lines = free agents − ringing − waiting. Nobody is dropped as long as agents who were
 * free at the dial stay free until the answer.
 */
export const progressivePacer = (): Pacer<NoPacingState> => ({ ...ratioPacer(1), name: 'progressive' });
