import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StationMode } from '../agent/agent-machine.ts';
import type { CallPolicy } from './call-state.ts';
import { SmallEngine } from '../testing/small-engine.ts';

/** What the world does next; numbers choose among what is possible at that moment. */
type Act =
  | { readonly kind: 'switch'; readonly which: number; readonly fails: boolean }
  | { readonly kind: 'person'; readonly which: number; readonly wish: 'ready' | 'pause' | 'logOut' }
  | { readonly kind: 'hangUp'; readonly which: number; readonly by: 'agent' | 'supervisor' | 'campaign' | 'pacer' }
  | { readonly kind: 'legEnds'; readonly which: number }
  | { readonly kind: 'registers'; readonly which: number }
  | { readonly kind: 'time' };

const which = fc.integer({ min: 0, max: 1_000 });
const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('switch' as const),
      which,
      fails: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('person' as const),
      which,
      wish: fc.constantFrom('ready', 'ready', 'ready', 'pause', 'logOut'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('hangUp' as const),
      which,
      by: fc.constantFrom('agent', 'supervisor', 'campaign', 'pacer'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('legEnds' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('registers' as const), which }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'time' as const }) },
);

const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % list.length];

const play = (engine: SmallEngine, act: Act): void => {
  switch (act.kind) {
    case 'switch': {
      const [one] = engine.inFlight.length === 0 ? [] : engine.inFlight.splice(act.which % engine.inFlight.length, 1);
      one?.happen(act.fails);
      return;
    }
    case 'person': {
      const id = pick(engine.agentIds, act.which);
      if (id !== undefined) engine.command(id, act.wish);
      return;
    }
    case 'hangUp': {
      const id = pick(engine.callIds, act.which);
      if (id !== undefined)
        engine.turn(() => engine.sendCall(id, { type: 'hangUpRequested', atMs: engine.nowMs, by: act.by }));
      return;
    }
    case 'legEnds': {
      const leg = pick([...engine.legs], act.which);
      if (leg !== undefined) engine.endLeg(leg);
      return;
    }
    case 'registers': {
      const id = pick(engine.agentIds, act.which);
      if (id !== undefined) engine.register(id);
      return;
    }
    case 'time':
      engine.passTime();
  }
};

const worlds = fc.record({
  modes: fc.array(fc.constantFrom<StationMode>('keptUp', 'perCall'), { minLength: 1, maxLength: 3 }),
  calls: fc.integer({ min: 1, max: 4 }),
  policy: fc.record<Partial<CallPolicy>>({
    record: fc.boolean(),
    dropPrompt: fc.constantFrom(null, 'drop'),
    onAgentLost: fc.constantFrom<CallPolicy['onAgentLost']>(
      { kind: 'anotherAgent', waitMs: 20_000, message: 'hold' },
      { kind: 'message', message: 'sorry' },
    ),
  }),
  acts: fc.array(acts, { minLength: 1, maxLength: 80, size: 'max' }),
});

const check = (engine: SmallEngine): void => {
  const fault = engine.fault();
  if (fault !== undefined) throw new Error(fault);
};

describe('calls and agents together, whatever the order in which the switch answers', () => {
  it('always agree on who is in which call', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(worlds, (world) => {
        const engine = new SmallEngine(world.modes, world.calls, world.policy);
        for (const act of world.acts) {
          play(engine, act);
          check(engine);
          for (const call of engine.calls.values()) seen.add(call.kind);
        }
      }),
      { numRuns: 1_000 },
    );
    expect([...seen].sort()).toEqual(['announcing', 'connecting', 'dialing', 'ended', 'ending', 'talking', 'waiting']);
  });

  it('come to rest with every call settled once and every agent, leg and recording given back', () => {
    fc.assert(
      fc.property(worlds, fc.boolean(), (world, fails) => {
        const engine = new SmallEngine(world.modes, world.calls, world.policy);
        for (const act of world.acts) play(engine, act);
        // Everybody goes home: agents leave, callees hang up, what is in flight arrives, and time passes.
        for (let i = 0; i < 500; i++) {
          for (const id of engine.agentIds) engine.command(id, 'logOut');
          const next = engine.inFlight.shift();
          if (next !== undefined) next.happen(fails);
          else if (!engine.passTime()) {
            const leg = [...engine.legs][0];
            if (leg === undefined) break;
            engine.endLeg(leg);
          }
          check(engine);
        }
        expect([...engine.calls.values()].map((call) => call.kind)).toEqual(engine.callIds.map(() => 'ended'));
        expect([...engine.settled].sort()).toEqual([...engine.callIds].sort());
        for (const agent of engine.agents.values())
          expect([agent.kind, agent.station.phase]).toEqual(['loggedOut', 'down']);
        expect([...engine.recordings]).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
