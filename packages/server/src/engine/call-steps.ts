import {
  classifyEnding,
  holdPlayback,
  type CallEffect,
  type CallId,
  type CallState,
  type DialId,
  type DialJudgement,
  type LegEvent,
  type RecordingId,
} from '@qianhu/core';
import { SwitchError } from '@qianhu/switch';
import { callRows } from './call-rows.ts';
import { recordAlone, startRecording, stopRecording, wantsRecordingAlone } from './call-recording.ts';
import type { CallExtra, EngineWorld } from './engine-world.ts';
import type { CallStep } from './kernel.ts';
import { writeNextDial } from './next-dial.ts';
import { iso } from './rows.ts';
import { leadAfterDisposal, leadAfterOutcome } from './lead-plan.ts';
import { observeCall } from './pacing/observe.ts';
import { matchNow, pumpSharing } from './routing.ts';

/** Writes what a call's step changed and starts what it asks for. Runs inside a turn. */
export const onCallStep = (world: EngineWorld, id: CallId, step: CallStep): void => {
  const extra = world.extras.get(id);
  const { before, after } = step;
  world.kernel.write(callRows(id, step, extra));
  observeCall(world, step);
  if (extra !== undefined) recount(world, after, extra);
  for (const effect of step.effects) act(world, id, after, extra, effect);
  // Posted, so that the router (posted before) may bridge first: then both sides begin together and nothing comes before it.
  if (extra !== undefined && wantsRecordingAlone(world, id, after)) world.kernel.post(() => recordAlone(world, id));
  if (after.kind === 'ended') {
    world.kernel.calls.remove(id);
    world.extras.delete(id);
    world.waiting.delete(id);
    const campaign = world.campaigns.get(after.campaignId);
    campaign?.open.delete(id);
    pumpSharing(world, after.campaignId);
  }
  if (before.kind !== after.kind) world.changed({ campaignId: after.campaignId });
};

/** Starts one effect of a call in the given state. Runs inside a turn. */
export const act = (
  world: EngineWorld,
  id: CallId,
  state: CallState,
  extra: CallExtra | undefined,
  effect: CallEffect,
): void => {
  const { kernel, clock } = world;
  switch (effect.type) {
    case 'originate':
      if (extra !== undefined) originate(world, extra);
      return;
    case 'closeDial': {
      const { ending } = effect;
      kernel.write({
        dials: [
          {
            id: effect.dialId,
            ended_at: iso(effect.atMs),
            outcome: effect.outcome,
            ...(ending === undefined
              ? {}
              : {
                  cause: ending.cause,
                  ended_by: ending.by,
                  ...(ending.sipStatus === undefined ? {} : { sip_status: ending.sipStatus }),
                }),
          },
        ],
      });
      world.trunks.closed(
        effect.dialId,
        clock.now(),
        (effect.outcome === 'congestion' || effect.outcome === 'failed') && ending?.by !== 'us',
      );
      if (extra !== undefined) kernel.legs.delete(extra.order.legId);
      return;
    }
    case 'writeNextDial':
      // The row of the dial that failed must be closed first: a number is never in two open dials.
      kernel.afterCommit(() => void nextDial(world, id));
      return;
    case 'requestAgent': {
      const campaign = world.campaigns.get(state.campaignId);
      world.waiting.set(id, {
        callId: id,
        campaignId: state.campaignId,
        answeredAtMs: effect.answeredAtMs,
        priority: campaign?.context.settings.priority ?? 0,
      });
      kernel.post(() => matchNow(world));
      return;
    }
    case 'withdrawRequest':
      world.waiting.delete(id);
      return;
    case 'ringAgent':
      kernel.post(() =>
        kernel.agents.send(effect.agent.agentId, {
          type: 'ring',
          atMs: clock.now(),
          callId: id,
          legId: effect.agent.agentLegId,
          ringTimeoutMs: effect.ringTimeoutMs,
        }),
      );
      return;
    case 'bridge':
      void bridge(world, id, effect, extra);
      return;
    case 'hold':
      command(world, effect.held ? world.switch.hold(effect.legId) : world.switch.unhold(effect.legId), 'hold');
      return;
    case 'play':
      void play(world, id, effect, extra);
      return;
    case 'hangUp':
      command(world, world.switch.hangUp(effect.legId, effect.reason), 'hangUp');
      return;
    case 'stopRecording':
      stopRecording(world, id, effect.recordingId);
      return;
    case 'releaseAgent':
      kernel.post(() =>
        kernel.agents.send(effect.agentId, {
          type: 'callReleased',
          atMs: clock.now(),
          callId: id,
          talked: effect.talked,
          wrapUpMs:
            extra?.disposal === undefined
              ? (world.campaigns.get(state.campaignId)?.context.settings.wrapUp.maxMs ?? null)
              : 0,
          reason: effect.reason,
        }),
      );
      return;
    case 'settle':
      settle(world, state, extra, effect);
      return;
  }
};

/** Tells the switch to dial what is written. An unclear answer is never repeated: the leg's events, or its guard, decide. */
const originate = (world: EngineWorld, extra: CallExtra): void => {
  const { kernel } = world;
  const { order } = extra;
  kernel.legs.set(order.legId, { kind: 'call', callId: order.callId });
  const campaign = world.campaigns.get(world.kernel.calls.state(order.callId)?.campaignId ?? ('' as never));
  world.switch
    .originate({
      legId: order.legId,
      target: { kind: 'trunk', trunkId: order.trunkId, dialString: order.dialString },
      ringTimeoutMs: campaign?.context.settings.ringTimeoutMs ?? 30_000,
      ...(order.callerIdShown === undefined ? {} : { callerId: { number: order.callerIdShown } }),
    })
    .catch((error: unknown) => {
      if (
        error instanceof SwitchError &&
        !error.retryable &&
        (error.code === 'timeout' || error.code === 'notConnected')
      ) {
        world.log.warn({ callId: order.callId, code: error.code }, 'originate not confirmed');
        return;
      }
      const refusal = {
        code: error instanceof SwitchError ? error.code : 'internal',
        text: error instanceof Error ? error.message : String(error),
      };
      world.log.warn({ callId: order.callId, code: refusal.code, reason: refusal.text }, 'dial refused by the switch');
      kernel.post(() =>
        kernel.calls.send(order.callId, { type: 'dialRefused', atMs: world.clock.now(), legId: order.legId, refusal }),
      );
    });
};

const nextDial = async (world: EngineWorld, id: CallId): Promise<void> => {
  const { kernel } = world;
  const state = kernel.calls.state(id);
  const extra = world.extras.get(id);
  const campaign = state === undefined ? undefined : world.campaigns.get(state.campaignId);
  if (state?.kind !== 'redialing' || extra === undefined || campaign === undefined) return;
  const none = (): void => kernel.post(() => kernel.calls.send(id, { type: 'noNextDial', atMs: world.clock.now() }));
  if (campaign.state.kind !== 'running') return none();
  const dialId = world.ids.next<DialId>();
  try {
    const next = await writeNextDial(
      { ...world, epoch: world.lease.epoch },
      campaign.context,
      {
        dialId,
        callId: id,
        attemptId: state.attemptId,
        lead: extra.lead,
        trunksLeft: state.trunksLeft,
        triedTrunkIds: extra.triedTrunkIds,
        callerId: extra.order.callerId,
      },
      world.clock.now(),
    );
    if (next === undefined) return none();
    await kernel.turn(() => {
      extra.order = next.order;
      extra.triedTrunkIds.push(next.order.trunkId);
      world.trunks.opened(next.order);
      const taken = kernel.calls.send(id, {
        type: 'nextDial',
        atMs: next.order.atMs,
        dialId: next.order.dialId,
        legId: next.order.legId,
        trunkId: next.order.trunkId,
        trunksLeft: next.trunksLeft,
      });
      // The call ended while its dial was being written (hung up, or the database was away for too long): nobody will
      // send this dial, and an open row would hold its line and its number for ever.
      if (!taken) closeUnsent(world, next.order.dialId);
    });
  } catch (error) {
    world.log.error({ err: error, callId: id }, 'the next dial could not be written');
    // The commit may have happened without our being told: closing a dial that is not there changes nothing.
    kernel.post(() => closeUnsent(world, dialId));
    none();
  }
};

const closeUnsent = (world: EngineWorld, dialId: DialId): void => {
  const atMs = world.clock.now();
  world.kernel.write({ dials: [{ id: dialId, ended_at: iso(atMs), ended_by: 'us', outcome: 'cancelled' }] });
  world.trunks.closed(dialId, atMs, false);
};

const bridge = async (
  world: EngineWorld,
  id: CallId,
  effect: Extract<CallEffect, { type: 'bridge' }>,
  extra: CallExtra | undefined,
): Promise<void> => {
  const { agent, calleeLegId } = effect;
  const { kernel } = world;
  // A callee who had to wait is being recorded already: the agent joins.
  const recordingId = effect.record ? (extra?.recordingId ?? world.ids.next<RecordingId>()) : undefined;
  let recording: Promise<void> | undefined;
  /** A station's leg outlives the call: a recording that no call knows of would go on with the agent's next ones. */
  const stopStray = (): void => {
    if (recordingId === undefined || recording === undefined) return;
    void recording.then(() => stopRecording(world, id, recordingId));
  };
  try {
    await world.parking.get(agent.agentId);
    if (extra?.playing !== undefined) {
      const { playing } = extra;
      extra.playing = undefined;
      // A stop that overtakes its play stops nothing, and the music would go on over the talk.
      await playing.begun;
      await world.switch.stopPlay(playing.playbackId);
    }
    // Both at once: recording must not delay the voice, and the voice must not be missed by the recording.
    recording = recordingId === undefined ? undefined : startRecording(world, id, recordingId, effect);
    await world.switch.addToBridge(agent.bridgeId, [calleeLegId]);
    if (extra !== undefined) extra.bridgeId = agent.bridgeId;
    const atMs = world.clock.now();
    kernel.post(() => {
      const moved = kernel.calls.send(id, {
        type: 'bridged',
        atMs,
        bridgeId: agent.bridgeId,
        ...(recordingId === undefined ? {} : { recordingId }),
      });
      if (!moved) stopStray();
      else if (kernel.calls.state(id)?.kind === 'talking')
        kernel.agents.send(agent.agentId, { type: 'callBridged', atMs, callId: id });
    });
    await recording;
  } catch (error) {
    world.log.warn({ err: error, callId: id, agentId: agent.agentId }, 'bridge failed');
    stopStray();
    kernel.post(() =>
      kernel.calls.send(id, {
        type: 'agentUnavailable',
        atMs: world.clock.now(),
        agentId: agent.agentId,
        reason: 'bridgeFailed',
      }),
    );
  }
};

const play = async (
  world: EngineWorld,
  id: CallId,
  effect: Extract<CallEffect, { type: 'play' }>,
  extra: CallExtra | undefined,
): Promise<void> => {
  const state = world.kernel.calls.state(id);
  const begun = beginPlay(world, id, effect, extra);
  if (extra !== undefined && state !== undefined && effect.playbackId === holdPlayback(state))
    extra.playing = { playbackId: effect.playbackId, begun };
  await begun;
};

const beginPlay = async (
  world: EngineWorld,
  id: CallId,
  effect: Extract<CallEffect, { type: 'play' }>,
  extra: CallExtra | undefined,
): Promise<void> => {
  try {
    if (extra?.bridgeId !== undefined) {
      const { bridgeId } = extra;
      extra.bridgeId = undefined;
      // It may have fallen out with the agent's leg already: the message counts, not the way out.
      await world.switch.removeFromBridge(bridgeId, [effect.legId]).catch(() => undefined);
    }
    await world.switch.play(effect.playbackId, { legId: effect.legId }, world.prompt(effect.prompt));
  } catch (error) {
    world.log.warn({ err: error, callId: id }, 'message could not be played');
    world.kernel.post(() =>
      world.kernel.calls.send(id, { type: 'playbackFinished', atMs: world.clock.now(), playbackId: effect.playbackId }),
    );
  }
};

/** A command whose failure changes nothing for the call: the leg's own events or guards decide. */
const command = (world: EngineWorld, running: Promise<void>, name: string): void => {
  running.catch((error: unknown) => world.log.warn({ err: error, command: name }, 'a command to the switch failed'));
};

/** The attempt's outcome and what becomes of the lead, in the commit that ends the call. */
const settle = (
  world: EngineWorld,
  state: CallState,
  extra: CallExtra | undefined,
  effect: Extract<CallEffect, { type: 'settle' }>,
): void => {
  world.kernel.write({
    attempts: [
      {
        id: state.attemptId,
        outcome: effect.outcome,
        outcome_detail: effect.detail,
        ended_at: iso(effect.atMs),
        ...(effect.talk === undefined ? {} : { agent_id: effect.talk.agentId }),
      },
    ],
  });
  const campaign = world.campaigns.get(state.campaignId);
  if (campaign !== undefined) campaign.outcomes[effect.outcome] = (campaign.outcomes[effect.outcome] ?? 0) + 1;
  if (extra !== undefined) {
    const lead =
      extra.disposal === undefined || campaign === undefined
        ? leadAfterOutcome(campaign?.context, extra.lead, effect.outcome, effect.atMs)
        : leadAfterDisposal(campaign.context, extra.lead, extra.disposal, effect.outcome, effect.atMs);
    world.kernel.write({ leads: [lead] });
    if (campaign !== undefined) {
      campaign.leads.dialing -= 1;
      campaign.leads[lead.state === 'done' ? 'done' : 'ready'] += 1;
      campaign.emptyUntilMs = 0;
    }
    const number = extra.order.number;
    if (effect.outcome === 'invalidNumber') world.kernel.write({ numbers: [{ number, invalid_at: iso(effect.atMs) }] });
    if (effect.outcome === 'rejected') world.kernel.write({ numbers: [{ number, refused_at: iso(effect.atMs) }] });
  }
  world.settled({ campaignId: state.campaignId, attemptId: state.attemptId, outcome: effect.outcome });
};

/** What an ended dial means for the call (core's table), from what was seen of it before. */
export const judgeEnding = (world: EngineWorld, state: CallState, event: LegEvent): DialJudgement | undefined => {
  if (event.type !== 'legEnded' || !('callee' in state)) return undefined;
  const { leg, dialId } = state.callee;
  const trunkId = world.extras.get(state.callId)?.order.trunkId;
  const trunk = trunkId === undefined ? undefined : world.trunks.get(trunkId);
  const reachable = trunkId === undefined ? undefined : world.trunks.state(trunkId)?.reachable;
  const judged = classifyEnding({
    ending: event.ending,
    rang: leg.phase === 'ringing' || (leg.phase === 'early' && leg.ringingAtMs !== undefined),
    progressed: leg.phase === 'early',
    answered: leg.phase === 'up',
    // We hang up in state `ending` only; an end by us before that is the switch's ring timer.
    ringTimedOut: state.kind === 'dialing' && event.ending.by === 'us',
    switchDied: event.ending.by === 'switch' && leg.phase !== 'dialing',
    ...(reachable === undefined || reachable === 'unknown' ? {} : { trunkReachable: reachable === 'reachable' }),
    ...(trunk === undefined ? {} : { vendorCauses: trunk.vendorCauses }),
  });
  world.log.debug({ dialId, code: judged.code, outcome: judged.outcome }, 'dial ended');
  return { outcome: judged.outcome, isFinal: judged.isFinal };
};

/** Keeps the live counts by moving the call from one bin to another. */
const recount = (world: EngineWorld, state: CallState, extra: CallExtra): void => {
  const bin = binOf(state);
  if (bin === extra.countedAs) return;
  extra.countedAs = bin;
  world.changed({ campaignId: state.campaignId });
};

/** Which live count a call stands in. */
export const binOf = (state: CallState): CallExtra['countedAs'] => {
  switch (state.kind) {
    case 'dialing':
      return state.callee.leg.phase === 'dialing' ? 'dialing' : 'ringing';
    case 'redialing':
      return 'dialing';
    case 'waiting':
    case 'connecting':
      return 'waiting';
    case 'talking':
      return 'talking';
    case 'announcing':
      return 'announcing';
    case 'ending':
    case 'ended':
      return undefined;
  }
};
