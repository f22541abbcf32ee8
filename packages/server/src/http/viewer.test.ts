import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayAccess, maskNumber, type Viewer } from './viewer.ts';

const viewer = (role: Viewer['role']): Viewer => ({ login: 'x', name: 'x', role, locale: 'en' });

describe('rights', () => {
  it('follow the role', () => {
    expect(mayAccess(undefined, 'public')).toBe(true);
    expect(mayAccess(undefined, 'session')).toBe(false);
    expect(mayAccess(viewer('agent'), 'session')).toBe(true);
    expect(mayAccess(viewer('agent'), ['administrator', 'supervisor'])).toBe(false);
    expect(mayAccess(viewer('supervisor'), ['administrator', 'supervisor'])).toBe(true);
    expect(mayAccess(viewer('administrator'), [])).toBe(false);
  });
});

describe('masking', () => {
  it('hides the middle of a mobile number', () => {
    expect(maskNumber('+8613800138000')).toBe('+86138****8000');
  });

  it('keeps the length and hides at least three digits of any real number', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[1-9]\d{6,14}$/), (number) => {
        const masked = maskNumber(number);
        expect(masked).toHaveLength(number.length);
        expect([...masked].filter((c) => c === '*').length).toBeGreaterThanOrEqual(3);
      }),
    );
  });
});
