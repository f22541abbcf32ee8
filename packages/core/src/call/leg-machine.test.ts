import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isIgnored } from '../machine.ts';
import { byThem, T0 } from '../testing/call-samples.ts';
import { LEG_MOVES, legTransition, progressAt, type LegEvent, type LegState } from './leg-machine.ts';

const feed = (...events: readonly LegEvent[]): LegState => {
  let leg: LegState = { phase: 'dialing' };
  for (const event of events) {
    const result = legTransition(leg, event);
    if (!isIgnored(result)) leg = result.state;
  }
  return leg;
};
const rings = (atMs: number): LegEvent => ({ type: 'legRinging', atMs });
const progresses = (atMs: number): LegEvent => ({ type: 'legProgress', atMs });
const answers = (atMs: number): LegEvent => ({ type: 'legAnswered', atMs });
const ends = (atMs: number): LegEvent => ({ type: 'legEnded', atMs, ending: byThem() });

describe('a leg', () => {
  it('keeps the first sign of life through the answer to the end', () => {
    expect(feed(rings(T0 + 1), progresses(T0 + 2), answers(T0 + 3), ends(T0 + 9))).toEqual({
      phase: 'ended',
      endedAtMs: T0 + 9,
      ending: byThem(),
      progressAtMs: T0 + 1,
      answeredAtMs: T0 + 3,
    });
    expect(progressAt(feed(progresses(T0 + 2)))).toBe(T0 + 2);
    expect(progressAt(feed(answers(T0 + 3)))).toBeUndefined();
  });

  it('stays with the announcement when a 180 comes after the 183', () => {
    expect(legTransition(feed(progresses(T0)), rings(T0 + 1))).toEqual({ ignored: 'lateRinging' });
  });

  it('takes the first of two answers', () => {
    expect(feed(answers(T0), answers(T0 + 5))).toMatchObject({ phase: 'up', answeredAtMs: T0 });
  });

  it('was never answered when it ended before the answer came', () => {
    expect(feed(rings(T0), ends(T0 + 1), answers(T0 + 2))).not.toHaveProperty('answeredAtMs');
  });

  it('only moves to the right, whatever the order of events, and absorbs everything once ended', () => {
    const events = fc.array(
      fc.tuple(fc.constantFrom(rings, progresses, answers, ends), fc.integer({ min: 0, max: 60_000 })),
    );
    fc.assert(
      fc.property(events, (list) => {
        let leg: LegState = { phase: 'dialing' };
        for (const [make, atMs] of list) {
          const result = legTransition(leg, make(T0 + atMs));
          if (leg.phase === 'ended') expect(result).toEqual({ ignored: 'legAlreadyEnded' });
          if (isIgnored(result)) continue;
          expect(LEG_MOVES[leg.phase]).toContain(result.state.phase);
          expect(result.effects).toEqual([]);
          leg = result.state;
        }
      }),
    );
  });
});
