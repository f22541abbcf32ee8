import { describe, expect, it } from 'vitest';
import {
  bytesText,
  clockText,
  durationText,
  momentText,
  offsetText,
  phoneText,
  relativeText,
  shareText,
} from './format.ts';

describe('formats', () => {
  it('shows running times', () => {
    expect([0, 65_000, 3_723_000, -5].map(clockText)).toEqual(['0:00', '1:05', '1:02:03', '0:00']);
  });
  it('shows offsets to the millisecond in the first minute', () => {
    expect([0, 2340, 61_000, -15].map(offsetText)).toEqual(['+0.000 s', '+2.340 s', '+1:01', '−0.015 s']);
  });
  it('shows lengths in at most two units', () => {
    expect(durationText(150_000, 'zh')).toBe('2 分 30 秒');
    expect(durationText(90_061_000, 'en')).toBe('1 d 1 h');
    expect(durationText(3_600_000, 'en')).toBe('1 h');
    expect(durationText(200, 'zh')).toBe('200 毫秒');
    expect(durationText(0, 'en')).toBe('0 s');
  });
  it('groups Chinese mobiles by three, four and four, masked or not', () => {
    expect(phoneText('+8613800138000')).toBe('+86 138 0013 8000');
    expect(phoneText('+86138****8000')).toBe('+86 138 **** 8000');
    expect(phoneText('+861088886666')).toBe('+86 10 8888 6666');
    expect(phoneText('+8675512345678')).toBe('+86 755 1234 5678');
    expect(phoneText('+12125550123')).toBe('+1 21 2555 0123');
    expect(phoneText('+85221234567')).toBe('+852 2123 4567');
    expect(phoneText('1001')).toBe('1001');
  });
  it('leaves the date out today and the year out this year', () => {
    const now = new Date(2026, 2, 5, 14, 0, 0).getTime();
    expect(momentText(new Date(2026, 2, 5, 9, 3, 7).getTime(), now, 'zh-CN')).toBe('09:03:07');
    expect(momentText(new Date(2026, 0, 2, 9, 3, 7).getTime(), now, 'en-GB')).toBe('02/01 09:03:07');
    expect(momentText(new Date(2025, 0, 2, 9, 3, 7).getTime(), now, 'zh-CN')).toContain('2025');
  });
  it('says how long ago', () => {
    expect(relativeText(0, 180_000, 'en-GB')).toBe('3 minutes ago');
    expect(relativeText(7_200_000, 0, 'zh-CN')).toBe('2小时后');
  });
  it('shows sizes and shares', () => {
    expect(bytesText(1_234_567, 'en-GB')).toBe('1.2 MB');
    expect(bytesText(12, 'en-GB')).toBe('12 B');
    expect(shareText(1, 8, 'en-GB')).toBe('12.5%');
    expect(shareText(0, 0, 'en-GB')).toBe('–');
  });
});
