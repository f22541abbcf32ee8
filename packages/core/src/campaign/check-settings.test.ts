import { describe, expect, it } from 'vitest';
import { rulePackAt } from '../compliance/rule-packs/index.ts';
import { everyDay, hours } from '../dialing/calling-window.ts';
import type { ListId, PhoneNumber, TrunkId } from '../ids.ts';
import { checkSettings } from './check-settings.ts';
import type { CampaignSettings } from './settings.ts';
import { defaultCampaignSettings } from './settings.ts';

const NOW = Date.parse('2026-03-03T02:00:00Z');
const china = rulePackAt('china', NOW);
const sound: CampaignSettings = {
  ...defaultCampaignSettings,
  listIds: ['l' as ListId],
  trunkIds: ['t' as TrunkId],
  callerIds: ['+861088886666' as PhoneNumber],
};
const problems = (more: Partial<CampaignSettings>, pack = china) =>
  checkSettings({ ...sound, ...more }, pack).map((one) => `${one.severity} ${one.field} ${one.code}`);

describe('a campaign’s settings', () => {
  it('are sound by default once lists, trunks and caller IDs are named, under every pack', () => {
    for (const id of ['china', 'usa', 'uk', 'lab'] as const) {
      expect(problems({ rulePack: id }, rulePackAt(id, NOW))).toEqual([]);
    }
  });

  it('name everything that is missing at once', () => {
    expect(checkSettings(defaultCampaignSettings, china).map((one) => one.field)).toEqual([
      'listIds',
      'trunkIds',
      'callerIds',
    ]);
  });

  it('refuse a ring time under the legal minimum and say what it is', () => {
    expect(checkSettings({ ...sound, ringTimeoutMs: 10_000 }, china)).toEqual([
      { field: 'ringTimeoutMs', code: 'tooSmall', limit: 15_000, severity: 'error' },
    ]);
  });

  it.each<[Partial<CampaignSettings>, string]>([
    [{ ringTimeoutMs: 600_000 }, 'error ringTimeoutMs tooGreat'],
    [{ ringTimeoutMs: NaN }, 'error ringTimeoutMs notANumber'],
    [{ mode: { kind: 'ratio', linesPerAgent: 50 } }, 'error mode.linesPerAgent tooGreat'],
    [{ mode: { kind: 'ratio', linesPerAgent: 0 } }, 'error mode.linesPerAgent tooSmall'],
    [{ mode: { kind: 'predictive', dropLimit: 0.5 } }, 'error mode.dropLimit tooGreat'],
    [{ mode: { kind: 'predictive', dropLimit: 0 } }, 'error mode.dropLimit tooSmall'],
    [{ mode: { kind: 'predictive', dropLimit: Number.NaN } }, 'error mode.dropLimit notANumber'],
    [{ agentWaitMs: 20_000 }, 'error agentWaitMs tooGreat'],
    [{ priority: 0 }, 'error priority tooSmall'],
    [{ maxChannels: 1.5 }, 'error maxChannels notANumber'],
    [{ newCallsPerSecond: 0 }, 'error newCallsPerSecond tooSmall'],
    [{ dropMessage: null }, 'error dropMessage messageRequired'],
    [{ window: everyDay() }, 'error window windowNeverOpen'],
    [{ window: everyDay({ fromMinute: 700, toMinute: 600 }, hours(9, 12)) }, 'error window.mon windowNonsense'],
    [{ window: everyDay(hours(22, 24)) }, 'error window windowNeverOpenUnderPack'],
    [{ caps: { per24h: 0 } }, 'error caps.per24h tooSmall'],
    [{ caps: { per24h: 10 } }, 'warning caps.per24h looserThanPack'],
    [{ caps: { minGapMs: 1_000 } }, 'warning caps.minGapMs looserThanPack'],
    [{ retry: { maxAttempts: 0, perOutcome: {} } }, 'error retry.maxAttempts tooSmall'],
    [{ rulePack: 'uk' }, 'error rulePack wrongPack'],
    [{ callerIds: [...sound.callerIds, ...sound.callerIds] }, 'error callerIds repeated'],
  ])('say what is wrong with %j', (more, expected) => {
    expect(problems(more)).toContain(expected);
  });

  it('refuse retry delays that are none', () => {
    const retry = (delay: NonNullable<CampaignSettings['retry']['perOutcome']['busy']>['delay']) =>
      problems({ retry: { maxAttempts: 3, perOutcome: { busy: { maxAttempts: 2, delay, nextNumber: 'same' } } } });
    expect(retry({ kind: 'list', delaysMs: [] })).toEqual(['error retry.perOutcome.busy.delay missing']);
    expect(retry({ kind: 'list', delaysMs: [-1] })).toEqual(['error retry.perOutcome.busy.delay tooSmall']);
    expect(retry({ kind: 'backOff', firstMs: 100, factor: 0.5, maxMs: 10 })).toEqual([
      'error retry.perOutcome.busy.delay.factor tooSmall',
      'error retry.perOutcome.busy.delay.maxMs tooSmall',
    ]);
  });
});
