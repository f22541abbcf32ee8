import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PhoneNumber } from '../ids.ts';
import type { FormatRule, NumberFacts, NumberFormat } from './number-format.ts';
import {
  FORMAT_PRESETS,
  chinaNumberFacts,
  cityRelation,
  formatNumber,
  formatProblems,
  parseTemplate,
} from './number-format.ts';

const beijing = { country: 'CN', areaCode: '10' } as const;
const number = (text: string): PhoneNumber => text as PhoneNumber;
const china = (text: string, home?: string): NumberFacts => {
  const facts = chinaNumberFacts(number(text), home);
  if (!facts) throw new Error('not Chinese');
  return facts;
};
const write = (rules: readonly FormatRule[], facts: NumberFacts, home: NumberFormat['home'] = beijing): string => {
  const found = formatNumber({ home, rules }, facts);
  return found.ok ? found.text : found.reason;
};
const london: NumberFacts = {
  e164: number('+442071234567'),
  country: 'GB',
  callingCode: '44',
  kind: 'landline',
  areaCode: '20',
};

describe('numbers as a trunk wants them', () => {
  it.each([
    ['a mobile of the trunk’s city is dialled plain', china('+8613800138000', '10'), '13800138000'],
    ['a mobile of another city gets a 0', china('+8613800138000', '21'), '013800138000'],
    ['a mobile of an unknown city gets a 0', china('+8613800138000'), '013800138000'],
    ['a landline of the city loses its area code', china('+861088886666'), '88886666'],
    ['a landline of another city gets 0 and its area code', china('+862188886666'), '02188886666'],
    ['a landline with a three-digit area code', china('+865711234567'), '05711234567'],
    ['a service number stays as it is', china('+864008123123'), '4008123123'],
    ['a number abroad goes out with 00', london, '00442071234567'],
  ])('%s', (_what, facts, expected) => {
    expect(write(FORMAT_PRESETS.chinaLocal, facts)).toBe(expected);
  });

  it('writes the other presets', () => {
    const mobile = china('+8613800138000', '21');
    expect(write(FORMAT_PRESETS.e164Plus, mobile)).toBe('+8613800138000');
    expect(write(FORMAT_PRESETS.e164Digits, mobile)).toBe('8613800138000');
    expect(write(FORMAT_PRESETS.chinaNational, mobile)).toBe('13800138000');
    expect(write(FORMAT_PRESETS.chinaNational, china('+861088886666'))).toBe('01088886666');
    const newYork: NumberFacts = {
      e164: number('+12125550123'),
      country: 'US',
      callingCode: '1',
      kind: 'landline',
      areaCode: '212',
    };
    expect(write(FORMAT_PRESETS.northAmerica, newYork, { country: 'US' })).toBe('2125550123');
    expect(write(FORMAT_PRESETS.northAmerica, london, { country: 'US' })).toBe('011442071234567');
  });

  it('puts a carrier’s technical prefix before the number', () => {
    expect(write([{ template: '9991#{national}' }], china('+8613800138000'))).toBe('9991#13800138000');
  });

  it('refuses rather than guesses', () => {
    const mobile = china('+8613800138000');
    expect(write([], mobile)).toBe('noRuleFits');
    expect(write([{ country: 'abroad', template: '{digits}' }], mobile)).toBe('noRuleFits');
    expect(write([{ template: '{area}{national}' }], mobile)).toBe('factMissing');
    expect(write([{ template: '{name}' }], mobile)).toBe('badTemplate');
    expect(write([{ template: '+{e164}' }], mobile)).toBe('notDialable');
    expect(write([{ template: '{national}' }], { ...mobile, callingCode: '1' })).toBe('factMissing');
  });

  it('takes a rule for a named country before the general one', () => {
    const rules: readonly FormatRule[] = [{ country: 'GB', template: '0{national}' }, { template: '{digits}' }];
    expect(write(rules, london)).toBe('02071234567');
    expect(write(rules, china('+8613800138000'))).toBe('8613800138000');
  });

  it('knows when two numbers are of one city', () => {
    expect(cityRelation(china('+861088886666'), beijing)).toBe('same');
    expect(cityRelation(china('+862188886666'), beijing)).toBe('other');
    expect(cityRelation(london, { country: 'CN', areaCode: '20' })).toBe('other');
    expect(cityRelation(china('+8613800138000'), beijing)).toBe('unknown');
    expect(cityRelation(china('+861088886666'), { country: 'CN' })).toBe('unknown');
  });

  it('finds faults in a format before it is used', () => {
    expect(formatProblems({ home: beijing, rules: FORMAT_PRESETS.chinaLocal })).toEqual([]);
    expect(formatProblems({ home: beijing, rules: [] })).toEqual([{ ruleIndex: -1, problem: 'noRules' }]);
    const rules = ['', '{natoinal}', 'sip:{e164}@evil', '{national', '0 {national}'].map((template) => ({ template }));
    expect(formatProblems({ home: beijing, rules }).map((one) => one.problem)).toEqual([
      'empty',
      'unknownField',
      'illegalCharacter',
      'illegalCharacter',
      'illegalCharacter',
    ]);
  });

  it('never lets a template put more than dial characters into an address', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 20 }), (template, e164) => {
        const facts: NumberFacts = { e164: number(e164), country: 'CN', callingCode: '86', kind: 'mobile' };
        const found = formatNumber({ home: beijing, rules: [{ template }] }, facts);
        if (found.ok) expect(found.text).toMatch(/^\+?[0-9*#]{1,40}$/);
        expect('parts' in parseTemplate(template) || 'problem' in parseTemplate(template)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('reads the kind and area code out of Chinese numbers', () => {
    expect(chinaNumberFacts(number('+8619912345678'))).toMatchObject({ kind: 'mobile' });
    expect(chinaNumberFacts(number('+862088886666'))).toMatchObject({ kind: 'landline', areaCode: '20' });
    expect(chinaNumberFacts(number('+8675588886666'))).toMatchObject({ kind: 'landline', areaCode: '755' });
    expect(chinaNumberFacts(number('+868008123123'))).toMatchObject({ kind: 'tollFree' });
    expect(chinaNumberFacts(number('+8695588'))).toMatchObject({ kind: 'unknown' });
    expect(chinaNumberFacts(number('+442071234567'))).toBeNull();
  });
});
