import type { AgentEvent, AgentId, CallId, LegId } from '@qianhu/core';
import { AppError } from '../errors.ts';
import { takeInAgent, takeRoster } from './agent-roster.ts';
import { agentEndpoint, loadAgents } from './agent-row.ts';
import { STATION_RING_MS } from './agent-steps.ts';
import type { EngineWorld } from './engine-world.ts';
import { provisionAgent, putAgentPhone, replaceAgentPhone, requirePhone } from './provisioning.ts';

// Commands of people: each resolves when it is committed, and throws `AppError` or the machine's `InvalidStateError`.

/** Users or teams changed: who may take calls is read again. */
export const reloadAgents = async (world: EngineWorld): Promise<void> => {
  const rows = await loadAgents(world.pool, world.openSecret);
  for (const { agentId } of rows)
    if (world.kernel.agents.state(agentId) === undefined) await takeInAgent(world, agentId);
  takeRoster(world, rows);
};

export const logInAgent = async (world: EngineWorld, id: AgentId): Promise<void> => {
  await readAgent(world, id);
  await provisionAgent(world, id);
  await requirePhone(world, id);
  const mode = world.agentRows.get(id)?.station.mode ?? 'keptUp';
  await send(world, id, () => ({ type: 'logIn', mode, ...newStationLeg(world) }));
};

export const logOutAgent = (world: EngineWorld, id: AgentId): Promise<void> =>
  send(world, id, (atMs) => ({ type: 'logOut', atMs }));

export const readyAgent = async (world: EngineWorld, id: AgentId): Promise<void> => {
  if (world.kernel.agents.state(id)?.station.phase !== 'up') await requirePhone(world, id);
  await send(world, id, () => ({ type: 'ready', ...newStationLeg(world) }));
};

export const pauseAgent = (world: EngineWorld, id: AgentId, reason: string): Promise<void> =>
  send(world, id, (atMs) => ({ type: 'pause', atMs, reason }));

export const hangUpAgentCall = async (world: EngineWorld, id: AgentId): Promise<void> => {
  const callId = callOf(world, id);
  const atMs = world.clock.now();
  await world.kernel.turn(() => void world.kernel.calls.send(callId, { type: 'hangUpRequested', atMs, by: 'agent' }));
};

export const holdAgentCall = async (world: EngineWorld, id: AgentId, held: boolean): Promise<void> => {
  const callId = callOf(world, id);
  const atMs = world.clock.now();
  await world.kernel.turn(() => void world.kernel.calls.send(callId, { type: 'holdRequested', atMs, held }));
  world.changed({ agentId: id });
};

export const sendAgentDtmf = async (world: EngineWorld, id: AgentId, digits: string): Promise<void> => {
  const call = world.kernel.calls.state(callOf(world, id));
  if (call?.kind !== 'talking') throw new AppError('conflict', 'There is no talk to send digits into.');
  await world.switch.sendDtmf(call.callee.legId, digits);
};

/** The account of the agent's browser phone; undefined takes it away. */
export const setAgentPhone = async (
  world: EngineWorld,
  id: AgentId,
  account: { readonly username: string; readonly password: string } | undefined,
): Promise<void> => {
  await readAgent(world, id);
  if (account === undefined) world.phoneAccounts.delete(id);
  else world.phoneAccounts.set(id, account);
  await putAgentPhone(world, id);
};

/** The agent's station or its password changed, or the user may no longer take calls. */
export const reloadAgentPhone = async (world: EngineWorld, id: AgentId): Promise<void> => {
  const [row] = await loadAgents(world.pool, world.openSecret, id);
  const state = world.kernel.agents.state(id);
  const isInUse = state !== undefined && state.kind !== 'loggedOut';
  const before = world.agentRows.get(id);
  // Somebody disabled is being logged out; a station in use stays as it is, but for its password.
  const isSamePhone =
    row?.station.kind === 'sip' && before?.station.kind === 'sip' && row.station.mode === before.station.mode;
  if (row !== undefined && before !== undefined && (!isInUse || isSamePhone))
    world.agentRows.set(id, { ...before, station: row.station });
  else if (row !== undefined && before === undefined) await readAgent(world, id);
  else if (row !== undefined) return;
  if (row === undefined) await world.switch.removeEndpoint(agentEndpoint(id));
  else await replaceAgentPhone(world, id);
};

const newStationLeg = (world: EngineWorld): { atMs: number; legId: LegId; ringTimeoutMs: number } => ({
  atMs: world.clock.now(),
  legId: world.ids.next<LegId>(),
  ringTimeoutMs: STATION_RING_MS,
});

const send = async (world: EngineWorld, id: AgentId, make: (atMs: number) => AgentEvent): Promise<void> => {
  if (world.kernel.agents.state(id) === undefined) await readAgent(world, id);
  await world.kernel.turn(() => void world.kernel.agents.send(id, make(world.clock.now())));
};

/** Reads the user's row again (station, name, campaigns) while the agent is logged out; a station never changes in use. */
const readAgent = async (world: EngineWorld, id: AgentId): Promise<void> => {
  const state = world.kernel.agents.state(id);
  const [row] = await loadAgents(world.pool, world.openSecret, id);
  if (row === undefined) throw new AppError('notFound', 'There is no such user, or the user is disabled.');
  const before = world.agentRows.get(id);
  const isFree = state === undefined || state.kind === 'loggedOut' || before === undefined;
  world.agentRows.set(id, isFree ? row : { ...row, station: before.station });
  if (state === undefined) await takeInAgent(world, id);
  for (const campaign of world.campaigns.values()) {
    if (!row.campaignIds.has(campaign.context.id) || campaign.context.agentIds.has(id)) continue;
    campaign.context = { ...campaign.context, agentIds: new Set([...campaign.context.agentIds, id]) };
  }
};

const callOf = (world: EngineWorld, id: AgentId): CallId => {
  const state = world.kernel.agents.state(id);
  if (state === undefined || (state.kind !== 'talking' && state.kind !== 'reserved')) {
    throw new AppError('conflict', 'You are not in a call.', { details: { phase: state?.kind ?? 'loggedOut' } });
  }
  return state.callId;
};
