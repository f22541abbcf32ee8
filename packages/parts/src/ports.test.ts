import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseRange, derivedNumber, parsePortFile } from './ports.ts';

describe('ports of a home', () => {
  it('are derived from the home and the name alone', () => {
    expect(derivedNumber('/a/b', 'sip', 1000)).toBe(derivedNumber('/a/../a/b/', 'sip', 1000));
    const differing = Array.from({ length: 50 }, (_, i) => derivedNumber(`/home/${i}`, 'sip', 10_000));
    expect(new Set(differing).size).toBeGreaterThan(45);
  });

  it('give media ranges that never meet within a home, start at an even port and lie in the allowed span', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.constantFrom(200, 1000, 4000), { minLength: 1, maxLength: 5 }),
        (home, counts) => {
          const taken: { first: number; last: number }[] = [];
          counts.forEach((count, i) => taken.push(chooseRange(home, `rtp-${i}`, count, taken)));
          for (const [i, a] of taken.entries()) {
            expect(a.first % 2).toBe(0);
            expect(a.first).toBeGreaterThanOrEqual(33_000);
            expect(a.last).toBeLessThanOrEqual(60_999);
            for (const b of taken.slice(i + 1)) expect(a.last < b.first || a.first > b.last).toBe(true);
          }
        },
      ),
    );
  });

  it('say so when there is no room', () => {
    expect(() => chooseRange('/h', 'rtp', 40_000, [])).toThrow(/no room for 40000 media ports/);
  });

  it('survive a damaged file', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parsePortFile(text)));
    expect(
      parsePortFile(
        '{"ports":{"a":1,"b":"x","c":70000},"ranges":{"r":{"first":10,"last":20},"q":{"first":5,"last":1}}}',
      ),
    ).toEqual({ ports: { a: 1 }, ranges: { r: { first: 10, last: 20 } } });
  });
});
