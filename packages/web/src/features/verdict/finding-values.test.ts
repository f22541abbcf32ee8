import { RULE_IDS } from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import { verdict as en } from '../../i18n/en/attempts.ts';
import { verdict as zh } from '../../i18n/zh/attempts.ts';
import { findingValues } from './finding-values.ts';

const words = {
  moment: (at: number) => `at ${at}`,
  duration: (ms: number) => `${ms} ms`,
  country: (code: string) => `country ${code}`,
  origin: (from: string) => `by ${from}`,
  none: '–',
};

describe('the facts of a finding', () => {
  it('become words by their names', () => {
    expect(
      findingValues(
        {
          lastDialAtMs: 5,
          minGapMs: 60,
          country: 'CN',
          maxFrom: 'pack',
          zones: ['Asia/Shanghai'],
          count: 2,
          max: null,
        },
        words,
      ),
    ).toEqual({
      lastDialAtMs: 'at 5',
      minGapMs: '60 ms',
      country: 'country CN',
      maxFrom: 'by pack',
      zones: 'Asia/Shanghai',
      count: '2',
      max: '–',
    });
  });
});

describe('the words of the verdict', () => {
  it.each(RULE_IDS)('name the rule %s and say in both languages that it passed', (rule) => {
    for (const language of [zh, en]) {
      expect(language.rule[rule]).toBeTruthy();
      expect(language.ok[rule]).toBeTruthy();
    }
  });
});
