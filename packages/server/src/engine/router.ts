import type { AgentId, CallId, CampaignId, EpochMs } from '@qianhu/core';

export type WaitingCall = {
  readonly callId: CallId;
  readonly campaignId: CampaignId;
  readonly answeredAtMs: EpochMs;
  readonly priority: number;
};
export type FreeAgent = {
  readonly agentId: AgentId;
  readonly sinceMs: EpochMs;
  readonly campaignIds: ReadonlySet<CampaignId>;
};

/**
 * Which free agent takes which waiting call: calls by campaign priority (higher first), then by their answer; each gets
 * the agent of its campaign who has been idle longest. Pure; every pair uses an agent and a call once.
 */
export const matchCalls = (
  waiting: Iterable<WaitingCall>,
  free: Iterable<FreeAgent>,
): readonly { readonly callId: CallId; readonly agentId: AgentId }[] => {
  const calls = [...waiting].sort(
    (a, b) => b.priority - a.priority || a.answeredAtMs - b.answeredAtMs || (a.callId < b.callId ? -1 : 1),
  );
  const agents = [...free];
  const taken = new Set<AgentId>();
  const pairs: { callId: CallId; agentId: AgentId }[] = [];
  for (const call of calls) {
    // A scan for each call beats sorting all agents: calls wait one at a time, agents by the hundred.
    let agent: FreeAgent | undefined;
    for (const one of agents) {
      if (taken.has(one.agentId) || !one.campaignIds.has(call.campaignId)) continue;
      if (agent === undefined || isLonger(one, agent)) agent = one;
    }
    if (agent === undefined) continue;
    taken.add(agent.agentId);
    pairs.push({ callId: call.callId, agentId: agent.agentId });
  }
  return pairs;
};

/** Whether `a` has been idle longer than `b`. */
const isLonger = (a: FreeAgent, b: FreeAgent): boolean =>
  a.sinceMs < b.sinceMs || (a.sinceMs === b.sinceMs && a.agentId < b.agentId);
