import type { AgentId, BridgeId, CallId, EpochMs, LegId } from '../ids.ts';
import { ignored, InvalidStateError, isIgnored, type Transition } from '../machine.ts';
import type { LegEnding } from '../call/hangup.ts';

/** How an agent's phone is reached, fixed while logged in. */
export type StationMode = 'keptUp' | 'perCall';

/** The agent's standing connection. `down` with mode `perCall` is its resting state; with `keptUp` it is a fault or a beginning. */
export type Station =
  | { readonly phase: 'down'; readonly mode: StationMode }
  | { readonly phase: 'ringing'; readonly mode: StationMode; readonly legId: LegId; readonly giveUpAtMs: EpochMs }
  | { readonly phase: 'up'; readonly mode: StationMode; readonly legId: LegId };

/** What happens after the present call. */
export type AfterCall =
  { readonly kind: 'ready' } | { readonly kind: 'pause'; readonly reason: string } | { readonly kind: 'logOut' };

export type AgentBase = {
  readonly agentId: AgentId;
  readonly bridgeId: BridgeId;
  readonly station: Station;
  readonly sinceMs: EpochMs;
};

/**
 * A person who takes calls.
 *
 * ```
 *                logIn            station up (or per call)
 *   loggedOut ─────────► connecting ─────────► paused ◄────────┐
 *       ▲                    │                  │  ▲           │ pause
 *       │ logOut             ▼ station failed   ▼  │ pause     │
 *       ├──────────────── loggedOut            ready ──► reserved ──► talking ──► wrapUp ──► ready | paused | loggedOut
 *       │                                       ▲  assigned │  bridged      released     │
 *       │                                       └───────────┘                            │
 *       │                                         released, not talked                   │
 *       └────────────────────────────────────────────────────────────────────────────────┘
 * ```
 */
export type AgentState =
  | (AgentBase & { readonly kind: 'loggedOut' })
  /** Logged in; the station is being set up for the first time. */
  | (AgentBase & { readonly kind: 'connecting' })
  /** Takes no calls. `reason` is a pause code, or `stationLost`. */
  | (AgentBase & { readonly kind: 'paused'; readonly reason: string })
  /** Free for the next call. */
  | (AgentBase & { readonly kind: 'ready' })
  /** A waiting call has been given to this agent and is being connected. */
  | (AgentBase & { readonly kind: 'reserved'; readonly callId: CallId; readonly after: AfterCall })
  | (AgentBase & {
      readonly kind: 'talking';
      readonly callId: CallId;
      readonly after: AfterCall;
      readonly bridgedAtMs: EpochMs;
    })
  /** After-call work on `callId`. `endsAtMs` absent: until the agent ends it. `wrapUpMs` is the campaign's, kept for prolonging. */
  | (AgentBase & {
      readonly kind: 'wrapUp';
      readonly callId: CallId;
      readonly after: AfterCall;
      readonly talkMs: number;
      readonly endsAtMs?: EpochMs;
    });

export type AgentEvent =
  | {
      readonly type: 'logIn';
      readonly atMs: EpochMs;
      readonly mode: StationMode;
      readonly legId: LegId;
      readonly ringTimeoutMs: number;
    }
  | { readonly type: 'logOut'; readonly atMs: EpochMs }
  | { readonly type: 'ready'; readonly atMs: EpochMs; readonly legId: LegId; readonly ringTimeoutMs: number }
  | { readonly type: 'pause'; readonly atMs: EpochMs; readonly reason: string }
  /** The browser or phone registered again: a station that should be up is rung again. */
  | { readonly type: 'phoneRegistered'; readonly atMs: EpochMs; readonly legId: LegId; readonly ringTimeoutMs: number }
  | { readonly type: 'stationAnswered'; readonly atMs: EpochMs; readonly legId: LegId }
  | { readonly type: 'stationEnded'; readonly atMs: EpochMs; readonly legId: LegId; readonly ending: LegEnding }
  /** The router gave a call to this agent. */
  | { readonly type: 'assigned'; readonly atMs: EpochMs; readonly callId: CallId }
  /** The call rings this agent's phone (station per call). */
  | {
      readonly type: 'ring';
      readonly atMs: EpochMs;
      readonly callId: CallId;
      readonly legId: LegId;
      readonly ringTimeoutMs: number;
    }
  | { readonly type: 'callBridged'; readonly atMs: EpochMs; readonly callId: CallId }
  | {
      readonly type: 'callReleased';
      readonly atMs: EpochMs;
      readonly callId: CallId;
      readonly talked: boolean;
      readonly wrapUpMs: number | null;
      readonly reason: string;
    }
  /** The result is written. */
  | { readonly type: 'disposed'; readonly atMs: EpochMs; readonly callId: CallId }
  | { readonly type: 'deadline'; readonly atMs: EpochMs; readonly name: AgentDeadline };

export type AgentDeadline = 'stationRing' | 'wrapUp';

export type AgentEffect =
  | { readonly type: 'ringStation'; readonly legId: LegId; readonly ringTimeoutMs: number }
  | { readonly type: 'hangUpStation'; readonly legId: LegId }
  /** Create (if need be) the station's bridge and put the leg in. */
  | { readonly type: 'parkStation'; readonly legId: LegId; readonly bridgeId: BridgeId }
  | { readonly type: 'closeBridge'; readonly bridgeId: BridgeId }
  /** Tell the call that its agent's phone is up / gone. */
  | { readonly type: 'tellAgentAnswered'; readonly callId: CallId; readonly legId: LegId }
  | { readonly type: 'tellAgentUnavailable'; readonly callId: CallId; readonly reason: string }
  | { readonly type: 'tellAgentLost'; readonly callId: CallId; readonly hungUp: boolean }
  /** Free or no longer free for the router. */
  | { readonly type: 'offer'; readonly sinceMs: EpochMs }
  | { readonly type: 'withdraw' };

type Result = Transition<AgentState, AgentEffect>;
type Of<K extends AgentState['kind']> = Extract<AgentState, { kind: K }>;

/** Legal moves between kinds (staying is always legal). */
export const AGENT_MOVES = {
  loggedOut: ['connecting', 'paused'],
  connecting: ['paused', 'loggedOut'],
  paused: ['ready', 'loggedOut'],
  ready: ['paused', 'reserved', 'loggedOut'],
  reserved: ['ready', 'paused', 'talking', 'loggedOut'],
  talking: ['wrapUp', 'ready', 'paused', 'loggedOut'],
  wrapUp: ['ready', 'paused', 'loggedOut'],
} satisfies Record<AgentState['kind'], readonly AgentState['kind'][]>;

/** The pause reason of an agent whose standing connection broke. */
export const STATION_LOST = 'stationLost';
/** The pause reason right after log-in. */
export const JUST_LOGGED_IN = 'justLoggedIn';

/** An agent at rest. */
export const loggedOutAgent = (agentId: AgentId, bridgeId: BridgeId, atMs: EpochMs): Of<'loggedOut'> => ({
  kind: 'loggedOut',
  agentId,
  bridgeId,
  station: { phase: 'down', mode: 'keptUp' },
  sinceMs: atMs,
});

/** The deadlines a state lives under; the runner keeps exactly one timer armed for each and none else. */
export const agentDeadlines = (
  state: AgentState,
): readonly { readonly name: AgentDeadline; readonly atMs: EpochMs }[] => [
  ...(state.station.phase === 'ringing' ? [{ name: 'stationRing' as const, atMs: state.station.giveUpAtMs }] : []),
  ...(state.kind === 'wrapUp' && state.endsAtMs !== undefined
    ? [{ name: 'wrapUp' as const, atMs: state.endsAtMs }]
    : []),
];

/** The same state after the clock of the day jumped by `byMs`: what it waits for lies as far ahead as before. */
export const shiftAgentDeadlines = (state: AgentState, byMs: number): AgentState => {
  const { station } = state;
  const shifted =
    station.phase === 'ringing' ? { ...state, station: { ...station, giveUpAtMs: station.giveUpAtMs + byMs } } : state;
  return shifted.kind === 'wrapUp' && shifted.endsAtMs !== undefined
    ? { ...shifted, endsAtMs: shifted.endsAtMs + byMs }
    : shifted;
};

/** Whether this agent could take a call now. */
export const isFree = (state: AgentState): boolean =>
  state.kind === 'ready' && (state.station.phase === 'up' || state.station.mode === 'perCall');

/**
 * One event, one step. Events of switch and engine in a wrong state are ignored; commands of a person (`logIn`, `ready`,
 * `pause`, `logOut`, `disposed`) in a wrong state throw `InvalidStateError`.
 */
export const agentTransition = (state: AgentState, event: AgentEvent): Result => {
  switch (event.type) {
    case 'logIn':
      return onLogIn(state, event);
    case 'logOut':
      return onLogOut(state, event.atMs);
    case 'ready':
      return onReady(state, event);
    case 'pause':
      return onPause(state, event.atMs, event.reason);
    case 'phoneRegistered':
      if (state.kind === 'loggedOut' || state.station.phase !== 'down' || state.station.mode === 'perCall')
        return ignored('noStationWanted');
      return { state: { ...state, station: ringing(state.station.mode, event) }, effects: [ringEffect(event)] };
    case 'stationAnswered':
      return onStationAnswered(state, event);
    case 'stationEnded':
      return onStationEnded(state, event);
    case 'assigned':
      if (!isFree(state)) return ignored('notFree');
      return {
        state: { ...base(state, event.atMs), kind: 'reserved', callId: event.callId, after: { kind: 'ready' } },
        effects: [{ type: 'withdraw' }],
      };
    case 'ring':
      if (state.kind !== 'reserved' || state.callId !== event.callId || state.station.phase !== 'down')
        return ignored('notReserved');
      return { state: { ...state, station: ringing(state.station.mode, event) }, effects: [ringEffect(event)] };
    case 'callBridged':
      if (state.kind !== 'reserved' || state.callId !== event.callId) return ignored('notReserved');
      return {
        state: {
          ...base(state, event.atMs),
          kind: 'talking',
          callId: state.callId,
          after: state.after,
          bridgedAtMs: event.atMs,
        },
        effects: [],
      };
    case 'callReleased':
      return onCallReleased(state, event);
    case 'disposed':
      if (state.kind === 'wrapUp' && state.callId === event.callId) return goOn(state, state.after, event.atMs);
      return ignored('notWrappingUp');
    case 'deadline':
      return onDeadline(state, event);
  }
};

const onLogIn = (state: AgentState, event: Extract<AgentEvent, { type: 'logIn' }>): Result => {
  if (state.kind !== 'loggedOut') {
    // A person who comes back to a browser that was closed: nothing but a lost station to mend.
    if (state.station.phase === 'down' && state.station.mode === 'keptUp') {
      return { state: { ...state, station: ringing('keptUp', event) }, effects: [ringEffect(event)] };
    }
    return ignored('alreadyLoggedIn');
  }
  if (event.mode === 'perCall') {
    return {
      state: {
        ...base(state, event.atMs),
        station: { phase: 'down', mode: 'perCall' },
        kind: 'paused',
        reason: JUST_LOGGED_IN,
      },
      effects: [],
    };
  }
  return {
    state: { ...base(state, event.atMs), station: ringing('keptUp', event), kind: 'connecting' },
    effects: [ringEffect(event)],
  };
};

const onLogOut = (state: AgentState, atMs: EpochMs): Result => {
  switch (state.kind) {
    case 'loggedOut':
      return ignored('alreadyLoggedOut');
    case 'connecting':
    case 'paused':
    case 'ready':
    case 'wrapUp':
      return goOn(state, { kind: 'logOut' }, atMs);
    case 'reserved':
    case 'talking':
      return { state: { ...state, after: { kind: 'logOut' } }, effects: [] };
  }
};

const onReady = (state: AgentState, event: Extract<AgentEvent, { type: 'ready' }>): Result => {
  switch (state.kind) {
    case 'paused':
    case 'wrapUp':
      if (state.station.phase === 'down' && state.station.mode === 'keptUp') {
        // Ready with a broken station would be a promise nobody can keep: ring it, and the person presses ready again.
        throw new InvalidStateError('agent', 'without a station', 'ready');
      }
      if (state.station.phase === 'ringing') throw new InvalidStateError('agent', 'connecting', 'ready');
      return goOn(state, { kind: 'ready' }, event.atMs);
    case 'ready':
      return ignored('alreadyReady');
    case 'reserved':
    case 'talking':
      return { state: { ...state, after: { kind: 'ready' } }, effects: [] };
    case 'loggedOut':
    case 'connecting':
      throw new InvalidStateError('agent', state.kind, 'ready');
  }
};

const onPause = (state: AgentState, atMs: EpochMs, reason: string): Result => {
  switch (state.kind) {
    case 'paused':
    case 'ready':
    case 'wrapUp':
      return goOn(state, { kind: 'pause', reason }, atMs);
    case 'reserved':
    case 'talking':
      return { state: { ...state, after: { kind: 'pause', reason } }, effects: [] };
    case 'loggedOut':
    case 'connecting':
      throw new InvalidStateError('agent', state.kind, 'pause');
  }
};

const onStationAnswered = (state: AgentState, event: Extract<AgentEvent, { type: 'stationAnswered' }>): Result => {
  if (state.station.phase !== 'ringing' || state.station.legId !== event.legId) return ignored('otherStationLeg');
  const station: Station = { phase: 'up', mode: state.station.mode, legId: event.legId };
  const park: AgentEffect = { type: 'parkStation', legId: event.legId, bridgeId: state.bridgeId };
  switch (state.kind) {
    case 'connecting':
      return {
        state: { ...base(state, event.atMs), station, kind: 'paused', reason: JUST_LOGGED_IN },
        effects: [park],
      };
    case 'reserved':
      return {
        state: { ...state, station },
        effects: [park, { type: 'tellAgentAnswered', callId: state.callId, legId: event.legId }],
      };
    case 'paused':
      return {
        state: { ...state, station, reason: state.reason === STATION_LOST ? JUST_LOGGED_IN : state.reason },
        effects: [park],
      };
    case 'ready':
      return { state: { ...state, station }, effects: [park, { type: 'offer', sinceMs: state.sinceMs }] };
    case 'talking':
    case 'wrapUp':
      return { state: { ...state, station }, effects: [park] };
    case 'loggedOut':
      return { state, effects: [{ type: 'hangUpStation', legId: event.legId }] };
  }
};

const onStationEnded = (state: AgentState, event: Extract<AgentEvent, { type: 'stationEnded' }>): Result => {
  if (state.station.phase === 'down' || state.station.legId !== event.legId) return ignored('otherStationLeg');
  const { mode } = state.station;
  const station: Station = { phase: 'down', mode };
  const hungUp = mode === 'perCall' && event.ending.by === 'them';
  switch (state.kind) {
    case 'loggedOut':
      return { state: { ...state, station }, effects: [] };
    case 'connecting':
      return {
        state: { ...base(state, event.atMs), station, kind: 'loggedOut' },
        effects: [{ type: 'closeBridge', bridgeId: state.bridgeId }],
      };
    case 'paused':
      return { state: { ...state, station, reason: mode === 'keptUp' ? STATION_LOST : state.reason }, effects: [] };
    case 'ready':
      if (mode === 'perCall') return { state: { ...state, station }, effects: [] };
      return {
        state: { ...base(state, event.atMs), station, kind: 'paused', reason: STATION_LOST },
        effects: [{ type: 'withdraw' }],
      };
    case 'reserved':
      // The call gives us back by `callReleased`; until then we stay reserved, so that nobody else is offered.
      return {
        state: { ...state, station, after: mode === 'keptUp' ? lostAfter(state.after) : state.after },
        effects: [{ type: 'tellAgentUnavailable', callId: state.callId, reason: 'agentPhoneEnded' }],
      };
    case 'talking':
      return {
        state: { ...state, station, after: mode === 'keptUp' ? lostAfter(state.after) : state.after },
        effects: [{ type: 'tellAgentLost', callId: state.callId, hungUp }],
      };
    case 'wrapUp':
      return {
        state: { ...state, station, after: mode === 'keptUp' ? lostAfter(state.after) : state.after },
        effects: [],
      };
  }
};

const lostAfter = (after: AfterCall): AfterCall =>
  after.kind === 'ready' ? { kind: 'pause', reason: STATION_LOST } : after;

const onCallReleased = (state: AgentState, event: Extract<AgentEvent, { type: 'callReleased' }>): Result => {
  if ((state.kind !== 'reserved' && state.kind !== 'talking') || state.callId !== event.callId)
    return ignored('notInThisCall');
  const { station, perCallLeg } = letPhoneGo(state.station);
  const free = { ...state, station };
  if (!event.talked || free.kind === 'reserved') {
    // An agent whose phone did not answer is not offered the next call: it would be lost the same way.
    const after: AfterCall =
      event.reason === 'agentPhoneEnded' || event.reason === 'agentDidNotConnect' ? lostOrPause(free) : free.after;
    return withEffects(perCallLeg, goOn(free, after, event.atMs));
  }
  if (event.wrapUpMs === 0) return withEffects(perCallLeg, goOn(free, free.after, event.atMs));
  return {
    state: {
      ...base(free, event.atMs),
      kind: 'wrapUp',
      callId: free.callId,
      after: free.after,
      talkMs: event.atMs - free.bridgedAtMs,
      ...(event.wrapUpMs === null ? {} : { endsAtMs: event.atMs + event.wrapUpMs }),
    },
    effects: perCallLeg,
  };
};

/**
 * A phone that was rung for one call is hung up with it, ringing or answered, and is no station from that moment: the
 * next call rings it anew instead of being bridged to a leg that is going.
 */
const letPhoneGo = (station: Station): { readonly station: Station; readonly perCallLeg: readonly AgentEffect[] } =>
  station.mode === 'perCall' && station.phase !== 'down'
    ? {
        station: { phase: 'down', mode: 'perCall' },
        perCallLeg: [{ type: 'hangUpStation', legId: station.legId }],
      }
    : { station, perCallLeg: [] };

const withEffects = (first: readonly AgentEffect[], result: Result): Result =>
  isIgnored(result) ? result : { state: result.state, effects: [...first, ...result.effects] };

const lostOrPause = (state: Of<'reserved'> | Of<'talking'>): AfterCall =>
  state.after.kind === 'ready'
    ? { kind: 'pause', reason: state.station.mode === 'keptUp' ? STATION_LOST : 'noAnswer' }
    : state.after;

const onDeadline = (state: AgentState, event: Extract<AgentEvent, { type: 'deadline' }>): Result => {
  const due = agentDeadlines(state).find((d) => d.name === event.name);
  if (due === undefined || event.atMs < due.atMs) return ignored('staleDeadline');
  if (event.name === 'wrapUp')
    return state.kind === 'wrapUp' ? goOn(state, state.after, event.atMs) : ignored('staleDeadline');
  if (state.station.phase !== 'ringing') return ignored('staleDeadline');
  // The switch keeps the ring time; this is for a switch that says nothing.
  const { legId, mode } = state.station;
  const ended = onStationEnded(state, {
    type: 'stationEnded',
    atMs: event.atMs,
    legId,
    ending: { cause: 19, by: 'us' },
  });
  return 'ignored' in ended
    ? { state: { ...state, station: { phase: 'down', mode } }, effects: [{ type: 'hangUpStation', legId }] }
    : { state: ended.state, effects: [{ type: 'hangUpStation', legId }, ...ended.effects] };
};

/** Leaves a call, a pause or wrap-up for what was chosen. */
const goOn = (state: Exclude<AgentState, { kind: 'loggedOut' }>, after: AfterCall, atMs: EpochMs): Result => {
  const wasOffered = state.kind === 'ready';
  const withdraw: AgentEffect[] = wasOffered ? [{ type: 'withdraw' }] : [];
  switch (after.kind) {
    case 'ready': {
      if (wasOffered) return ignored('alreadyReady');
      if (state.station.phase !== 'up' && state.station.mode === 'keptUp') {
        return { state: { ...base(state, atMs), kind: 'paused', reason: STATION_LOST }, effects: [] };
      }
      return { state: { ...base(state, atMs), kind: 'ready' }, effects: [{ type: 'offer', sinceMs: atMs }] };
    }
    case 'pause':
      return { state: { ...base(state, atMs), kind: 'paused', reason: after.reason }, effects: withdraw };
    case 'logOut':
      return {
        state: { ...base(state, atMs), kind: 'loggedOut' },
        effects: [
          ...withdraw,
          ...(state.station.phase === 'down' ? [] : [{ type: 'hangUpStation' as const, legId: state.station.legId }]),
          { type: 'closeBridge', bridgeId: state.bridgeId },
        ],
      };
  }
};

const ringing = (
  mode: StationMode,
  event: { readonly legId: LegId; readonly atMs: EpochMs; readonly ringTimeoutMs: number },
): Station => ({
  phase: 'ringing',
  mode,
  legId: event.legId,
  giveUpAtMs: event.atMs + event.ringTimeoutMs + STATION_GUARD_MS,
});

/** How long past its ring time-out a station's ringing leg is still believed in. */
const STATION_GUARD_MS = 5_000;

const ringEffect = (event: { readonly legId: LegId; readonly ringTimeoutMs: number }): AgentEffect => ({
  type: 'ringStation',
  legId: event.legId,
  ringTimeoutMs: event.ringTimeoutMs,
});

const base = (state: AgentState, sinceMs: EpochMs): AgentBase => ({
  agentId: state.agentId,
  bridgeId: state.bridgeId,
  station: state.station,
  sinceMs,
});
