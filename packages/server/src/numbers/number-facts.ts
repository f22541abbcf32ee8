import { chinaNumberFacts, type NumberFacts, type NumberKind, type PhoneNumber } from '@qianhu/core';
import { parsePhoneNumberFromString, type NumberType } from 'libphonenumber-js/max';

const KINDS: Partial<Record<Exclude<NumberType, undefined>, NumberKind>> = {
  MOBILE: 'mobile',
  FIXED_LINE_OR_MOBILE: 'mobile',
  FIXED_LINE: 'landline',
  VOIP: 'voip',
  TOLL_FREE: 'tollFree',
  PREMIUM_RATE: 'premiumRate',
};

/**
 * Country, kind and area code of an E.164 number. A number of no country (+800, +883 …) has the country `001`; one that is
 * none gives kind `unknown` and the country `ZZ`. In plans that do not tell mobiles from landlines (USA) the stricter rules,
 * those for mobiles, hold. A few microseconds: fit for once per dial, not for once per row of a file.
 */
export const numberFacts = (e164: PhoneNumber): NumberFacts => {
  const china = chinaNumberFacts(e164);
  if (china !== null) return china;
  const parsed = parsePhoneNumberFromString(e164);
  if (parsed === undefined) return { e164, country: 'ZZ', callingCode: '', kind: 'unknown' };
  const type = parsed.getType();
  return {
    e164,
    country: parsed.country ?? (parsed.isNonGeographic() ? '001' : 'ZZ'),
    callingCode: parsed.countryCallingCode,
    kind: (type === undefined ? undefined : KINDS[type]) ?? 'unknown',
  };
};
