import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../call/outcome.ts';
import type { AgentId } from '../ids.ts';
import { isIgnored } from '../machine.ts';
import { T0 } from '../testing/call-samples.ts';
import {
  attemptTransition,
  type AttemptDisposition,
  type AttemptEffect,
  type AttemptEvent,
  type AttemptState,
} from './attempt-machine.ts';

const disposition = (code: string): AttemptDisposition => ({
  code,
  effect: 'done',
  by: 'agent-1' as AgentId,
  atMs: T0,
});
const settled: AttemptEvent = { type: 'settled', atMs: T0, outcome: 'answered' };
const disposed = (code = 'sale'): AttemptEvent => ({ type: 'disposed', disposition: disposition(code) });

const feed = (...events: readonly AttemptEvent[]): { state: AttemptState; effects: readonly AttemptEffect[] } => {
  let state: AttemptState = { kind: 'open' };
  const effects: AttemptEffect[] = [];
  for (const event of events) {
    const result = attemptTransition(state, event);
    if (isIgnored(result)) continue;
    state = result.state;
    effects.push(...result.effects);
  }
  return { state, effects };
};

describe('an attempt', () => {
  it('leaves the lead to the retry rule when nobody has written a result', () => {
    expect(feed(settled)).toEqual({
      state: { kind: 'settled', outcome: 'answered', settledAtMs: T0 },
      effects: [{ type: 'leadByOutcome', outcome: 'answered', atMs: T0 }],
    });
  });

  it('lets a result that was written during the talk decide at the end', () => {
    expect(feed(disposed())).toEqual({ state: { kind: 'open', disposition: disposition('sale') }, effects: [] });
    expect(feed(disposed(), disposed('no'), settled).effects).toEqual([
      { type: 'leadByDisposition', disposition: disposition('no') },
    ]);
  });

  it('lets a result that comes after the end, or corrects one, decide anew', () => {
    const { state, effects } = feed(settled, disposed('sale'), disposed('no'));
    expect(state).toMatchObject({ kind: 'disposed', outcome: 'answered', disposition: { code: 'no' } });
    expect(effects.slice(1)).toEqual([
      { type: 'leadByDisposition', disposition: disposition('sale') },
      { type: 'leadByDisposition', disposition: disposition('no') },
    ]);
  });

  it('is settled once: its first outcome stands, and only the last result counts', () => {
    const events = fc.array(
      fc.oneof(
        fc.constantFrom(...OUTCOMES).map((outcome): AttemptEvent => ({ type: 'settled', atMs: T0, outcome })),
        fc.constantFrom('sale', 'no', 'later').map(disposed),
      ),
    );
    fc.assert(
      fc.property(events, (list) => {
        const { state, effects } = feed(...list);
        const first = list.find((event) => event.type === 'settled');
        const lastCode = list.flatMap((event) => (event.type === 'disposed' ? [event.disposition.code] : [])).at(-1);
        expect(state.kind).toBe(first === undefined ? 'open' : lastCode === undefined ? 'settled' : 'disposed');
        expect('outcome' in state ? state.outcome : undefined).toBe(
          first?.type === 'settled' ? first.outcome : undefined,
        );
        expect('disposition' in state ? state.disposition?.code : undefined).toBe(lastCode);
        expect(effects.filter((effect) => effect.type === 'leadByOutcome').length).toBeLessThanOrEqual(1);
        if (first === undefined) expect(effects).toEqual([]);
        else expect(effects.length).toBeGreaterThan(0);
      }),
    );
  });
});
