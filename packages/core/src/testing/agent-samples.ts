import { agentTransition, loggedOutAgent } from '../agent/agent-machine.ts';
import type { AgentEffect, AgentEvent, AgentState, StationMode } from '../agent/agent-machine.ts';
import type { AgentId, BridgeId, CallId, EpochMs, LegId } from '../ids.ts';
import { isIgnored } from '../machine.ts';
import { T0 } from './call-samples.ts';

export const RING_MS = 20_000;
export const call = (n = 1): CallId => `call-${n}` as CallId;
export const stationLeg = (n = 1): LegId => `leg-${n}` as LegId;
export const restingAgent = (n = 1): AgentState =>
  loggedOutAgent(`agent-${n}` as AgentId, `bridge-${n}` as BridgeId, T0);

/** Feeds events one after another; what is ignored changes nothing. Returns the last state and all effects in order. */
export const feedAgent = (
  start: AgentState,
  ...events: readonly AgentEvent[]
): { readonly state: AgentState; readonly effects: readonly AgentEffect[] } => {
  let state = start;
  const effects: AgentEffect[] = [];
  for (const event of events) {
    const result = agentTransition(state, event);
    if (isIgnored(result)) continue;
    state = result.state;
    effects.push(...result.effects);
  }
  return { state, effects };
};

/** Events of an agent's day, by name. Station legs and calls are numbered. */
export const agentEvents = {
  logIn: (atMs: EpochMs = T0, mode: StationMode = 'keptUp', leg = 1): AgentEvent => ({
    type: 'logIn',
    atMs,
    mode,
    legId: stationLeg(leg),
    ringTimeoutMs: RING_MS,
  }),
  logOut: (atMs: EpochMs = T0): AgentEvent => ({ type: 'logOut', atMs }),
  ready: (atMs: EpochMs = T0): AgentEvent => ({
    type: 'ready',
    atMs,
    legId: stationLeg(90),
    ringTimeoutMs: RING_MS,
  }),
  pause: (atMs: EpochMs = T0, reason = 'break'): AgentEvent => ({ type: 'pause', atMs, reason }),
  registers: (atMs: EpochMs = T0, leg = 2): AgentEvent => ({
    type: 'phoneRegistered',
    atMs,
    legId: stationLeg(leg),
    ringTimeoutMs: RING_MS,
  }),
  stationUp: (atMs: EpochMs = T0, leg = 1): AgentEvent => ({ type: 'stationAnswered', atMs, legId: stationLeg(leg) }),
  stationEnds: (atMs: EpochMs = T0, leg = 1, by: 'them' | 'us' = 'them'): AgentEvent => ({
    type: 'stationEnded',
    atMs,
    legId: stationLeg(leg),
    ending: { cause: 16, by },
  }),
  assigned: (atMs: EpochMs = T0, n = 1): AgentEvent => ({ type: 'assigned', atMs, callId: call(n) }),
  ring: (atMs: EpochMs = T0, n = 1, leg = 3): AgentEvent => ({
    type: 'ring',
    atMs,
    callId: call(n),
    legId: stationLeg(leg),
    ringTimeoutMs: RING_MS,
  }),
  bridged: (atMs: EpochMs = T0, n = 1): AgentEvent => ({ type: 'callBridged', atMs, callId: call(n) }),
  released: (
    atMs: EpochMs = T0,
    talked = true,
    wrapUpMs: number | null = 60_000,
    reason = 'calleeHungUp',
    n = 1,
  ): AgentEvent => ({
    type: 'callReleased',
    atMs,
    callId: call(n),
    talked,
    wrapUpMs,
    reason,
  }),
  disposed: (atMs: EpochMs = T0, n = 1): AgentEvent => ({ type: 'disposed', atMs, callId: call(n) }),
};
