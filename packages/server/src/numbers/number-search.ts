import { getCountryCallingCode, isSupportedCountry } from 'libphonenumber-js/max';

/**
 * Beginnings of E.164 numbers that a person may mean by the first digits of a number: `138` in China is `+86138` or
 * `+138`, `0755` is `+86755`. For finding numbers, never for dialing them.
 */
export const numberPrefixes = (typed: string, region: string): readonly string[] => {
  const digits = typed.replaceAll(/\D/g, '');
  if (typed.trim().startsWith('+')) return [`+${digits}`];
  if (digits.startsWith('00')) return [`+${digits.slice(2)}`];
  const prefixes = [`+${digits}`];
  if (isSupportedCountry(region)) prefixes.push(`+${getCountryCallingCode(region)}${digits.replace(/^0/, '')}`);
  return prefixes;
};
