import { REJECT_REASONS, NOTE_REASONS, FILE_FAULTS } from '@qianhu/contracts';
import { OUTCOMES } from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import { en } from './en/index.ts';
import { preferredLanguage } from './i18n.ts';
import { zh } from './zh/index.ts';

const flatten = (value: object, prefix = ''): [string, string][] =>
  Object.entries(value).flatMap(([key, inner]: [string, unknown]): [string, string][] =>
    typeof inner === 'object' && inner !== null
      ? flatten(inner, `${prefix}${key}.`)
      : [[`${prefix}${key}`, String(inner)]],
  );

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '').sort();

describe('the languages', () => {
  const chinese = new Map(flatten(zh));
  const english = new Map(flatten(en));

  it('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
  });
  it('take the same values in each text', () => {
    const different = [...chinese].filter(
      ([key, text]) => placeholders(text).join() !== placeholders(english.get(key) ?? '').join(),
    );
    expect(different).toEqual([]);
  });
  it('leave no text empty and no Chinese in English', () => {
    expect([...chinese.values(), ...english.values()].filter((text) => text.trim() === '')).toEqual([]);
    expect([...english].filter(([, text]) => /\p{Script=Han}/u.test(text))).toEqual([]);
  });
  it('have words for every outcome, reject and fault that the server may name', () => {
    for (const language of [zh, en]) {
      for (const outcome of OUTCOMES) expect(language.outcome[outcome]).toBeTruthy();
      for (const reason of [...REJECT_REASONS, ...NOTE_REASONS]) expect(language.importer.reason[reason]).toBeTruthy();
      for (const fault of FILE_FAULTS) expect(language.importer.fileFault[fault]).toBeTruthy();
    }
  });
  it('begin with the stored choice, else with the browser’s', () => {
    expect(preferredLanguage('en', ['zh-CN'])).toBe('en');
    expect(preferredLanguage(null, ['zh-TW', 'en'])).toBe('zh');
    expect(preferredLanguage('nonsense', ['de-DE'])).toBe('en');
    expect(preferredLanguage(null, [])).toBe('en');
  });
});
