import { ignored, InvalidStateError, type Transition } from '@qianhu/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../platform/clock.ts';
import { MachineRunner, type Deadline, type Step } from './machine-runner.ts';

type Name = 'a' | 'b' | 'c';
type State = { readonly deadlines: readonly Deadline<Name>[]; readonly fired: readonly string[] };
type Event =
  | { readonly type: 'want'; readonly deadlines: readonly Deadline<Name>[] }
  | { readonly type: 'deadline'; readonly name: Name; readonly atMs: number }
  | { readonly type: 'nothing' }
  | { readonly type: 'wrong' };

const transition = (state: State, event: Event): Transition<State, string> => {
  switch (event.type) {
    case 'want':
      return { state: { ...state, deadlines: event.deadlines }, effects: ['armed'] };
    case 'deadline': {
      const due = state.deadlines.find((d) => d.name === event.name);
      if (due === undefined || event.atMs < due.atMs) return ignored('staleDeadline');
      const deadlines = state.deadlines.filter((d) => d !== due);
      return { state: { deadlines, fired: [...state.fired, event.name] }, effects: [] };
    }
    case 'nothing':
      return ignored('nothing');
    case 'wrong':
      throw new InvalidStateError('sample', 'any', 'wrong');
  }
};

/** A clock whose time of day may jump while its timers, as real ones, count what has passed. */
class JumpyClock implements Clock {
  passedMs = 0;
  offsetMs = 1_000_000;
  timers: { readonly at: number; readonly fn: () => void }[] = [];

  now(): number {
    return this.passedMs + this.offsetMs;
  }
  setTimer(ms: number, fn: () => void): () => void {
    const timer = { at: this.passedMs + Math.max(0, ms), fn };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }
  advance(ms: number): void {
    const end = this.passedMs + ms;
    for (;;) {
      const next = [...this.timers].sort((x, y) => x.at - y.at)[0];
      if (next === undefined || next.at > end) break;
      this.passedMs = Math.max(this.passedMs, next.at);
      this.timers = this.timers.filter((one) => one !== next);
      next.fn();
    }
    this.passedMs = end;
  }
}

const rig = () => {
  const clock = new JumpyClock();
  const steps: Step<State, Event, string>[] = [];
  const reasons: string[] = [];
  const runner = new MachineRunner<'x' | 'y', State, Event, string, Name>(
    {
      transition,
      deadlines: (state) => state.deadlines,
      deadlineEvent: (name, atMs) => ({ type: 'deadline', name, atMs }),
    },
    {
      clock,
      onStep: (_id, step) => steps.push(step),
      onIgnored: (reason) => reasons.push(reason),
      enter: (run) => run(),
    },
  );
  runner.add('x', { deadlines: [], fired: [] }, 7);
  return { clock, runner, steps, reasons };
};

const at = (clock: Clock, name: Name, inMs: number): Deadline<Name> => ({ name, atMs: clock.now() + inMs });

describe('the runner of machines', () => {
  it('numbers the steps of an aggregate and hands each to the writer with what was before', () => {
    const { runner, steps } = rig();
    expect(runner.send('x', { type: 'want', deadlines: [] })).toBe(true);
    expect(runner.send('x', { type: 'want', deadlines: [] })).toBe(true);
    expect(steps.map((step) => step.seq)).toEqual([8, 9]);
    expect(steps[1]?.before).toBe(steps[0]?.after);
  });

  it('counts what is ignored and takes no step for it', () => {
    const { runner, steps, reasons } = rig();
    expect(runner.send('x', { type: 'nothing' })).toBe(false);
    expect(runner.send('y', { type: 'nothing' })).toBe(false);
    expect(reasons).toEqual(['nothing', 'noSuchAggregate']);
    expect(steps).toEqual([]);
  });

  it('passes the refusal of a command to the one who gave it, with nothing changed', () => {
    const { runner, steps, clock } = rig();
    runner.send('x', { type: 'want', deadlines: [at(clock, 'a', 50)] });
    const before = runner.state('x');
    expect(() => runner.send('x', { type: 'wrong' })).toThrow(InvalidStateError);
    expect([runner.state('x'), steps.length, clock.timers.length]).toEqual([before, 1, 1]);
  });

  it('keeps one timer armed for each deadline of the state and none else, whatever is asked', () => {
    const wishes = fc.array(
      fc.record({
        deadlines: fc.uniqueArray(
          fc.record({ name: fc.constantFrom<Name>('a', 'b', 'c'), inMs: fc.integer({ min: -50, max: 500 }) }),
          {
            selector: (one) => one.name,
          },
        ),
        thenMs: fc.integer({ min: 0, max: 300 }),
      }),
      { maxLength: 15 },
    );
    fc.assert(
      fc.property(wishes, (list) => {
        const { runner, clock } = rig();
        for (const { deadlines, thenMs } of list) {
          runner.send('x', { type: 'want', deadlines: deadlines.map(({ name, inMs }) => at(clock, name, inMs)) });
          clock.advance(thenMs);
          const left = runner.state('x')?.deadlines ?? [];
          expect(clock.timers).toHaveLength(left.length);
          // Everything that was due has fired.
          expect(left.every((d) => d.atMs > clock.now())).toBe(true);
        }
        runner.remove('x');
        expect(clock.timers).toEqual([]);
      }),
    );
  });

  it('leaves a timer alone whose deadline stays the same, and moves one whose deadline moved', () => {
    const { runner, clock } = rig();
    const a = at(clock, 'a', 100);
    runner.send('x', { type: 'want', deadlines: [a] });
    const [timer] = clock.timers;
    runner.send('x', { type: 'want', deadlines: [a] });
    expect(clock.timers).toEqual([timer]);
    runner.send('x', { type: 'want', deadlines: [at(clock, 'a', 300)] });
    clock.advance(200);
    expect(runner.state('x')?.fired).toEqual([]);
    clock.advance(100);
    expect(runner.state('x')?.fired).toEqual(['a']);
  });

  it('waits for the rest when the clock was set back, instead of losing the deadline', () => {
    const { runner, clock, reasons } = rig();
    runner.send('x', { type: 'want', deadlines: [at(clock, 'a', 1_000)] });
    clock.offsetMs -= 600;
    clock.advance(1_000);
    expect(runner.state('x')?.fired).toEqual([]);
    expect(clock.timers).toHaveLength(1);
    clock.advance(600);
    expect(runner.state('x')?.fired).toEqual(['a']);
    expect(reasons).toEqual([]);
  });

  it('fires at once what fell due while nobody was there', () => {
    const { runner, clock } = rig();
    runner.add('y', { deadlines: [at(clock, 'b', -60_000)], fired: [] }, 3);
    clock.advance(0);
    expect(runner.state('y')?.fired).toEqual(['b']);
  });

  it('cancels every timer when it stops, and lets the states be read', () => {
    const { runner, clock } = rig();
    runner.send('x', { type: 'want', deadlines: [at(clock, 'a', 10), at(clock, 'b', 20)] });
    runner.stop();
    expect(clock.timers).toEqual([]);
    expect(runner.state('x')?.deadlines).toHaveLength(2);
  });
});
