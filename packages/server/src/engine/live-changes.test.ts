import type { AgentId, AttemptId, CampaignId } from '@qianhu/core';
import { VirtualClock } from '@qianhu/switch';
import { describe, expect, it } from 'vitest';
import { LiveChanges } from './live-changes.ts';
import type { AgentView, CampaignView, LiveChange } from './port.ts';

const campaignId = 'campaign-1' as CampaignId;
const agentId = 'agent-1' as AgentId;

const rig = () => {
  const clock = new VirtualClock();
  let seen = 0;
  const changes = new LiveChanges(clock, {
    campaign: (id) => (id === campaignId ? ({ campaignId, seen: ++seen } as unknown as CampaignView) : undefined),
    agent: (id) => ({ agentId: id }) as unknown as AgentView,
  });
  const told: LiveChange[] = [];
  const stop = changes.subscribe((change) => told.push(change));
  return { clock, changes, told, stop };
};

describe('live changes', () => {
  it('tells a busy campaign once in a while, as it is then', () => {
    const { clock, changes, told } = rig();
    for (let i = 0; i < 100; i++) changes.mark({ campaignId });
    clock.advance(199);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toMatchObject([{ type: 'campaign', view: { seen: 1 } }]);
    changes.mark({ campaignId });
    clock.advance(200);
    expect(told).toHaveLength(2);
  });

  it('tells an agent at once, once for many marks', () => {
    const { clock, changes, told } = rig();
    changes.mark({ agentId });
    changes.mark({ agentId });
    clock.advance(0);
    expect(told).toEqual([{ type: 'agent', view: { agentId } }]);
  });

  it('tells a settled attempt at once and its campaign after', () => {
    const { clock, changes, told } = rig();
    changes.settled({ campaignId, attemptId: 'attempt-1' as AttemptId, outcome: 'busy' });
    expect(told).toMatchObject([{ type: 'attemptSettled', outcome: 'busy' }]);
    clock.advance(200);
    expect(told).toMatchObject([{}, { type: 'campaign' }]);
  });

  it('tells the others when one listener fails, and nobody who has left', () => {
    const { clock, changes, told, stop } = rig();
    const others: LiveChange[] = [];
    changes.subscribe(() => {
      throw new Error('broken');
    });
    changes.subscribe((change) => others.push(change));
    changes.mark({ agentId });
    clock.advance(0);
    stop();
    changes.mark({ agentId });
    clock.advance(0);
    expect([told.length, others.length]).toEqual([1, 2]);
  });

  it('says nothing of what is gone, and sets no timer when nobody listens or after its end', () => {
    const { clock, changes, told, stop } = rig();
    changes.mark({ campaignId: 'gone' as CampaignId });
    clock.advance(200);
    expect(told).toEqual([]);
    changes.mark({ campaignId });
    changes.stop();
    expect(clock.pending).toBe(0);
    stop();
    changes.mark({ agentId });
    expect(clock.pending).toBe(0);
  });
});
