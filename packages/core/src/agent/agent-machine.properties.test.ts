import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LegId } from '../ids.ts';
import { InvalidStateError, isIgnored } from '../machine.ts';
import { agentEvents as e, restingAgent, stationLeg } from '../testing/agent-samples.ts';
import { T0 } from '../testing/call-samples.ts';
import {
  AGENT_MOVES,
  agentDeadlines,
  agentTransition,
  isFree,
  type AgentEvent,
  type AgentState,
} from './agent-machine.ts';

const COMMANDS: readonly AgentEvent['type'][] = ['logIn', 'logOut', 'ready', 'pause', 'disposed'];

type Make = (atMs: number, world: World) => AgentEvent;

/** The station's leg of now (most of the time), or any. */
const legs = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 5 }))
  .map(([other, n]) => (world: World): number => {
    const { station } = world.state;
    return other > 0 && station.phase !== 'down' ? Number(station.legId.slice('leg-'.length)) : n;
  });
const calls = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 2 })).map(
  ([other, n]) =>
    (world: World): number =>
      other > 0 && 'callId' in world.state ? Number(world.state.callId.slice('call-'.length)) : n,
);
const modes = fc.constantFrom('keptUp' as const, 'perCall' as const);

const makers: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 3,
    arbitrary: modes.map(
      (mode): Make =>
        (atMs, world) =>
          e.logIn(atMs, mode, world.freshLeg()),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Make>((atMs) => e.logOut(atMs)) },
  { weight: 5, arbitrary: fc.constant<Make>((atMs) => e.ready(atMs)) },
  { weight: 1, arbitrary: fc.constant<Make>((atMs) => e.pause(atMs)) },
  { weight: 2, arbitrary: fc.constant<Make>((atMs, world) => e.registers(atMs, world.freshLeg())) },
  {
    weight: 5,
    arbitrary: legs.map(
      (leg): Make =>
        (atMs, world) =>
          e.stationUp(atMs, leg(world)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(legs, fc.constantFrom('us' as const, 'them' as const)).map(
      ([leg, by]): Make =>
        (atMs, world) =>
          e.stationEnds(atMs, leg(world), by),
    ),
  },
  {
    weight: 5,
    arbitrary: calls.map(
      (n): Make =>
        (atMs, world) =>
          e.assigned(atMs, n(world)),
    ),
  },
  {
    weight: 4,
    arbitrary: calls.map(
      (n): Make =>
        (atMs, world) =>
          e.ring(atMs, n(world), world.freshLeg()),
    ),
  },
  {
    weight: 4,
    arbitrary: calls.map(
      (n): Make =>
        (atMs, world) =>
          e.bridged(atMs, n(world)),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        calls,
        fc.boolean(),
        fc.constantFrom(null, 0, 5_000),
        fc.constantFrom('calleeHungUp', 'agentPhoneEnded', 'agentDidNotConnect'),
      )
      .map(
        ([n, talked, wrapUpMs, reason]): Make =>
          (atMs, world) =>
            e.released(atMs, talked, wrapUpMs, reason, n(world)),
      ),
  },
  {
    weight: 2,
    arbitrary: calls.map(
      (n): Make =>
        (atMs, world) =>
          e.disposed(atMs, n(world)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('stationRing' as const, 'wrapUp' as const)
      .map((name): Make => (atMs) => ({ type: 'deadline', name, atMs })),
  },
);

const days = fc.array(fc.record({ afterMs: fc.constantFrom(-100, 0, 10, 6_000, 30_000), make: makers }), {
  minLength: 1,
  maxLength: 50,
  size: 'max',
});

const must: (holds: boolean, what: string) => asserts holds = (holds, what) => {
  if (!holds) throw new Error(what);
};

/** One agent with what the router and the switch believe of it. */
class World {
  state: AgentState = restingAgent();
  readonly moves = new Set<string>();
  /** What the router believes. */
  offered = false;
  /** Legs that were rung and are neither hung up nor ended. */
  readonly legs = new Set<LegId>();
  #leg = 10;

  freshLeg(): number {
    return this.#leg++;
  }

  feed(event: AgentEvent): void {
    const before = this.state;
    if (event.type === 'stationEnded') this.legs.delete(event.legId);
    let result;
    try {
      result = agentTransition(before, event);
    } catch (error) {
      must(error instanceof InvalidStateError && COMMANDS.includes(event.type), `${event.type} threw ${String(error)}`);
      return;
    }
    if (isIgnored(result)) return;
    this.state = result.state;
    const moves: readonly AgentState['kind'][] = AGENT_MOVES[before.kind];
    must(
      result.state.kind === before.kind || moves.includes(result.state.kind),
      `${before.kind} to ${result.state.kind}`,
    );
    if (result.state.kind !== before.kind) this.moves.add(`${before.kind}>${result.state.kind}`);
    for (const effect of result.effects) {
      if (effect.type === 'offer') this.offered = true;
      if (effect.type === 'withdraw') {
        must(this.offered, 'an offer is taken back that was not made');
        this.offered = false;
      }
      if (effect.type === 'ringStation') this.legs.add(effect.legId);
      if (effect.type === 'hangUpStation') this.legs.delete(effect.legId);
      if (
        effect.type === 'tellAgentAnswered' ||
        effect.type === 'tellAgentLost' ||
        effect.type === 'tellAgentUnavailable'
      )
        must('callId' in before && before.callId === effect.callId, `${effect.type} to a call that is not ours`);
    }
    this.#check();
  }

  #check(): void {
    const { state } = this;
    const { station } = state;
    must(this.offered === isFree(state), `${state.kind}: offered ${this.offered}, free ${isFree(state)}`);
    for (const leg of this.legs)
      must(station.phase !== 'down' && station.legId === leg, `leg ${leg} is forgotten in ${state.kind}`);
    if (station.mode === 'perCall' && station.phase !== 'down' && this.legs.has(station.legId))
      must(state.kind === 'reserved' || state.kind === 'talking', `a phone rung for a call stays up in ${state.kind}`);
    must(state.kind !== 'ready' || station.mode === 'perCall' || station.phase === 'up', 'ready without a station');
    must(
      agentDeadlines(state).some((d) => d.name === 'stationRing') === (station.phase === 'ringing'),
      'ring deadline',
    );
  }
}

const live = (day: readonly { readonly afterMs: number; readonly make: Make }[]): { world: World; atMs: number } => {
  const world = new World();
  let atMs = T0;
  for (const { afterMs, make } of day) world.feed(make((atMs += afterMs), world));
  return { world, atMs };
};

describe('an agent under any order of events', () => {
  it('is led through every legal move by the events made here', () => {
    const made = new Set<string>();
    for (const day of fc.sample(days, { numRuns: 3_000, seed: 11 }))
      for (const move of live(day).world.moves) made.add(move);
    const legal = Object.entries(AGENT_MOVES).flatMap(([from, to]) => to.map((kind) => `${from}>${kind}`));
    expect([...made].sort()).toEqual(legal.sort());
  });

  it('is offered exactly while free, forgets no leg, and throws for nothing but a person’s command', () => {
    fc.assert(
      fc.property(days, (day) => void live(day)),
      { numRuns: 2_000 },
    );
  });

  it('comes to rest logged out, with nothing held, once the call lets go and the person leaves', () => {
    fc.assert(
      fc.property(days, fc.boolean(), (day, talked) => {
        const { world, atMs } = live(day);
        if ('callId' in world.state) {
          const n = Number(world.state.callId.slice('call-'.length));
          world.feed(e.released(atMs, talked, 0, 'calleeHungUp', n));
          world.feed(e.disposed(atMs, n));
        }
        world.feed(e.logOut(atMs));
        expect(world.state.kind).toBe('loggedOut');
        const { station } = world.state;
        if (station.phase !== 'down')
          world.feed({ type: 'stationEnded', atMs, legId: station.legId, ending: { cause: 16, by: 'us' } });
        expect([world.offered, world.legs.size, agentDeadlines(world.state)]).toEqual([false, 0, []]);
        expect(world.state.station.phase).toBe('down');
      }),
      { numRuns: 500 },
    );
  });

  it('never takes a leg of before for the one of now', () => {
    fc.assert(
      fc.property(days, (day) => {
        const { world, atMs } = live(day);
        const before = world.state;
        world.feed(e.stationEnds(atMs, 9_999));
        world.feed({ type: 'stationAnswered', atMs, legId: stationLeg(9_999) });
        expect(world.state).toBe(before);
      }),
      { numRuns: 200 },
    );
  });
});
