import type { Pacer, PacingAgent, PacingDecision, PacingLine, PacingView } from '../pacer.ts';
import type { DialId } from '../../ids.ts';

/** A campaign that shares its agents with others: its pacer and state, and its own view but for the agents. */
export type PoolMember<State> = {
  readonly pacer: Pacer<State>;
  readonly state: State;
  readonly view: Omit<PacingView, 'agents' | 'otherLines'>;
};

/**
 * Decides for campaigns that share agents, in the order given (rotate it among equals, or put the more urgent first). Each has
 * its own budget and price, and sees the others' ringing lines and what was just granted to those before it: a
 * campaign whose budget is spent still dials into slots without risk. People who wait are served before new lines count, so
 * everybody's waiting callers are seen by all.
 */
export const decidePool = <State>(
  agents: readonly PacingAgent[],
  members: readonly PoolMember<State>[],
): readonly { readonly state: State; readonly decision: PacingDecision }[] => {
  const waiting = members.flatMap((member) => member.view.waiting);
  const granted: PacingLine[][] = members.map((member) => [...member.view.ringing]);
  return members.map((member, i) => {
    const otherLines = granted.flatMap((lines, j) => (j === i ? [] : lines));
    const result = member.pacer.decide(member.state, { ...member.view, agents, waiting, otherLines });
    const { lines, shed } = result.decision;
    const gone = new Set<DialId>(shed);
    const kept = member.view.ringing.filter((line) => !gone.has(line.dialId));
    for (let n = 0; n < lines; n++) {
      const answerProbability = member.view.nextLeads?.[n];
      kept.push({
        dialId: `granted-${i}-${n}` as DialId,
        dialedAtMs: member.view.nowMs,
        ...(answerProbability === undefined ? {} : { answerProbability }),
      });
    }
    granted[i] = kept;
    return result;
  });
};
