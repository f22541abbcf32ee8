import type { CallId, LegEvent, LegId, RecordingId } from '@qianhu/core';
import type { SwitchEvent } from '@qianhu/switch';
import { forgetRecording } from './call-recording.ts';
import { judgeEnding } from './call-steps.ts';
import type { EngineWorld } from './engine-world.ts';
import { STATION_RING_MS } from './agent-steps.ts';
import { iso } from './rows.ts';

/** Turns what the switch tells into events of our machines. */
export const onSwitchEvent = (world: EngineWorld, event: SwitchEvent): void => {
  const { kernel } = world;
  switch (event.type) {
    case 'legRinging':
    case 'legProgress':
    case 'legAnswered':
    case 'legEnded':
      kernel.post(() => onLegEvent(world, event.legId, event));
      return;
    case 'playbackFinished': {
      // Our playback ids are `<call id>-drop` and `<call id>-hold`.
      const callId = event.playbackId.slice(0, 36) as CallId;
      kernel.post(() =>
        kernel.calls.send(callId, { type: 'playbackFinished', atMs: event.atMs, playbackId: event.playbackId }),
      );
      return;
    }
    case 'recordingFinished':
      kernel.post(() => onRecordingFinished(world, event));
      return;
    case 'recordingFailed':
      kernel.post(() => onRecordingFailed(world, event.recordingId, event.reason));
      return;
    case 'endpointState': {
      if (!event.state.registered) return;
      const agentId = [...world.agentRows.values()].find(
        (agent) => agent.station.kind !== 'mobile' && agent.station.endpointId === event.endpointId,
      )?.agentId;
      if (agentId === undefined) return;
      kernel.post(() =>
        kernel.agents.send(agentId, {
          type: 'phoneRegistered',
          atMs: event.atMs,
          legId: world.ids.next<LegId>(),
          ringTimeoutMs: STATION_RING_MS,
        }),
      );
      return;
    }
    case 'trunkState':
      world.trunks.setState(event.trunkId, event.state);
      return;
    case 'legBridged':
    case 'legUnbridged':
    case 'legDtmf':
      return;
    case 'legIncoming':
      // Nobody is routed inbound yet: refuse at once rather than let it ring for ever.
      world.switch
        .hangUp(event.legId, 'rejected')
        .catch((error: unknown) => world.log.warn({ err: error }, 'incoming call could not be refused'));
      return;
    case 'connectionLost':
    case 'connectionRestored':
    case 'replaced':
      // The engine itself deals with the connection (live-engine).
      return;
  }
};

const onLegEvent = (world: EngineWorld, legId: LegId, event: LegEvent): void => {
  const { kernel } = world;
  const owner = kernel.legs.get(legId);
  if (owner === undefined) {
    kernel.ignore('unknownLeg');
    return;
  }
  if (owner.kind === 'test') {
    owner.onEvent(event);
    return;
  }
  if (owner.kind === 'station') {
    if (event.type === 'legAnswered')
      kernel.agents.send(owner.agentId, { type: 'stationAnswered', atMs: event.atMs, legId });
    if (event.type === 'legEnded') {
      kernel.legs.delete(legId);
      kernel.agents.send(owner.agentId, { type: 'stationEnded', atMs: event.atMs, legId, ending: event.ending });
    }
    return;
  }
  const state = kernel.calls.state(owner.callId);
  if (state === undefined) {
    kernel.ignore('callGone');
    return;
  }
  const judgement = judgeEnding(world, state, event);
  kernel.calls.send(owner.callId, { type: 'callee', legId, event, ...(judgement === undefined ? {} : { judgement }) });
};

type RecordedSides = Pick<
  Extract<SwitchEvent, { type: 'recordingFinished' }>,
  'recordingId' | 'left' | 'right' | 'cutShort'
>;

/** Both sides are on disk: the merge is a job of the outbox, done after the commit and again after a crash. */
export const onRecordingFinished = (
  world: EngineWorld,
  { recordingId, left, right, cutShort }: RecordedSides,
): void => {
  const recording = world.recordings.get(recordingId);
  if (recording === undefined) {
    world.kernel.ignore('unknownRecording');
    return;
  }
  forgetRecording(world, recordingId);
  if (cutShort !== undefined) world.log.error({ recordingId, reason: cutShort }, 'recording was cut short');
  const sides = {
    ...(left === undefined ? {} : { left }),
    ...(right === undefined ? {} : { right }),
    ...(cutShort === undefined ? {} : { cutShort }),
  };
  world.kernel.write({
    recordings: [
      {
        id: recordingId,
        call_id: recording.callId,
        ...(recording.agentId === undefined ? {} : { agent_id: recording.agentId }),
        state: 'finishing',
        sides,
        started_at: iso(recording.startedAtMs),
      },
    ],
    outbox: [{ kind: 'recording.finish', key: recordingId, payload: {} }],
  });
  world.kernel.afterCommit(world.wakeOutbox);
};

const onRecordingFailed = (world: EngineWorld, recordingId: RecordingId, reason: string): void => {
  const recording = world.recordings.get(recordingId);
  if (recording === undefined) return;
  forgetRecording(world, recordingId);
  world.log.error({ recordingId, reason }, 'recording failed');
  world.kernel.write({
    recordings: [
      {
        id: recordingId,
        call_id: recording.callId,
        state: 'failed',
        error: reason,
        started_at: iso(recording.startedAtMs),
      },
    ],
  });
};
