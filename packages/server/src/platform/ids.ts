import { randomBytes } from 'node:crypto';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * A UUID version 7 (RFC 9562, section 5.7): 48 bits of epoch milliseconds, then a 12-bit counter in `rand_a` (section 6.2,
 * method 1, so that ids made in one millisecond sort in the order they were made), then 62 random bits.
 *
 * @param counter 0–4095.
 * @param random At least 8 bytes.
 */
export const uuidv7 = (epochMs: number, counter: number, random: Uint8Array): string => {
  const bytes = new Uint8Array(16);
  let rest = Math.max(0, Math.floor(epochMs));
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | ((counter >> 8) & 0x0f);
  bytes[7] = counter & 0xff;
  bytes.set(random.subarray(0, 8), 8);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const text = hex(bytes);
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
};

/** Makes ids; strictly ascending within one process, also when the clock steps back. */
export interface IdSource {
  /** A new id, branded as the caller asks: `ids.next<CallId>()`. */
  next<Id extends string = string>(): Id;
}

/** @param now Epoch milliseconds. */
export const createIdSource = (
  now: () => number,
  random: (size: number) => Uint8Array = (n) => randomBytes(n),
): IdSource => {
  // Invariant: (lastMs, counter) never decreases.
  let lastMs = 0;
  let counter = 0;
  return {
    next<Id extends string = string>(): Id {
      const nowMs = now();
      if (nowMs > lastMs) {
        lastMs = nowMs;
        counter = 0;
      } else if (counter < 0xfff) {
        counter += 1;
      } else {
        // 4,096 ids in one millisecond: borrow the next one.
        lastMs += 1;
        counter = 0;
      }
      return uuidv7(lastMs, counter, random(8)) as Id;
    },
  };
};
