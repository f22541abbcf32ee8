import { callTransition, isIgnored, startCall, type CallEvent, type CallState } from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import type { CallStep } from '../kernel.ts';
import { eventsOfCall } from './pacing-events.ts';

const T0 = Date.parse('2026-03-03T02:00:00Z');
const agent = { agentId: 'a', agentLegId: 's', bridgeId: 'b', stationUp: true } as never;

/** Runs a call and collects what the pacer hears, with a grace of two seconds. */
const heard = (...events: readonly object[]): readonly string[] => {
  let state: CallState = startCall(
    {
      callId: 'c',
      campaignId: 'k',
      attemptId: 't',
      policy: {
        ringTimeoutMs: 30_000,
        agentWaitMs: 2_000,
        agentRingMs: 20_000,
        record: false,
        dropPrompt: 'drop',
        onAgentLost: { kind: 'anotherAgent', waitMs: 20_000, message: 'hold' },
      },
      trunksLeft: ['t2'],
    } as never,
    { dialId: 'd1', legId: 'd1', trunkId: 't1', atMs: T0 } as never,
  ).state;
  const told: string[] = [];
  for (const [i, event] of (events as readonly CallEvent[]).entries()) {
    const result = callTransition(state, event);
    if (isIgnored(result)) throw new Error(`event ${i}: ${result.ignored}`);
    const step: CallStep = { before: state, after: result.state, event, effects: result.effects, seq: i };
    for (const one of eventsOfCall(step, 2_000))
      told.push(`${one.type}${'waitedMs' in one ? ` ${one.waitedMs}` : ''}${'talkMs' in one ? ` ${one.talkMs}` : ''}`);
    state = result.state;
  }
  return told;
};

const leg = (type: string, afterMs: number, more: object = {}, legId = 'd1'): object => ({
  type: 'callee',
  legId,
  event: { type, atMs: T0 + afterMs, ...more },
});
const answered = leg('legAnswered', 5_000);
const ended = (afterMs: number, outcome: string, isFinal = true, by = 'them'): object => ({
  ...leg('legEnded', afterMs, { ending: { cause: 16, by } }),
  judgement: { outcome, isFinal },
});
const offered = (afterMs: number): object => ({ type: 'agentOffered', atMs: T0 + afterMs, agent });
const bridged = (afterMs: number): object => ({ type: 'bridged', atMs: T0 + afterMs, bridgeId: 'b' });

describe('what the pacer hears of a call', () => {
  it('is one end for a line that nobody answers', () => {
    expect(heard(leg('legRinging', 1_000), ended(30_000, 'noAnswer'))).toEqual(['notAnswered']);
  });

  it('is answer, connection with its wait, and talk', () => {
    expect(heard(answered, offered(5_100), bridged(5_200), ended(65_200, 'answered'))).toEqual([
      'answered',
      'connected 200',
      'talkEnded 60000',
    ]);
  });

  it('is a drop when nobody came in time, told once', () => {
    const late = { type: 'deadline', name: 'drop', atMs: T0 + 7_000 };
    expect(heard(answered, late, ended(12_000, 'dropped'))).toEqual(['answered', 'dropped 2000']);
  });

  it('is a drop when the callee waited for two seconds and left, and none when the clock had not run out', () => {
    expect(heard(answered, ended(7_000, 'answered'))).toEqual(['answered', 'dropped 2000']);
    expect(heard(answered, ended(6_999, 'answered'))).toEqual(['answered']);
    expect(heard(answered, offered(5_100), ended(5_700, 'answered'))).toEqual(['answered']);
  });

  it('is a drop when the switch died on someone who waited, however short the wait', () => {
    expect(heard(answered, ended(5_700, 'answered', true, 'switch'))).toEqual(['answered', 'dropped 700']);
  });

  it('is a drop when the agent came too late, whatever was said afterwards', () => {
    expect(heard(answered, offered(5_100), bridged(9_000), ended(20_000, 'answered'))).toEqual([
      'answered',
      'dropped 4000',
      'talkEnded 11000',
    ]);
  });

  it('is a new line after a carrier’s failure', () => {
    const next = { type: 'nextDial', atMs: T0 + 3_000, dialId: 'd2', legId: 'd2', trunkId: 't2', trunksLeft: [] };
    expect(heard(ended(2_000, 'congestion', false), next)).toEqual(['notAnswered', 'dialed']);
  });

  it('counts who is given to another agent only once', () => {
    const lost = { type: 'agentLost', atMs: T0 + 20_000, agentId: 'a', hungUp: false };
    expect(
      heard(
        answered,
        offered(5_100),
        bridged(5_200),
        lost,
        offered(21_000),
        bridged(21_100),
        ended(30_000, 'answered'),
      ),
    ).toEqual(['answered', 'connected 200', 'talkEnded 14800', 'talkEnded 8900']);
  });

  it('is a drop when the answer crosses our hang-up', () => {
    const shed = { type: 'hangUpRequested', atMs: T0 + 16_000, by: 'pacer' };
    expect(heard(leg('legRinging', 1_000), shed, leg('legAnswered', 16_050))).toEqual(['notAnswered', 'dropped 0']);
  });
});
