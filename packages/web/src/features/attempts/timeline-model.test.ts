import type { AttemptStory } from '@qianhu/contracts';
import { describe, expect, it } from 'vitest';
import { dialSteps, timelineRows } from './timeline-model.ts';

const event = (atMs: number, seq: number, type: string, data: Record<string, unknown> = {}, aggregateId = 'c') => ({
  atMs,
  aggregate: 'call',
  aggregateId,
  seq,
  type,
  data,
});

describe('the time line', () => {
  it('is in order of time, then of sequence, with distances', () => {
    const rows = timelineRows(
      [event(1500, 2, 'bridged'), event(1000, 0, 'dialed'), event(1500, 1, 'agentOffered')],
      1000,
    );
    expect(rows.map((row) => [row.code, row.offsetMs, row.gapMs])).toEqual([
      ['dialed', 0, 0],
      ['agentOffered', 500, 500],
      ['bridged', 500, 0],
    ]);
  });
  it('looks for the words of a timer by its name', () => {
    expect(timelineRows([event(0, 0, 'deadline:drop')], 0)[0]?.code).toBe('deadline.drop');
  });
});

it('shows only the steps that a dial reached', () => {
  const dial = { createdAtMs: 10, ringingAtMs: 40, endedAtMs: 90 } as unknown as AttemptStory['dials'][number];
  expect(dialSteps(dial)).toEqual([
    { step: 'created', atMs: 10, afterMs: 0 },
    { step: 'ringing', atMs: 40, afterMs: 30 },
    { step: 'ended', atMs: 90, afterMs: 50 },
  ]);
});
