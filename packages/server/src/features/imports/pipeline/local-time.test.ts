import { describe, expect, it } from 'vitest';
import { LocalTimes } from './local-time.ts';

const times = new LocalTimes();
const iso = (text: string, zone = 'Asia/Shanghai'): string | undefined => {
  const at = times.parse(text, zone);
  return at === undefined ? undefined : new Date(at).toISOString();
};

describe('times of callbacks', () => {
  it.each([
    '2026-11-22 15:30',
    '2026/11/22 15:30',
    '2026.11.22 15:30:00',
    '2026年11月22日 15点30分',
    '2026年11月22日15时30分',
    '2026-11-22T15:30',
    '２０２６－１１－２２　１５：３０',
    '2026-11-22T07:30:00Z',
    '2026-11-22T08:30:00+01:00',
    '2026-11-22T02:30:00-0500',
  ])('read %s', (text) => {
    expect(iso(text)).toBe('2026-11-22T07:30:00.000Z');
  });

  it.each(['', 'tomorrow', '2026-02-30', '2026-11-22 25:00', '22/11/2026', '46348', '1026-01-01'])(
    'refuse %j',
    (text) => {
      expect(iso(text)).toBeUndefined();
    },
  );

  it('follow the changes of clocks of their zone', () => {
    expect(iso('2026-07-01 12:00', 'Europe/London')).toBe('2026-07-01T11:00:00.000Z');
    expect(iso('2026-12-01 12:00', 'Europe/London')).toBe('2026-12-01T12:00:00.000Z');
    // 01:30 does not exist on 2026-03-29 and occurs twice on 2026-10-25.
    expect(iso('2026-03-29 01:30', 'Europe/London')).toBe('2026-03-29T01:30:00.000Z');
    expect(iso('2026-10-25 01:30', 'Europe/London')).toBe('2026-10-25T00:30:00.000Z');
  });

  it('know zones', () => {
    expect(['Asia/Urumqi', 'UTC', 'Mars/Base', '+08:00', ''].map((zone) => times.isZone(zone))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
