import type { AttemptId, CallId, DialId } from '@qianhu/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeWrites, type CallRow, type EventRow, type LeadPatch, type RowWrites } from './rows.ts';

const callRow = (n: number, seq: number): CallRow => ({ id: `call-${n}` as CallId, phase: `p${seq}`, state: {}, seq });
const event = (n: number, seq: number): EventRow => ({
  at: 'now',
  aggregate: 'call',
  aggregate_id: `call-${n}`,
  seq,
  type: 't',
  data: {},
});
const lead = (id: string, next_at: string): LeadPatch => ({
  id,
  state: 'ready',
  done_reason: null,
  next_at,
  is_callback: false,
  number_index: 0,
  last_outcome: null,
  outcome_counts: null,
});

describe('many units as one commit', () => {
  it('writes a row once, in its last state', () => {
    const merged = mergeWrites([{ calls: [callRow(1, 1)] }, { calls: [callRow(2, 5)] }, { calls: [callRow(1, 2)] }]);
    expect(merged).toEqual({ calls: [callRow(1, 2), callRow(2, 5)] });
  });

  it('adds up patches of one row, later over earlier', () => {
    const id = 'a' as AttemptId;
    expect(
      mergeWrites([
        { attempts: [{ id, answered_at: '1', outcome: 'answered' }] },
        { attempts: [{ id, bridged_at: '2' }], dials: [{ id: 'd' as DialId, ended_at: '3' }] },
        { attempts: [{ id, outcome: 'dropped' }] },
      ]),
    ).toEqual({
      attempts: [{ id, answered_at: '1', bridged_at: '2', outcome: 'dropped' }],
      dials: [{ id: 'd', ended_at: '3' }],
    });
  });

  it('replaces a lead’s next step whole', () => {
    expect(
      mergeWrites([{ leads: [lead('1', 'noon')] }, { leads: [{ ...lead('1', 'later'), last_outcome: 'busy' }] }]),
    ).toEqual({
      leads: [{ ...lead('1', 'later'), last_outcome: 'busy' }],
    });
  });

  it('gives nothing for nothing', () => {
    expect(mergeWrites([])).toEqual({});
    expect(mergeWrites([{ calls: [], events: [] }])).toEqual({});
  });

  it('keeps every event in its order, locks rows in key order, and merging step by step changes nothing', () => {
    const units: fc.Arbitrary<readonly RowWrites[]> = fc.array(
      fc.record({
        calls: fc.array(fc.tuple(fc.nat(9), fc.nat(99)).map(([n, seq]) => callRow(n, seq))),
        events: fc.array(fc.tuple(fc.nat(9), fc.nat(99)).map(([n, seq]) => event(n, seq))),
      }),
    );
    fc.assert(
      fc.property(units, (list) => {
        const merged = mergeWrites(list);
        expect(merged.events ?? []).toEqual(list.flatMap((unit) => unit.events ?? []));
        const keys = (merged.calls ?? []).map((row) => row.id);
        expect(keys).toEqual([...new Set(keys)].sort());
        expect(list.reduce<RowWrites>((sum, unit) => mergeWrites([sum, unit]), {})).toEqual(merged);
      }),
    );
  });
});
