import * as contracts from '@qianhu/contracts';
import {
  CAMPAIGN_CHECK_CODES,
  CAMPAIGN_LIMITS,
  LEAD_WAITS,
  TRUNK_TEST_ADVICE,
  type RouteContract,
} from '@qianhu/contracts';
import {
  RULE_IDS,
  type AgentDeadline,
  type AgentEvent,
  type CallDeadline,
  type CallEvent,
  type LegEvent,
  type PacingLimit,
  type RetryPlan,
  type RuleCode,
  type SettingsProblem,
} from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import { en } from './en/index.ts';
import { zh } from './zh/index.ts';

/** Where a union of codes has no list, an object with each of them as a key: the compiler finds what is missing or too much. */
type Each<Code extends string> = Readonly<Record<Code, true>>;

const ruleCodes: Each<Exclude<RuleCode, 'ok'>> = {
  noTrunkYet: true,
  noRule: true,
  demoListNeedsLabTrunk: true,
  labTrunkNeedsDemoList: true,
  labPackNeedsDemoList: true,
  countryNotInPack: true,
  countryNotAllowed: true,
  premiumRateNotAllowed: true,
  numberInvalid: true,
  onDncAll: true,
  onDncCampaign: true,
  onDncList: true,
  consentMissing: true,
  consentWithdrawn: true,
  consentExpired: true,
  zoneUnknown: true,
  outsideHours: true,
  neverOpen: true,
  capReached: true,
  tooSoon: true,
  quietTime: true,
};

const settingsProblems: Each<SettingsProblem['code']> = {
  missing: true,
  repeated: true,
  notANumber: true,
  tooSmall: true,
  tooGreat: true,
  windowNonsense: true,
  windowNeverOpen: true,
  windowNeverOpenUnderPack: true,
  messageRequired: true,
  wrongPack: true,
  unknownOutcomeRule: true,
  looserThanPack: true,
};

const doneReasons: Each<Extract<RetryPlan, { kind: 'done' }>['reason']> = {
  outcomeIsFinal: true,
  maxAttempts: true,
  maxAttemptsOfOutcome: true,
  noUsableNumber: true,
  windowNeverOpens: true,
};

/** A leg's event stands for the call's `callee`; a deadline has its name. */
const events: Each<Exclude<CallEvent['type'] | AgentEvent['type'], 'callee' | 'deadline'> | LegEvent['type']> = {
  legRinging: true,
  legProgress: true,
  legAnswered: true,
  legEnded: true,
  dialRefused: true,
  nextDial: true,
  noNextDial: true,
  agentOffered: true,
  agentAnswered: true,
  agentUnavailable: true,
  agentLost: true,
  bridged: true,
  hangUpRequested: true,
  holdRequested: true,
  playbackFinished: true,
  noTrace: true,
  logIn: true,
  logOut: true,
  ready: true,
  pause: true,
  phoneRegistered: true,
  stationAnswered: true,
  stationEnded: true,
  assigned: true,
  ring: true,
  callBridged: true,
  callReleased: true,
  disposed: true,
};
const deadlines: Each<CallDeadline | AgentDeadline> = {
  guard: true,
  drop: true,
  giveUp: true,
  stationRing: true,
  wrapUp: true,
};

type HangUpBy = Extract<CallEvent, { type: 'hangUpRequested' }>['by'];
const hangUps: Each<`hungUpBy${Capitalize<HangUpBy>}`> = {
  hungUpByAgent: true,
  hungUpBySupervisor: true,
  hungUpByCampaign: true,
  hungUpByPacer: true,
};
/** The call machine writes these as plain text. */
const details = [
  'ringGuard',
  'nextDialNeverCame',
  'noAgentInTime',
  'answeredWhileHangingUp',
  'switchDied',
  'hungUpWaiting',
  'hungUpConnecting',
  'calleeHungUp',
  'agentHungUp',
  'agentLost',
  'endNotSeen',
  'answeredWithNobodyThere',
  'noTraceAtSwitch',
];
/** Of `SwitchError`, after `refused`. */
const refusals = ['refused', 'notConnected', 'notFound', 'timeout', 'overloaded', 'invalid', 'internal'];

/** Changes of no route, or reads, that are written into the audit too. */
const AUDITED_READS = ['exportAttempts', 'playRecording', 'downloadRecording'];
const routes = Object.entries(contracts)
  .filter(([name]) => name.endsWith('Routes'))
  .flatMap(([, group]) => Object.values(group as Readonly<Record<string, RouteContract>>));
const audited = routes.filter((route) => route.method !== 'GET' && route.isAudited !== false);

describe.each([
  ['Chinese', zh],
  ['English', en],
] as const)('%s has words for', (_, words) => {
  const missing = (dictionary: Readonly<Record<string, unknown>>, codes: readonly string[]): readonly string[] =>
    codes.filter((code) => typeof dictionary[code] !== 'string');

  it('why a campaign dials no more lines', () => {
    const pacing: Each<PacingLimit> = {
      noAgents: true,
      enoughLines: true,
      budget: true,
      noLines: true,
      noLeads: true,
      windowClosed: true,
      guard: true,
    };
    expect(missing(words.campaign.limitedBy, [...CAMPAIGN_LIMITS, ...Object.keys(pacing)])).toEqual([]);
  });
  it('what keeps a campaign from starting', () => {
    expect(missing(words.campaignForm.check, [...CAMPAIGN_CHECK_CODES, ...Object.keys(settingsProblems)])).toEqual([]);
  });
  it('what to mend of a trunk', () => {
    expect(missing(words.trunk.advice, TRUNK_TEST_ADVICE)).toEqual([]);
  });
  it('every rule and what it found', () => {
    expect(missing(words.verdict.rule, RULE_IDS)).toEqual([]);
    expect(missing(words.verdict.ok, RULE_IDS)).toEqual([]);
    expect(missing(words.verdict.code, Object.keys(ruleCodes))).toEqual([]);
  });
  it('what keeps a lead from being dialled now', () => {
    expect(missing(words.list.whyWait, LEAD_WAITS)).toEqual([]);
  });
  it('why a lead is done', () => {
    const blocking = Object.keys(ruleCodes).filter((code) => code !== 'noTrunkYet' && code !== 'noRule');
    expect(missing(words.list.done, [...Object.keys(doneReasons), ...blocking])).toEqual([]);
  });
  it('every event of the time line', () => {
    expect(missing(words.attempt.event, Object.keys(events))).toEqual([]);
    expect(missing(words.attempt.event.deadline, Object.keys(deadlines))).toEqual([]);
  });
  it('why an attempt ended as it did', () => {
    expect(missing(words.attempt.because, [...details, ...Object.keys(hangUps), ...refusals])).toEqual([]);
  });
  it('every audited change and what it concerns', () => {
    expect(missing(words.audit.verb, [...audited.map((route) => route.operationId), ...AUDITED_READS])).toEqual([]);
    expect(
      missing(
        words.audit.subjectType,
        audited.map((route) => route.tag),
      ),
    ).toEqual([]);
  });
});
