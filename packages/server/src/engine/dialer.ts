import type { CampaignLimit } from '@qianhu/contracts';
import {
  closesAt,
  refill,
  takeToken,
  type AgentId,
  type CampaignId,
  type DialId,
  type PacingAgent,
  type PacingLine,
  type PacingView,
} from '@qianhu/core';
import { openZones, zonesOf } from './campaign-context.ts';
import type { StartedCall } from './dial-order.ts';
import { DoubtfulDialsError, settleDoubt, writeDials, type WrittenDials } from './dial-writer.ts';
import type { EngineWorld, LiveCampaign } from './engine-world.ts';
import { FencedError } from './lease.ts';
import { eventOfDial } from './pacing/pacing-events.ts';

/** How long an empty hopper is believed before it is looked at again (retries come due, imports add leads). */
const EMPTY_MS = 1_000;
/** Most dials written in one transaction: bounds its locks and what a failure takes with it. */
const MAX_BATCH = 200;
/** When to look again after the switch took no more. */
const SWITCH_BUSY_MS = 50;
/**
 * Most units of work that may wait for their commit while more is dialled: what a crash may take with it, and how far the
 * rows lag behind the calls. Under it by far unless the database cannot keep up (about two seconds of 1,000 calls/s).
 */
const MAX_UNWRITTEN = 2_000;
/** How often the database is asked about a commit that it did not confirm. */
const DOUBT_MS = 250;
/** A written dial that could not be sent for so long is not sent at all: its verdict and its agents were of another moment. */
const STALE_MS = 5_000;

/** Looks whether a campaign should dial, and dials. Never runs twice at once for one campaign; asks again by itself when needed. */
export const pump = async (world: EngineWorld, campaignId: CampaignId): Promise<void> => {
  const campaign = world.campaigns.get(campaignId);
  if (campaign === undefined || campaign.state.kind !== 'running') return;
  if (campaign.writing > 0) {
    campaign.pumpAgain = true;
    return;
  }
  const nowMs = world.clock.now();
  const lines = linesWanted(world, campaign, nowMs);
  if (lines <= 0) return;
  const { zones } = openZones(campaign.context, nowMs);
  campaign.writing = lines;
  try {
    const written = await writeDials(
      { ...world, epoch: world.lease.epoch },
      campaign.context,
      zones,
      lines,
      nowMs,
    ).catch((error: unknown) => {
      if (error instanceof DoubtfulDialsError) return settleWritten(world, error);
      throw error;
    });
    await startCalls(world, campaign, written);
  } catch (error) {
    if (!(error instanceof FencedError)) world.log.error({ err: error, campaignId }, 'dials could not be written');
    campaign.limitedBy = 'database';
    campaign.emptyBecause = 'database';
    campaign.emptyUntilMs = world.clock.now() + EMPTY_MS;
  } finally {
    campaign.writing = 0;
    if (campaign.pumpAgain) {
      campaign.pumpAgain = false;
      world.pump(campaignId);
    }
  }
};

/** How many lines now, with the reason why not more left in the campaign for the live view. */
const linesWanted = (world: EngineWorld, campaign: LiveCampaign, nowMs: number): number => {
  const limited = (reason: CampaignLimit): number => {
    if (campaign.limitedBy !== reason) world.changed({ campaignId: campaign.context.id });
    campaign.limitedBy = reason;
    return 0;
  };
  const { settings } = campaign.context;
  const open = openZones(campaign.context, nowMs);
  campaign.nextOpeningMs = open.nextOpeningMs;
  if (open.zones.length === 0) return limited(campaign.context.zones.length === 0 ? 'noLeads' : 'windowClosed');
  if (campaign.leads.ready <= 0) return limited('noLeads');
  if (campaign.emptyUntilMs > nowMs) return limited(campaign.emptyBecause);
  if (settings.callerIds.length > 0 && settings.callerIds.every((one) => world.trunks.restOf(one, nowMs) !== undefined))
    return limited('callerIdsResting');
  if (world.switch.health().state !== 'up') return limited('switchDown');
  if (world.kernel.unwritten > MAX_UNWRITTEN) return limited('database');
  campaign.bucket = refill(campaign.bucket, rateOf(campaign), nowMs);
  const limits: readonly (readonly [number, CampaignLimit])[] = [
    [settings.maxChannels - campaign.open.size, 'noLines'],
    [Math.floor(campaign.bucket.tokens + 1e-9), 'campaignRate'],
    [world.trunks.headroom(settings.trunkIds, campaign.context.isDemo, nowMs), 'noTrunk'],
    [Math.floor(world.switch.admission().free), 'switchBusy'],
    [MAX_BATCH, 'noLines'],
  ];
  const [available, tightest] = limits.reduce((least, one) => (one[0] < least[0] ? one : least));
  const view = viewOf(world, campaign, open.zones, Math.max(0, available), nowMs);
  const decision = campaign.pace.decide(view);
  campaign.pacing = decision.figures;
  for (const dialId of decision.shed) shed(world, campaign, dialId);
  if (tightest === 'switchBusy' && (decision.lines >= available || decision.limitedBy === 'noLines'))
    lookAgain(world, campaign);
  // Why not more is told also when some are dialled.
  limited(decision.limitedBy === 'noLines' ? tightest : decision.limitedBy);
  return decision.lines;
};

/** Campaigns that have a look planned for when the switch takes calls again. */
const planned = new WeakSet<LiveCampaign>();

/** The switch gives its calls out by tenths of a second: whoever waited for the next tick would use a fifth of them. */
const lookAgain = (world: EngineWorld, campaign: LiveCampaign): void => {
  if (planned.has(campaign)) return;
  planned.add(campaign);
  world.clock.setTimer(SWITCH_BUSY_MS, () => {
    planned.delete(campaign);
    world.pump(campaign.context.id);
  });
};

const rateOf = (campaign: LiveCampaign): { perSecond: number; burst: number } => {
  const perSecond = campaign.context.settings.newCallsPerSecond;
  return { perSecond, burst: Math.max(1, perSecond) };
};

/** Hangs up a line that rings for so long, with the risk so high, that it is better given up. */
const shed = (world: EngineWorld, campaign: LiveCampaign, dialId: DialId): void => {
  for (const callId of campaign.open) {
    const call = world.kernel.calls.state(callId);
    if (call?.kind !== 'dialing' || call.callee.dialId !== dialId) continue;
    world.kernel.post(() =>
      world.kernel.calls.send(callId, { type: 'hangUpRequested', atMs: world.clock.now(), by: 'pacer' }),
    );
    return;
  }
};

/**
 * What the pacer sees. Agents may serve several campaigns: the lines and waiting callees of every campaign that shares an
 * agent with this one count here too, so that one free agent never stands for two lines. A pacer that keeps a ledger must
 * know which lines are its own; to the others they are all the same.
 */
const viewOf = (
  world: EngineWorld,
  campaign: LiveCampaign,
  zones: readonly string[],
  linesAvailable: number,
  nowMs: number,
): PacingView => {
  const { context } = campaign;
  const isPredictive = context.settings.mode.kind === 'predictive';
  const agents: PacingAgent[] = [];
  const sharing = new Set<CampaignId>([context.id]);
  for (const agentId of context.agentIds) {
    const row = world.agentRows.get(agentId);
    const pacing = pacingState(world, agentId);
    if (row === undefined || pacing === undefined) continue;
    for (const id of row.campaignIds) sharing.add(id);
    agents.push(pacing);
  }
  const ringing: PacingLine[] = [];
  const otherLines: PacingLine[] = [];
  const waiting: { answeredAtMs: number }[] = [];
  for (const id of sharing) {
    const other = world.campaigns.get(id);
    if (other === undefined) continue;
    const lines = isPredictive && other !== campaign ? otherLines : ringing;
    for (let i = 0; i < other.writing; i++) lines.push({ dialId: '' as DialId, dialedAtMs: nowMs });
    for (const callId of other.open) {
      const call = world.kernel.calls.state(callId);
      if (call?.kind === 'dialing') {
        const odds = world.extras.get(callId)?.lead.odds?.probability;
        const { dialId, dialedAtMs } = call.callee;
        lines.push(odds === undefined ? { dialId, dialedAtMs } : { dialId, dialedAtMs, answerProbability: odds });
      } else if (call?.kind === 'redialing') lines.push({ dialId: '' as DialId, dialedAtMs: nowMs });
      else if (call?.kind === 'waiting') waiting.push({ answeredAtMs: call.answeredAtMs });
    }
  }
  return {
    nowMs,
    campaignId: context.id,
    agents,
    ringing,
    waiting,
    linesAvailable,
    leadsAvailable: campaign.leads.ready,
    ...(isPredictive ? { otherLines, nextLeads: campaign.nextOdds, ...closing(campaign, zones, nowMs) } : {}),
  };
};

/** When the last of the open zones closes; absent when one of them stays open. */
const closing = (campaign: LiveCampaign, zones: readonly string[], nowMs: number): { closesAtMs?: number } => {
  const { window } = campaign.context.rules;
  const ends = zones.flatMap((stored) => zonesOf(stored).map((zone) => closesAt(window, zone, nowMs)));
  return ends.length === 0 || ends.includes(undefined) ? {} : { closesAtMs: Math.max(...ends.map((end) => end ?? 0)) };
};

const pacingState = (world: EngineWorld, agentId: AgentId): PacingAgent | undefined => {
  const state = world.kernel.agents.state(agentId);
  switch (state?.kind) {
    case 'ready':
      return { agentId, state: world.free.has(agentId) ? 'idle' : 'reserved', sinceMs: state.sinceMs };
    case 'reserved':
      return { agentId, state: 'reserved', sinceMs: state.sinceMs };
    case 'talking':
      return {
        agentId,
        state: 'talking',
        sinceMs: state.sinceMs,
        ...(state.after.kind === 'ready' ? {} : { leavesAtMs: state.sinceMs }),
      };
    case 'wrapUp':
      return {
        agentId,
        state: 'wrapUp',
        sinceMs: state.sinceMs,
        ...(state.after.kind === 'ready' ? {} : { leavesAtMs: state.sinceMs }),
      };
    case 'loggedOut':
    case 'connecting':
    case 'paused':
    case undefined:
      return undefined;
  }
};

/**
 * Waits until the database says which dials of an unconfirmed commit are written. The campaign counts them as being
 * written meanwhile, so that it neither dials more for them nor finishes.
 */
const settleWritten = async (world: EngineWorld, doubt: DoubtfulDialsError): Promise<WrittenDials> => {
  world.log.warn({ err: doubt, dials: doubt.started.length }, 'a commit of dials was not confirmed');
  for (;;) {
    // Rejects when the engine has stopped: whoever owns the calls next settles them.
    await world.kernel.turn(() => undefined);
    try {
      const started = await settleDoubt(world, doubt.started);
      return { started, blocked: 0, finished: 0, hopperEmpty: false, shortOf: undefined, nextOdds: [] };
    } catch (error) {
      if (error instanceof FencedError) throw error;
      await new Promise<void>((resolve) => world.clock.setTimer(DOUBT_MS, resolve));
    }
  }
};

/** Takes committed dials into the engine and has the switch dial them. */
const startCalls = async (world: EngineWorld, campaign: LiveCampaign, written: WrittenDials): Promise<void> => {
  const { leads } = campaign;
  leads.ready -= written.started.length + written.finished;
  leads.dialing += written.started.length;
  leads.done += written.finished;
  campaign.nextOdds = written.nextOdds;
  const shortOf = written.shortOf === undefined ? undefined : written.shortOf === 'trunk' ? 'noTrunk' : 'noCallerId';
  if (shortOf !== undefined) campaign.limitedBy = shortOf;
  // Short of leads, of a line or of a number to show: the next look is a second away, or when a call ends.
  if (written.hopperEmpty || (shortOf !== undefined && written.started.length === 0)) {
    campaign.emptyUntilMs = world.clock.now() + EMPTY_MS;
    campaign.emptyBecause = shortOf ?? 'noLeads';
  }
  if (written.started.length === 0) {
    if (!written.hopperEmpty && written.shortOf === undefined) campaign.pumpAgain = true;
    return;
  }
  await world.kernel.turn(() => {
    for (const started of written.started) adopt(world, campaign, started);
  });
};

const adopt = (world: EngineWorld, campaign: LiveCampaign, started: StartedCall): void => {
  const { state, order, lead } = started;
  const taken = takeToken(campaign.bucket, rateOf(campaign), order.atMs);
  if (taken.taken) campaign.bucket = taken.bucket;
  world.trunks.opened(order);
  world.extras.set(state.callId, {
    lead,
    order,
    triedTrunkIds: [order.trunkId],
    playing: undefined,
    bridgeId: undefined,
    disposal: undefined,
    countedAs: 'dialing',
  });
  campaign.open.add(state.callId);
  campaign.pace.observe(eventOfDial(order.dialId, order.atMs, lead.odds?.probability));
  world.kernel.calls.add(state.callId, state, 0);
  world.changed({ campaignId: campaign.context.id });
  if (world.clock.now() - order.atMs > STALE_MS) {
    world.kernel.post(() =>
      world.kernel.calls.send(state.callId, { type: 'noTrace', atMs: world.clock.now(), legId: order.legId }),
    );
    return;
  }
  for (const effect of started.effects) world.startEffect(state.callId, effect);
  // A campaign that was stopped while its dials were being written: they are withdrawn before they ring anybody.
  if (campaign.state.kind === 'stopped') {
    world.kernel.post(() =>
      world.kernel.calls.send(state.callId, { type: 'hangUpRequested', atMs: world.clock.now(), by: 'campaign' }),
    );
  }
};
