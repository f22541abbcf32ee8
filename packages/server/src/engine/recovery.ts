import {
  classifyEnding,
  holdPlayback,
  progressAt,
  RING_GUARD_MS,
  type AgentId,
  type AgentState,
  type CallEvent,
  type CallId,
  type CallState,
  type EpochMs,
  type LegEvent,
  type LegId,
  type PhoneNumber,
  type PlaybackId,
  type RecordingId,
  type TrunkId,
} from '@qianhu/core';
import type { AliveLeg, EndedLeg, SwitchSnapshot } from '@qianhu/switch';
import { recordAlone } from './call-recording.ts';
import { binOf } from './call-steps.ts';
import type { DialOrder, LeadInCall } from './dial-order.ts';
import type { EngineWorld } from './engine-world.ts';
import { loggedOutFor } from './agent-row.ts';

type CallRow = {
  id: CallId;
  state: CallState;
  seq: number;
  lead_id: string;
  list_id: LeadInCall['listId'];
  attempt_id: DialOrder['attemptId'];
  numbers: PhoneNumber[];
  number: PhoneNumber;
  zone: string;
  attempts: number;
  outcome_counts: Record<string, number> | null;
  dials: { id: DialOrder['dialId']; trunk_id: TrunkId; dial_string: string; caller_id: string | null; at: number }[];
};

/** Reads back every call that has not ended, every agent, open recordings, and today's use of trunks and caller IDs. */
export const readBack = async (world: EngineWorld): Promise<void> => {
  // A crash between two commits can leave a fail-over's dial open under a call that has ended: it was never sent.
  await world.pool.query(
    `UPDATE dials d SET ended_at = now(), ended_by = 'us', outcome = 'unknown'
     FROM calls c WHERE c.id = d.call_id AND c.ended_at IS NOT NULL AND d.ended_at IS NULL`,
  );
  await Promise.all([readCalls(world), readAgents(world), readRecordings(world), readUse(world)]);
  for (const [recordingId, { callId }] of world.recordings) {
    const extra = world.extras.get(callId);
    if (extra !== undefined) extra.recordingId = recordingId;
  }
};

const readCalls = async (world: EngineWorld): Promise<void> => {
  const { rows } = await world.pool.query<CallRow>(
    `SELECT c.id, c.state,
            greatest(c.seq, (SELECT max(e.seq) FROM events e WHERE e.aggregate_id = c.id AND e.at >= c.started_at)) AS seq, a.id AS attempt_id, a.lead_id, a.list_id, a.number,
            array_prepend(l.number, coalesce(l.alt_numbers, '{}')) AS numbers, l.zone, l.attempts, l.outcome_counts,
            (SELECT json_agg(json_build_object('id', d.id, 'trunk_id', d.trunk_id, 'dial_string', d.dial_string, 'caller_id', d.caller_id,
               'at', extract(epoch FROM d.created_at) * 1000) ORDER BY d.created_at, d.id) FROM dials d WHERE d.call_id = c.id) AS dials
     FROM calls c JOIN attempts a ON a.id = c.attempt_id JOIN leads l ON l.id = a.lead_id WHERE c.ended_at IS NULL`,
  );
  for (const row of rows) takeBack(world, row);
};

const takeBack = (world: EngineWorld, row: CallRow): void => {
  const last = row.dials.at(-1);
  if (last === undefined) return;
  // A fail-over's dial may have been committed when its call's row was not: the dials are the truth.
  const state = withDial(
    row.state,
    last,
    row.dials.map((dial) => dial.trunk_id),
  );
  const order: DialOrder = {
    dialId: last.id,
    legId: last.id as string as LegId,
    callId: row.id,
    attemptId: row.attempt_id,
    number: row.number,
    trunkId: last.trunk_id,
    dialString: last.dial_string,
    callerId: last.caller_id ?? undefined,
    callerIdShown: last.caller_id ?? undefined,
    atMs: last.at,
  };
  world.extras.set(row.id, {
    lead: {
      leadId: row.lead_id,
      listId: row.list_id,
      numbers: row.numbers,
      numberIndex: Math.max(0, row.numbers.indexOf(row.number)),
      zone: row.zone,
      attempts: row.attempts,
      outcomeCounts: row.outcome_counts ?? {},
    },
    order,
    triedTrunkIds: row.dials.map((dial) => dial.trunk_id),
    // Whether the music still plays nobody can list; a stop of what is over stops nothing.
    playing: mayHearMusic(state) ? { playbackId: holdPlayback(state), begun: Promise.resolve() } : undefined,
    bridgeId: 'agent' in state ? state.agent.bridgeId : undefined,
    disposal: undefined,
    countedAs: binOf(state),
  });
  if (state.kind !== 'redialing') {
    world.kernel.legs.set(order.legId, { kind: 'call', callId: row.id });
    world.trunks.opened(order);
  }
  world.campaigns.get(state.campaignId)?.open.add(row.id);
  world.kernel.calls.add(row.id, state, row.seq);
};

/** Whether a callee waits who was given music when the agent was lost. */
const mayHearMusic = (state: CallState): boolean =>
  (state.kind === 'waiting' || state.kind === 'connecting') && state.talkedBefore !== undefined;

const withDial = (state: CallState, last: CallRow['dials'][number], tried: readonly TrunkId[]): CallState => {
  if (state.kind !== 'redialing' || tried.length < 2 || last.at <= state.guardAtMs - 10_000) return state;
  return {
    callId: state.callId,
    campaignId: state.campaignId,
    attemptId: state.attemptId,
    policy: state.policy,
    startedAtMs: state.startedAtMs,
    trunksLeft: state.trunksLeft.filter((id) => !tried.includes(id)),
    kind: 'dialing',
    callee: { dialId: last.id, legId: last.id as string as LegId, dialedAtMs: last.at, leg: { phase: 'dialing' } },
    guardAtMs: last.at + state.policy.ringTimeoutMs + RING_GUARD_MS,
  };
};

const readAgents = async (world: EngineWorld): Promise<void> => {
  const { rows } = await world.pool.query<{ user_id: AgentId; state: AgentState; seq: string }>(
    'SELECT user_id, state, seq FROM agents',
  );
  const stored = new Map(rows.map((row) => [row.user_id, row]));
  for (const agentId of world.agentRows.keys()) {
    const row = stored.get(agentId);
    const state = row?.state ?? loggedOutFor(agentId, world.clock.now());
    world.kernel.agents.add(agentId, state, Number(row?.seq ?? 0));
    if (state.station.phase !== 'down') world.kernel.legs.set(state.station.legId, { kind: 'station', agentId });
  }
};

const readRecordings = async (world: EngineWorld): Promise<void> => {
  const { rows } = await world.pool.query<{
    id: RecordingId;
    call_id: CallId;
    agent_id: AgentId | null;
    started_at: Date;
  }>("SELECT id, call_id, agent_id, started_at FROM recordings WHERE state = 'recording'");
  for (const row of rows) {
    world.recordings.set(row.id, {
      callId: row.call_id,
      agentId: row.agent_id ?? undefined,
      startedAtMs: row.started_at.getTime(),
    });
  }
};

const readUse = async (world: EngineWorld): Promise<void> => {
  const { rows } = await world.pool.query<{ trunk_id: TrunkId; caller_id: string | null; at: number }>(
    `SELECT trunk_id, caller_id, extract(epoch FROM created_at)::float8 * 1000 AS at FROM dials
     WHERE created_at > now() - interval '1 day' AND ended_at IS NOT NULL ORDER BY created_at`,
  );
  world.trunks.recordPast(
    rows.map((row) => ({ trunkId: row.trunk_id, callerId: row.caller_id ?? undefined, atMs: row.at })),
    world.clock.now(),
  );
};

/** What reconciling found; logged and shown, so that a restart explains itself. */
export type Reconciled = {
  readonly adopted: number;
  readonly settledFromLog: number;
  readonly unknown: number;
  readonly orphans: number;
};

/**
 * Holds what we believe against what is alive: events that were missed are made up from the switch's snapshot and log and
 * fed to the machines like any others; what has no trace is told so; legs that nobody knows are hung up.
 *
 * @param blindSinceMs Since when nobody listened to the switch; 0 after a restart of ours.
 */
export const reconcile = async (
  world: EngineWorld,
  snapshot: SwitchSnapshot,
  blindSinceMs: EpochMs,
): Promise<Reconciled> => {
  const alive = new Map(snapshot.legs.map((leg) => [leg.legId, leg]));
  const missing = [...world.kernel.legs].filter(([legId, owner]) => owner.kind !== 'test' && !alive.has(legId));
  const ended =
    missing.length === 0
      ? new Map<LegId, EndedLeg>()
      : await readLog(
          world,
          missing.map(([legId]) => legId),
        );
  const found = { adopted: 0, settledFromLog: 0, unknown: 0, orphans: 0 };
  // Messages that this reconciliation itself begins are no business of its own.
  const announcedBefore = new Set<CallId>();
  for (const [callId, { state }] of world.kernel.calls.entries())
    if (state.kind === 'announcing') announcedBefore.add(callId);
  await world.kernel.turn(() => {
    for (const [legId, owner] of [...world.kernel.legs]) {
      const leg = alive.get(legId);
      const end = ended.get(legId);
      if (owner.kind === 'test') continue;
      if (leg !== undefined) found.adopted += 1;
      else if (end !== undefined) found.settledFromLog += 1;
      else found.unknown += 1;
      if (owner.kind === 'station') reconcileStation(world, owner.agentId, legId, leg, end);
      else reconcileCallee(world, owner.callId, legId, leg, end, blindSinceMs);
    }
    world.kernel.post(() => settleAgents(world));
    world.kernel.post(() => resumeCalls(world, snapshot, announcedBefore));
  });
  await endRecordings(world, snapshot);
  for (const leg of snapshot.legs) {
    if (world.kernel.legs.has(leg.legId)) continue;
    found.orphans += 1;
    // Nobody knows this leg: its call was settled, or it belongs to a run whose rows were never committed.
    await world.switch.hangUp(leg.legId, 'normal').catch(() => undefined);
  }
  return found;
};

/** Ends what is recorded of nobody, and asks for what was recorded of calls that are over. */
const endRecordings = async (world: EngineWorld, snapshot: SwitchSnapshot): Promise<void> => {
  // Begun in a moment whose rows were never committed: a station's side would go on through the agent's next calls.
  const strays = snapshot.recordings.filter((recordingId) => !world.recordings.has(recordingId));
  // Ended while nobody listened: the switch tells what its files hold when it is asked to stop.
  const over = [...world.recordings].filter(([, { callId }]) => world.kernel.calls.state(callId) === undefined);
  for (const recordingId of [...strays, ...over.map(([id]) => id)])
    await world.switch
      .stopRecording(recordingId)
      .catch((error: unknown) => world.log.warn({ err: error, recordingId }, 'recording could not be stopped'));
};

const readLog = async (world: EngineWorld, legIds: readonly LegId[]): Promise<ReadonlyMap<LegId, EndedLeg>> => {
  if (!world.switch.capabilities.history) return new Map();
  const wanted = new Set(legIds);
  const oldest = Math.min(
    world.clock.now(),
    ...[...world.kernel.calls.entries()].map(([, running]) => running.state.startedAtMs),
    ...[...world.kernel.agents.entries()]
      .filter(([, running]) => running.state.station.phase !== 'down')
      .map(([, running]) => running.state.sinceMs),
  );
  try {
    const log = await world.switch.history(oldest - 60_000);
    return new Map(log.filter((leg) => wanted.has(leg.legId)).map((leg) => [leg.legId, leg]));
  } catch (error) {
    world.log.error({ err: error }, "the switch's log could not be read");
    return new Map();
  }
};

const reconcileCallee = (
  world: EngineWorld,
  callId: CallId,
  legId: LegId,
  leg: AliveLeg | undefined,
  end: EndedLeg | undefined,
  blindSinceMs: EpochMs,
): void => {
  const { kernel, clock } = world;
  const state = kernel.calls.state(callId);
  if (state === undefined || !('callee' in state)) return;
  const send = (event: LegEvent, judgement?: Extract<CallEvent, { type: 'callee' }>['judgement']): void => {
    kernel.calls.send(callId, { type: 'callee', legId, event, ...(judgement === undefined ? {} : { judgement }) });
  };
  const wasUp = state.callee.leg.phase === 'up';
  if (leg !== undefined) {
    if (leg.phase === 'ringing' && state.callee.leg.phase === 'dialing')
      send({ type: 'legRinging', atMs: clock.now() });
    if (leg.phase === 'early' && !wasUp) send({ type: 'legProgress', atMs: clock.now() });
    if (leg.phase === 'up' && !wasUp) {
      // Answered while nobody was there, at a moment that nobody knows: the earliest is taken, against ourselves.
      const { dialedAtMs, leg: seen } = state.callee;
      const atMs = Math.min(clock.now(), Math.max(progressAt(seen) ?? dialedAtMs, blindSinceMs));
      send({ type: 'legAnswered', atMs });
      if (atMs + state.policy.agentWaitMs <= clock.now())
        kernel.calls.send(callId, { type: 'deadline', atMs: clock.now(), name: 'drop' });
    }
    return;
  }
  if (end === undefined) {
    kernel.calls.send(callId, { type: 'noTrace', atMs: clock.now(), legId });
    return;
  }
  if (end.answeredAtMs !== undefined && !wasUp) send({ type: 'legAnswered', atMs: end.answeredAtMs });
  const now = kernel.calls.state(callId);
  const wasAnswered = now !== undefined && 'callee' in now && now.callee.leg.phase === 'up';
  const judged = classifyEnding({
    ending: end.ending,
    rang: state.callee.leg.phase === 'ringing' || state.callee.leg.phase === 'early',
    progressed: state.callee.leg.phase === 'early',
    answered: wasAnswered,
    ringTimedOut: end.ending.by === 'us',
  });
  // Never fail over on hearsay: the callee may have been rung.
  send({ type: 'legEnded', atMs: end.endedAtMs, ending: end.ending }, { outcome: judged.outcome, isFinal: true });
};

const reconcileStation = (
  world: EngineWorld,
  agentId: AgentId,
  legId: LegId,
  leg: AliveLeg | undefined,
  end: EndedLeg | undefined,
): void => {
  const { kernel, clock } = world;
  if (leg === undefined) {
    kernel.legs.delete(legId);
    kernel.agents.send(agentId, {
      type: 'stationEnded',
      atMs: clock.now(),
      legId,
      ending: end?.ending ?? { cause: 41, by: 'switch', text: 'noTraceAtSwitch' },
    });
  } else if (leg.phase === 'up') {
    kernel.agents.send(agentId, { type: 'stationAnswered', atMs: clock.now(), legId });
  }
};

/** Agents whose call is gone are given back; free ones are offered to the router again. */
const settleAgents = (world: EngineWorld): void => {
  const { kernel, clock } = world;
  for (const [agentId, running] of kernel.agents.entries()) {
    const { state } = running;
    if ((state.kind === 'reserved' || state.kind === 'talking') && callHolds(world, state.callId, agentId) === false) {
      kernel.agents.send(agentId, {
        type: 'callReleased',
        atMs: clock.now(),
        callId: state.callId,
        talked: state.kind === 'talking',
        wrapUpMs: null,
        reason: 'callGone',
      });
    }
    const now = kernel.agents.state(agentId);
    if (now?.kind === 'ready' && (now.station.phase === 'up' || now.station.mode === 'perCall')) {
      world.free.set(agentId, {
        agentId,
        sinceMs: now.sinceMs,
        campaignIds: world.agentRows.get(agentId)?.campaignIds ?? new Set(),
      });
    }
  }
};

/** The message may have ended while nobody listened: then nobody would hang up until its guard. */
const missedEndOfMessage = async (world: EngineWorld, callId: CallId, playbackId: PlaybackId): Promise<void> => {
  try {
    if (await world.switch.isPlaying(playbackId)) return;
  } catch (error) {
    world.log.warn({ err: error, callId }, 'the switch could not say whether a message plays');
    return;
  }
  world.kernel.post(() =>
    world.kernel.calls.send(callId, { type: 'playbackFinished', atMs: world.clock.now(), playbackId }),
  );
};

const callHolds = (world: EngineWorld, callId: CallId, agentId: AgentId): boolean => {
  const call = world.kernel.calls.state(callId);
  return call !== undefined && 'agent' in call && call.agent.agentId === agentId;
};

/** Calls that wait for something that was lost with the crash ask for it again. */
const resumeCalls = (world: EngineWorld, snapshot: SwitchSnapshot, announcedBefore: ReadonlySet<CallId>): void => {
  const { kernel, clock } = world;
  const bridgeOf = new Map(snapshot.legs.map((leg) => [leg.legId, leg.bridgeId]));
  for (const [callId, running] of [...kernel.calls.entries()]) {
    const { state } = running;
    switch (state.kind) {
      case 'waiting':
        if (state.dropAtMs <= clock.now())
          kernel.calls.send(callId, { type: 'deadline', atMs: clock.now(), name: 'drop' });
        else {
          world.startEffect(callId, { type: 'requestAgent', answeredAtMs: state.answeredAtMs });
          kernel.post(() => recordAlone(world, callId));
        }
        break;
      case 'connecting':
        if (bridgeOf.get(state.callee.legId) === state.agent.bridgeId) {
          const recordingId = world.extras.get(callId)?.recordingId;
          kernel.calls.send(callId, {
            type: 'bridged',
            atMs: clock.now(),
            bridgeId: state.agent.bridgeId,
            ...(recordingId === undefined ? {} : { recordingId }),
          });
          kernel.agents.send(state.agent.agentId, { type: 'callBridged', atMs: clock.now(), callId });
        } else {
          kernel.calls.send(callId, {
            type: 'agentUnavailable',
            atMs: clock.now(),
            agentId: state.agent.agentId,
            reason: 'restarted',
          });
        }
        break;
      case 'talking': {
        const agent = kernel.agents.state(state.agent.agentId);
        if (agent === undefined || agent.station.phase !== 'up') {
          kernel.calls.send(callId, {
            type: 'agentLost',
            atMs: clock.now(),
            agentId: state.agent.agentId,
            hungUp: false,
          });
        } else if (agent.kind === 'reserved' && agent.callId === callId) {
          kernel.agents.send(state.agent.agentId, { type: 'callBridged', atMs: clock.now(), callId });
        }
        break;
      }
      case 'redialing':
        // Which trunk comes next was being decided: it is not decided twice.
        kernel.calls.send(callId, { type: 'noNextDial', atMs: clock.now() });
        break;
      case 'ending':
        world.startEffect(callId, { type: 'hangUp', legId: state.callee.legId, reason: 'normal' });
        break;
      case 'announcing':
        if (announcedBefore.has(callId)) void missedEndOfMessage(world, callId, state.playbackId);
        break;
      case 'dialing':
      case 'ended':
        break;
    }
  }
};
