import { progressAt, type CallId } from '@qianhu/core';
import type { CallExtra } from './engine-world.ts';
import type { CallStep } from './kernel.ts';
import { iso, type EventRow, type RowWrites } from './rows.ts';

/** The state's row (only when its kind changed: progress stands in the dial's row) and the event. */
export const callRows = (id: CallId, step: CallStep, extra: CallExtra | undefined): RowWrites => {
  const { before, after, event, seq } = step;
  const atMs = 'atMs' in event ? event.atMs : event.event.atMs;
  const events: EventRow[] = [
    {
      at: iso(atMs),
      aggregate: 'call',
      aggregate_id: id,
      seq,
      type: eventName(event),
      data: { from: before.kind, to: after.kind, ...eventData(event) },
    },
  ];
  const rows: RowWrites = { events };
  if (before.kind !== after.kind) {
    const isEnded = after.kind === 'ended';
    rows.calls = [
      {
        id,
        phase: after.kind,
        state: isEnded
          ? { kind: 'ended', outcome: after.outcome, detail: after.detail, endedAtMs: after.endedAtMs }
          : after,
        seq,
        ...(isEnded ? { ended_at: iso(after.endedAtMs) } : {}),
      },
    ];
  }
  if (extra !== undefined && event.type === 'callee' && event.event.type !== 'legEnded' && 'callee' in after) {
    const { leg } = after.callee;
    const ringing = progressAt(leg);
    const times = {
      ...(ringing === undefined ? {} : { ringing_at: iso(ringing) }),
      ...(leg.phase === 'up' ? { answered_at: iso(leg.answeredAtMs) } : {}),
    };
    rows.dials = [{ id: after.callee.dialId, ...times }];
    rows.attempts = [{ id: after.attemptId, ...times }];
  }
  if (after.kind === 'talking' && before.kind === 'connecting') {
    rows.attempts = [{ id: after.attemptId, agent_id: after.agent.agentId, bridged_at: iso(after.bridgedAtMs) }];
  }
  return rows;
};

const eventName = (event: CallStep['event']): string =>
  event.type === 'callee' ? event.event.type : event.type === 'deadline' ? `deadline:${event.name}` : event.type;

/** What of an event may stand in the history: no numbers of people, no names. */
const eventData = (event: CallStep['event']): object => {
  switch (event.type) {
    case 'callee':
      return event.event.type === 'legEnded'
        ? {
            cause: event.event.ending.cause,
            sipStatus: event.event.ending.sipStatus ?? null,
            by: event.event.ending.by,
            ...(event.judgement ?? {}),
          }
        : {};
    case 'agentOffered':
      return { agentId: event.agent.agentId };
    case 'agentUnavailable':
      return { agentId: event.agentId, reason: event.reason };
    case 'agentLost':
      return { agentId: event.agentId };
    case 'bridged':
      return { recordingId: event.recordingId ?? null };
    case 'dialRefused':
      return { code: event.refusal.code };
    case 'nextDial':
      return { dialId: event.dialId, trunkId: event.trunkId };
    case 'hangUpRequested':
      return { by: event.by };
    case 'holdRequested':
      return { held: event.held };
    case 'agentAnswered':
    case 'noNextDial':
    case 'playbackFinished':
    case 'deadline':
    case 'noTrace':
      return {};
  }
};
