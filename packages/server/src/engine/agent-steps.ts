import {
  formatNumber,
  type AgentEffect,
  type AgentId,
  type AgentState,
  type LegId,
  type PhoneNumber,
} from '@qianhu/core';
import type { Originate } from '@qianhu/switch';
import { SwitchError } from '@qianhu/switch';
import { leaveFloor } from './agent-roster.ts';
import type { EngineWorld } from './engine-world.ts';
import type { AgentStep } from './kernel.ts';
import { numberFacts } from '../numbers/number-facts.ts';
import { observeAgent } from './pacing/observe.ts';
import { byPriority, matchNow } from './routing.ts';
import { iso } from './rows.ts';

/** How long an agent's own phone may ring when the station is set up. */
export const STATION_RING_MS = 20_000;
/** When a station is rung again that the switch had no room for. */
const STATION_AGAIN_MS = 250;

/** Writes what an agent's step changed and starts what it asks for. Runs inside a turn. */
export const onAgentStep = (world: EngineWorld, id: AgentId, step: AgentStep): void => {
  const { before, after, event, seq } = step;
  world.kernel.write({
    agents: [{ user_id: id, phase: after.kind, state: after, seq, since: iso(after.sinceMs) }],
    events: [
      {
        at: iso(event.atMs),
        aggregate: 'agent',
        aggregate_id: id,
        seq,
        type: event.type === 'deadline' ? `deadline:${event.name}` : event.type,
        data: {
          from: before.kind,
          to: after.kind,
          station: after.station.phase,
          ...('callId' in after ? { callId: after.callId } : {}),
        },
      },
    ],
  });
  observeAgent(world, id, step);
  if (after.kind === 'reserved' || after.kind === 'talking') rememberCall(world, id, after);
  for (const effect of step.effects) act(world, id, after, effect);
  if (after.kind === 'loggedOut') leaveFloor(world, id);
  world.changed({ agentId: id });
  if (before.kind !== after.kind) {
    for (const campaignId of world.agentRows.get(id)?.campaignIds ?? []) world.changed({ campaignId });
  }
};

/** What wrap-up will be about, when the call itself is gone. */
const rememberCall = (
  world: EngineWorld,
  id: AgentId,
  state: Extract<AgentState, { kind: 'reserved' | 'talking' }>,
): void => {
  const call = world.kernel.calls.state(state.callId);
  if (call === undefined || !('answeredAtMs' in call) || call.answeredAtMs === undefined) return;
  world.lastCalls.set(id, {
    callId: state.callId,
    attemptId: call.attemptId,
    campaignId: call.campaignId,
    answeredAtMs: call.answeredAtMs,
    ...(state.kind === 'talking' ? { bridgedAtMs: state.bridgedAtMs } : {}),
  });
};

const act = (world: EngineWorld, id: AgentId, state: AgentState, effect: AgentEffect): void => {
  const { kernel, clock } = world;
  switch (effect.type) {
    case 'ringStation':
      ringStation(world, id, effect.legId, effect.ringTimeoutMs);
      return;
    case 'hangUpStation':
      world.switch
        .hangUp(effect.legId, 'normal')
        .catch((error: unknown) => world.log.warn({ err: error, agentId: id }, 'station could not be hung up'));
      return;
    case 'parkStation':
      world.parking.set(
        id,
        park(world, id, effect).finally(() => world.parking.delete(id)),
      );
      return;
    case 'closeBridge':
      world.switch
        .destroyBridge(effect.bridgeId)
        .catch((error: unknown) => world.log.warn({ err: error, agentId: id }, 'station bridge could not be closed'));
      return;
    case 'tellAgentAnswered':
      kernel.post(() =>
        kernel.calls.send(effect.callId, { type: 'agentAnswered', atMs: clock.now(), agentLegId: effect.legId }),
      );
      return;
    case 'tellAgentUnavailable':
      kernel.post(() =>
        kernel.calls.send(effect.callId, {
          type: 'agentUnavailable',
          atMs: clock.now(),
          agentId: id,
          reason: effect.reason,
        }),
      );
      return;
    case 'tellAgentLost':
      kernel.post(() =>
        kernel.calls.send(effect.callId, { type: 'agentLost', atMs: clock.now(), agentId: id, hungUp: effect.hungUp }),
      );
      return;
    case 'offer': {
      const campaignIds = world.agentRows.get(id)?.campaignIds ?? new Set();
      world.free.set(id, { agentId: id, sinceMs: state.sinceMs, campaignIds });
      kernel.post(() => matchNow(world));
      for (const campaignId of byPriority(world, campaignIds)) world.pump(campaignId);
      return;
    }
    case 'withdraw':
      world.free.delete(id);
      return;
  }
};

const ringStation = (world: EngineWorld, id: AgentId, legId: LegId, ringTimeoutMs: number): void => {
  const target = stationTarget(world, id);
  world.kernel.legs.set(legId, { kind: 'station', agentId: id });
  const failed = (text: string): void =>
    world.kernel.post(() => {
      world.kernel.legs.delete(legId);
      world.kernel.agents.send(id, {
        type: 'stationEnded',
        atMs: world.clock.now(),
        legId,
        ending: { cause: 41, by: 'switch', text },
      });
    });
  if (target === undefined) return failed('noWayToThePhone');
  const again = (): void => {
    const station = world.kernel.agents.state(id)?.station;
    if (station?.phase === 'ringing' && station.legId === legId) ring();
  };
  const ring = (): void => void callStation(world, { id, legId, target, ringTimeoutMs }, failed, again);
  ring();
};

const callStation = (
  world: EngineWorld,
  order: {
    readonly id: AgentId;
    readonly legId: LegId;
    readonly target: Originate['target'];
    readonly ringTimeoutMs: number;
  },
  failed: (text: string) => void,
  again: () => void,
): Promise<void> => {
  const { id, legId, target, ringTimeoutMs } = order;
  return (
    world.switch
      // The header tells our own softphone to answer by itself; other phones know Alert-Info or are answered by hand.
      .originate({ legId, target, ringTimeoutMs, headers: { 'X-Qianhu-Station': '1' } })
      .catch((error: unknown) => {
        if (error instanceof SwitchError && !error.retryable && error.code === 'timeout') return;
        // A whole team that sits down at once is more than the switch takes in a second: each waits its turn.
        if (error instanceof SwitchError && error.code === 'overloaded') {
          world.clock.setTimer(STATION_AGAIN_MS, again);
          return;
        }
        world.log.warn({ err: error, agentId: id }, 'station could not be rung');
        failed(error instanceof Error ? error.message : String(error));
      })
  );
};

const stationTarget = (world: EngineWorld, id: AgentId): Originate['target'] | undefined => {
  const station = world.agentRows.get(id)?.station;
  if (station === undefined) return undefined;
  if (station.kind !== 'mobile') return { kind: 'endpoint', endpointId: station.endpointId };
  // An agent's own mobile: our staff, reached through the first carrier that is up, never through the lab.
  const trunk = world.trunks
    .all()
    .find((one) => one.isEnabled && !one.isDemo && world.trunks.state(one.trunkId)?.reachable !== 'unreachable');
  if (trunk === undefined) return undefined;
  const formatted = formatNumber(
    { home: trunk.home, rules: trunk.dialFormat },
    numberFacts(station.number as PhoneNumber),
  );
  return formatted.ok ? { kind: 'trunk', trunkId: trunk.trunkId, dialString: formatted.text } : undefined;
};

const park = async (
  world: EngineWorld,
  id: AgentId,
  effect: Extract<AgentEffect, { type: 'parkStation' }>,
): Promise<void> => {
  try {
    await world.switch.createBridge(effect.bridgeId);
    await world.switch.addToBridge(effect.bridgeId, [effect.legId]);
  } catch (error) {
    world.log.warn({ err: error, agentId: id }, 'station could not be parked');
    await world.switch.hangUp(effect.legId, 'normal').catch(() => undefined);
  }
};
