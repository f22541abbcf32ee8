import { describe, expect, it } from 'vitest';
import type { CallEvent, CallState } from './call-state.ts';
import type { PlaybackId, RecordingId } from '../ids.ts';
import { callee, dialingCall, feedCall, sampleAgent, sampleDial, samplePolicy, T0 } from '../testing/call-samples.ts';
import {
  ANNOUNCEMENT_GUARD_MS,
  BRIDGE_GUARD_MS,
  callDeadlines,
  callTransition,
  ENDING_GUARD_MS,
  RING_GUARD_MS,
} from './call-machine.ts';

const ANSWERED = T0 + 8_000;
const DROP = ANSWERED + samplePolicy.agentWaitMs;
const legId = sampleDial(1).legId;

const offered = (atMs: number, n = 1, station: 'up' | 'perCall' = 'up'): CallEvent => ({
  type: 'agentOffered',
  atMs,
  agent: sampleAgent(n, station),
});
const bridged = (atMs: number, recordingId?: string): CallEvent => ({
  type: 'bridged',
  atMs,
  bridgeId: sampleAgent().bridgeId,
  ...(recordingId === undefined ? {} : { recordingId: recordingId as RecordingId }),
});
const deadline = (name: 'guard' | 'drop' | 'giveUp', atMs: number): CallEvent => ({ type: 'deadline', name, atMs });
const hangUp = (by: 'agent' | 'supervisor' | 'campaign' | 'pacer', atMs = ANSWERED + 100): CallEvent => ({
  type: 'hangUpRequested',
  atMs,
  by,
});
const unavailable = (atMs: number, reason = 'bridgeFailed'): CallEvent => ({
  type: 'agentUnavailable',
  atMs,
  agentId: sampleAgent().agentId,
  reason,
});
const lost = (hungUp = false): CallEvent => ({
  type: 'agentLost',
  atMs: ANSWERED + 60_000,
  agentId: sampleAgent().agentId,
  hungUp,
});

const dialing = dialingCall().state;
const withTrunks = dialingCall({}, 2).state;
const waiting = feedCall(dialing, callee.answers(ANSWERED)).state;
const connecting = feedCall(waiting, offered(ANSWERED + 50)).state;
const talking = feedCall(connecting, bridged(ANSWERED + 80, 'recording-1')).state;
const settles = (effects: readonly { type: string }[]) => effects.filter((effect) => effect.type === 'settle');

describe('dialing', () => {
  it('begins with its dial and a guard past the ring time-out', () => {
    expect(dialingCall().effects).toEqual([
      { type: 'originate', dialId: sampleDial(1).dialId, trunkId: sampleDial(1).trunkId },
    ]);
    expect(callDeadlines(dialing)).toEqual([{ name: 'guard', atMs: T0 + 30_000 + RING_GUARD_MS }]);
  });

  it('asks for an agent at the answer and counts the wait from there', () => {
    expect(feedCall(dialing, callee.rings(T0 + 2_000), callee.answers(ANSWERED)).effects).toEqual([
      { type: 'requestAgent', answeredAtMs: ANSWERED },
    ]);
    expect(callDeadlines(waiting)).toEqual([{ name: 'drop', atMs: DROP }]);
  });

  it('takes a refusal by the callee as final, with its SIP status in the dial', () => {
    const ending = { cause: 17, sipStatus: 486, by: 'them' as const };
    const { state, effects } = feedCall(
      withTrunks,
      callee.rings(T0 + 1_000),
      callee.ends(T0 + 2_000, { outcome: 'busy', isFinal: true }, ending),
    );
    expect(state).toMatchObject({ kind: 'ended', outcome: 'busy' });
    expect(effects).toEqual([
      {
        type: 'closeDial',
        dialId: sampleDial(1).dialId,
        atMs: T0 + 2_000,
        outcome: 'busy',
        ending,
        progressAtMs: T0 + 1_000,
      },
      { type: 'settle', atMs: T0 + 2_000, outcome: 'busy', detail: 'dialEnded' },
    ]);
  });

  it('tries the next trunk after a failure of the carrier, and closes the first dial before', () => {
    const failed = feedCall(withTrunks, callee.ends(T0 + 500, { outcome: 'congestion', isFinal: false }));
    expect(failed.state.kind).toBe('redialing');
    expect(failed.effects.map((effect) => effect.type)).toEqual(['closeDial', 'writeNextDial']);
    const next = feedCall(failed.state, { type: 'nextDial', ...sampleDial(2, T0 + 600), trunksLeft: [] });
    expect(next).toMatchObject({
      state: { kind: 'dialing', callee: { legId: sampleDial(2).legId }, trunksLeft: [] },
      effects: [{ type: 'originate', dialId: sampleDial(2).dialId }],
    });
    // The first leg is history.
    expect(callTransition(next.state, callee.answers(T0 + 700))).toEqual({ ignored: 'otherLeg' });
  });

  it('ends with the last carrier’s outcome when no other trunk takes it, or when the next dial never comes', () => {
    const { state } = feedCall(withTrunks, callee.ends(T0 + 500, { outcome: 'congestion', isFinal: false }));
    expect(feedCall(state, { type: 'noNextDial', atMs: T0 + 600 }).state).toMatchObject({
      outcome: 'congestion',
      detail: 'noOtherTrunk',
    });
    expect(feedCall(state, deadline('guard', T0 + 500 + ENDING_GUARD_MS)).state).toMatchObject({
      outcome: 'congestion',
      detail: 'nextDialNeverCame',
    });
  });

  it('tries the next trunk when the switch refuses, and fails when there is none', () => {
    const refusal: CallEvent = {
      type: 'dialRefused',
      atMs: T0 + 10,
      legId,
      refusal: { code: 'busy', text: 'refused' },
    };
    expect(feedCall(withTrunks, refusal).state.kind).toBe('redialing');
    expect(feedCall(dialing, refusal).state).toMatchObject({
      kind: 'ended',
      outcome: 'failed',
      detail: 'refused, busy',
    });
    const rung = feedCall(withTrunks, callee.rings(T0 + 5)).state;
    expect(callTransition(rung, refusal)).toEqual({ ignored: 'refusalAfterProgress' });
  });

  it('hangs up by itself when the switch lets it ring past the guard', () => {
    const { state, effects } = feedCall(dialing, deadline('guard', T0 + 35_000));
    expect(state).toMatchObject({ kind: 'ending', outcome: 'noAnswer' });
    expect(effects).toEqual([{ type: 'hangUp', legId, reason: 'noAnswer' }]);
  });

  it('counts an answer that crosses our hang-up as dropped', () => {
    const { state, effects } = feedCall(
      dialing,
      hangUp('campaign', T0 + 5_000),
      callee.answers(T0 + 5_050),
      callee.ends(T0 + 5_200),
    );
    expect(state).toMatchObject({ kind: 'ended', outcome: 'dropped', detail: 'answeredWhileHangingUp' });
    expect(settles(effects)).toMatchObject([{ outcome: 'dropped', answeredAtMs: T0 + 5_050 }]);
  });

  it('does not fire a deadline that is early or of a state left behind', () => {
    expect(callTransition(dialing, deadline('guard', T0 + 34_999))).toEqual({ ignored: 'staleDeadline' });
    expect(callTransition(waiting, deadline('guard', T0 + 99_000))).toEqual({ ignored: 'staleDeadline' });
  });
});

describe('finding an agent', () => {
  it('bridges at once to an agent whose station is up', () => {
    expect(feedCall(waiting, offered(ANSWERED + 50)).effects).toEqual([
      { type: 'bridge', agent: sampleAgent(), calleeLegId: legId, record: true },
    ]);
    expect(talking).toMatchObject({ kind: 'talking', bridgedAtMs: ANSWERED + 80, recordingId: 'recording-1' });
    expect(callDeadlines(talking)).toEqual([]);
  });

  it('drops with the message when nobody is there in time', () => {
    const { state, effects } = feedCall(waiting, deadline('drop', DROP));
    expect(state).toMatchObject({ kind: 'announcing', outcome: 'dropped' });
    expect(effects).toEqual([
      { type: 'withdrawRequest' },
      { type: 'play', playbackId: 'call-1-drop', legId, prompt: 'drop' },
    ]);
    const heard = feedCall(state, {
      type: 'playbackFinished',
      atMs: DROP + 4_000,
      playbackId: 'call-1-drop' as PlaybackId,
    });
    expect(heard).toMatchObject({ state: { kind: 'ending', outcome: 'dropped' }, effects: [{ type: 'hangUp' }] });
    expect(feedCall(state, deadline('giveUp', DROP + ANNOUNCEMENT_GUARD_MS)).state.kind).toBe('ending');
  });

  it('drops without a message by hanging up', () => {
    const silent = feedCall(dialingCall({ dropPrompt: null }).state, callee.answers(ANSWERED), deadline('drop', DROP));
    expect(silent.state).toMatchObject({ kind: 'ending', outcome: 'dropped' });
    expect(silent.effects.at(-1)).toEqual({ type: 'hangUp', legId, reason: 'normal' });
  });

  it('counts a callee who hangs up while waiting as dropped, however short the wait', () => {
    for (const state of [waiting, connecting]) {
      expect(feedCall(state, callee.ends(ANSWERED + 60)).state).toMatchObject({ kind: 'ended', outcome: 'dropped' });
    }
  });

  it('gives back an agent that is offered when nobody waits any more', () => {
    const announcing = feedCall(waiting, deadline('drop', DROP)).state;
    const { state, effects } = feedCall(announcing, offered(DROP + 5, 2));
    expect(state).toBe(announcing);
    expect(effects).toEqual([{ type: 'releaseAgent', agentId: 'agent-2', talked: false, reason: 'callNoLongerWaits' }]);
  });

  it('asks for another agent when one fails in time', () => {
    const { state, effects } = feedCall(connecting, unavailable(ANSWERED + 500));
    expect(state).toMatchObject({ kind: 'waiting', dropAtMs: DROP });
    expect(effects).toEqual([
      { type: 'releaseAgent', agentId: 'agent-1', talked: false, reason: 'bridgeFailed' },
      { type: 'requestAgent', answeredAtMs: ANSWERED },
    ]);
  });

  it('drops instead of trying bridges for ever when they fail past the callee’s time', () => {
    const { state, effects } = feedCall(connecting, unavailable(DROP));
    expect(state).toMatchObject({ kind: 'announcing', outcome: 'dropped' });
    expect(effects[0]).toEqual({ type: 'releaseAgent', agentId: 'agent-1', talked: false, reason: 'bridgeFailed' });
  });

  it('gives up a bridge of which the switch says nothing', () => {
    expect(callDeadlines(connecting)).toEqual([{ name: 'giveUp', atMs: ANSWERED + 50 + BRIDGE_GUARD_MS }]);
    expect(feedCall(connecting, deadline('giveUp', ANSWERED + 50 + BRIDGE_GUARD_MS)).effects[0]).toMatchObject({
      type: 'releaseAgent',
      reason: 'agentDidNotConnect',
    });
  });

  it('rings a phone per call, bridges when it answers, and asks for another agent when it does not', () => {
    const ringing = feedCall(waiting, offered(ANSWERED + 50, 1, 'perCall'));
    expect(ringing.effects).toEqual([{ type: 'ringAgent', agent: sampleAgent(1, 'perCall'), ringTimeoutMs: 15_000 }]);
    const due = ANSWERED + 50 + 15_000;
    expect(feedCall(ringing.state, deadline('giveUp', due))).toMatchObject({
      state: { kind: 'waiting', dropAtMs: due },
      effects: [{ type: 'releaseAgent' }, { type: 'requestAgent' }],
    });
    const answered: CallEvent = { type: 'agentAnswered', atMs: ANSWERED + 9_000, agentLegId: sampleAgent().agentLegId };
    expect(feedCall(ringing.state, answered).effects).toMatchObject([{ type: 'bridge' }]);
    expect(feedCall(ringing.state, answered, answered).effects).toHaveLength(1);
  });

  it('connects an agent who picks up at the last moment instead of dropping the callee', () => {
    const due = ANSWERED + 15_050;
    const picked = feedCall(waiting, offered(ANSWERED + 50, 1, 'perCall'), {
      type: 'agentAnswered',
      atMs: due - 1,
      agentLegId: sampleAgent().agentLegId,
    }).state;
    expect(callDeadlines(picked)).toEqual([{ name: 'giveUp', atMs: due - 1 + BRIDGE_GUARD_MS }]);
    expect(feedCall(picked, deadline('drop', due), deadline('giveUp', due), bridged(due + 20)).state.kind).toBe(
      'talking',
    );
  });

  it('stops a recording whose bridge came too late', () => {
    expect(feedCall(waiting, bridged(ANSWERED + 5, 'stray')).effects).toEqual([
      { type: 'stopRecording', recordingId: 'stray' },
    ]);
    expect(callTransition(waiting, bridged(ANSWERED + 5))).toEqual({ ignored: 'notConnecting' });
  });
});

describe('talking', () => {
  it('ends answered when the callee hangs up, with the recording stopped, the agent released and the dial closed', () => {
    const { state, effects } = feedCall(talking, callee.ends(ANSWERED + 60_000));
    expect(state).toMatchObject({ kind: 'ended', outcome: 'answered', detail: 'calleeHungUp' });
    expect(effects.map((effect) => effect.type)).toEqual(['stopRecording', 'releaseAgent', 'closeDial', 'settle']);
    expect(settles(effects)).toEqual([
      {
        type: 'settle',
        atMs: ANSWERED + 60_000,
        outcome: 'answered',
        detail: 'calleeHungUp',
        answeredAtMs: ANSWERED,
        talk: { agentId: 'agent-1', bridgedAtMs: ANSWERED + 80 },
      },
    ]);
  });

  it('is hung up by the agent, and the agent is free before the callee’s leg is gone', () => {
    const { state, effects } = feedCall(talking, hangUp('agent'));
    expect(state).toMatchObject({ kind: 'ending', outcome: 'answered', detail: 'hungUpByAgent' });
    expect(effects.map((effect) => effect.type)).toEqual(['stopRecording', 'releaseAgent', 'hangUp']);
  });

  it('goes on when a campaign stops or a pacer sheds lines', () => {
    expect(callTransition(talking, hangUp('campaign'))).toEqual({ ignored: 'talkGoesOn' });
    expect(callTransition(talking, hangUp('pacer'))).toEqual({ ignored: 'talkGoesOn' });
  });

  it('holds and takes back, once each', () => {
    const hold: CallEvent = { type: 'holdRequested', atMs: ANSWERED + 90, held: true };
    const held = feedCall(talking, hold);
    expect(held.effects).toEqual([{ type: 'hold', legId, held: true }]);
    expect(callTransition(held.state, hold)).toEqual({ ignored: 'holdMeaningless' });
  });

  it('gives a callee whose agent vanished to another agent, and counts the call as answered whatever comes', () => {
    const { state, effects } = feedCall(talking, lost());
    expect(state).toMatchObject({ kind: 'waiting', dropAtMs: ANSWERED + 80_000, talkedBefore: { agentId: 'agent-1' } });
    expect(effects.map((effect) => effect.type)).toEqual(['stopRecording', 'releaseAgent', 'play', 'requestAgent']);
    expect(feedCall(state, callee.ends(ANSWERED + 61_000)).state).toMatchObject({ outcome: 'answered' });
  });

  it('ends with the message when the campaign wants no other agent', () => {
    const policy = { onAgentLost: { kind: 'message' as const, message: 'sorry' } };
    const start = dialingCall(policy).state;
    const gone = feedCall(start, callee.answers(ANSWERED), offered(ANSWERED + 1), bridged(ANSWERED + 2), lost());
    expect(gone.state).toMatchObject({ kind: 'announcing', outcome: 'answered', detail: 'agentLost' });
  });

  it('ends when an agent puts down a phone that was rung for it', () => {
    expect(feedCall(talking, lost(true)).state).toMatchObject({
      kind: 'ending',
      outcome: 'answered',
      detail: 'agentHungUp',
    });
  });
});

describe('asked to hang up', () => {
  it.each([
    ['dialing', dialing, 'campaign', 'ending'],
    ['waiting', waiting, 'campaign', 'waiting'],
    ['waiting', waiting, 'supervisor', 'ending'],
    ['connecting', connecting, 'pacer', 'connecting'],
    ['talking', talking, 'supervisor', 'ending'],
  ] as const)('while %s', (_name, state, by, kind) => {
    expect(feedCall(state as CallState, hangUp(by)).state.kind).toBe(kind);
  });

  it('lets a dropped callee hear the message to its end when the campaign stops', () => {
    const announcing = feedCall(waiting, deadline('drop', DROP)).state;
    expect(callTransition(announcing, hangUp('campaign'))).toEqual({ ignored: 'calleeListens' });
    expect(feedCall(announcing, hangUp('supervisor')).state.kind).toBe('ending');
  });

  it('is cancelled when the next dial is still being written', () => {
    const { state } = feedCall(withTrunks, callee.ends(T0 + 500, { outcome: 'congestion', isFinal: false }));
    expect(feedCall(state, hangUp('campaign')).state).toMatchObject({ kind: 'ended', outcome: 'cancelled' });
  });
});

describe('after a crash', () => {
  const noTrace: CallEvent = { type: 'noTrace', atMs: T0 + 90_000, legId };

  it.each([
    ['dialing', dialing, 'unknown', 'noTraceAtSwitch'],
    ['waiting', waiting, 'dropped', 'answeredWithNobodyThere'],
    ['connecting', connecting, 'dropped', 'answeredWithNobodyThere'],
    ['talking', talking, 'answered', 'endNotSeen'],
    ['ending', feedCall(talking, hangUp('agent')).state, 'answered', 'hungUpByAgent, endNotSeen'],
  ] as const)('keeps what was seen while %s, and calls only the unseen unknown', (_name, state, outcome, detail) => {
    const ended = feedCall(state as CallState, noTrace);
    expect(ended.state).toMatchObject({ kind: 'ended', outcome, detail });
    expect(settles(ended.effects)).toHaveLength(1);
  });

  it('releases a call whose end the switch never told', () => {
    const ending = feedCall(talking, hangUp('agent', ANSWERED + 500)).state;
    expect(feedCall(ending, deadline('giveUp', ANSWERED + 500 + ENDING_GUARD_MS)).state).toMatchObject({
      kind: 'ended',
      detail: 'hungUpByAgent, endNotSeen',
    });
  });

  it('says so when the switch died under a talk', () => {
    expect(feedCall(talking, callee.ends(ANSWERED + 900, undefined, { cause: 41, by: 'switch' })).state).toMatchObject({
      outcome: 'answered',
      detail: 'switchDied',
    });
  });
});
