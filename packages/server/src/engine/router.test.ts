import type { AgentId, CallId, CampaignId } from '@qianhu/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchCalls, type FreeAgent, type WaitingCall } from './router.ts';

const campaign = (n: number): CampaignId => `campaign-${n}` as CampaignId;
const call = (n: number, answeredAtMs: number, priority = 0, of = 1): WaitingCall => ({
  callId: `call-${n}` as CallId,
  campaignId: campaign(of),
  answeredAtMs,
  priority,
});
const agent = (n: number, sinceMs: number, ...of: readonly number[]): FreeAgent => ({
  agentId: `agent-${n}` as AgentId,
  sinceMs,
  campaignIds: new Set((of.length === 0 ? [1] : of).map(campaign)),
});
const pairs = (waiting: readonly WaitingCall[], free: readonly FreeAgent[]): readonly string[] =>
  matchCalls(waiting, free).map((pair) => `${pair.callId}:${pair.agentId}`);

describe('which free agent takes which waiting call', () => {
  it('gives the call that has waited longest to the agent who has been idle longest', () => {
    expect(pairs([call(2, 20), call(1, 10)], [agent(1, 500), agent(2, 100)])).toEqual([
      'call-1:agent-2',
      'call-2:agent-1',
    ]);
  });

  it('serves a campaign of higher priority first', () => {
    expect(pairs([call(1, 10), call(2, 900, 5)], [agent(1, 0)])).toEqual(['call-2:agent-1']);
  });

  it('gives a call only to an agent of its campaign, and passes over a call for which there is none', () => {
    expect(pairs([call(1, 10, 9, 3), call(2, 20, 0, 1)], [agent(1, 0, 1, 2)])).toEqual(['call-2:agent-1']);
  });

  const calls = fc
    .uniqueArray(
      fc.tuple(
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 1, max: 3 }),
      ),
      { selector: ([n]) => n, maxLength: 12 },
    )
    .map((list) => list.map(([n, answered, priority, of]) => call(n, answered, priority, of)));
  const agents = fc
    .uniqueArray(
      fc.tuple(
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 0, max: 5 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1 }),
      ),
      { selector: ([n]) => n, maxLength: 12 },
    )
    .map((list) => list.map(([n, since, of]) => agent(n, since, ...of)));

  it('uses every call and agent once, of the same campaign, and leaves no pair that could still be made', () => {
    fc.assert(
      fc.property(calls, agents, (waiting, free) => {
        const made = matchCalls(waiting, free);
        const taken = {
          calls: new Set(made.map((pair) => pair.callId)),
          agents: new Set(made.map((pair) => pair.agentId)),
        };
        expect([taken.calls.size, taken.agents.size]).toEqual([made.length, made.length]);
        const campaignOf = new Map(waiting.map((one) => [one.callId, one.campaignId]));
        const skills = new Map(free.map((one) => [one.agentId, one.campaignIds]));
        for (const pair of made)
          expect(skills.get(pair.agentId)?.has(campaignOf.get(pair.callId) ?? campaign(0))).toBe(true);
        for (const one of waiting.filter((c) => !taken.calls.has(c.callId)))
          for (const left of free.filter((a) => !taken.agents.has(a.agentId)))
            expect(left.campaignIds.has(one.campaignId)).toBe(false);
      }),
    );
  });

  it('does not depend on the order in which calls and agents are given', () => {
    fc.assert(
      fc.property(calls, agents, (waiting, free) => {
        expect(pairs([...waiting].reverse(), [...free].reverse())).toEqual(pairs(waiting, free));
      }),
    );
  });
});
