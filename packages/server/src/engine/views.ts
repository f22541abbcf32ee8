import type { AgentId, AgentState } from '@qianhu/core';
import type { EngineWorld, LiveCampaign } from './engine-world.ts';
import type { CallerIdRest } from './trunk-book.ts';
import type { AgentCallView, AgentPhase, AgentView, CallCounts, CampaignView } from './port.ts';

/** A campaign as people watch it. */
export const campaignView = (world: EngineWorld, campaign: LiveCampaign): CampaignView => {
  const { context, state } = campaign;
  const counts: { -readonly [K in keyof CallCounts]: number } = {
    dialing: 0,
    ringing: 0,
    waiting: 0,
    talking: 0,
    announcing: 0,
  };
  for (const callId of campaign.open) {
    const bin = world.extras.get(callId)?.countedAs;
    if (bin !== undefined) counts[bin] += 1;
  }
  const agents: Partial<Record<AgentPhase, number>> = {};
  for (const agentId of context.agentIds) {
    const phase = phaseOf(world, world.kernel.agents.state(agentId));
    agents[phase] = (agents[phase] ?? 0) + 1;
  }
  return {
    campaignId: context.id,
    name: context.name,
    phase: state.kind,
    demo: context.isDemo,
    calls: counts,
    outcomes: { ...campaign.outcomes },
    leads: { ...campaign.leads },
    agents,
    ...(campaign.limitedBy === undefined || state.kind !== 'running' ? {} : { limitedBy: campaign.limitedBy }),
    ...(campaign.nextOpeningMs === undefined ? {} : { nextOpeningMs: campaign.nextOpeningMs }),
    ...restsOf(world, campaign),
    pacing: campaign.pacing,
  };
};

/** Most resting caller IDs that a view carries; it is sent often. */
const MAX_RESTS = 50;

const restsOf = (world: EngineWorld, { context }: LiveCampaign): Pick<CampaignView, 'restingCallerIds'> => {
  const nowMs = world.clock.now();
  const rests = context.settings.callerIds
    .map((number) => world.trunks.restOf(number, nowMs))
    .filter((rest) => rest !== undefined)
    .slice(0, MAX_RESTS);
  return rests.length === 0 ? {} : { restingCallerIds: rests.map(restView) };
};

const restView = ({ number, sinceMs, untilMs, why }: CallerIdRest) => ({ number, sinceMs, untilMs, ...why });

/** An agent as people see one. */
export const agentView = (world: EngineWorld, agentId: AgentId): AgentView | undefined => {
  const state = world.kernel.agents.state(agentId);
  const row = world.agentRows.get(agentId);
  if (state === undefined || row === undefined) return undefined;
  const call = callOf(world, state);
  return {
    agentId,
    name: row.name,
    phase: phaseOf(world, state),
    sinceMs: state.sinceMs,
    ...(state.kind === 'paused' ? { pauseReason: state.reason } : {}),
    ...('after' in state && state.after.kind === 'pause' ? { pauseAfterCall: state.after.reason } : {}),
    stationUp: state.station.phase === 'up',
    demo: row.isDemo,
    ...(call === undefined ? {} : { call }),
  };
};

const phaseOf = (world: EngineWorld, state: AgentState | undefined): AgentPhase => {
  switch (state?.kind) {
    case undefined:
      return 'loggedOut';
    case 'reserved':
      return 'ringing';
    case 'talking': {
      const call = world.kernel.calls.state(state.callId);
      return call?.kind === 'talking' && call.held ? 'held' : 'talking';
    }
    case 'loggedOut':
    case 'connecting':
    case 'paused':
    case 'ready':
    case 'wrapUp':
      return state.kind;
  }
};

const callOf = (world: EngineWorld, state: AgentState): AgentCallView | undefined => {
  if (state.kind !== 'wrapUp' && state.kind !== 'talking' && state.kind !== 'reserved') return undefined;
  const last = world.lastCalls.get(state.agentId);
  if (last?.callId !== state.callId) return undefined;
  if (state.kind !== 'wrapUp') return last;
  return {
    ...last,
    endedAtMs: state.sinceMs,
    ...(state.endsAtMs === undefined ? {} : { wrapUpEndsAtMs: state.endsAtMs }),
  };
};
