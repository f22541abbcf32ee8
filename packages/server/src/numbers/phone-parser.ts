import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  validatePhoneNumberLength,
  type CountryCode,
} from 'libphonenumber-js/max';
import { AppError } from '../errors.ts';
import { readNumberingPlan, type NumberingPlan } from './numbering-plan.ts';

/** A valid number. `country` is ISO 3166, or `001` for numbers of no country (+800, +883 …). */
export type ParsedPhone = { readonly number: string; readonly country: string };

/** Why a text is no number that can be dialled. */
export type PhoneFault = 'notANumber' | 'tooShort' | 'tooLong' | 'invalidNumber';

export type PhoneResult =
  | { readonly ok: true; readonly phone: ParsedPhone; readonly extension?: string }
  | { readonly ok: false; readonly fault: PhoneFault };

/** Turns what people write into E.164 by the numbering plans of `libphonenumber-js` (max metadata). */
export interface PhoneParser {
  readonly defaultRegion: CountryCode;
  /** Accepts digits in any dress: full-width, spaces, dashes, brackets, invisible marks, `+86`, `0086`, a trunk 0. */
  parse(text: string): PhoneResult;
}

const PLUS = 0x2b;
const ZERO = 0x30;
const NINE = 0x39;
const FULL_WIDTH_OFFSET = 0xfee0;

/**
 * Whether a character may stand anywhere in a number without meaning: blanks, dashes, brackets, dots, and the invisible
 * marks that address books and chat programs copy along (U+202D … U+202C around a number from Windows contacts).
 */
const isPunctuation = (code: number): boolean => {
  if (code < 0x80)
    return (
      code === 0x20 ||
      code === 0x2d ||
      code === 0x28 ||
      code === 0x29 ||
      code === 0x2e ||
      code === 0x09 ||
      code === 0x27
    );
  return (
    code === 0xa0 ||
    code === 0xad ||
    (code >= 0x2000 && code <= 0x2015) ||
    (code >= 0x2028 && code <= 0x202f) ||
    (code >= 0x2060 && code <= 0x2069) ||
    code === 0x2212 ||
    code === 0x3000 ||
    code === 0xfeff ||
    code === 0xff08 ||
    code === 0xff09 ||
    code === 0xff0d ||
    code === 0xff0e ||
    code === 0x2018 ||
    code === 0x2019 ||
    code === 0x30fc
  );
};

const ONLY_DIGITS = /^\d+$/;

/**
 * The digits of a text, with a leading plus if it has one; undefined when it holds anything but digits, punctuation and one
 * plus in front. Full-width digits count as digits.
 */
export const dialledDigits = (text: string): string | undefined => {
  if (ONLY_DIGITS.test(text)) return text;
  let digits = '';
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code >= 0xff0b && code <= 0xff19) code -= FULL_WIDTH_OFFSET;
    if (code >= ZERO && code <= NINE) digits += String.fromCharCode(code);
    else if (code === PLUS && digits === '') digits = '+';
    else if (!isPunctuation(code) && !isPunctuation(text.charCodeAt(i))) return undefined;
  }
  return digits;
};

/**
 * National (significant) number after the national prefix; undefined where the library's rules go further than this short
 * way follows (carrier codes, transform rules, numbers of doubtful length).
 * Follows `extractNationalNumber` of libphonenumber-js 1.13.
 */
const stripNationalPrefix = (digits: string, plan: NumberingPlan): string | undefined => {
  const match = plan.nationalPrefix?.exec(digits);
  if (!match) return digits;
  for (let i = 1; i < match.length; i++) if (match[i] !== undefined) return undefined;
  const rest = digits.slice(match[0].length);
  if (plan.general.test(rest)) return rest;
  return plan.general.test(digits) ? digits : undefined;
};

const ofSomeType = (national: string, plan: NumberingPlan): boolean => {
  for (const { pattern, lengths } of plan.types)
    if ((lengths === undefined || lengths.includes(national.length)) && pattern.test(national)) return true;
  return false;
};

/**
 * The short way: for digits (a leading plus allowed) that the plan alone settles as a valid number of its region, the E.164
 * text; else undefined, which says nothing about validity. Whenever it answers, libphonenumber-js answers the same (property
 * tests hold it against the library).
 */
export const parseByPlan = (digits: string, plan: NumberingPlan): string | undefined => {
  const { callingCode, general } = plan;
  let national: string | undefined;
  if (digits.charCodeAt(0) === PLUS) {
    if (!digits.startsWith(callingCode, 1)) return undefined;
    national = stripNationalPrefix(digits.slice(1 + callingCode.length), plan);
  } else {
    const idd = plan.iddPrefix.exec(digits);
    if (idd) {
      const rest = digits.slice(idd[0].length);
      if (!rest.startsWith(callingCode)) return undefined;
      national = stripNationalPrefix(rest.slice(callingCode.length), plan);
    } else {
      national = stripNationalPrefix(digits, plan);
      if (national !== undefined && digits.startsWith(callingCode) && !general.test(national)) {
        const shorter = digits.slice(callingCode.length);
        const shorterNational = stripNationalPrefix(shorter, plan);
        national = shorterNational !== undefined && general.test(shorterNational) ? shorterNational : undefined;
      }
    }
  }
  if (national === undefined || !general.test(national) || !ofSomeType(national, plan)) return undefined;
  return `+${callingCode}${national}`;
};

/** E.164 allows 15 digits; the library lets 17 national ones through for the sake of some old German numbers. */
const MAX_E164_DIGITS = 15;

const faultOf = (text: string, region: CountryCode): PhoneFault => {
  // The library says so by throwing; with a file of blanks that would be most of the work.
  if (!/\d/.test(text)) return 'notANumber';
  switch (validatePhoneNumberLength(text, region)) {
    case 'TOO_SHORT':
      return 'tooShort';
    case 'TOO_LONG':
      return 'tooLong';
    case 'NOT_A_NUMBER':
      return 'notANumber';
    default:
      return 'invalidNumber';
  }
};

/** The long way: what `libphonenumber-js` says. */
export const parseByLibrary = (text: string, region: CountryCode): PhoneResult => {
  const found = /\d{2}/.test(text) ? parsePhoneNumberFromString(text, region) : undefined;
  if (found === undefined || !found.isValid()) return { ok: false, fault: faultOf(text, region) };
  if (found.number.length - 1 > MAX_E164_DIGITS) return { ok: false, fault: 'tooLong' };
  return {
    ok: true,
    phone: { number: found.number, country: found.country ?? '001' },
    ...(found.ext === undefined ? {} : { extension: found.ext }),
  };
};

/** Builds a parser. Throws `AppError` `invalid` for a region that no numbering plan is known of. */
export const createPhoneParser = (region: string): PhoneParser => {
  const code = region as CountryCode;
  if (!isSupportedCountry(code))
    throw new AppError('invalid', `The region ${region} is not known. Give an ISO 3166 code such as CN or US.`, {
      details: { region },
    });
  const plan = readNumberingPlan(code);
  return {
    defaultRegion: code,
    parse: (text) => {
      const digits = dialledDigits(text);
      if (digits === undefined) return parseByLibrary(text.normalize('NFKC'), code);
      const number = plan === undefined ? undefined : parseByPlan(digits, plan);
      if (number !== undefined) return { ok: true, phone: { number, country: code } };
      return parseByLibrary(digits, code);
    },
  };
};
