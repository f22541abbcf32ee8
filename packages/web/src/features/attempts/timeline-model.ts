import type { AttemptStory } from '@qianhu/contracts';

type Event = AttemptStory['events'][number];

/** One line of the time line. */
export type TimelineRow = {
  readonly key: string;
  readonly atMs: number;
  /** From the beginning of the attempt. */
  readonly offsetMs: number;
  /** Since the line before. */
  readonly gapMs: number;
  readonly aggregate: string;
  /** Key of the words; a timer's name is a level of its own (`deadline.drop`). */
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** Events in order of time, then of their own sequence, with their distances. */
export const timelineRows = (events: readonly Event[], startMs: number): readonly TimelineRow[] => {
  const sorted = [...events].sort((a, b) => a.atMs - b.atMs || (a.aggregateId === b.aggregateId ? a.seq - b.seq : 0));
  return sorted.map((event, index) => ({
    key: `${event.aggregateId} ${event.seq}`,
    atMs: event.atMs,
    offsetMs: event.atMs - startMs,
    gapMs: event.atMs - (sorted[index - 1]?.atMs ?? event.atMs),
    aggregate: event.aggregate,
    code: event.type.replace(':', '.'),
    data: event.data,
  }));
};

/** The steps of a dial that were reached, each with the time since the one before. */
export const dialSteps = (
  dial: AttemptStory['dials'][number],
): readonly {
  readonly step: 'created' | 'ringing' | 'answered' | 'ended';
  readonly atMs: number;
  readonly afterMs: number;
}[] => {
  const reached = (
    [
      ['created', dial.createdAtMs],
      ['ringing', dial.ringingAtMs],
      ['answered', dial.answeredAtMs],
      ['ended', dial.endedAtMs],
    ] as const
  ).flatMap(([step, atMs]) => (atMs === undefined ? [] : [{ step, atMs }]));
  return reached.map(({ step, atMs }, index) => ({ step, atMs, afterMs: atMs - (reached[index - 1]?.atMs ?? atMs) }));
};

/** Names of the causes that outbound calls commonly end with (ITU-T Q.850, table 1). */
export const Q850_NAMES: Readonly<Record<number, string>> = {
  1: 'Unallocated number',
  16: 'Normal call clearing',
  17: 'User busy',
  18: 'No user responding',
  19: 'No answer from user',
  20: 'Subscriber absent',
  21: 'Call rejected',
  22: 'Number changed',
  27: 'Destination out of order',
  28: 'Invalid number format',
  31: 'Normal, unspecified',
  34: 'No circuit available',
  38: 'Network out of order',
  41: 'Temporary failure',
  42: 'Switching equipment congestion',
  102: 'Recovery on timer expiry',
  127: 'Interworking, unspecified',
};
