import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { loadPhoneZones, type PhoneZones } from './phone-zones.ts';

/** What the verdict needs to know of a number (core: `VerdictNumber`). */
export type NumberFacts = {
  /** ISO 3166, or `001` for numbers of no country. */
  readonly country: string;
  readonly kind: 'mobile' | 'landline' | 'voip' | 'tollFree' | 'premiumRate' | 'unknown';
  readonly zones: readonly string[];
};

let zones: PhoneZones | undefined;

/**
 * Facts of a stored E.164 number; undefined when it is no valid number. A few microseconds: fit for once per dial, not for
 * once per row of a file.
 */
export const numberFacts = (number: string): NumberFacts | undefined => {
  const found = parsePhoneNumberFromString(number);
  if (!found?.isValid()) return undefined;
  zones ??= loadPhoneZones();
  return { country: found.country ?? '001', kind: kindOf(found.getType()), zones: zones.zonesOf(number) };
};

const kindOf = (
  type: ReturnType<NonNullable<ReturnType<typeof parsePhoneNumberFromString>>['getType']>,
): NumberFacts['kind'] => {
  switch (type) {
    case 'MOBILE':
      return 'mobile';
    case 'FIXED_LINE':
      return 'landline';
    // In the plans that do not tell the two apart (USA) the stricter rules, those for mobiles, hold.
    case 'FIXED_LINE_OR_MOBILE':
      return 'mobile';
    case 'VOIP':
      return 'voip';
    case 'TOLL_FREE':
      return 'tollFree';
    case 'PREMIUM_RATE':
      return 'premiumRate';
    default:
      return 'unknown';
  }
};
