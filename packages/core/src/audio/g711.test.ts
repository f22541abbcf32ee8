import { describe, expect, it } from 'vitest';
import { alawToPcm } from './g711.ts';

describe('A-law', () => {
  it('decodes the values of G.711 table 1a, scaled to 16 bits', () => {
    // Character signal 1101 0101 is the smallest positive value (1 of 4096), 0101 0101 the smallest negative one.
    expect(alawToPcm(0xd5)).toBe(8);
    expect(alawToPcm(0x55)).toBe(-8);
    // 1010 1010 is the greatest: 4032 of 4096.
    expect(alawToPcm(0xaa)).toBe(32_256);
    expect(alawToPcm(0x2a)).toBe(-32_256);
  });

  it('is odd: the sign bit alone changes the sign', () => {
    for (let code = 0; code < 128; code++) expect(alawToPcm(code)).toBe(-alawToPcm(code | 0x80));
  });

  it('grows with the magnitude of the code', () => {
    const magnitudes = Array.from({ length: 128 }, (_, m) => alawToPcm((m | 0x80) ^ 0x55));
    expect(magnitudes).toEqual([...magnitudes].sort((a, b) => a - b));
  });
});
