import type { CharacterKind, RecordedCall } from '@qianhu/lab';
import type { AttemptFact, Facts, Kill } from './facts.ts';

/** Something that must never happen, with the number it happened to where there is one. */
export type Violation = { readonly rule: string; readonly text: string; readonly attempt?: AttemptFact };

export type Findings = {
  readonly violations: readonly Violation[];
  readonly outcomes: Readonly<Record<string, number>>;
  /** Attempts whose outcome is `unknown`, with why that is right. */
  readonly unknowns: readonly { readonly attempt: AttemptFact; readonly why: string }[];
  /** Talks that went on across a crash of ours, and of these the ones that ended while we were down. */
  readonly talksAcrossCrash: number;
  readonly talksEndedWhileDown: number;
  readonly recordingsAcrossCrash: number;
  readonly recordingsDone: number;
};

/** What an unanswered number's character must have become. */
const EXPECTED: Readonly<Partial<Record<CharacterKind, readonly string[]>>> = {
  busy: ['busy'],
  declines: ['rejected'],
  invalidNumber: ['invalidNumber'],
  ringsOut: ['noAnswer'],
  congestion: ['congestion'],
};

/** Clocks of one machine; the lab writes before it acts, we write when the event arrives, and the machine may be loaded. */
const SLACK_MS = 3_000;
const RECORDING_SLACK_MS = 2_500;

const digits = (number: string): string => number.replace('+', '');

/** Holds what we wrote against what the lab saw. Pure. */
export const judge = (facts: Facts): Findings => {
  const violations: Violation[] = [];
  const unknowns: { attempt: AttemptFact; why: string }[] = [];
  const outcomes: Record<string, number> = {};
  const counts = { talksAcrossCrash: 0, talksEndedWhileDown: 0, recordingsAcrossCrash: 0 };
  const bad = (rule: string, text: string, attempt?: AttemptFact): void =>
    void violations.push({ rule, text, ...(attempt === undefined ? {} : { attempt }) });

  for (const rule of wholeRules(facts)) bad(rule.rule, rule.text);
  for (const [number, calls] of facts.lab) {
    if (calls.length > 1)
      bad(
        'calledTwice',
        `The lab was called ${calls.length} times by ${number}.`,
        facts.attempts.find((attempt) => digits(attempt.number) === number),
      );
  }
  const perLead = new Map<string, number>();
  for (const attempt of facts.attempts) {
    perLead.set(attempt.leadId, (perLead.get(attempt.leadId) ?? 0) + 1);
    outcomes[attempt.outcome ?? 'open'] = (outcomes[attempt.outcome ?? 'open'] ?? 0) + 1;
    if (attempt.dials !== 1) bad('oneDial', `The attempt has ${attempt.dials} dials.`, attempt);
    if (attempt.outcome === null || attempt.endedAtMs === undefined) {
      bad('noOutcome', 'The attempt has no outcome.', attempt);
      continue;
    }
    const call = facts.lab.get(digits(attempt.number))?.[0];
    const fault = outcomeFault(facts, attempt, call);
    if (fault !== undefined) bad('outcome', fault, attempt);
    if (attempt.outcome === 'unknown')
      unknowns.push({ attempt, why: whyUnknown(facts, attempt, call) ?? 'not explained' });
    talk(facts, attempt, call, counts, (rule, text) => bad(rule, text, attempt));
    heardFromTheAnswer(facts, attempt, call, (rule, text) => bad(rule, text, attempt));
  }
  for (const [leadId, count] of perLead) if (count > 1) bad('oneAttempt', `Lead ${leadId} has ${count} attempts.`);
  for (const rule of agentOverlaps(facts)) bad(rule.rule, rule.text, rule.attempt);
  return {
    violations,
    outcomes,
    unknowns,
    ...counts,
    recordingsDone: facts.recordings.filter((recording) => recording.state === 'done').length,
  };
};

const wholeRules = (facts: Facts): readonly Violation[] => {
  const found: Violation[] = [];
  const zero = (rule: string, count: number, what: string): void => {
    if (count > 0) found.push({ rule, text: `${count} ${what}` });
  };
  if (facts.campaignPhase !== 'finished')
    found.push({ rule: 'notFinished', text: `The campaign is ${facts.campaignPhase}.` });
  zero('openCalls', facts.openCalls, 'calls are open in the database.');
  zero('openDials', facts.openDials, 'dials (and so slots of the trunk) are open in the database.');
  zero('openOutbox', facts.openOutbox, 'effects wait in the outbox.');
  zero('engineOpenCalls', facts.engineOpenCalls, 'calls are open in the engine.');
  zero('strayChannels', facts.strayChannels.length, `channels live at the switch: ${facts.strayChannels.join(', ')}`);
  zero('leadDialing', facts.leadStates['dialing'] ?? 0, 'leads are still being dialled.');
  zero('leadReady', facts.leadStates['ready'] ?? 0, 'leads were never dialled.');
  if (facts.attempts.length !== facts.leads)
    found.push({ rule: 'attempts', text: `${facts.attempts.length} attempts of ${facts.leads} leads.` });
  zero(
    'agentHeld',
    facts.agents.filter((agent) => ['reserved', 'talking'].includes(agent.phase)).length,
    'agents are held by a call that is over.',
  );
  zero(
    'recordingOpen',
    facts.recordings.filter((one) => one.state === 'recording' || one.state === 'finishing').length,
    'recordings are not finished.',
  );
  return found;
};

const killsIn = (facts: Facts, target: Kill['target'], fromMs: number, toMs: number): readonly Kill[] =>
  facts.kills.filter((kill) => kill.target === target && kill.upAtMs >= fromMs && kill.atMs <= toMs);

/** Whether the switch died while this call may have lived; then nobody can know how it ended. */
const switchDied = (facts: Facts, attempt: AttemptFact): boolean =>
  killsIn(facts, 'asterisk', attempt.createdAtMs - 500, (attempt.endedAtMs ?? Infinity) + SLACK_MS).length > 0;

/** Why `unknown` is the truth here; undefined when it should have been known. */
const whyUnknown = (facts: Facts, attempt: AttemptFact, call: RecordedCall | undefined): string | undefined => {
  if (switchDied(facts, attempt))
    return call === undefined ? 'Asterisk died before the dial left it' : 'Asterisk died during the call';
  if (
    call === undefined &&
    killsIn(facts, 'ours', attempt.createdAtMs - 500, attempt.createdAtMs + SLACK_MS).length > 0
  )
    return 'our process died between the commit and the dial; nobody was rung';
  if (
    call === undefined &&
    killsIn(facts, 'postgres', attempt.createdAtMs - 500, attempt.createdAtMs + SLACK_MS).length > 0
  )
    return 'PostgreSQL died at the commit, so the dial was never sent; nobody was rung';
  return undefined;
};

const outcomeFault = (facts: Facts, attempt: AttemptFact, call: RecordedCall | undefined): string | undefined => {
  const { outcome } = attempt;
  const isReached = outcome === 'answered' || outcome === 'dropped';
  if (outcome === 'unknown')
    return whyUnknown(facts, attempt, call) === undefined ? 'Unknown, though it could be known.' : undefined;
  if (call === undefined) {
    if (isReached) return `${outcome}, but the lab was never called.`;
    if (switchDied(facts, attempt)) return undefined;
    // A leg that we made and did not live to dial: taken away by our next process.
    const from = attempt.createdAtMs;
    if (outcome === 'failed' && killsIn(facts, 'ours', from - 500, from + SLACK_MS).length > 0) return undefined;
    return `${outcome}, but the lab was never called and no crash explains it.`;
  }
  if (call.answeredAtMs !== undefined) {
    if (isReached) return undefined;
    return switchDied(facts, attempt) ? undefined : `A person answered, yet the outcome is ${outcome}.`;
  }
  if (isReached) return `${outcome}, but nobody answered in the lab.`;
  if (call.character !== 'agent' && EXPECTED[call.character]?.includes(outcome ?? '') === true) return undefined;
  // Whoever would have answered after our ring time has rung out like the others.
  if (outcome === 'noAnswer' && call.endedBy === 'caller') return undefined;
  if (switchDied(facts, attempt)) return undefined;
  return `${outcome}, where the lab had ${call.character} (${call.sipStatus ?? 'no status'}, ended by ${call.endedBy ?? 'nobody'}).`;
};

/** Talks live in the switch: our crash must not end them, nor their recording. */
const talk = (
  facts: Facts,
  attempt: AttemptFact,
  call: RecordedCall | undefined,
  counts: { talksAcrossCrash: number; talksEndedWhileDown: number; recordingsAcrossCrash: number },
  bad: (rule: string, text: string) => void,
): void => {
  const { bridgedAtMs, endedAtMs } = attempt;
  if (bridgedAtMs === undefined || endedAtMs === undefined) return;
  const recordings = facts.recordings.filter((one) => one.callId === attempt.callId);
  const isTouchedBySwitch = switchDied(facts, attempt);
  if (attempt.outcome !== 'answered') bad('talkLost', `Bridged, but the outcome is ${attempt.outcome}.`);
  // Our own bridge's row may be minutes away from a recording that could not begin because the callee hung up at once.
  const isShort = endedAtMs - bridgedAtMs < 1_000;
  for (const recording of recordings) {
    if (recording.state === 'failed' && !isTouchedBySwitch && !isShort)
      bad('recordingFailed', `The recording failed: ${recording.error ?? 'no reason'}.`);
    if (recording.state === 'done' && recording.bytes < 44) bad('recordingEmpty', 'The recording is empty.');
  }
  if (recordings.length === 0 && !isShort && !isTouchedBySwitch) bad('notRecorded', 'The talk has no recording.');
  if (call?.answeredAtMs === undefined || isTouchedBySwitch) return;
  if (call.endedAtMs === undefined) return bad('labOpen', 'The lab still has the call.');
  if (Math.abs(call.endedAtMs - endedAtMs) > SLACK_MS) {
    const isLate = killsIn(facts, 'postgres', endedAtMs - SLACK_MS, endedAtMs + SLACK_MS).length > 0;
    if (!isLate) bad('endTime', `Ended at ${time(endedAtMs)}, but in the lab at ${time(call.endedAtMs)}.`);
  }
  const crashes = facts.kills.filter(
    (kill) => kill.target === 'ours' && kill.atMs > bridgedAtMs && kill.atMs < (call.endedAtMs ?? 0),
  );
  if (!isShort) {
    const done = recordings.filter((one) => one.state === 'done');
    const from = Math.min(...done.map((one) => one.startedAtMs));
    const to = Math.max(...done.map((one) => one.startedAtMs + one.durationMs));
    const isCovered = from <= bridgedAtMs + RECORDING_SLACK_MS && to >= call.endedAtMs - RECORDING_SLACK_MS;
    if (done.length > 0 && !isCovered)
      bad(
        'recordingShort',
        `The recording goes from ${time(from)} to ${time(to)}, the talk from ${time(bridgedAtMs)} to ${time(call.endedAtMs)}.`,
      );
    if (crashes.length > 0 && isCovered) counts.recordingsAcrossCrash += 1;
  }
  if (crashes.length === 0) return;
  counts.talksAcrossCrash += 1;
  if (crashes.some((kill) => (call.endedAtMs ?? 0) < kill.upAtMs)) counts.talksEndedWhileDown += 1;
  const killer = crashes.find((kill) => Math.abs(kill.atMs - (call.endedAtMs ?? 0)) < 300);
  if (call.endedBy === 'caller' && attempt.detail !== 'hungUpByAgent' && killer !== undefined)
    bad('talkCut', 'The talk ended with our crash.');
};

/** Whoever answered is recorded from the answer on, also who waited in vain. */
const heardFromTheAnswer = (
  facts: Facts,
  attempt: AttemptFact,
  call: RecordedCall | undefined,
  bad: (rule: string, text: string) => void,
): void => {
  // The lab's time: of an answer while we were down we only know the earliest that it can have been.
  const { answeredAtMs } = call ?? {};
  const { endedAtMs } = attempt;
  if (answeredAtMs === undefined || endedAtMs === undefined || switchDied(facts, attempt)) return;
  // A crash of ours around the answer takes the beginning, and a call may be over before its recording could begin.
  if (endedAtMs - answeredAtMs < RECORDING_SLACK_MS) return;
  if (killsIn(facts, 'ours', answeredAtMs - SLACK_MS, answeredAtMs + SLACK_MS).length > 0) return;
  const done = facts.recordings.filter((one) => one.callId === attempt.callId && one.state === 'done');
  if (done.length === 0) return bad('answerNotRecorded', 'Answered, but there is no recording.');
  const from = Math.min(...done.map((one) => one.startedAtMs));
  if (from > answeredAtMs + RECORDING_SLACK_MS)
    bad('answerRecordedLate', `Answered at ${time(answeredAtMs)}, but recorded from ${time(from)}.`);
};

/** Nobody talks to two people at once. */
const agentOverlaps = (facts: Facts): readonly Violation[] => {
  const found: Violation[] = [];
  const byAgent = new Map<string, AttemptFact[]>();
  for (const attempt of facts.attempts) {
    if (attempt.agentId === null || attempt.bridgedAtMs === undefined || attempt.endedAtMs === undefined) continue;
    byAgent.set(attempt.agentId, [...(byAgent.get(attempt.agentId) ?? []), attempt]);
  }
  for (const talks of byAgent.values()) {
    talks.sort((a, b) => (a.bridgedAtMs ?? 0) - (b.bridgedAtMs ?? 0));
    for (const [i, later] of talks.entries()) {
      const earlier = talks[i - 1];
      if (earlier?.endedAtMs === undefined || later.bridgedAtMs === undefined) continue;
      if (switchDied(facts, earlier)) continue;
      if (earlier.endedAtMs > later.bridgedAtMs + 500)
        found.push({ rule: 'twoTalks', text: 'The agent was in another talk at the same time.', attempt: later });
    }
  }
  return found;
};

/** hh:mm:ss.mmm in UTC. */
export const time = (atMs: number): string =>
  Number.isFinite(atMs) ? new Date(atMs).toISOString().slice(11, 23) : String(atMs);
