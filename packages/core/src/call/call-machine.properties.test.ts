import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentId, DialId, EpochMs, LegId, PlaybackId, RecordingId } from '../ids.ts';
import { isIgnored } from '../machine.ts';
import { byThem, dialingCall, sampleAgent, sampleDial, T0 } from '../testing/call-samples.ts';
import { CALL_MOVES, callDeadlines, callTransition } from './call-machine.ts';
import type { AgentLink, CallEffect, CallEvent, CallPolicy, CallState } from './call-state.ts';
import type { LegEvent } from './leg-machine.ts';
import { OUTCOMES } from './outcome.ts';

/** Nothing that a call waits for by itself takes longer than this. */
const LONGEST_ENDING_MS = 120_000;

const policies: fc.Arbitrary<Partial<CallPolicy>> = fc.record({
  record: fc.boolean(),
  dropPrompt: fc.constantFrom(null, 'drop'),
  onAgentLost: fc.constantFrom(
    { kind: 'anotherAgent' as const, waitMs: 20_000, message: 'hold' },
    { kind: 'message' as const, message: 'sorry' },
  ),
});

const outcomes = fc.constantFrom(...OUTCOMES);
const agentNumbers = fc.integer({ min: 1, max: 3 });

/** The agent the call is with (most of the time, or a run would get nowhere), or any. */
const agents: fc.Arbitrary<(state: CallState) => AgentLink> = fc
  .tuple(fc.integer({ min: 0, max: 3 }), agentNumbers)
  .map(
    ([other, n]) =>
      (state) =>
        'agent' in state && other > 0 ? state.agent : sampleAgent(n),
  );

/** The leg the call is about, or any. */
const legs: fc.Arbitrary<(state: CallState) => LegId> = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 4 }))
  .map(
    ([other, n]) =>
      (state) =>
        'callee' in state && other > 0 ? state.callee.legId : sampleDial(n).legId,
  );

/** What may happen next, before it is given a time and, for offers and recordings, an identity. */
type Happening = { readonly afterMs: number; readonly make: (atMs: EpochMs, world: Ledger) => CallEvent | undefined };

const legEvents: fc.Arbitrary<(atMs: EpochMs) => LegEvent> = fc.constantFrom(
  (atMs: EpochMs): LegEvent => ({ type: 'legRinging', atMs }),
  (atMs: EpochMs): LegEvent => ({ type: 'legProgress', atMs }),
  (atMs: EpochMs): LegEvent => ({ type: 'legAnswered', atMs }),
  (atMs: EpochMs): LegEvent => ({ type: 'legEnded', atMs, ending: byThem() }),
  (atMs: EpochMs): LegEvent => ({ type: 'legEnded', atMs, ending: { cause: 41, by: 'switch' } }),
);

type Make = Happening['make'];
const often = (weight: number, arbitrary: fc.Arbitrary<Make>) => ({ weight, arbitrary });

const makers: fc.Arbitrary<Make> = fc.oneof(
  often(
    8,
    fc
      .tuple(legs, legEvents, outcomes, fc.boolean())
      .map(([leg, event, outcome, isFinal]): Make => (atMs, { state }) => ({
        type: 'callee',
        legId: leg(state),
        event: event(atMs),
        judgement: { outcome, isFinal },
      })),
  ),
  often(
    3,
    legs.map((leg): Make => (atMs, { state }) => ({
      type: 'callee',
      legId: leg(state),
      event: { type: 'legAnswered', atMs },
    })),
  ),
  often(
    8,
    fc.tuple(agentNumbers, fc.boolean()).map(([n, up]): Make => (atMs, world) => {
      const agent = sampleAgent(n, up ? 'up' : 'perCall');
      // The router never offers an agent that is reserved, nor to a call that has ended.
      if (world.held.has(agent.agentId) || world.state.kind === 'ended') return undefined;
      world.held.add(agent.agentId);
      world.requested = false;
      return { type: 'agentOffered', atMs, agent };
    }),
  ),
  often(
    3,
    agents.map((agent): Make => (atMs, { state }) => ({
      type: 'agentAnswered',
      atMs,
      agentLegId: agent(state).agentLegId,
    })),
  ),
  often(
    2,
    agents.map((agent): Make => (atMs, { state }) => ({
      type: 'agentUnavailable',
      atMs,
      agentId: agent(state).agentId,
      reason: 'bridgeFailed',
    })),
  ),
  often(
    8,
    fc.tuple(agents, fc.boolean()).map(([agent, recorded]): Make => (atMs, world) => {
      const { bridgeId } = agent(world.state);
      if (!recorded) return { type: 'bridged', atMs, bridgeId };
      const recordingId = `recording-${world.steps}` as RecordingId;
      if (world.state.kind !== 'ended') world.recordings.add(recordingId);
      return { type: 'bridged', atMs, bridgeId, recordingId };
    }),
  ),
  often(
    2,
    fc.tuple(agents, fc.boolean()).map(([agent, hungUp]): Make => (atMs, { state }) => ({
      type: 'agentLost',
      atMs,
      agentId: agent(state).agentId,
      hungUp,
    })),
  ),
  often(
    1,
    fc
      .constantFrom('agent', 'supervisor', 'campaign', 'pacer')
      .map((by): Make => (atMs) => ({ type: 'hangUpRequested', atMs, by })),
  ),
  often(
    1,
    fc.boolean().map((held): Make => (atMs) => ({ type: 'holdRequested', atMs, held })),
  ),
  often(
    1,
    fc
      .constantFrom('call-1-drop', 'call-1-hold', 'other')
      .map((id): Make => (atMs) => ({ type: 'playbackFinished', atMs, playbackId: id as PlaybackId })),
  ),
  often(
    2,
    fc.constantFrom('guard', 'drop', 'giveUp').map((name): Make => (atMs) => ({ type: 'deadline', atMs, name })),
  ),
  often(
    1,
    legs.map((leg): Make => (atMs, { state }) => ({ type: 'noTrace', atMs, legId: leg(state) })),
  ),
  often(
    1,
    legs.map((leg): Make => (atMs, { state }) => ({
      type: 'dialRefused',
      atMs,
      legId: leg(state),
      refusal: { code: 'busy', text: 'refused' },
    })),
  ),
  often(
    3,
    fc.constant<Make>((atMs, world) => {
      if (world.state.kind !== 'redialing') return undefined;
      const [, ...trunksLeft] = world.state.trunksLeft;
      return { type: 'nextDial', ...sampleDial(world.opened.size + 1, atMs), trunksLeft };
    }),
  ),
  often(
    1,
    fc.constant<Make>((atMs) => ({ type: 'noNextDial', atMs })),
  ),
);

const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.record({ afterMs: fc.constantFrom(-500, 0, 0, 1, 40, 800, 3_000, 12_000, 40_000), make: makers }),
  { minLength: 1, maxLength: 40, size: 'max' },
);

/** `expect` is too slow for a million checks. */
const must: (holds: boolean, what: string) => asserts holds = (holds, what) => {
  if (!holds) throw new Error(what);
};

const same = <T>(set: ReadonlySet<T>, wanted: readonly T[]): boolean =>
  set.size === wanted.length && wanted.every((one) => set.has(one));

/** Holds every effect against what was asked before: each loan is given back once, nothing is given back that was not lent. */
class Ledger {
  state: CallState;
  steps = 0;
  /** Every dial that was ever put out, and those not yet closed. */
  readonly opened = new Set<DialId>();
  readonly openDials = new Set<DialId>();
  /** Agents lent to the call. */
  readonly held = new Set<AgentId>();
  readonly recordings = new Set<RecordingId>();
  requested = false;
  settled = 0;
  wasTalking = false;
  /** Moves that were made, as `from>to`. */
  readonly moves = new Set<string>();
  /** Legs that were told to hang up, or have ended. */
  readonly over = new Set<LegId>();

  constructor(start: { readonly state: CallState; readonly effects: readonly CallEffect[] }) {
    this.state = start.state;
    this.#take(start.effects);
  }

  feed(event: CallEvent): void {
    this.steps += 1;
    const before = this.state;
    const result = callTransition(before, event);
    if (event.type === 'callee' && event.event.type === 'legEnded') this.over.add(event.legId);
    if (isIgnored(result)) {
      must(result.ignored !== '', 'an event is ignored without a reason');
      return;
    }
    const moves: readonly CallState['kind'][] = CALL_MOVES[before.kind];
    must(
      result.state.kind === before.kind || moves.includes(result.state.kind),
      `${before.kind} to ${result.state.kind}`,
    );
    this.state = result.state;
    if (result.state.kind !== before.kind) this.moves.add(`${before.kind}>${result.state.kind}`);
    if (this.state.kind === 'talking') this.wasTalking = true;
    this.#take(result.effects);
    this.#check();
  }

  #take(effects: readonly CallEffect[]): void {
    for (const effect of effects) {
      must(this.settled === 0, `${effect.type} after the attempt was settled`);
      switch (effect.type) {
        case 'originate':
          must(!this.opened.has(effect.dialId), 'a dial is sent twice');
          this.opened.add(effect.dialId);
          this.openDials.add(effect.dialId);
          break;
        case 'closeDial':
          must(this.openDials.delete(effect.dialId), 'a dial is closed that is not open');
          break;
        case 'releaseAgent':
          must(this.held.delete(effect.agentId), 'an agent is given back that was not lent');
          break;
        case 'stopRecording':
          must(this.recordings.delete(effect.recordingId), 'a recording is stopped twice');
          break;
        case 'requestAgent':
          must(!this.requested, 'an agent is asked for twice');
          this.requested = true;
          break;
        case 'withdrawRequest':
          this.requested = false;
          break;
        case 'hangUp':
          this.over.add(effect.legId);
          break;
        case 'settle':
          this.settled += 1;
          must(!this.wasTalking || effect.outcome === 'answered', `a talk ends as ${effect.outcome}`);
          must((effect.talk !== undefined) === this.wasTalking, 'the talk is settled as it was');
          break;
        case 'writeNextDial':
        case 'ringAgent':
        case 'bridge':
        case 'hold':
        case 'play':
          break;
      }
    }
  }

  /** What a state holds is exactly what was lent and not given back. */
  #check(): void {
    const { state } = this;
    must(same(this.held, 'agent' in state ? [state.agent.agentId] : []), `agents held in ${state.kind}`);
    must(same(this.openDials, 'callee' in state ? [state.callee.dialId] : []), `dials open in ${state.kind}`);
    must(this.requested === (state.kind === 'waiting'), `a request in ${state.kind}`);
    must(same(this.recordings, 'recordingId' in state ? [state.recordingId] : []), `recordings in ${state.kind}`);
    must(this.settled === (state.kind === 'ended' ? 1 : 0), `settled ${this.settled} times in ${state.kind}`);
    const deadlines = callDeadlines(state);
    must(
      deadlines.length === (state.kind === 'ended' || state.kind === 'talking' ? 0 : 1),
      `deadlines in ${state.kind}`,
    );
    // A call in its last state but one has told the switch to let the callee go.
    must(state.kind !== 'ending' || this.over.has(state.callee.legId), 'a call ends without a hang-up');
  }
}

const run = (
  policy: Partial<CallPolicy>,
  trunks: number,
  list: readonly Happening[],
): { ledger: Ledger; nowMs: EpochMs } => {
  const ledger = new Ledger(dialingCall(policy, trunks));
  let nowMs = T0;
  for (const { afterMs, make } of list) {
    nowMs += afterMs;
    const event = make(nowMs, ledger);
    if (event !== undefined) ledger.feed(event);
  }
  return { ledger, nowMs };
};

const trunkCounts = fc.integer({ min: 0, max: 3 });

describe('a call under any order of events', () => {
  it('is led through every legal move by the events made here', () => {
    const made = new Set<string>();
    for (const [policy, trunks, list] of fc.sample(fc.tuple(policies, trunkCounts, happenings), {
      numRuns: 2_000,
      seed: 7,
    })) {
      for (const move of run(policy, trunks, list).ledger.moves) made.add(move);
    }
    expect([...made].sort()).toEqual(
      Object.entries(CALL_MOVES)
        .flatMap(([from, to]) => to.map((kind) => `${from}>${kind}`))
        .sort(),
    );
  });

  it('moves only as the table allows and holds exactly what it was lent', () => {
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 0, max: 3 }),
        happenings,
        (policy, trunks, list) => void run(policy, trunks, list),
      ),
      {
        numRuns: 1_000,
      },
    );
  });

  it('ends within bounded time when the switch falls silent, and has then given everything back once', () => {
    fc.assert(
      fc.property(policies, trunkCounts, happenings, (policy, trunks, list) => {
        const { ledger, nowMs } = run(policy, trunks, list);
        const { state } = ledger;
        // A talk has no end of its own: the callee hangs up.
        if (state.kind === 'talking') {
          ledger.feed({
            type: 'callee',
            legId: state.callee.legId,
            event: { type: 'legEnded', atMs: nowMs, ending: byThem() },
          });
        }
        let clockMs = nowMs;
        for (let i = 0; i < 20 && ledger.state.kind !== 'ended'; i++) {
          const due = [...callDeadlines(ledger.state)].sort((a, b) => a.atMs - b.atMs)[0];
          expect(due).toBeDefined();
          if (due === undefined) return;
          clockMs = Math.max(clockMs, due.atMs);
          const before = ledger.state;
          ledger.feed({ type: 'deadline', name: due.name, atMs: clockMs });
          expect(ledger.state).not.toBe(before);
        }
        expect(ledger.state.kind).toBe('ended');
        expect(clockMs - nowMs).toBeLessThanOrEqual(LONGEST_ENDING_MS);
        expect(ledger.settled).toBe(1);
        expect([ledger.openDials.size, ledger.held.size, ledger.recordings.size, ledger.requested]).toEqual([
          0,
          0,
          0,
          false,
        ]);
      }),
      { numRuns: 500 },
    );
  });

  it('absorbs everything once it has ended', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const { ledger, nowMs } = run({}, 0, [
          { afterMs: 0, make: (atMs) => ({ type: 'noTrace', atMs, legId: sampleDial(1).legId }) },
        ]);
        const ended = ledger.state;
        expect(ended.kind).toBe('ended');
        for (const { afterMs, make } of list) {
          const event = make(nowMs + afterMs, ledger);
          if (event !== undefined) expect(callTransition(ended, event)).toEqual({ ignored: 'callEnded' });
        }
      }),
    );
  });

  it('drops an answered callee in bounded time though every agent it is offered fails at once', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 200, max: 2_900 }), (policy, stepMs) => {
        const ledger = new Ledger(dialingCall(policy));
        let nowMs = T0 + 5_000;
        ledger.feed({ type: 'callee', legId: sampleDial(1).legId, event: { type: 'legAnswered', atMs: nowMs } });
        for (let i = 0; ledger.state.kind === 'waiting'; i++) {
          expect(nowMs - T0).toBeLessThan(15_000);
          const agent = sampleAgent(i % 2);
          ledger.held.add(agent.agentId);
          ledger.requested = false;
          ledger.feed({ type: 'agentOffered', atMs: nowMs, agent });
          nowMs += stepMs;
          ledger.feed({ type: 'agentUnavailable', atMs: nowMs, agentId: agent.agentId, reason: 'bridgeFailed' });
        }
        expect(['announcing', 'ending']).toContain(ledger.state.kind);
      }),
    );
  });
});
