import type { CountryCode } from '../compliance/rule-pack.ts';
import type { NumberKind } from '../compliance/verdict-types.ts';
import type { PhoneNumber } from '../ids.ts';

/**
 * What a template may look at in a number. `areaCode` (without the trunk prefix 0) is part of the number for a landline;
 * for a mobile it is the area code of its home city, looked up elsewhere, and absent when not known.
 */
export type NumberFacts = {
  readonly e164: PhoneNumber;
  readonly country: CountryCode;
  /** Country calling code without plus. */
  readonly callingCode: string;
  readonly kind: NumberKind;
  readonly areaCode?: string;
};

/** Where the trunk's carrier takes the calls: a number is of the same city when country and area code are these. */
export type TrunkHome = { readonly country: CountryCode; readonly areaCode?: string };

/** `unknown`: one of the two area codes is not known. Of another country is `other`. */
export type CityRelation = 'same' | 'other' | 'unknown';

/**
 * One line of a trunk's number format; the first whose conditions all hold decides. `country: 'home'` and `'abroad'`
 * compare with the trunk's home.
 *
 * The template is literal dial characters (`0-9 + * #`) and fields in braces:
 * `{e164}` +8613800138000 · `{digits}` 8613800138000 · `{national}` 13800138000 or 1088886666 ·
 * `{area}` 10 · `{subscriber}` 88886666 (the landline number without its area code).
 */
export type FormatRule = {
  readonly country?: CountryCode | 'home' | 'abroad';
  readonly kind?: NumberKind;
  readonly city?: CityRelation;
  readonly template: string;
};

/** How a trunk wants numbers written: those it dials, or those it shows. */
export type NumberFormat = { readonly home: TrunkHome; readonly rules: readonly FormatRule[] };

export const TEMPLATE_FIELDS = ['e164', 'digits', 'national', 'area', 'subscriber'] as const;
type TemplateField = (typeof TEMPLATE_FIELDS)[number];

type TemplatePart = { readonly literal: string } | { readonly field: TemplateField };

const isField = (name: string): name is TemplateField => (TEMPLATE_FIELDS as readonly string[]).includes(name);

/**
 * Reads a template. Only dial characters and known fields exist, so that no setting can put a header, a host or another
 * user part into a SIP address.
 */
export const parseTemplate = (
  template: string,
):
  { readonly parts: readonly TemplatePart[] } | { readonly problem: 'empty' | 'unknownField' | 'illegalCharacter' } => {
  if (template === '') return { problem: 'empty' };
  const parts: TemplatePart[] = [];
  let rest = template;
  while (rest !== '') {
    const literal = /^[0-9+*#]+/.exec(rest)?.[0];
    if (literal !== undefined) {
      parts.push({ literal });
      rest = rest.slice(literal.length);
      continue;
    }
    const field = /^\{([A-Za-z0-9]+)\}/.exec(rest);
    if (!field) return { problem: 'illegalCharacter' };
    const name = field[1] ?? '';
    if (!isField(name)) return { problem: 'unknownField' };
    parts.push({ field: name });
    rest = rest.slice(field[0].length);
  }
  return { parts };
};

/** How the number's city stands to the trunk's. */
export const cityRelation = (facts: NumberFacts, home: TrunkHome): CityRelation => {
  if (facts.country !== home.country) return 'other';
  if (facts.areaCode === undefined || home.areaCode === undefined) return 'unknown';
  return facts.areaCode === home.areaCode ? 'same' : 'other';
};

const fieldValue = (field: TemplateField, facts: NumberFacts): string | undefined => {
  const digits = facts.e164.replace(/^\+/, '');
  const national = digits.startsWith(facts.callingCode) ? digits.slice(facts.callingCode.length) : undefined;
  switch (field) {
    case 'e164':
      return `+${digits}`;
    case 'digits':
      return digits;
    case 'national':
      return national;
    case 'area':
      return facts.areaCode;
    case 'subscriber':
      // A mobile has no area code in its number: its subscriber number is the whole.
      if (facts.kind !== 'landline') return national;
      return facts.areaCode !== undefined && national?.startsWith(facts.areaCode)
        ? national.slice(facts.areaCode.length)
        : undefined;
  }
};

const DIAL_STRING = /^\+?[0-9*#]{1,40}$/;

const ruleFits = (rule: FormatRule, facts: NumberFacts, home: TrunkHome): boolean => {
  if (rule.country === 'home' && facts.country !== home.country) return false;
  if (rule.country === 'abroad' && facts.country === home.country) return false;
  const named = rule.country !== undefined && rule.country !== 'home' && rule.country !== 'abroad';
  if (named && rule.country !== facts.country) return false;
  if (rule.kind !== undefined && rule.kind !== facts.kind) return false;
  return rule.city === undefined || rule.city === cityRelation(facts, home);
};

export type FormattedNumber =
  | { readonly ok: true; readonly text: string; readonly ruleIndex: number }
  | {
      readonly ok: false;
      readonly reason: 'noRuleFits' | 'badTemplate' | 'factMissing' | 'notDialable';
      readonly ruleIndex?: number;
    };

/** Writes a number as the trunk wants it, or says why it cannot. Never guesses: a missing fact is a refusal. */
export const formatNumber = (format: NumberFormat, facts: NumberFacts): FormattedNumber => {
  const ruleIndex = format.rules.findIndex((rule) => ruleFits(rule, facts, format.home));
  const rule = format.rules[ruleIndex];
  if (!rule) return { ok: false, reason: 'noRuleFits' };
  const parsed = parseTemplate(rule.template);
  if ('problem' in parsed) return { ok: false, reason: 'badTemplate', ruleIndex };
  let text = '';
  for (const part of parsed.parts) {
    const piece = 'literal' in part ? part.literal : fieldValue(part.field, facts);
    if (piece === undefined) return { ok: false, reason: 'factMissing', ruleIndex };
    text += piece;
  }
  return DIAL_STRING.test(text) ? { ok: true, text, ruleIndex } : { ok: false, reason: 'notDialable', ruleIndex };
};

/** What is wrong with a format, by rule; empty when it is sound. */
export const formatProblems = (
  format: NumberFormat,
): readonly { readonly ruleIndex: number; readonly problem: string }[] =>
  format.rules.length === 0
    ? [{ ruleIndex: -1, problem: 'noRules' }]
    : format.rules.flatMap((rule, ruleIndex) => {
        const parsed = parseTemplate(rule.template);
        return 'problem' in parsed ? [{ ruleIndex, problem: parsed.problem }] : [];
      });

/** Ready-made rules, to be copied into a trunk and changed there. */
export const FORMAT_PRESETS = {
  /** `+8613800138000`. */
  e164Plus: [{ template: '{e164}' }],
  /** `8613800138000`. */
  e164Digits: [{ template: '{digits}' }],
  /** `13800138000`, `01088886666`; abroad `00…`: carriers that want no 0 before mobiles and always the area code. */
  chinaNational: [
    { country: 'home', kind: 'landline', template: '0{national}' },
    { country: 'home', template: '{national}' },
    { country: 'abroad', template: '00{digits}' },
  ],
  /**
   * As a telephone in the trunk's city dials: mobiles of the city plain, mobiles of other cities (and of cities not
   * known: most of a national list) with 0; landlines of the city without area code, others with 0 and area code.
   */
  chinaLocal: [
    { country: 'home', kind: 'mobile', city: 'same', template: '{national}' },
    { country: 'home', kind: 'mobile', template: '0{national}' },
    { country: 'home', kind: 'landline', city: 'same', template: '{subscriber}' },
    { country: 'home', kind: 'landline', template: '0{national}' },
    { country: 'home', template: '{national}' },
    { country: 'abroad', template: '00{digits}' },
  ],
  /** North America without country code: `2125550123`; abroad `011…`. */
  northAmerica: [
    { country: 'home', template: '{national}' },
    { country: 'abroad', template: '011{digits}' },
  ],
} as const satisfies Record<string, readonly FormatRule[]>;

/**
 * Area code and kind of a number of mainland China from its own digits: mobiles are 11 digits from 13 to 19, landlines
 * begin with 10, a two-digit code from 20 to 29, or a three-digit code from 3 to 9 (numbering plan of the Ministry of
 * Industry and Information Technology). Service numbers (400, 95…) are neither. `null` when it is not such a number.
 */
export const chinaNumberFacts = (e164: PhoneNumber, mobileHomeAreaCode?: string): NumberFacts | null => {
  const national = /^\+86(\d{5,12})$/.exec(e164)?.[1];
  if (national === undefined) return null;
  const base = { e164, country: 'CN', callingCode: '86' } as const;
  if (/^1[3-9]\d{9}$/.test(national)) {
    return { ...base, kind: 'mobile', ...(mobileHomeAreaCode === undefined ? {} : { areaCode: mobileHomeAreaCode }) };
  }
  if (/^800\d{7}$/.test(national)) return { ...base, kind: 'tollFree' };
  if (/^(400\d{7}|9[56]\d{3,6})$/.test(national)) return { ...base, kind: 'unknown' };
  const areaCode = /^(10|2\d)(?=\d{8}$)/.exec(national)?.[1] ?? /^([3-9]\d{2})(?=\d{7,8}$)/.exec(national)?.[1];
  return areaCode === undefined ? { ...base, kind: 'unknown' } : { ...base, kind: 'landline', areaCode };
};
