import type { EpochMs, LegId, PlaybackId, TrunkId } from '../ids.ts';
import { ignored, isIgnored, type Transition } from '../machine.ts';
import type {
  AgentLink,
  CallBase,
  CallDeadline,
  CallEffect,
  CallEvent,
  CallPolicy,
  CallState,
  CalleeLeg,
  DialJudgement,
  TalkSoFar,
} from './call-state.ts';
import { legTransition, progressAt, type LegEvent } from './leg-machine.ts';
import type { Outcome } from './outcome.ts';

/** How long past the ring time-out we trust the switch to end a dial by itself. */
export const RING_GUARD_MS = 5_000;
/** How long after our hang-up (or a playback's start) we wait for the switch to say that the leg is gone. */
export const ENDING_GUARD_MS = 10_000;
/** Longest drop message; a message that never reports its end is cut here. */
export const ANNOUNCEMENT_GUARD_MS = 30_000;
/** How long a bridge of two legs that are up may take before the agent is given back. */
export const BRIDGE_GUARD_MS = 3_000;

type Live = Exclude<CallState, { kind: 'ended' }>;
type WithCallee = Extract<CallState, { callee: CalleeLeg }>;
type Of<K extends CallState['kind']> = Extract<CallState, { kind: K }>;
type Result = Transition<CallState, CallEffect>;

/** Legal moves between kinds (staying is always legal). */
export const CALL_MOVES = {
  dialing: ['redialing', 'waiting', 'ending', 'ended'],
  redialing: ['dialing', 'ended'],
  waiting: ['connecting', 'announcing', 'ending', 'ended'],
  connecting: ['talking', 'waiting', 'announcing', 'ending', 'ended'],
  talking: ['waiting', 'announcing', 'ending', 'ended'],
  announcing: ['ending', 'ended'],
  ending: ['ended'],
  ended: [],
} satisfies Record<CallState['kind'], readonly CallState['kind'][]>;

/** The first state of a campaign call, whose first dial is written in the same commit, with the effects of its beginning. */
export const startCall = (
  base: Omit<CallBase, 'startedAtMs'>,
  dial: {
    readonly dialId: CalleeLeg['dialId'];
    readonly legId: LegId;
    readonly trunkId: TrunkId;
    readonly atMs: EpochMs;
  },
): { readonly state: Of<'dialing'>; readonly effects: readonly CallEffect[] } => ({
  state: { ...base, startedAtMs: dial.atMs, ...dialing(base.policy, dial) },
  effects: [{ type: 'originate', dialId: dial.dialId, trunkId: dial.trunkId }],
});

const dialing = (
  policy: CallPolicy,
  dial: { readonly dialId: CalleeLeg['dialId']; readonly legId: LegId; readonly atMs: EpochMs },
) => ({
  kind: 'dialing' as const,
  callee: { dialId: dial.dialId, legId: dial.legId, dialedAtMs: dial.atMs, leg: { phase: 'dialing' as const } },
  guardAtMs: dial.atMs + policy.ringTimeoutMs + RING_GUARD_MS,
});

/** The deadlines a state lives under; the runner keeps exactly one timer armed for each and none else. */
export const callDeadlines = (state: CallState): readonly { readonly name: CallDeadline; readonly atMs: EpochMs }[] => {
  switch (state.kind) {
    case 'dialing':
    case 'redialing':
      return [{ name: 'guard', atMs: state.guardAtMs }];
    case 'waiting':
      return [{ name: 'drop', atMs: state.dropAtMs }];
    // Once an agent is found, only that agent's time runs: nobody is dropped in the middle of being connected.
    case 'connecting':
    case 'announcing':
    case 'ending':
      return [{ name: 'giveUp', atMs: state.giveUpAtMs }];
    case 'talking':
    case 'ended':
      return [];
  }
};

/** The same state after the clock of the day jumped by `byMs`: what it waits for lies as far ahead as before. */
export const shiftCallDeadlines = (state: CallState, byMs: number): CallState => {
  switch (state.kind) {
    case 'dialing':
    case 'redialing':
      return { ...state, guardAtMs: state.guardAtMs + byMs };
    case 'waiting':
      return { ...state, dropAtMs: state.dropAtMs + byMs };
    case 'connecting':
      return { ...state, dropAtMs: state.dropAtMs + byMs, giveUpAtMs: state.giveUpAtMs + byMs };
    case 'announcing':
    case 'ending':
      return { ...state, giveUpAtMs: state.giveUpAtMs + byMs };
    case 'talking':
    case 'ended':
      return state;
  }
};

/** One event, one step. Pure and total: see `CallState` for the picture. */
export const callTransition = (state: CallState, event: CallEvent): Result => {
  if (state.kind === 'ended') return ignored('callEnded');
  switch (event.type) {
    case 'callee':
      return onCallee(state, event.legId, event.event, event.judgement);
    case 'dialRefused':
      return onDialRefused(state, event);
    case 'noTrace':
      return onNoTrace(state, event);
    case 'nextDial':
      if (state.kind !== 'redialing') return ignored('notRedialing');
      return {
        state: { ...baseOf(state), trunksLeft: event.trunksLeft, ...dialing(state.policy, event) },
        effects: [{ type: 'originate', dialId: event.dialId, trunkId: event.trunkId }],
      };
    case 'noNextDial':
      if (state.kind !== 'redialing') return ignored('notRedialing');
      return end(state, event.atMs, state.lastOutcome, 'noOtherTrunk');
    case 'agentOffered':
      return onAgentOffered(state, event);
    case 'agentAnswered':
      return onAgentAnswered(state, event);
    case 'agentUnavailable':
      if (state.kind !== 'connecting' || state.agent.agentId !== event.agentId) return ignored('notConnecting');
      return backToWaiting(state, event.atMs, event.reason);
    case 'bridged':
      return onBridged(state, event);
    case 'agentLost':
      return onAgentLost(state, event);
    case 'hangUpRequested':
      return onHangUpRequested(state, event);
    case 'holdRequested':
      if (state.kind !== 'talking' || state.held === event.held) return ignored('holdMeaningless');
      return {
        state: { ...state, held: event.held },
        effects: [{ type: 'hold', legId: state.callee.legId, held: event.held }],
      };
    case 'playbackFinished':
      if (state.kind !== 'announcing' || state.playbackId !== event.playbackId) return ignored('otherPlayback');
      return hangUp(state, event.atMs, state.outcome, state.detail);
    case 'deadline':
      return onDeadline(state, event.name, event.atMs);
  }
};

/** Deadlines come from timers; one that is early, late or of a state left behind changes nothing. */
const onDeadline = (state: Live, name: CallDeadline, atMs: EpochMs): Result => {
  const due = callDeadlines(state).find((d) => d.name === name);
  if (due === undefined || atMs < due.atMs) return ignored('staleDeadline');
  switch (state.kind) {
    case 'dialing':
      return hangUp(state, atMs, 'noAnswer', 'ringGuard');
    case 'redialing':
      return end(state, atMs, state.lastOutcome, 'nextDialNeverCame');
    case 'waiting':
      return drop(state, atMs, 'noAgentInTime');
    case 'connecting':
      return backToWaiting(state, atMs, 'agentDidNotConnect');
    case 'announcing':
      return hangUp(state, atMs, state.outcome, state.detail);
    case 'ending':
      // The switch never said that the leg is gone. Its slot must not be held for ever; a late `legEnded` is ignored.
      return end(state, atMs, state.outcome, `${state.detail}, endNotSeen`);
    case 'talking':
      return ignored('staleDeadline');
  }
};

const onCallee = (state: Live, legId: LegId, event: LegEvent, judgement: DialJudgement | undefined): Result => {
  if (!hasCallee(state) || state.callee.legId !== legId) return ignored('otherLeg');
  const moved = legTransition(state.callee.leg, event);
  if (isIgnored(moved)) return moved;
  const next = { ...state, callee: { ...state.callee, leg: moved.state } };
  if (moved.state.phase === 'ended')
    return onCalleeEnded(next, event.atMs, judgement ?? { outcome: 'failed', isFinal: true });
  if (moved.state.phase === 'up' && next.kind === 'dialing') {
    return {
      state: {
        ...baseOf(next),
        kind: 'waiting',
        callee: next.callee,
        answeredAtMs: moved.state.answeredAtMs,
        dropAtMs: moved.state.answeredAtMs + state.policy.agentWaitMs,
      },
      effects: [{ type: 'requestAgent', answeredAtMs: moved.state.answeredAtMs }],
    };
  }
  if (moved.state.phase === 'up' && next.kind === 'ending') {
    // The answer crossed our CANCEL: a person has picked up and will be hung up on. That is a drop, and is counted as one.
    return {
      state: { ...next, outcome: 'dropped', detail: 'answeredWhileHangingUp', answeredAtMs: moved.state.answeredAtMs },
      effects: [{ type: 'hangUp', legId, reason: 'normal' }],
    };
  }
  return { state: next, effects: [] };
};

const onCalleeEnded = (state: WithCallee, atMs: EpochMs, judgement: DialJudgement): Result => {
  const { leg } = state.callee;
  const bySwitch = leg.phase === 'ended' && leg.ending.by === 'switch';
  switch (state.kind) {
    case 'dialing': {
      if (leg.phase !== 'ended') return ignored('legNotEnded');
      if (judgement.isFinal || state.trunksLeft.length === 0) return end(state, atMs, judgement.outcome, 'dialEnded');
      return {
        state: {
          ...baseOf(state),
          kind: 'redialing',
          lastOutcome: judgement.outcome,
          lastEnding: leg.ending,
          guardAtMs: atMs + ENDING_GUARD_MS,
        },
        effects: [closeDial(state, atMs, judgement.outcome), { type: 'writeNextDial', trunksLeft: state.trunksLeft }],
      };
    }
    case 'waiting':
      // Nobody was there for a person who answered, however short the wait was: counted against us.
      return end(state, atMs, outcomeAfterTalk(state, 'dropped'), bySwitch ? 'switchDied' : 'hungUpWaiting');
    case 'connecting':
      return end(state, atMs, outcomeAfterTalk(state, 'dropped'), bySwitch ? 'switchDied' : 'hungUpConnecting');
    case 'talking':
      return end(state, atMs, 'answered', bySwitch ? 'switchDied' : 'calleeHungUp');
    case 'announcing':
    case 'ending':
      return end(state, atMs, state.outcome, state.detail);
  }
};

const onDialRefused = (state: Live, event: Extract<CallEvent, { type: 'dialRefused' }>): Result => {
  if (!hasCallee(state) || state.callee.legId !== event.legId) return ignored('otherLeg');
  if (state.kind === 'ending') return end(state, event.atMs, state.outcome, state.detail);
  if (state.kind !== 'dialing' || state.callee.leg.phase !== 'dialing') return ignored('refusalAfterProgress');
  if (state.trunksLeft.length === 0) return end(state, event.atMs, 'failed', `refused, ${event.refusal.code}`);
  return {
    state: {
      ...baseOf(state),
      kind: 'redialing',
      lastOutcome: 'failed',
      lastEnding: { cause: 0, by: 'switch', text: event.refusal.text },
      guardAtMs: event.atMs + ENDING_GUARD_MS,
    },
    effects: [closeDial(state, event.atMs, 'failed'), { type: 'writeNextDial', trunksLeft: state.trunksLeft }],
  };
};

const onNoTrace = (state: Live, event: Extract<CallEvent, { type: 'noTrace' }>): Result => {
  if (!hasCallee(state) || state.callee.legId !== event.legId) return ignored('otherLeg');
  const leg = state.callee.leg;
  // What was seen before the crash stays true; only what nobody saw is unknown.
  if (state.kind === 'talking') return end(state, event.atMs, 'answered', 'endNotSeen');
  if (state.kind === 'announcing' || state.kind === 'ending')
    return end(state, event.atMs, state.outcome, `${state.detail}, endNotSeen`);
  if (leg.phase === 'up') return end(state, event.atMs, outcomeAfterTalk(state, 'dropped'), 'answeredWithNobodyThere');
  return end(state, event.atMs, 'unknown', 'noTraceAtSwitch');
};

const onAgentOffered = (state: Live, event: Extract<CallEvent, { type: 'agentOffered' }>): Result => {
  const { agent } = event;
  // Whoever reserved the agent must get it back, whatever has become of the call meanwhile.
  if (state.kind !== 'waiting') {
    return {
      state,
      effects: [{ type: 'releaseAgent', agentId: agent.agentId, talked: false, reason: 'callNoLongerWaits' }],
    };
  }
  const common = {
    ...baseOf(state),
    kind: 'connecting' as const,
    callee: state.callee,
    answeredAtMs: state.answeredAtMs,
    agent,
    ...(state.talkedBefore === undefined ? {} : { talkedBefore: state.talkedBefore }),
  };
  if (agent.stationUp) {
    return {
      state: { ...common, dropAtMs: state.dropAtMs, giveUpAtMs: event.atMs + BRIDGE_GUARD_MS },
      effects: [{ type: 'bridge', agent, calleeLegId: state.callee.legId, record: state.policy.record }],
    };
  }
  return {
    // A phone rung per call takes its time; the campaign chose that, so the wait is the agent's ring time.
    state: { ...common, dropAtMs: state.dropAtMs, giveUpAtMs: event.atMs + state.policy.agentRingMs },
    effects: [{ type: 'ringAgent', agent, ringTimeoutMs: state.policy.agentRingMs }],
  };
};

const onAgentAnswered = (state: Live, event: Extract<CallEvent, { type: 'agentAnswered' }>): Result => {
  if (state.kind !== 'connecting' || state.agent.agentLegId !== event.agentLegId) return ignored('notConnecting');
  if (state.agent.stationUp) return ignored('alreadyBridging');
  const agent: AgentLink = { ...state.agent, stationUp: true };
  return {
    state: { ...state, agent, giveUpAtMs: event.atMs + BRIDGE_GUARD_MS },
    effects: [{ type: 'bridge', agent, calleeLegId: state.callee.legId, record: state.policy.record }],
  };
};

const onBridged = (state: Live, event: Extract<CallEvent, { type: 'bridged' }>): Result => {
  const stray =
    event.recordingId === undefined ? [] : [{ type: 'stopRecording' as const, recordingId: event.recordingId }];
  if (state.kind !== 'connecting' || state.agent.bridgeId !== event.bridgeId) {
    return stray.length === 0 ? ignored('notConnecting') : { state, effects: stray };
  }
  return {
    state: {
      ...baseOf(state),
      kind: 'talking',
      callee: state.callee,
      answeredAtMs: state.answeredAtMs,
      agent: { ...state.agent, stationUp: true },
      bridgedAtMs: event.atMs,
      held: false,
      ...(event.recordingId === undefined ? {} : { recordingId: event.recordingId }),
    },
    effects: [],
  };
};

const onAgentLost = (state: Live, event: Extract<CallEvent, { type: 'agentLost' }>): Result => {
  if (state.kind === 'connecting' && state.agent.agentId === event.agentId)
    return backToWaiting(state, event.atMs, 'agentLost');
  if (state.kind !== 'talking' || state.agent.agentId !== event.agentId) return ignored('notThisAgent');
  const talkedBefore: TalkSoFar = { agentId: state.agent.agentId, bridgedAtMs: state.bridgedAtMs };
  const left: CallEffect[] = [
    ...(state.recordingId === undefined ? [] : [{ type: 'stopRecording' as const, recordingId: state.recordingId }]),
    { type: 'releaseAgent', agentId: state.agent.agentId, talked: true, reason: 'agentLost' },
  ];
  if (event.hungUp) return hangUp(state, event.atMs, 'answered', 'agentHungUp');
  const policy = state.policy.onAgentLost;
  const waiting: Of<'waiting'> = {
    ...baseOf(state),
    kind: 'waiting',
    callee: state.callee,
    answeredAtMs: state.answeredAtMs,
    dropAtMs: event.atMs + (policy.kind === 'anotherAgent' ? policy.waitMs : 0),
    talkedBefore,
  };
  if (policy.kind === 'message') return announce(waiting, event.atMs, policy.message, 'answered', 'agentLost', left);
  return {
    state: waiting,
    effects: [
      ...left,
      { type: 'play', playbackId: holdPlayback(state), legId: state.callee.legId, prompt: policy.message },
      { type: 'requestAgent', answeredAtMs: state.answeredAtMs },
    ],
  };
};

/** The playback that a callee hears who waits for another agent. */
export const holdPlayback = (state: CallBase): PlaybackId => `${state.callId}-hold` as PlaybackId;

const onHangUpRequested = (state: Live, event: Extract<CallEvent, { type: 'hangUpRequested' }>): Result => {
  const detail = `hungUpBy${event.by[0]?.toUpperCase() ?? ''}${event.by.slice(1)}`;
  switch (state.kind) {
    case 'dialing':
      // A line that the pacer sheds has rung as long as the rules ask: nobody answered it in that time.
      return hangUp(state, event.atMs, event.by === 'pacer' ? 'noAnswer' : 'cancelled', detail);
    case 'redialing':
      return end(state, event.atMs, 'cancelled', detail);
    case 'waiting':
    case 'connecting':
      // Hanging up on a person who waits is a drop; a campaign that stops lets them hear the message instead.
      return event.by === 'supervisor'
        ? hangUp(state, event.atMs, outcomeAfterTalk(state, 'dropped'), detail)
        : ignored('calleeWaits');
    case 'talking':
      // A campaign that stops, or a pacer that sheds lines, lets people finish what they are saying.
      return isOfPerson(event.by) ? hangUp(state, event.atMs, 'answered', detail) : ignored('talkGoesOn');
    case 'announcing':
      return isOfPerson(event.by) ? hangUp(state, event.atMs, state.outcome, state.detail) : ignored('calleeListens');
    case 'ending':
      return ignored('alreadyEnding');
  }
};

const isOfPerson = (by: Extract<CallEvent, { type: 'hangUpRequested' }>['by']): boolean =>
  by === 'agent' || by === 'supervisor';

/**
 * The agent could not be had. Within the callee's time another may be found; past it, only a phone that did not answer
 * leads to another try (its agent is paused, so the tries end). A bridge that fails would fail for ever.
 */
const backToWaiting = (state: Of<'connecting'>, atMs: EpochMs, reason: string): Result => {
  const released: CallEffect = { type: 'releaseAgent', agentId: state.agent.agentId, talked: false, reason };
  const waiting: Of<'waiting'> = {
    ...baseOf(state),
    kind: 'waiting',
    callee: state.callee,
    answeredAtMs: state.answeredAtMs,
    dropAtMs: Math.max(state.dropAtMs, atMs),
    ...(state.talkedBefore === undefined ? {} : { talkedBefore: state.talkedBefore }),
  };
  if (state.agent.stationUp && atMs >= state.dropAtMs) return drop(waiting, atMs, 'noAgentInTime', [released]);
  return { state: waiting, effects: [released, { type: 'requestAgent', answeredAtMs: state.answeredAtMs }] };
};

const drop = (state: Of<'waiting'>, atMs: EpochMs, detail: string, before: readonly CallEffect[] = []): Result =>
  announce(state, atMs, state.policy.dropPrompt, outcomeAfterTalk(state, 'dropped'), detail, before);

const announce = (
  state: Of<'waiting'>,
  atMs: EpochMs,
  prompt: string | null,
  outcome: Outcome,
  detail: string,
  before: readonly CallEffect[],
): Result => {
  if (prompt === null) {
    const ending = hangUp(state, atMs, outcome, detail);
    if (isIgnored(ending)) return ending;
    return { state: ending.state, effects: [...before, ...ending.effects] };
  }
  const playbackId = `${state.callId}-drop` as PlaybackId;
  return {
    state: {
      ...baseOf(state),
      kind: 'announcing',
      callee: state.callee,
      answeredAtMs: state.answeredAtMs,
      playbackId,
      outcome,
      detail,
      giveUpAtMs: atMs + ANNOUNCEMENT_GUARD_MS,
      ...(state.talkedBefore === undefined ? {} : { talkedBefore: state.talkedBefore }),
    },
    effects: [...before, { type: 'withdrawRequest' }, { type: 'play', playbackId, legId: state.callee.legId, prompt }],
  };
};

/** Hang up the callee and wait for the switch to say so; gives back what the state holds. */
const hangUp = (state: WithCallee, atMs: EpochMs, outcome: Outcome, detail: string): Result => {
  const talk = talkOf(state);
  const answeredAtMs = 'answeredAtMs' in state ? state.answeredAtMs : undefined;
  return {
    state: {
      ...baseOf(state),
      kind: 'ending',
      callee: state.callee,
      outcome,
      detail,
      giveUpAtMs: atMs + ENDING_GUARD_MS,
      ...(answeredAtMs === undefined ? {} : { answeredAtMs }),
      ...(talk === undefined ? {} : { talk }),
    },
    effects: [
      ...letGo(state, detail),
      { type: 'hangUp', legId: state.callee.legId, reason: outcome === 'noAnswer' ? 'noAnswer' : 'normal' },
    ],
  };
};

/** The call is over: give back everything the state holds, close the dial and settle the attempt, once. */
const end = (state: Live, atMs: EpochMs, outcome: Outcome, detail: string): Result => {
  const talk = talkOf(state);
  const answeredAtMs = 'answeredAtMs' in state ? state.answeredAtMs : undefined;
  return {
    state: { ...baseOf(state), kind: 'ended', outcome, detail, endedAtMs: atMs },
    effects: [
      ...letGo(state, detail),
      ...(hasCallee(state) ? [closeDial(state, atMs, outcome)] : []),
      {
        type: 'settle',
        atMs,
        outcome,
        detail,
        ...(answeredAtMs === undefined ? {} : { answeredAtMs }),
        ...(talk === undefined ? {} : { talk }),
      },
    ],
  };
};

/** What a state holds of others, as effects that give it back. */
const letGo = (state: Live, reason: string): CallEffect[] => {
  switch (state.kind) {
    case 'waiting':
      return [{ type: 'withdrawRequest' }];
    case 'connecting':
      return [{ type: 'releaseAgent', agentId: state.agent.agentId, talked: false, reason }];
    case 'talking':
      return [
        ...(state.recordingId === undefined
          ? []
          : [{ type: 'stopRecording' as const, recordingId: state.recordingId }]),
        { type: 'releaseAgent', agentId: state.agent.agentId, talked: true, reason },
      ];
    case 'dialing':
    case 'redialing':
    case 'announcing':
    case 'ending':
      return [];
  }
};

const closeDial = (state: WithCallee, atMs: EpochMs, outcome: Outcome): CallEffect => {
  const { leg } = state.callee;
  const progressAtMs = progressAt(leg);
  const answeredAtMs = leg.phase === 'up' ? leg.answeredAtMs : leg.phase === 'ended' ? leg.answeredAtMs : undefined;
  return {
    type: 'closeDial',
    dialId: state.callee.dialId,
    atMs,
    outcome,
    ...(leg.phase === 'ended' ? { ending: leg.ending } : {}),
    ...(progressAtMs === undefined ? {} : { progressAtMs }),
    ...(answeredAtMs === undefined ? {} : { answeredAtMs }),
  };
};

/** Who once talked in this call was reached, whatever came after. */
const outcomeAfterTalk = (state: Live, otherwise: Outcome): Outcome =>
  'talkedBefore' in state && state.talkedBefore !== undefined ? 'answered' : otherwise;

const talkOf = (state: Live): TalkSoFar | undefined => {
  if (state.kind === 'talking') return { agentId: state.agent.agentId, bridgedAtMs: state.bridgedAtMs };
  if (state.kind === 'ending') return state.talk;
  return 'talkedBefore' in state ? state.talkedBefore : undefined;
};

const hasCallee = (state: Live): state is WithCallee & Live => state.kind !== 'redialing';

const baseOf = (state: CallBase): CallBase => ({
  callId: state.callId,
  campaignId: state.campaignId,
  attemptId: state.attemptId,
  policy: state.policy,
  trunksLeft: state.trunksLeft,
  startedAtMs: state.startedAtMs,
});
