import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberSet } from './number-set.ts';

describe('NumberSet', () => {
  it('answers as a Map does', () => {
    const number = fc.oneof(
      fc.integer({ min: 10_000, max: 10_200 }),
      fc.maxSafeInteger().map((n) => Math.abs(n) % 1e15 || 1),
    );
    fc.assert(
      fc.property(fc.array(number, { maxLength: 400 }), (numbers) => {
        const set = new NumberSet();
        const map = new Map<string, number>();
        numbers.forEach((n, row) => {
          const text = `+${n}`;
          expect(set.add(text, row)).toBe(map.get(text));
          if (!map.has(text)) map.set(text, row);
        });
        expect(set.size).toBe(map.size);
      }),
    );
  });

  it('holds neighbouring numbers by the hundred thousand', () => {
    const set = new NumberSet();
    for (let i = 0; i < 300_000; i++) set.add(`+86138${String(i).padStart(8, '0')}`, i);
    expect(set.size).toBe(300_000);
    expect(set.add('+8613800299999', 1)).toBe(299_999);
  });

  it('stops remembering at its limit', () => {
    const set = new NumberSet(2);
    set.add('+1', 1);
    set.add('+2', 2);
    expect(set.add('+3', 3)).toBeUndefined();
    expect(set.add('+3', 4)).toBeUndefined();
    expect(set.add('+1', 5)).toBe(1);
  });
});
