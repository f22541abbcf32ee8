import { campaignTransition, isIgnored, type AgentId, type CampaignEvent, type CampaignId } from '@qianhu/core';
import { AppError } from '../errors.ts';
import { loadRests } from './caller-id-rests.ts';
import { loadCampaigns, type LoadedCampaign } from './campaign-context.ts';
import type { EngineWorld, LiveCampaign } from './engine-world.ts';
import { paceOf } from './pacing/pace.ts';
import { iso } from './rows.ts';

/** Takes a campaign in as it stands in the database, or anew where it is known already: what it does goes on. */
export const takeCampaign = (world: EngineWorld, loaded: LoadedCampaign): LiveCampaign => {
  const before = world.campaigns.get(loaded.context.id);
  const { context, leads, outcomes } = loaded;
  for (const agentId of world.agentRows.keys()) assign(world, agentId, context.id, context.agentIds.has(agentId));
  if (before !== undefined) {
    const pace = paceOf(loaded.plan, world.clock.now(), before.pace);
    Object.assign(before, { context, leads, pace, emptyUntilMs: 0 });
    world.changed({ campaignId: context.id });
    return before;
  }
  const campaign: LiveCampaign = {
    context,
    state: loaded.state,
    seq: loaded.seq,
    leads,
    outcomes,
    open: new Set(),
    writing: 0,
    pumpAgain: false,
    counting: false,
    limitedBy: undefined,
    nextOpeningMs: undefined,
    pacing: {},
    pace: paceOf(loaded.plan, world.clock.now()),
    nextOdds: [],
    bucket: { tokens: Math.max(1, context.settings.newCallsPerSecond), atMs: world.clock.now() },
    emptyUntilMs: 0,
    emptyBecause: 'noLeads',
  };
  world.campaigns.set(context.id, campaign);
  world.changed({ campaignId: context.id });
  return campaign;
};

const assign = (world: EngineWorld, agentId: AgentId, campaignId: CampaignId, isMember: boolean): void => {
  const agent = world.agentRows.get(agentId);
  if (agent === undefined || agent.campaignIds.has(campaignId) === isMember) return;
  const campaignIds = new Set(agent.campaignIds);
  if (isMember) campaignIds.add(campaignId);
  else campaignIds.delete(campaignId);
  world.agentRows.set(agentId, { ...agent, campaignIds });
  const free = world.free.get(agentId);
  if (free !== undefined) world.free.set(agentId, { ...free, campaignIds });
};

const loadCampaign = async (world: EngineWorld, id: CampaignId): Promise<LiveCampaign> => {
  const [loaded] = await loadCampaigns(world.pool, id, world.clock.now());
  if (loaded === undefined)
    throw new AppError('notFound', 'There is no such campaign.', { details: { campaignId: id } });
  return takeCampaign(world, loaded);
};

/** Reads a campaign again and looks at its pace; one that was deleted is let go. */
export const reloadCampaign = async (world: EngineWorld, id: CampaignId): Promise<void> => {
  const [loaded] = await loadCampaigns(world.pool, id, world.clock.now());
  if (loaded === undefined) {
    world.campaigns.delete(id);
    return;
  }
  takeCampaign(world, loaded);
  await loadRests(world);
  world.pump(id);
};

/** Starts a campaign. Throws `AppError` `notFound`, or `conflict` when another campaign dials one of its lists. */
export const startCampaign = async (world: EngineWorld, id: CampaignId): Promise<void> => {
  const campaign = await loadCampaign(world, id);
  await refuseBusyLists(world, campaign);
  await campaignEvent(world, campaign, { type: 'start', atMs: world.clock.now() });
};

/** Feeds a person's command. Resolves when it is committed; throws `AppError` `notFound`, or the machine's `InvalidStateError`. */
export const campaignCommand = async (
  world: EngineWorld,
  id: CampaignId,
  make: (campaign: LiveCampaign, atMs: number) => CampaignEvent,
): Promise<void> => {
  const campaign = world.campaigns.get(id) ?? (await loadCampaign(world, id));
  await campaignEvent(world, campaign, make(campaign, world.clock.now()));
};

const campaignEvent = async (world: EngineWorld, campaign: LiveCampaign, event: CampaignEvent): Promise<void> => {
  const { id } = campaign.context;
  await world.kernel.turn(() => {
    const result = campaignTransition(campaign.state, event);
    if (isIgnored(result)) return;
    const before = campaign.state.kind;
    campaign.state = result.state;
    campaign.seq += 1;
    const isOver = result.state.kind === 'finished' || result.state.kind === 'stopped';
    world.kernel.write({
      campaigns: [
        {
          id,
          phase: result.state.kind,
          state: result.state,
          seq: campaign.seq,
          ...(event.type === 'start' ? { started_at: iso(event.atMs) } : {}),
          finished_at: isOver ? iso(event.atMs) : null,
        },
      ],
      events: [
        {
          at: iso(event.atMs),
          aggregate: 'campaign',
          aggregate_id: id,
          seq: campaign.seq,
          type: event.type,
          data: { from: before, to: result.state.kind },
        },
      ],
    });
    for (const effect of result.effects) {
      if (effect.type === 'dial') {
        campaign.emptyUntilMs = 0;
        world.kernel.afterCommit(() => world.pump(id));
      }
      if (effect.type === 'hangUpUnanswered') {
        for (const callId of campaign.open) {
          world.kernel.post(() =>
            world.kernel.calls.send(callId, { type: 'hangUpRequested', atMs: event.atMs, by: 'campaign' }),
          );
        }
      }
    }
    // A stopping campaign hangs up what rings: those are `cancelled`, the talks go on.
    world.changed({ campaignId: id });
  });
};

/** A lead carries its own progress, so its list is dialled by one campaign at a time (ADR 0004). */
const refuseBusyLists = async (world: EngineWorld, campaign: LiveCampaign): Promise<void> => {
  const { rows } = await world.pool.query<{ list: string; campaign: string }>(
    `SELECT l.name AS list, c.name AS campaign FROM campaign_lists mine
     JOIN campaign_lists other ON other.list_id = mine.list_id AND other.campaign_id <> mine.campaign_id
     JOIN campaigns c ON c.id = other.campaign_id AND c.phase IN ('running', 'paused', 'draining')
     JOIN lists l ON l.id = mine.list_id WHERE mine.campaign_id = $1 LIMIT 1`,
    [campaign.context.id],
  );
  const busy = rows[0];
  if (busy === undefined) return;
  throw new AppError(
    'conflict',
    `The list “${busy.list}” is being dialled by the campaign “${busy.campaign}”; stop that campaign first, or copy the list.`,
    { details: { reason: 'listBusy', list: busy.list, campaign: busy.campaign } },
  );
};

/** Whether a campaign has come to its end: asked of the database, since leads may have been added or deleted. */
export const countLeads = async (world: EngineWorld, campaign: LiveCampaign): Promise<void> => {
  const { kind } = campaign.state;
  if (campaign.open.size > 0 || campaign.writing > 0) return;
  if (kind === 'draining')
    return void campaignEvent(world, campaign, {
      type: 'counted',
      atMs: world.clock.now(),
      openCalls: 0,
      openLeads: 1,
    });
  if (kind !== 'running' || campaign.counting || (campaign.leads.ready > 0 && campaign.emptyUntilMs === 0)) return;
  campaign.counting = true;
  try {
    const { rows } = await world.pool.query<{ ready: boolean; dialing: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM leads WHERE list_id = ANY($1) AND state = 'ready') AS ready,
              EXISTS (SELECT 1 FROM leads WHERE list_id = ANY($1) AND state = 'dialing') AS dialing`,
      [campaign.context.lists.map((list) => list.listId)],
    );
    const openLeads = rows[0]?.ready === true || rows[0]?.dialing === true ? 1 : 0;
    if (openLeads > 0 && campaign.leads.ready <= 0 && rows[0]?.ready === true)
      await reloadCampaign(world, campaign.context.id);
    if (campaign.open.size === 0)
      await campaignEvent(world, campaign, {
        type: 'counted',
        atMs: world.clock.now(),
        openCalls: 0,
        openLeads,
      });
  } catch (error) {
    world.log.warn({ err: error }, 'leads could not be counted');
  } finally {
    campaign.counting = false;
  }
};
