import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallingWindow } from './calling-window.ts';
import {
  ALWAYS_OPEN,
  WEEKDAYS,
  closesAt,
  everyDay,
  hours,
  intersectWindows,
  isOpen,
  nextOpening,
  nextOpeningInAll,
  weekdayOf,
  windowProblems,
} from './calling-window.ts';
import { dateOfDay, dayOfDate, isTimeZone, localDay, startOfDayMs, wallStretches, zoneOffsetMs } from './zone-time.ts';

const at = (iso: string): number => Date.parse(iso);
const china = everyDay(hours(9, 12), hours(14, 20));

const ZONES = [
  'Asia/Shanghai',
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Africa/Casablanca',
  'America/Santiago',
  'Pacific/Kiritimati',
  'UTC',
];

/** The wall clock asked anew each time: the naive oracle. */
const wall = (zone: string, ms: number): { date: string; minute: number } => {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    })
      .formatToParts(ms)
      .map((part) => [part.type, part.value]),
  );
  return {
    date: `${parts['year']}-${parts['month']}-${parts['day']}`,
    minute: Number(parts['hour']) * 60 + Number(parts['minute']),
  };
};

const naiveOpen = (window: CallingWindow, zone: string, ms: number): boolean => {
  const { date, minute } = wall(zone, ms);
  const weekday = weekdayOf(date) ?? 'mon';
  const spans = window.dates?.[date] ?? window.weekly[weekday];
  return spans.some((span) => minute >= span.fromMinute && minute < span.toMinute);
};

const span = fc
  .tuple(fc.integer({ min: 0, max: 1440 }), fc.integer({ min: 0, max: 1440 }))
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => ({ fromMinute: Math.min(a, b), toMinute: Math.max(a, b) }));
const window: fc.Arbitrary<CallingWindow> = fc
  .array(fc.array(span, { maxLength: 3 }), { minLength: 7, maxLength: 7 })
  .map((days) => ({
    weekly: Object.fromEntries(
      WEEKDAYS.map((weekday, i) => [weekday, days[i] ?? []]),
    ) as unknown as CallingWindow['weekly'],
  }));
const zone = fc.constantFrom(...ZONES);
const instant = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2031-01-01T00:00:00Z') });

describe('calling window', () => {
  it('opens and closes at the callee’s clock, twice a day', () => {
    expect(isOpen(china, 'Asia/Shanghai', at('2026-03-02T08:59:59+08:00'))).toBe(false);
    expect(isOpen(china, 'Asia/Shanghai', at('2026-03-02T09:00:00+08:00'))).toBe(true);
    expect(isOpen(china, 'Asia/Shanghai', at('2026-03-02T12:00:00+08:00'))).toBe(false);
    expect(isOpen(china, 'Asia/Shanghai', at('2026-03-02T13:30:00+08:00'))).toBe(false);
    expect(isOpen(china, 'Asia/Shanghai', at('2026-03-02T19:59:59.999+08:00'))).toBe(true);
    expect(isOpen(china, 'Asia/Shanghai', at('2026-03-02T20:00:00+08:00'))).toBe(false);
  });

  it('names the next opening: now, later today, or tomorrow', () => {
    const now = at('2026-03-02T10:00:00+08:00');
    expect(nextOpening(china, 'Asia/Shanghai', now)).toBe(now);
    expect(nextOpening(china, 'Asia/Shanghai', at('2026-03-02T12:30:00+08:00'))).toBe(at('2026-03-02T14:00:00+08:00'));
    expect(nextOpening(china, 'Asia/Shanghai', at('2026-03-02T21:00:00+08:00'))).toBe(at('2026-03-03T09:00:00+08:00'));
  });

  it('skips days off and holidays and opens on a worked Saturday', () => {
    const office: CallingWindow = {
      weekly: { ...china.weekly, sat: [], sun: [] },
      dates: { '2026-10-01': [], '2026-10-02': [], '2026-10-10': [hours(9, 12)] },
    };
    // Wednesday evening before the two holidays: Thursday and Friday are off, so is the weekend.
    expect(nextOpening(office, 'Asia/Shanghai', at('2026-09-30T20:00:00+08:00'))).toBe(at('2026-10-05T09:00:00+08:00'));
    expect(isOpen(office, 'Asia/Shanghai', at('2026-10-10T11:00:00+08:00'))).toBe(true);
    expect(isOpen(office, 'Asia/Shanghai', at('2026-10-10T15:00:00+08:00'))).toBe(false);
  });

  it('keeps to the wall clock over both changes of summer time', () => {
    const usa = everyDay(hours(8, 21));
    expect(nextOpening(usa, 'America/New_York', at('2026-03-07T22:00:00-05:00'))).toBe(at('2026-03-08T08:00:00-04:00'));
    expect(nextOpening(usa, 'America/New_York', at('2026-10-31T22:00:00-04:00'))).toBe(at('2026-11-01T08:00:00-05:00'));
  });

  it('finds nothing in an hour that the clock skips and finds a repeated hour twice', () => {
    const night = everyDay(hours(2, 3));
    expect(nextOpening(night, 'America/New_York', at('2026-03-08T01:00:00-05:00'))).toBe(
      at('2026-03-09T02:00:00-04:00'),
    );
    const repeated = everyDay(hours(1, 2));
    expect(isOpen(repeated, 'America/New_York', at('2026-11-01T01:30:00-04:00'))).toBe(true);
    expect(isOpen(repeated, 'America/New_York', at('2026-11-01T01:30:00-05:00'))).toBe(true);
    const day = dayOfDate('2026-11-01') ?? 0;
    expect(wallStretches('America/New_York', day, 60, 120)).toEqual([
      { fromMs: at('2026-11-01T01:00:00-04:00'), toMs: at('2026-11-01T02:00:00-05:00') },
    ]);
    expect(wallStretches('America/New_York', day, 60, 90)).toHaveLength(2);
  });

  it('follows an opening over midnight to its end and calls an endless one endless', () => {
    const late = everyDay(hours(0, 1), hours(22, 24));
    expect(closesAt(late, 'UTC', at('2026-03-02T23:00:00Z'))).toBe(at('2026-03-03T01:00:00Z'));
    expect(closesAt(ALWAYS_OPEN, 'UTC', at('2026-03-02T23:00:00Z'))).toBeUndefined();
    expect(closesAt(china, 'Asia/Shanghai', at('2026-03-02T10:00:00+08:00'))).toBe(at('2026-03-02T12:00:00+08:00'));
    expect(closesAt(china, 'Asia/Shanghai', at('2026-03-02T13:00:00+08:00'))).toBeUndefined();
  });

  it('never opens in an unknown zone, for a window without hours, or without a zone', () => {
    expect(isTimeZone('Mars/Olympus')).toBe(false);
    expect(isOpen(ALWAYS_OPEN, 'Mars/Olympus', 0)).toBe(false);
    expect(nextOpening(ALWAYS_OPEN, '', 0)).toBeUndefined();
    expect(nextOpening(everyDay(), 'UTC', 0)).toBeUndefined();
    expect(nextOpeningInAll(ALWAYS_OPEN, [], 0)).toBeUndefined();
  });

  it('waits until every candidate zone of an uncertain number is open', () => {
    const usa = everyDay(hours(8, 21));
    const zones = ['America/New_York', 'America/Los_Angeles'];
    expect(nextOpeningInAll(usa, zones, at('2026-06-01T08:00:00-04:00'))).toBe(at('2026-06-01T08:00:00-07:00'));
    expect(nextOpeningInAll(usa, zones, at('2026-06-01T21:00:00-04:00'))).toBe(at('2026-06-02T08:00:00-07:00'));
    // Two zones that are never open together.
    expect(nextOpeningInAll(everyDay(hours(9, 10)), ['Asia/Shanghai', 'UTC'], 0)).toBeUndefined();
  });

  it('says what is wrong with a window', () => {
    expect(windowProblems(china)).toEqual([]);
    expect(windowProblems(everyDay())).toEqual([{ code: 'windowNeverOpen', at: 'weekly' }]);
    expect(windowProblems({ weekly: { ...china.weekly, tue: [hours(9, 25)] } })).toEqual([
      { code: 'spanNonsense', at: 'tue' },
    ]);
    expect(windowProblems({ weekly: { ...china.weekly, wed: [hours(9, 12), hours(11, 13)] } })).toEqual([
      { code: 'spansOverlap', at: 'wed' },
    ]);
    expect(windowProblems({ ...china, dates: { '2026-02-30': [] } })).toEqual([{ code: 'notADate', at: '2026-02-30' }]);
  });

  it('agrees with the wall clock asked anew, in every zone and season', () => {
    fc.assert(
      fc.property(window, zone, instant, (w, z, ms) => {
        expect(isOpen(w, z, ms)).toBe(naiveOpen(w, z, ms));
      }),
      { numRuns: 500 },
    );
  });

  it('names an opening that is open and before which nothing is', () => {
    fc.assert(
      fc.property(
        window,
        zone,
        instant,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 10 }),
        (w, z, ms, probes) => {
          const opening = nextOpening(w, z, ms);
          if (opening === undefined) {
            expect(windowProblems(w).some((problem) => problem.code === 'windowNeverOpen')).toBe(true);
            return;
          }
          expect(opening).toBeGreaterThanOrEqual(ms);
          expect(isOpen(w, z, opening)).toBe(true);
          expect(nextOpening(w, z, opening)).toBe(opening);
          for (const probe of probes) {
            const between = Math.floor(ms + probe * (opening - ms));
            if (between < opening) expect(naiveOpen(w, z, between)).toBe(false);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is open in an intersection exactly when both are open', () => {
    fc.assert(
      fc.property(window, window, zone, instant, (a, b, z, ms) => {
        expect(isOpen(intersectWindows(a, b), z, ms)).toBe(isOpen(a, z, ms) && isOpen(b, z, ms));
      }),
    );
  });

  it('intersects holidays of one with the hours of the other', () => {
    const both = intersectWindows({ ...china, dates: { '2026-10-01': [] } }, everyDay(hours(10, 16)));
    expect(both.dates).toEqual({ '2026-10-01': [] });
    expect(both.weekly.mon).toEqual([hours(10, 12), hours(14, 16)]);
    const worked = { weekly: { ...china.weekly, sat: [] }, dates: { '2026-10-10': [hours(9, 12)] } };
    expect(intersectWindows(worked, everyDay(hours(10, 16))).dates).toEqual({ '2026-10-10': [hours(10, 12)] });
    expect(intersectWindows(everyDay(hours(10, 16)), worked).dates).toEqual({ '2026-10-10': [hours(10, 12)] });
  });

  it('gives the same answers whatever order a jumping clock asks in', () => {
    fc.assert(
      fc.property(window, zone, fc.array(instant, { minLength: 2, maxLength: 6 }), (w, z, times) => {
        const forward = times.map((ms) => nextOpening(w, z, ms));
        const copy = structuredClone(w);
        const backward = [...times].reverse().map((ms) => nextOpening(copy, z, ms));
        expect(backward.reverse()).toEqual(forward);
      }),
      { numRuns: 50 },
    );
  });
});

describe('zone time', () => {
  it('knows offsets of half and quarter hours and on both sides of a change', () => {
    expect(zoneOffsetMs('Asia/Kathmandu', at('2026-01-01T00:00:00Z'))).toBe(5.75 * 3_600_000);
    expect(zoneOffsetMs('Europe/London', at('2026-03-29T00:59:59.999Z'))).toBe(0);
    expect(zoneOffsetMs('Europe/London', at('2026-03-29T01:00:00Z'))).toBe(3_600_000);
    expect(zoneOffsetMs('Nowhere', 0)).toBeUndefined();
  });

  it('starts the day where midnight itself is skipped', () => {
    // Santiago goes from 24:00 to 01:00 in September: the day begins at one.
    const day = dayOfDate('2026-09-06') ?? 0;
    expect(startOfDayMs('America/Santiago', day)).toBe(at('2026-09-06T01:00:00-03:00'));
  });

  it('turns dates and days into each other', () => {
    fc.assert(
      fc.property(fc.integer({ min: -20_000, max: 60_000 }), (day) => {
        expect(dayOfDate(dateOfDay(day))).toBe(day);
      }),
    );
    expect(dayOfDate('2026-13-01')).toBeUndefined();
    expect(dayOfDate('soon')).toBeUndefined();
  });

  it('gives the local day that the wall clock shows', () => {
    fc.assert(
      fc.property(zone, instant, (z, ms) => {
        expect(dateOfDay(localDay(z, ms) ?? 0)).toBe(wall(z, ms).date);
      }),
    );
  });
});
