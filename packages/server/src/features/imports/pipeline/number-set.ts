/**
 * The numbers of a file seen so far with the row each came from, in two flat arrays (12 bytes a slot): a million numbers
 * cost 24 MB, a hundred times less than a `Map` of texts would make the collector work.
 * E.164 has at most 15 digits, which a double holds exactly.
 */
export class NumberSet {
  readonly #maxSize: number;
  /** 0 = empty: no number is 0. */
  #numbers: Float64Array;
  #rows: Uint32Array;
  #size = 0;

  /** @param maxSize When as many are held, new numbers are no longer remembered (the database still finds doubles). */
  constructor(maxSize = 4_000_000) {
    this.#maxSize = maxSize;
    this.#numbers = new Float64Array(1 << 14);
    this.#rows = new Uint32Array(1 << 14);
  }

  get size(): number {
    return this.#size;
  }

  /** Remembers the number (E.164 text); answers the row in which it was before, or undefined. */
  add(number: string, row: number): number | undefined {
    const value = Number(number);
    let slot = this.#slotOf(value);
    if (this.#numbers[slot] === value) return this.#rows[slot];
    if (this.#size >= this.#maxSize) return undefined;
    if (this.#size * 2 >= this.#numbers.length) {
      this.#grow();
      slot = this.#slotOf(value);
    }
    this.#numbers[slot] = value;
    this.#rows[slot] = row;
    this.#size += 1;
    return undefined;
  }

  #slotOf(value: number): number {
    const mask = this.#numbers.length - 1;
    // Two halves of the number mixed by Knuth's multiplicative constants; neighbours spread over the table.
    const high = Math.floor(value / 0x1_0000_0000);
    let hash = Math.imul(value | 0, 0x9e3779b1) ^ Math.imul(high + 1, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = Math.imul(hash, 0x2c1b3c6d) >>> 0;
    slot = (slot ^ (slot >>> 13)) & mask;
    while (this.#numbers[slot] !== 0 && this.#numbers[slot] !== value) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const numbers = this.#numbers;
    const rows = this.#rows;
    this.#numbers = new Float64Array(numbers.length * 2);
    this.#rows = new Uint32Array(rows.length * 2);
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i] ?? 0;
      if (value === 0) continue;
      const slot = this.#slotOf(value);
      this.#numbers[slot] = value;
      this.#rows[slot] = rows[i] ?? 0;
    }
  }
}
