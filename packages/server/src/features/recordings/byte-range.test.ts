import { describe, expect, it } from 'vitest';
import { parseByteRange } from './byte-range.ts';

describe('byte ranges', () => {
  it('are read as RFC 9110 says', () => {
    expect(parseByteRange(undefined, 100)).toBeUndefined();
    expect(parseByteRange('bytes=0-9', 100)).toEqual({ first: 0, last: 9 });
    expect(parseByteRange('bytes=90-', 100)).toEqual({ first: 90, last: 99 });
    expect(parseByteRange('bytes=-10', 100)).toEqual({ first: 90, last: 99 });
    expect(parseByteRange('bytes=-1000', 100)).toEqual({ first: 0, last: 99 });
    expect(parseByteRange('bytes=50-1000', 100)).toEqual({ first: 50, last: 99 });
  });

  it('that cannot be met are told apart from those that mean nothing', () => {
    expect(parseByteRange('bytes=100-', 100)).toBe('unsatisfiable');
    expect(parseByteRange('bytes=-0', 100)).toBe('unsatisfiable');
    for (const header of ['bytes=9-0', 'bytes=-', 'lines=0-9', 'bytes=0-1,5-6', 'bytes=a-b'])
      expect(parseByteRange(header, 100), header).toBeUndefined();
  });
});
