import type { CallBase, CallEffect, CallEvent, CallPolicy, CallState, AgentLink } from '../call/call-state.ts';
import { callTransition, startCall } from '../call/call-machine.ts';
import type { LegEnding } from '../call/hangup.ts';
import { isIgnored } from '../machine.ts';
import type { AgentId, AttemptId, BridgeId, CallId, CampaignId, DialId, EpochMs, LegId, TrunkId } from '../ids.ts';

/** A moment in office hours; tests count from here. */
export const T0: EpochMs = Date.UTC(2026, 2, 3, 2, 0, 0);

export const samplePolicy: CallPolicy = {
  ringTimeoutMs: 30_000,
  agentWaitMs: 2_000,
  agentRingMs: 15_000,
  record: true,
  dropPrompt: 'drop',
  onAgentLost: { kind: 'anotherAgent', waitMs: 20_000, message: 'hold' },
};

export const byThem = (cause = 16, sipStatus?: number): LegEnding => ({
  cause,
  by: 'them',
  ...(sipStatus === undefined ? {} : { sipStatus }),
});

/** The link to the n-th sample agent; `perCall` when its phone must be rung first. */
export const sampleAgent = (n = 1, station: 'up' | 'perCall' = 'up'): AgentLink => ({
  agentId: `agent-${n}` as AgentId,
  agentLegId: `station-${n}` as LegId,
  bridgeId: `bridge-${n}` as BridgeId,
  stationUp: station === 'up',
});

export const sampleDial = (n: number, atMs: EpochMs = T0) => ({
  dialId: `dial-${n}` as DialId,
  legId: `dial-${n}` as LegId,
  trunkId: `trunk-${n}` as TrunkId,
  atMs,
});

/** A call that has just been written, on dial 1, with `trunksLeft` more trunks to try. */
export const dialingCall = (
  policy: Partial<CallPolicy> = {},
  trunksLeft = 0,
  callId = 'call-1',
): ReturnType<typeof startCall> =>
  startCall(
    {
      callId: callId as CallId,
      campaignId: 'campaign-1' as CampaignId,
      attemptId: `attempt-of-${callId}` as AttemptId,
      policy: { ...samplePolicy, ...policy },
      trunksLeft: Array.from({ length: trunksLeft }, (_, i) => `trunk-${i + 2}` as TrunkId),
    } satisfies Omit<CallBase, 'startedAtMs'>,
    sampleDial(1),
  );

/** Feeds events one after another; what is ignored changes nothing. Returns the last state and all effects in order. */
export const feedCall = (
  start: CallState,
  ...events: readonly CallEvent[]
): { readonly state: CallState; readonly effects: readonly CallEffect[] } => {
  let state = start;
  const effects: CallEffect[] = [];
  for (const event of events) {
    const result = callTransition(state, event);
    if (isIgnored(result)) continue;
    state = result.state;
    effects.push(...result.effects);
  }
  return { state, effects };
};

const leg1 = sampleDial(1).legId;

/** Events of the callee's first leg, by name. */
export const callee = {
  rings: (atMs: EpochMs): CallEvent => ({ type: 'callee', legId: leg1, event: { type: 'legRinging', atMs } }),
  progresses: (atMs: EpochMs): CallEvent => ({ type: 'callee', legId: leg1, event: { type: 'legProgress', atMs } }),
  answers: (atMs: EpochMs): CallEvent => ({ type: 'callee', legId: leg1, event: { type: 'legAnswered', atMs } }),
  ends: (
    atMs: EpochMs,
    judgement: Extract<CallEvent, { type: 'callee' }>['judgement'] = { outcome: 'answered', isFinal: true },
    ending: LegEnding = byThem(),
  ): CallEvent => ({ type: 'callee', legId: leg1, event: { type: 'legEnded', atMs, ending }, judgement }),
};
