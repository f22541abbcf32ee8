import type { RulePack } from '../compliance/rule-pack.ts';
import { tighten } from '../compliance/rule-pack.ts';
import { windowProblems } from '../dialing/calling-window.ts';
import { MAX_RATIO } from '../dialing/pacers.ts';
import type { RetryDelay } from '../dialing/retry.ts';
import type { CampaignSettings } from './settings.ts';

/** What is wrong with a setting. Codes are translated by the screens; `limit` is the bound that was passed, where one was. */
export type SettingsProblem = {
  /** Path of the field, dots between names: `retry.perOutcome.busy.delay`. */
  readonly field: string;
  readonly code:
    | 'missing'
    | 'repeated'
    | 'notANumber'
    | 'tooSmall'
    | 'tooGreat'
    | 'windowNonsense'
    | 'windowNeverOpen'
    | 'windowNeverOpenUnderPack'
    | 'messageRequired'
    | 'wrongPack'
    | 'unknownOutcomeRule'
    | 'looserThanPack';
  readonly limit?: number;
  /** `warning`: the campaign can start, the value has no effect or is odd. */
  readonly severity: 'error' | 'warning';
};

/** Longest ring; carriers end a dial sooner. */
const MAX_RING_MS = 120_000;
const MAX_CHANNELS = 10_000;
const MAX_CALLS_PER_SECOND = 1_000;
const YEAR_MS = 366 * 86_400_000;

type Bound = { readonly min: number; readonly max: number; readonly isWhole?: boolean };

/**
 * All problems of a campaign's settings under a rule pack, every one at once; empty when the campaign may start.
 * What the pack forbids is refused, not silently bent; settings looser than the pack are named, since they do nothing.
 */
export const checkSettings = (settings: CampaignSettings, pack: RulePack): readonly SettingsProblem[] => {
  const problems: SettingsProblem[] = [];
  const error = (field: string, code: SettingsProblem['code'], limit?: number): void => {
    problems.push({ field, code, severity: 'error', ...(limit === undefined ? {} : { limit }) });
  };
  const warn = (field: string, code: SettingsProblem['code'], limit?: number): void => {
    problems.push({ field, code, severity: 'warning', ...(limit === undefined ? {} : { limit }) });
  };
  const number = (field: string, value: number, bound: Bound): void => {
    if (!Number.isFinite(value) || (bound.isWhole === true && !Number.isInteger(value))) error(field, 'notANumber');
    else if (value < bound.min) error(field, 'tooSmall', bound.min);
    else if (value > bound.max) error(field, 'tooGreat', bound.max);
  };
  const names = (field: string, values: readonly string[]): void => {
    if (values.length === 0) error(field, 'missing');
    if (new Set(values).size !== values.length) error(field, 'repeated');
  };

  names('listIds', settings.listIds);
  names('trunkIds', settings.trunkIds);
  names('callerIds', settings.callerIds);
  names(
    'dispositions',
    settings.dispositions.map((disposition) => disposition.code),
  );
  if (settings.rulePack !== pack.id) error('rulePack', 'wrongPack');
  number('callerIdUse.maxPerDay', settings.callerIdUse.maxPerDay, { min: 1, max: 1_000_000, isWhole: true });
  number('callerIdUse.maxConcurrent', settings.callerIdUse.maxConcurrent, { min: 1, max: MAX_CHANNELS, isWhole: true });
  if (settings.mode.kind === 'ratio')
    number('mode.linesPerAgent', settings.mode.linesPerAgent, { min: 1, max: MAX_RATIO });
  // Under a tenth of a per cent one drop in a thousand people already stops it: that is progressive under another name.
  if (settings.mode.kind === 'predictive')
    number('mode.dropLimit', settings.mode.dropLimit, { min: 0.001, max: pack.drop.limit });
  // Below the pack's minimum a callee is hung up on while walking to the phone; 5 s is the floor where no law gives one.
  number('ringTimeoutMs', settings.ringTimeoutMs, { min: Math.max(5_000, pack.minRingMs), max: MAX_RING_MS });
  number('priority', settings.priority, { min: 1, max: 99, isWhole: true });
  number('maxChannels', settings.maxChannels, { min: 1, max: MAX_CHANNELS, isWhole: true });
  number('newCallsPerSecond', settings.newCallsPerSecond, { min: 0.01, max: MAX_CALLS_PER_SECOND });
  number('agentWaitMs', settings.agentWaitMs, { min: 0, max: pack.drop.connectWithinMs });
  if (settings.wrapUp.maxMs !== null) number('wrapUp.maxMs', settings.wrapUp.maxMs, { min: 0, max: 3_600_000 });
  if (settings.onAgentLost.kind === 'anotherAgent') {
    number('onAgentLost.waitMs', settings.onAgentLost.waitMs, { min: 0, max: 120_000 });
  }
  if (settings.dropMessage === null && pack.drop.messageRequired) error('dropMessage', 'messageRequired');
  if (settings.dropMessage === '') error('dropMessage', 'missing');
  if (settings.onAgentLost.message === '') error('onAgentLost.message', 'missing');

  const faults = windowProblems(settings.window);
  for (const fault of faults) {
    if (fault.code === 'windowNeverOpen') error('window', 'windowNeverOpen');
    else error(`window.${fault.at}`, 'windowNonsense');
  }
  if (faults.length === 0) {
    const inForce = tighten(pack, settings).window;
    if (windowProblems(inForce).some((fault) => fault.code === 'windowNeverOpen')) {
      error('window', 'windowNeverOpenUnderPack');
    }
  }

  for (const cap of ['perHour', 'per24h', 'perDay', 'per30d', 'inAll'] as const) {
    const own = settings.caps[cap];
    if (own === undefined) continue;
    number(`caps.${cap}`, own, { min: 1, max: 1_000_000, isWhole: true });
    const limit = pack.caps[cap];
    if (limit !== undefined && own > limit) warn(`caps.${cap}`, 'looserThanPack', limit);
  }
  if (settings.caps.minGapMs !== undefined) {
    number('caps.minGapMs', settings.caps.minGapMs, { min: 0, max: YEAR_MS });
    const limit = pack.caps.minGapMs;
    if (limit !== undefined && settings.caps.minGapMs < limit) warn('caps.minGapMs', 'looserThanPack', limit);
  }
  for (const [name, value] of Object.entries(settings.quiet)) {
    if (typeof value === 'number') number(`quiet.${name}`, value, { min: 0, max: 10 * YEAR_MS });
  }

  number('retry.maxAttempts', settings.retry.maxAttempts, { min: 1, max: 1_000, isWhole: true });
  const delay = (field: string, value: RetryDelay): void => {
    if (value.kind === 'list') {
      if (value.delaysMs.length === 0) error(field, 'missing');
      for (const delayMs of value.delaysMs) number(field, delayMs, { min: 0, max: YEAR_MS });
    } else {
      number(`${field}.firstMs`, value.firstMs, { min: 0, max: YEAR_MS });
      number(`${field}.factor`, value.factor, { min: 1, max: 100 });
      number(`${field}.maxMs`, value.maxMs, { min: value.firstMs, max: YEAR_MS });
    }
  };
  for (const [outcome, rule] of Object.entries(settings.retry.perOutcome)) {
    const field = `retry.perOutcome.${outcome}`;
    // A person who answered was reached: what comes next is the disposition's business.
    if (outcome === 'answered') error(field, 'unknownOutcomeRule');
    number(`${field}.maxAttempts`, rule.maxAttempts, { min: 1, max: 1_000, isWhole: true });
    delay(`${field}.delay`, rule.delay);
  }
  return problems;
};
