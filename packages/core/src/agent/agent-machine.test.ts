import { describe, expect, it } from 'vitest';
import { InvalidStateError } from '../machine.ts';
import { T0 } from '../testing/call-samples.ts';
import { agentEvents as e, call, feedAgent, restingAgent, RING_MS, stationLeg } from '../testing/agent-samples.ts';
import {
  agentDeadlines,
  agentTransition,
  isFree,
  JUST_LOGGED_IN,
  STATION_LOST,
  type AgentEvent,
  type AgentState,
} from './agent-machine.ts';

const after = (...events: readonly AgentEvent[]): AgentState => feedAgent(restingAgent(), ...events).state;
const effectsOf = (state: AgentState, event: AgentEvent) => feedAgent(state, event).effects;

const connecting = after(e.logIn());
const paused = after(e.logIn(), e.stationUp());
const ready = after(e.logIn(), e.stationUp(), e.ready());
const reserved = after(e.logIn(), e.stationUp(), e.ready(), e.assigned());
const talking = after(e.logIn(), e.stationUp(), e.ready(), e.assigned(), e.bridged());
const wrapUp = feedAgent(talking, e.released(T0 + 90_000)).state;
const perCallReady = after(e.logIn(T0, 'perCall'), e.ready());
const perCallRinging = feedAgent(perCallReady, e.assigned(), e.ring()).state;
const perCallTalking = feedAgent(perCallRinging, e.stationUp(T0, 3), e.bridged()).state;

describe('logging in and out', () => {
  it('rings the standing connection first and pauses when it is up', () => {
    expect(feedAgent(restingAgent(), e.logIn())).toMatchObject({
      state: { kind: 'connecting', station: { phase: 'ringing', legId: stationLeg(1) } },
      effects: [{ type: 'ringStation', legId: stationLeg(1), ringTimeoutMs: RING_MS }],
    });
    expect(feedAgent(connecting, e.stationUp())).toMatchObject({
      state: { kind: 'paused', reason: JUST_LOGGED_IN, station: { phase: 'up' } },
      effects: [{ type: 'parkStation', legId: stationLeg(1) }],
    });
  });

  it('needs no connection when the phone is rung per call', () => {
    expect(feedAgent(restingAgent(), e.logIn(T0, 'perCall'))).toEqual({
      state: expect.objectContaining({ kind: 'paused', station: { phase: 'down', mode: 'perCall' } }) as object,
      effects: [],
    });
  });

  it('logs out again when the first connection fails', () => {
    expect(feedAgent(connecting, e.stationEnds())).toMatchObject({
      state: { kind: 'loggedOut' },
      effects: [{ type: 'closeBridge' }],
    });
  });

  it('rings a lost station again when the same person logs in anew', () => {
    const lost = feedAgent(ready, e.stationEnds()).state;
    expect(feedAgent(lost, e.logIn(T0, 'keptUp', 5))).toMatchObject({
      state: { kind: 'paused', station: { phase: 'ringing', legId: stationLeg(5) } },
      effects: [{ type: 'ringStation' }],
    });
    expect(agentTransition(ready, e.logIn())).toEqual({ ignored: 'alreadyLoggedIn' });
  });

  it('hangs the station up, closes its bridge and takes the offer back on log-out', () => {
    expect(feedAgent(ready, e.logOut())).toMatchObject({
      state: { kind: 'loggedOut' },
      effects: [{ type: 'withdraw' }, { type: 'hangUpStation', legId: stationLeg(1) }, { type: 'closeBridge' }],
    });
    expect(agentTransition(restingAgent(), e.logOut())).toEqual({ ignored: 'alreadyLoggedOut' });
  });

  it('hangs up a station that answers after the person has left', () => {
    const left = feedAgent(connecting, e.logOut()).state;
    expect(effectsOf(left, e.stationUp())).toEqual([{ type: 'hangUpStation', legId: stationLeg(1) }]);
  });
});

describe('what a person may ask for', () => {
  it.each([
    ['ready', restingAgent(), e.ready()],
    ['ready', connecting, e.ready()],
    ['pause', restingAgent(), e.pause()],
    ['pause', connecting, e.pause()],
    ['ready with a lost station', feedAgent(ready, e.stationEnds()).state, e.ready()],
    ['ready while the station rings', feedAgent(ready, e.stationEnds(), e.registers()).state, e.ready()],
  ])('refuses %s in a state in which it means nothing', (_name, state, event) => {
    expect(() => agentTransition(state, event)).toThrow(InvalidStateError);
  });

  it('is offered to calls from the moment of being ready, and no longer when paused', () => {
    expect(feedAgent(paused, e.ready(T0 + 5))).toMatchObject({
      state: { kind: 'ready', sinceMs: T0 + 5 },
      effects: [{ type: 'offer', sinceMs: T0 + 5 }],
    });
    expect(effectsOf(ready, e.pause())).toEqual([{ type: 'withdraw' }]);
  });

  it.each([
    [e.pause(T0, 'lunch'), { kind: 'paused', reason: 'lunch' }],
    [e.logOut(), { kind: 'loggedOut' }],
    [e.ready(), { kind: 'ready' }],
  ])('waits with %j until the call and its wrap-up are over', (wish, then) => {
    const wished = feedAgent(talking, wish);
    expect(wished).toMatchObject({ state: { kind: 'talking' }, effects: [] });
    expect(feedAgent(wished.state, e.released(), e.disposed()).state).toMatchObject(then);
  });
});

describe('taking a call', () => {
  it('is reserved once, and only while free', () => {
    expect(feedAgent(ready, e.assigned())).toMatchObject({
      state: { kind: 'reserved', callId: call(1) },
      effects: [{ type: 'withdraw' }],
    });
    for (const state of [restingAgent(), connecting, paused, reserved, talking, wrapUp]) {
      expect(agentTransition(state, e.assigned(T0, 2))).toEqual({ ignored: 'notFree' });
    }
  });

  it('wraps up after a talk for as long as the campaign says, then is offered again', () => {
    expect(wrapUp).toMatchObject({ kind: 'wrapUp', talkMs: 90_000, endsAtMs: T0 + 150_000 });
    expect(agentDeadlines(wrapUp)).toEqual([{ name: 'wrapUp', atMs: T0 + 150_000 }]);
    expect(agentTransition(wrapUp, { type: 'deadline', name: 'wrapUp', atMs: T0 + 149_999 })).toEqual({
      ignored: 'staleDeadline',
    });
    expect(feedAgent(wrapUp, { type: 'deadline', name: 'wrapUp', atMs: T0 + 150_000 })).toMatchObject({
      state: { kind: 'ready' },
      effects: [{ type: 'offer' }],
    });
  });

  it('wraps up without end when the campaign wants a result, and not at all when it wants none', () => {
    const endless = feedAgent(talking, e.released(T0, true, null)).state;
    expect(agentDeadlines(endless)).toEqual([]);
    expect(feedAgent(endless, e.disposed()).state.kind).toBe('ready');
    expect(feedAgent(talking, e.released(T0, true, 0)).state.kind).toBe('ready');
  });

  it('goes back to ready without wrap-up when the call came to nothing', () => {
    expect(feedAgent(reserved, e.released(T0, false, 60_000, 'hungUpConnecting'))).toMatchObject({
      state: { kind: 'ready' },
      effects: [{ type: 'offer' }],
    });
  });

  it.each(['agentPhoneEnded', 'agentDidNotConnect'])('is not offered the next call after %s', (reason) => {
    expect(feedAgent(reserved, e.released(T0, false, 60_000, reason)).state).toMatchObject({
      kind: 'paused',
      reason: STATION_LOST,
    });
    expect(feedAgent(perCallRinging, e.released(T0, false, 60_000, reason)).state).toMatchObject({
      kind: 'paused',
      reason: 'noAnswer',
    });
  });

  it('ignores the release, the bridge and the result of another call', () => {
    for (const event of [e.released(T0, true, 0, 'x', 2), e.bridged(T0, 2), e.disposed(T0, 2), e.ring(T0, 2)]) {
      for (const state of [reserved, talking, wrapUp]) expect(agentTransition(state, event)).toHaveProperty('ignored');
    }
  });
});

describe('a station that breaks', () => {
  it('takes a ready agent out of the calls', () => {
    expect(feedAgent(ready, e.stationEnds())).toMatchObject({
      state: { kind: 'paused', reason: STATION_LOST },
      effects: [{ type: 'withdraw' }],
    });
  });

  it('tells the call and keeps the agent for it until the call lets go', () => {
    expect(feedAgent(reserved, e.stationEnds())).toMatchObject({
      state: { kind: 'reserved', after: { kind: 'pause', reason: STATION_LOST } },
      effects: [{ type: 'tellAgentUnavailable', callId: call(1), reason: 'agentPhoneEnded' }],
    });
    expect(feedAgent(talking, e.stationEnds())).toMatchObject({
      state: { kind: 'talking' },
      effects: [{ type: 'tellAgentLost', callId: call(1), hungUp: false }],
    });
    expect(feedAgent(talking, e.stationEnds(), e.released(), e.disposed()).state).toMatchObject({
      kind: 'paused',
      reason: STATION_LOST,
    });
  });

  it('means goodbye when a phone that was rung for the call is put down', () => {
    expect(effectsOf(perCallTalking, e.stationEnds(T0, 3))).toEqual([
      { type: 'tellAgentLost', callId: call(1), hungUp: true },
    ]);
  });

  it('is rung again when the phone registers, and lifts the pause of the loss when it is up', () => {
    const lost = feedAgent(ready, e.stationEnds()).state;
    const ringing = feedAgent(lost, e.registers());
    expect(ringing.effects).toMatchObject([{ type: 'ringStation', legId: stationLeg(2) }]);
    expect(feedAgent(ringing.state, e.stationUp(T0, 2)).state).toMatchObject({
      kind: 'paused',
      reason: JUST_LOGGED_IN,
    });
    expect(agentTransition(ready, e.registers())).toEqual({ ignored: 'noStationWanted' });
  });

  it('is given up when the switch never says what became of it', () => {
    const due = T0 + RING_MS + 5_000;
    expect(agentDeadlines(connecting)).toEqual([{ name: 'stationRing', atMs: due }]);
    expect(feedAgent(connecting, { type: 'deadline', name: 'stationRing', atMs: due })).toMatchObject({
      state: { kind: 'loggedOut', station: { phase: 'down' } },
      effects: [{ type: 'hangUpStation' }, { type: 'closeBridge' }],
    });
  });

  it('ignores the end of a leg that is no longer the station', () => {
    expect(agentTransition(ready, e.stationEnds(T0, 7))).toEqual({ ignored: 'otherStationLeg' });
    expect(agentTransition(ready, e.stationUp(T0, 7))).toEqual({ ignored: 'otherStationLeg' });
  });
});

describe('a phone that is rung for each call', () => {
  it('rings for the call and tells it when answered', () => {
    expect(isFree(perCallReady)).toBe(true);
    expect(perCallRinging.station).toMatchObject({ phase: 'ringing', legId: stationLeg(3) });
    expect(effectsOf(perCallRinging, e.stationUp(T0, 3))).toMatchObject([
      { type: 'parkStation' },
      { type: 'tellAgentAnswered', callId: call(1), legId: stationLeg(3) },
    ]);
  });

  it('stops ringing when the callee has hung up before the agent answered', () => {
    const released = feedAgent(perCallRinging, e.released(T0, false, 0, 'hungUpConnecting'));
    expect(released).toMatchObject({ state: { kind: 'ready', station: { phase: 'down' } } });
    expect(released.effects).toEqual([
      { type: 'hangUpStation', legId: stationLeg(3) },
      { type: 'offer', sinceMs: T0 },
    ]);
  });

  it('rings anew for a call that comes while the last one’s leg is still going', () => {
    const next = feedAgent(perCallTalking, e.released(T0, true, 0), e.assigned(T0, 2));
    expect(next.state).toMatchObject({ kind: 'reserved', callId: call(2), station: { phase: 'down' } });
    const rung = feedAgent(next.state, e.ring(T0, 2, 4), e.stationEnds(T0, 3));
    expect(rung.state).toMatchObject({ kind: 'reserved', station: { phase: 'ringing', legId: stationLeg(4) } });
    expect(rung.effects).toEqual([{ type: 'ringStation', legId: stationLeg(4), ringTimeoutMs: RING_MS }]);
  });

  it('hangs the phone up when the callee ends the talk', () => {
    expect(feedAgent(perCallTalking, e.released())).toMatchObject({
      state: { kind: 'wrapUp', station: { phase: 'down' } },
      effects: [{ type: 'hangUpStation', legId: stationLeg(3) }],
    });
  });
});
