import {
  entryOfCall,
  judge,
  type AgentId,
  type CallState,
  type DialId,
  type EpochMs,
  type PacingEvent,
} from '@qianhu/core';
import type { AgentStep, CallStep } from '../kernel.ts';

/**
 * What a call's step tells the pacer. `graceMs`: a talk that began later after the answer counts as a drop. Every answer here
 * is a person's: no machine detection stands between.
 */
export const eventsOfCall = (step: CallStep, graceMs: number): readonly PacingEvent[] => {
  const { before, after } = step;
  const atMs = 'atMs' in step.event ? step.event.atMs : step.event.event.atMs;
  const events: PacingEvent[] = [];
  if (before.kind === 'dialing' && after.kind !== 'dialing') {
    const line = { atMs, dialId: before.callee.dialId, dialedAtMs: before.callee.dialedAtMs };
    events.push(
      after.kind === 'waiting' ? { type: 'answered', ...line, human: true } : { type: 'notAnswered', ...line },
    );
  }
  if (before.kind === 'redialing' && after.kind === 'dialing')
    events.push({ type: 'dialed', atMs, dialId: after.callee.dialId });
  // Only the first talk of a call is a connection: who is given to another agent was reached already.
  if (before.kind === 'connecting' && after.kind === 'talking' && before.talkedBefore === undefined) {
    const { answeredAtMs, bridgedAtMs } = after;
    const entry = entryOfCall({ answeredAtMs, bridgedAtMs, outcome: null, detail: null });
    const waitedMs = bridgedAtMs - answeredAtMs;
    events.push(
      judge(entry, graceMs) === 'connected'
        ? { type: 'connected', atMs, agentId: after.agent.agentId, waitedMs }
        : { type: 'dropped', atMs, waitedMs },
    );
  }
  const detail = droppedFor(after);
  if (detail !== undefined && droppedFor(before) === undefined) {
    const answeredAtMs = answeredAt(after) ?? answeredAt(before) ?? atMs;
    const ended = after.kind === 'ended' ? { endedAtMs: atMs } : {};
    const entry = entryOfCall({ answeredAtMs, outcome: 'dropped', detail, ...ended });
    // Who hung up before the clock ran out is in neither side of the rate, and so nobody to the pacer.
    if (judge(entry, graceMs) === 'dropped') events.push({ type: 'dropped', atMs, waitedMs: atMs - answeredAtMs });
  }
  if (before.kind === 'talking' && after.kind !== 'talking')
    events.push({ type: 'talkEnded', atMs, agentId: before.agent.agentId, talkMs: atMs - before.bridgedAtMs });
  return events;
};

/** Why nobody came for the person who answered, if the call is settled so. */
const droppedFor = (state: CallState): string | undefined =>
  'outcome' in state && state.outcome === 'dropped' ? state.detail : undefined;

const answeredAt = (state: CallState): EpochMs | undefined =>
  'answeredAtMs' in state ? state.answeredAtMs : undefined;

/** What an agent's step tells the pacer: the end of wrap-up, which is there with no length where none was asked for. */
export const eventOfAgent = (id: AgentId, step: AgentStep): PacingEvent | undefined => {
  const { before, after, event } = step;
  if (before.kind === 'wrapUp' && after.kind !== 'wrapUp')
    return { type: 'wrapUpEnded', atMs: event.atMs, agentId: id, wrapUpMs: event.atMs - before.sinceMs };
  if (before.kind === 'talking' && (after.kind === 'ready' || after.kind === 'paused'))
    return { type: 'wrapUpEnded', atMs: event.atMs, agentId: id, wrapUpMs: 0 };
  return undefined;
};

/** A dial that was just sent. */
export const eventOfDial = (dialId: DialId, atMs: EpochMs, answerProbability: number | undefined): PacingEvent => ({
  type: 'dialed',
  atMs,
  dialId,
  ...(answerProbability === undefined ? {} : { answerProbability }),
});
