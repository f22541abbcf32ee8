import { randomBytes } from 'node:crypto';
import type { AgentId } from '@qianhu/core';
import { AppError } from '../errors.ts';
import { agentEndpoint } from './agent-row.ts';
import type { EngineWorld } from './engine-world.ts';
import type { EngineTrunk } from './trunk-book.ts';

/** Makes the trunks known to the switch: the given ones, or those loaded before (after the switch was restarted). */
export const provisionTrunks = async (
  world: EngineWorld,
  trunks: readonly EngineTrunk[] = world.trunks.all(),
): Promise<void> => {
  const { put, remove } = world.trunks.load(trunks, world.clock.now());
  for (const trunkId of remove) await world.switch.removeTrunk(trunkId);
  for (const trunk of trunks) if (!trunk.isEnabled) await world.switch.removeTrunk(trunk.trunkId);
  for (const spec of put) {
    try {
      await world.switch.putTrunk(spec);
      world.trunks.setState(spec.trunkId, await world.switch.trunkState(spec.trunkId));
    } catch (error) {
      // One trunk that the switch refuses must not keep the others out.
      world.log.error({ err: error, trunkId: spec.trunkId }, 'trunk could not be made known to the switch');
    }
  }
};

/** Makes SIP phones known. Browsers get theirs when their page asks for an account, and again here. */
export const provisionAgents = async (world: EngineWorld): Promise<void> => {
  for (const agentId of world.phoneAccounts.keys()) {
    await putAgentPhone(world, agentId).catch((error: unknown) =>
      world.log.error({ err: error, agentId }, "an agent's phone could not be made known to the switch"),
    );
  }
  for (const agentId of world.agentRows.keys()) {
    await provisionAgent(world, agentId).catch((error: unknown) =>
      world.log.error({ err: error, agentId }, "an agent's phone could not be made known to the switch"),
    );
  }
};

/** Makes one agent's SIP phone known (a person made or changed since the start); else nothing. */
export const provisionAgent = async (world: EngineWorld, id: AgentId): Promise<void> => {
  const station = world.agentRows.get(id)?.station;
  if (station?.kind !== 'sip') return;
  const { endpointId, phone } = station;
  if (phone.kind === 'fixed') {
    // A phone at a fixed address does not register; nobody needs to know this password.
    const account = { username: endpointId, password: secret() };
    await world.switch.putEndpoint({ endpointId, kind: 'sip', ...account, contact: phone.contact });
    return;
  }
  const { username, password } = phone;
  if (password !== undefined) await world.switch.putEndpoint({ endpointId, kind: 'sip', username, password });
};

/** A person's station or phone password was changed, or the person was disabled: the switch knows that and nothing else. */
export const replaceAgentPhone = async (world: EngineWorld, id: AgentId): Promise<void> => {
  const station = world.agentRows.get(id)?.station;
  if (station?.kind === 'sip' && (station.phone.kind === 'fixed' || station.phone.password !== undefined)) {
    await provisionAgent(world, id);
    return;
  }
  if (station?.kind === 'browser' && world.phoneAccounts.has(id)) return;
  await world.switch.removeEndpoint(agentEndpoint(id));
};

/** @throws AppError `conflict` that tells the agent what is missing when a SIP phone that registers cannot be rung. */
export const requirePhone = async (world: EngineWorld, id: AgentId): Promise<void> => {
  const station = world.agentRows.get(id)?.station;
  if (station?.kind !== 'sip' || station.phone.kind !== 'registers') return;
  if (station.phone.password === undefined)
    throw new AppError('conflict', 'Your SIP phone has no password yet: make one, or ask an administrator for it.', {
      details: { reason: 'phoneWithoutPassword' },
    });
  for (let looks = 1; ; looks++) {
    const { registered } = await world.switch.endpointState(station.endpointId);
    if (registered) return;
    if (looks === LOOKS) break;
    await new Promise<void>((resolve) => world.clock.setTimer(LOOK_AGAIN_MS, resolve));
  }
  throw new AppError(
    'conflict',
    `Your SIP phone is not registered: check that it is on, and that it has the account ${station.phone.username}, its password and the right server.`,
    { details: { reason: 'phoneNotRegistered', username: station.phone.username } },
  );
};

/** A phone that has just registered is known as reachable a moment after its registration was taken. */
const LOOKS = 6;
const LOOK_AGAIN_MS = 150;

/** Pushes (or takes away) the account of an agent's browser phone. */
export const putAgentPhone = async (world: EngineWorld, id: AgentId): Promise<void> => {
  const station = world.agentRows.get(id)?.station;
  const account = world.phoneAccounts.get(id);
  if (station?.kind !== 'browser') {
    throw new AppError('conflict', 'Your phone is not the browser: ask an administrator to change your station.');
  }
  if (account === undefined) await world.switch.removeEndpoint(station.endpointId);
  else await world.switch.putEndpoint({ endpointId: station.endpointId, kind: 'webrtc', ...account });
};

const secret = (): string => randomBytes(24).toString('base64url');
