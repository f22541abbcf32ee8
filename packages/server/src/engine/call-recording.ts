import type { AgentId, CallId, CallState, LegId, RecordingId } from '@qianhu/core';
import type { EngineWorld } from './engine-world.ts';
import { iso } from './rows.ts';

/**
 * Whether a callee who has answered is heard by nobody and is not being bridged: waiting, while an agent's phone rings, or
 * while the message plays. Who is bridged at once is not among them: that recording begins with both sides, so that no
 * command goes to the switch before the bridge.
 */
const isAlone = (state: CallState): boolean =>
  state.kind === 'waiting' || state.kind === 'announcing' || (state.kind === 'connecting' && !state.agent.stationUp);

/** Whether a call in this state wants the recording of its callee alone (an agent joins it later, or never). */
export const wantsRecordingAlone = (world: EngineWorld, id: CallId, state: CallState): boolean =>
  isAlone(state) && state.policy.record && world.extras.get(id)?.recordingId === undefined;

/** Begins the recording of a callee who is (still) alone. Runs inside a turn, after the router had its chance. */
export const recordAlone = (world: EngineWorld, id: CallId): void => {
  const state = world.kernel.calls.state(id);
  if (state === undefined || !('callee' in state) || !wantsRecordingAlone(world, id, state)) return;
  void startRecording(world, id, world.ids.next<RecordingId>(), { calleeLegId: state.callee.legId });
};

/**
 * Starts a recording, or lets an agent join the one that runs. One that cannot be made is told and written; the talk goes
 * on. An agent who cannot join leaves the callee's side as it is.
 */
export const startRecording = async (
  world: EngineWorld,
  id: CallId,
  recordingId: RecordingId,
  legs: { readonly calleeLegId: LegId; readonly agent?: { readonly agentId: AgentId; readonly agentLegId: LegId } },
): Promise<void> => {
  const { agent } = legs;
  const begun = world.recordings.get(recordingId);
  const startedAtMs = begun?.startedAtMs ?? world.clock.now();
  const call = world.kernel.calls.state(id);
  const extra = world.extras.get(id);
  if (extra !== undefined) extra.recordingId = recordingId;
  world.recordings.set(recordingId, { callId: id, agentId: agent?.agentId, startedAtMs });
  const row = {
    id: recordingId,
    call_id: id,
    ...(call === undefined ? {} : { attempt_id: call.attemptId, campaign_id: call.campaignId }),
    ...(agent === undefined ? {} : { agent_id: agent.agentId }),
    started_at: iso(startedAtMs),
  };
  world.kernel.post(() => world.kernel.write({ recordings: [{ ...row, state: 'recording' }] }));
  try {
    await world.switch.startRecording({
      recordingId,
      leftLegId: legs.calleeLegId,
      ...(agent === undefined ? {} : { rightLegId: agent.agentLegId }),
    });
  } catch (error) {
    if (begun !== undefined) {
      world.log.warn({ err: error, callId: id, recordingId }, "the agent's side could not join the recording");
      return;
    }
    world.log.error({ err: error, callId: id, recordingId }, 'recording could not be started');
    forgetRecording(world, recordingId);
    world.kernel.post(() =>
      world.kernel.write({
        recordings: [{ ...row, state: 'failed', error: error instanceof Error ? error.message : String(error) }],
      }),
    );
  }
};

/** A recording is over or was given up: its call may begin another. */
export const forgetRecording = (world: EngineWorld, recordingId: RecordingId): void => {
  const recording = world.recordings.get(recordingId);
  world.recordings.delete(recordingId);
  const extra = recording === undefined ? undefined : world.extras.get(recording.callId);
  if (extra?.recordingId === recordingId) extra.recordingId = undefined;
};

/** Ends a recording at the switch; a call that goes on without its agent begins another. Runs inside a turn. */
export const stopRecording = (world: EngineWorld, id: CallId, recordingId: RecordingId): void => {
  const extra = world.extras.get(id);
  if (extra?.recordingId === recordingId) extra.recordingId = undefined;
  world.switch
    .stopRecording(recordingId)
    .catch((error: unknown) => world.log.warn({ err: error, recordingId }, 'recording could not be stopped'));
};
