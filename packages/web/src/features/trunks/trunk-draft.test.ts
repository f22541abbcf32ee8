import { FORMAT_PRESETS } from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import { draftFromPreset, formatNameOf, FORMATS, PRESETS, setOptional, trunkFaults } from './trunk-draft.ts';

describe('a trunk in the form', () => {
  it.each(PRESETS)('lacks only host, name and account when begun from %s', (preset) => {
    const faults = Object.keys(trunkFaults(draftFromPreset(preset)));
    expect(faults.filter((field) => !['name', 'host', 'auth.username'].includes(field))).toEqual([]);
    expect(faults).toContain('host');
  });
  it('can be sent once they are filled in', () => {
    const draft = draftFromPreset('chinaIp', '北京联通');
    expect(trunkFaults({ ...draft, settings: { ...draft.settings, host: 'sip.example.com' } })).toEqual({});
  });
  it.each(FORMATS)('knows the ready-made format %s again', (name) => {
    expect(formatNameOf(FORMAT_PRESETS[name])).toBe(name);
  });
  it('knows rules of one’s own as such', () => {
    expect(formatNameOf([{ template: '9{national}' }])).toBeUndefined();
  });
  it('takes an emptied optional field out instead of sending an empty text', () => {
    const { settings } = draftFromPreset('chinaIp');
    const set = setOptional(settings, 'fromUser', ' 10086 ');
    expect(set.fromUser).toBe('10086');
    expect('fromUser' in setOptional(set, 'fromUser', '')).toBe(false);
  });
});
