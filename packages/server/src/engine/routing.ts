import type { CampaignId, LegId } from '@qianhu/core';
import type { EngineWorld, LiveCampaign } from './engine-world.ts';
import { matchCalls } from './router.ts';

/** Campaigns in the order in which they may take shared agents: whoever looks first has the agents' lines. */
export const byPriority = (world: EngineWorld, ids: Iterable<CampaignId>): readonly CampaignId[] => {
  const priority = (id: CampaignId): number => world.campaigns.get(id)?.context.settings.priority ?? 0;
  return [...ids].sort((a, b) => priority(b) - priority(a));
};

/** Looks at a campaign whose line has ended, and at those that share agents with it and may be more urgent. */
export const pumpSharing = (world: EngineWorld, id: CampaignId): void => {
  const own = world.campaigns.get(id);
  if (own === undefined) return;
  const sharing = [...world.campaigns.values()].filter(
    (other) => other === own || (other.state.kind === 'running' && sharesAgent(own, other)),
  );
  for (const campaignId of byPriority(
    world,
    sharing.map(({ context }) => context.id),
  ))
    world.pump(campaignId);
};

const sharesAgent = ({ context: a }: LiveCampaign, { context: b }: LiveCampaign): boolean => {
  const [few, many] = a.agentIds.size < b.agentIds.size ? [a.agentIds, b.agentIds] : [b.agentIds, a.agentIds];
  for (const agentId of few) if (many.has(agentId)) return true;
  return false;
};

/** Gives waiting calls to free agents. Runs inside a turn; each pair is tried once. */
export const matchNow = (world: EngineWorld): void => {
  if (world.waiting.size === 0 || world.free.size === 0) return;
  for (const { callId, agentId } of matchCalls(world.waiting.values(), world.free.values())) {
    const agent = world.kernel.agents.state(agentId);
    if (agent === undefined) continue;
    const atMs = world.clock.now();
    const { station } = agent;
    const agentLegId = station.phase === 'up' ? station.legId : world.ids.next<LegId>();
    if (!world.kernel.agents.send(agentId, { type: 'assigned', atMs, callId })) continue;
    world.waiting.delete(callId);
    world.free.delete(agentId);
    world.kernel.calls.send(callId, {
      type: 'agentOffered',
      atMs,
      agent: { agentId, agentLegId, bridgeId: agent.bridgeId, stationUp: station.phase === 'up' },
    });
  }
};
