import { defaultCampaignSettings, type CampaignSettings } from '@qianhu/core';
import type { Campaign, ListView, Trunk } from '@qianhu/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  agentsFor,
  changeRetry,
  chooseLists,
  draftOf,
  emptyDraft,
  limitText,
  parseCallerIds,
  retryFieldsOf,
  type DraftChoice,
  fieldRoot,
} from './campaign-draft.ts';
import { fromSimple, minuteText, parseMinute, toSimple } from './window-form.ts';

const list = (id: string, isDemo = false): ListView => ({
  listId: id as ListView['listId'],
  name: `名单 ${id}`,
  defaultRegion: 'CN',
  isDemo,
  fieldDefs: [],
  leads: { ready: 10, dialing: 0, done: 0 },
  campaigns: [],
  createdAtMs: 0,
});
const trunk = (id: string, isDemo: boolean, isEnabled = true): Trunk =>
  ({ trunkId: id, name: id, isDemo, isEnabled }) as unknown as Trunk;

const choice: DraftChoice = {
  lists: [list('a'), list('b'), list('d', true)],
  trunks: [trunk('carrier', false), trunk('off', false, false), trunk('lab', true)],
  lastCallerIds: ['+862112345678'] as unknown as CampaignSettings['callerIds'],
};

describe('a draft of a campaign', () => {
  it('takes name, trunks, rules and caller IDs from the list that was chosen', () => {
    const draft = chooseLists(emptyDraft, ['a'], choice);
    expect(draft.name).toBe('名单 a');
    expect(draft.settings).toMatchObject({ trunkIds: ['carrier'], rulePack: 'china', callerIds: ['+862112345678'] });
  });
  it('sends a demonstration list over lab trunks by the lab’s rules, and back', () => {
    const demo = chooseLists(emptyDraft, ['d'], choice);
    expect(demo.settings).toMatchObject({ trunkIds: ['lab'], rulePack: 'lab' });
    expect(chooseLists(demo, ['a'], choice).settings).toMatchObject({ trunkIds: ['carrier'], rulePack: 'china' });
  });
  it('keeps a name and trunks that somebody chose', () => {
    const first = chooseLists(emptyDraft, ['a'], choice);
    const named = { ...first, name: '回访' };
    expect(chooseLists(named, ['a', 'b'], choice).name).toBe('回访');
    expect(chooseLists(first, ['a', 'b'], choice).name).toBe('名单 a、名单 b');
  });
});

describe('the agents of a campaign', () => {
  const person = (userId: string, isDemo = false, isDisabled = false) =>
    ({ userId, role: 'agent', isDemo, isDisabled }) as const;
  const users = [person('a'), person('b'), person('gone', false, true), person('demo', true)];
  const campaign = (...agentIds: string[]) =>
    ({ name: 'x', settings: defaultCampaignSettings, agentIds }) as unknown as Campaign;

  it('are all real ones, those of the demonstration only for its lists', () => {
    expect(agentsFor(defaultCampaignSettings, users).map((user) => user.userId)).toEqual(['a', 'b']);
    expect(agentsFor({ ...defaultCampaignSettings, rulePack: 'lab' }, users)).toEqual([person('demo', true)]);
  });
  it('are shown as all only when nobody is left out', () => {
    expect(draftOf(campaign('b', 'a'), users).agentIds).toBeUndefined();
    expect(draftOf(campaign('a'), users).agentIds).toEqual(['a']);
    expect(draftOf(campaign(), users).agentIds).toEqual([]);
  });
});

describe('caller IDs', () => {
  it('are taken from pasted text, with spaces and dashes', () => {
    expect(parseCallerIds(['+86 21-1234 5678，+861088886666', '02112345678'])).toEqual({
      numbers: ['+862112345678', '+861088886666'],
      invalid: ['02112345678'],
    });
  });
});

describe('retries', () => {
  it('change the first delay and keep later ones at least as long', () => {
    const settings = changeRetry(defaultCampaignSettings, 'noAnswer', { minutes: 600, max: 2 });
    expect(retryFieldsOf(settings.retry.perOutcome.noAnswer)).toEqual({ max: 2, minutes: 600 });
    expect(settings.retry.perOutcome.noAnswer?.delay).toEqual({ kind: 'list', delaysMs: [36_000_000, 86_400_000] });
  });
  it('are switched off at zero and on again with the default', () => {
    const off = changeRetry(defaultCampaignSettings, 'busy', { max: 0 });
    expect(off.retry.perOutcome.busy).toBeUndefined();
    expect(retryFieldsOf(changeRetry(off, 'busy', { max: 3 }).retry.perOutcome.busy)).toEqual({ max: 3, minutes: 20 });
  });
});

describe('hours in the form', () => {
  it('read what people type', () => {
    expect(['9', '09:30', '0930', '9：30', '24:00', '25', '9:75', 'x'].map(parseMinute)).toEqual([
      540,
      570,
      570,
      570,
      1440,
      undefined,
      undefined,
      undefined,
    ]);
  });
  it('come back from their text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1440 }), (minute) => {
        expect(parseMinute(minuteText(minute))).toBe(minute);
      }),
    );
  });
  it('come back from a window, and say when the form cannot show one', () => {
    const simple = { days: ['mon', 'fri'] as const, spans: [{ fromMinute: 540, toMinute: 720 }] };
    expect(toSimple(fromSimple(simple))).toEqual({ simple, isExact: true });
    const window = fromSimple(simple);
    expect(toSimple({ ...window, weekly: { ...window.weekly, tue: [{ fromMinute: 0, toMinute: 60 }] } }).isExact).toBe(
      false,
    );
    expect(toSimple({ ...window, dates: { '2027-02-06': [] } })).toEqual({ simple, isExact: true });
  });
  it('show limits in the unit of the field', () => {
    expect(limitText('ringTimeoutMs', 15_000)).toBe('15 s');
    expect(limitText('caps.perDay', 3)).toBe('3');
    expect(limitText('settings.mode.dropLimit', 0.03)).toBe('3 %');
  });
});

it('names a setting by its first part, with or without the settings before it', () => {
  expect(['settings.caps.perDay', 'retry.maxAttempts', 'agentIds'].map(fieldRoot)).toEqual([
    'caps',
    'retry',
    'agentIds',
  ]);
});
