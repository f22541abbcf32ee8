import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, isAtLeast, upstreamVersion } from './version.ts';

describe('versions', () => {
  it('reads the upstream numbers out of a Debian version with epoch, suffix and revision', () => {
    expect(upstreamVersion('1:22.10.1+dfsg+~cs6.17.60671434-1')).toBe('22.10.1');
    expect(upstreamVersion('156.0.8078.79-1~deb12u1')).toBe('156.0.8078.79');
    expect(upstreamVersion('Chromium 156.0 built on Debian')).toBe('156.0');
    expect(upstreamVersion('')).toBe('');
  });

  it('compares by numbers and not by letters', () => {
    expect(isAtLeast('1:22.10.1+dfsg-1', '22.8')).toBe(true);
    expect(isAtLeast('22.8', '22.8')).toBe(true);
    expect(isAtLeast('22.7.9', '22.8')).toBe(false);
    expect(isAtLeast('1:20.16.0-1', '22.8')).toBe(false);
    expect(compareVersions('1.52.0', '1.52')).toBe(0);
  });

  it('orders as a list of numbers does', () => {
    const numbers = fc.array(fc.nat(999), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const forward = compareVersions(a.join('.'), b.join('.'));
        expect(Math.sign(compareVersions(b.join('.'), a.join('.')))).toBe(-Math.sign(forward) + 0);
        const first = [0, 1, 2, 3].map((i) => (a[i] ?? 0) - (b[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
        expect(Math.sign(forward)).toBe(Math.sign(first));
      }),
    );
  });
});
