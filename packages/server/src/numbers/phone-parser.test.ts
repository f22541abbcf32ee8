import fc from 'fast-check';
import examples from 'libphonenumber-js/examples.mobile.json';
import { getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { describe, expect, it, vi } from 'vitest';
import { allRegions, readNumberingPlan } from './numbering-plan.ts';
import { createPhoneParser, dialledDigits, parseByPlan } from './phone-parser.ts';

const byLibrary = (digits: string, region: Parameters<typeof readNumberingPlan>[0]): string | undefined => {
  const found = parsePhoneNumberFromString(digits, region);
  return found?.isValid() === true && found.ext === undefined ? `${found.country ?? ''} ${found.number}` : undefined;
};

const digitText = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });

// Properties run long on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

describe('the short way through a numbering plan', () => {
  const china = readNumberingPlan('CN');
  if (china === undefined) throw new Error('no plan');

  it('agrees with the library on every Chinese shape that it answers', () => {
    const prefix = fc.constantFrom(
      '',
      '0',
      '86',
      '+86',
      '0086',
      '+860',
      '00860',
      '860',
      '00',
      '+',
      '17951',
      '12593',
      '1795100',
    );
    const head = fc.oneof(
      digitText(0, 4),
      fc.constantFrom('13', '138', '10', '021', '755', '400', '800', '1700', '1740', '95', '1'),
    );
    fc.assert(
      fc.property(prefix, head, digitText(3, 10), (p, h, t) => {
        const digits = p + h + t;
        const short = parseByPlan(digits, china);
        if (short !== undefined) expect(`CN ${short}`).toBe(byLibrary(digits, 'CN'));
      }),
      { numRuns: 8_000 },
    );
  });

  it('answers every valid Chinese mobile itself, whatever stands before it', () => {
    fc.assert(
      fc.property(fc.constantFrom('', '0', '86', '+86', '0086'), digitText(9, 9), (p, t) => {
        const digits = `${p}1${t}0`;
        const library = byLibrary(digits, 'CN');
        fc.pre(library !== undefined && /^CN \+861[3-9]\d{9}$/.test(library));
        expect(`CN ${parseByPlan(digits, china) ?? ''}`).toBe(library);
      }),
      { numRuns: 3_000 },
    );
  });

  it('agrees with the library in every region that has a plan', () => {
    const plans = allRegions().flatMap((region) => readNumberingPlan(region) ?? []);
    expect(plans.length).toBeGreaterThan(150);
    const sample = fc.constantFrom(...plans).chain((plan) => {
      const example = (examples as Readonly<Record<string, string>>)[plan.region] ?? '';
      const code = getCountryCallingCode(plan.region);
      // Near an example of the region: its head kept, its tail changed, so that many are valid and many are just not.
      const national = fc
        .tuple(fc.integer({ min: 0, max: example.length }), digitText(0, 11))
        .map(
          ([keep, tail]) =>
            example.slice(0, keep) + tail.slice(0, Math.max(0, example.length - keep + (tail.length % 3) - 1)),
        );
      return fc
        .tuple(fc.constantFrom('', '0', '1', '8', code, `+${code}`, `00${code}`, `011${code}`, `+${code}0`), national)
        .map(([p, n]) => ({ plan, digits: p + n }));
    });
    let answered = 0;
    fc.assert(
      fc.property(sample, ({ plan, digits }) => {
        const short = parseByPlan(digits, plan);
        if (short === undefined) return;
        answered += 1;
        expect(`${plan.region} ${short}`).toBe(byLibrary(digits, plan.region));
      }),
      { numRuns: 12_000 },
    );
    expect(answered).toBeGreaterThan(1_000);
  });
});

describe('parsing what people write', () => {
  const parser = createPhoneParser('CN');
  const numberOf = (text: string): string => {
    const result = parser.parse(text);
    return result.ok ? result.phone.number : result.fault;
  };

  it.each([
    ['13800138000', '+8613800138000'],
    ['１３８００１３８０００', '+8613800138000'],
    ['＋８６ １３８ ００１３ ８０００', '+8613800138000'],
    ['+86-138-0013-8000', '+8613800138000'],
    ['0086 13800138000', '+8613800138000'],
    ['8613800138000', '+8613800138000'],
    ['013800138000', '+8613800138000'],
    ['(010) 8888-8888', '+861088888888'],
    ['（０１０）８８８８８８８８', '+861088888888'],
    ['0755 8888 8888', '+8675588888888'],
    ['\u202d13800138000\u202c', '+8613800138000'],
    ["'13800138000", '+8613800138000'],
    ['4008008888', '+864008008888'],
    ['+1 415 555 2671', '+14155552671'],
    ['001 415 555 2671', '+14155552671'],
    ['+852 6123 4567', '+85261234567'],
  ])('reads %s', (text, number) => {
    expect(numberOf(text)).toBe(number);
  });

  it.each([
    ['', 'notANumber'],
    ['无', 'notANumber'],
    ['123', 'tooShort'],
    ['12345678901', 'invalidNumber'],
    ['1380013800', 'invalidNumber'],
    ['138001380001', 'invalidNumber'],
    ['138001380001380013800013800', 'tooLong'],
  ])('refuses %s', (text, fault) => {
    expect(numberOf(text)).toBe(fault);
  });

  it('gives the extension that the library finds', () => {
    expect(parser.parse('010-88888888 ext. 8001')).toMatchObject({ ok: true, extension: '8001' });
  });

  it('never throws and only answers E.164 of at most 15 digits, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0123456789+- ()０１２.xe') })),
        (text) => {
          const result = parser.parse(text);
          if (result.ok) expect(result.phone.number).toMatch(/^\+[1-9]\d{4,14}$/);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('gives the same answer to a number in any dress', () => {
    fc.assert(
      fc.property(
        digitText(7, 13),
        fc.array(fc.constantFrom('', ' ', '-', '\u00a0', '\u200b', '　'), { minLength: 13, maxLength: 13 }),
        (digits, dress) => {
          const dressed = [...digits].map((d, i) => d + (dress[i] ?? '')).join('');
          const wide = [...digits].map((d) => String.fromCharCode(d.charCodeAt(0) + 0xfee0)).join('');
          expect(parser.parse(dressed)).toEqual(parser.parse(digits));
          expect(parser.parse(wide)).toEqual(parser.parse(digits));
          expect(dialledDigits(dressed)).toBe(digits);
        },
      ),
    );
  });

  it('refuses an unknown region', () => {
    expect(() => createPhoneParser('XX')).toThrow(/not known/);
  });
});
