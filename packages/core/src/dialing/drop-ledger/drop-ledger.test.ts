import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addVerdict, dropRates, evidence, evidenceCsv, judge, noCounts, periodStart } from './drop-ledger.ts';

const DAY = 86_400_000;

describe('the drop ledger', () => {
  it('starts the two seconds at the end of the greeting, not at the answer', () => {
    const entry = { answeredAtMs: 0, greetingEndedAtMs: 1500, answeredBy: 'person' as const };
    expect(judge({ ...entry, connectedAtMs: 3500 }, 2000)).toBe('connected');
    expect(judge({ ...entry, connectedAtMs: 3501 }, 2000)).toBe('dropped');
    expect(judge(entry, 2000)).toBe('dropped');
  });

  it('does not call someone dropped who hung up before the clock ran out', () => {
    expect(judge({ answeredAtMs: 0, hungUpAtMs: 1200, answeredBy: 'person' }, 2000)).toBe('leftEarly');
    expect(judge({ answeredAtMs: 0, hungUpAtMs: 2200, answeredBy: 'person' }, 2000)).toBe('dropped');
  });

  it('leaves machines out of both sides of the FTC rate', () => {
    const counts = { connected: 97, dropped: 3, machines: 400, leftEarly: 0 };
    expect(dropRates(counts, { falsePositives: 0 }).ftc).toBeCloseTo(0.03, 12);
  });

  it('adds people taken for machines with detection and deducts machines among drops without, as Ofcom does', () => {
    const counts = { connected: 970, dropped: 30, machines: 500, leftEarly: 0 };
    const withDetection = dropRates(counts, { falsePositives: 0.02 });
    expect(withDetection.falsePositives).toBeCloseTo((1000 * 0.02) / 0.98, 9);
    expect(withDetection.ofcom).toBeCloseTo((30 + 20.408) / (30 + 20.408 + 970), 4);
    const without = dropRates({ ...counts, machines: 0 }, { falsePositives: 0, machinesAmongAnswers: 0.3 });
    expect(without.ofcom).toBeCloseTo(21 / (21 + 970), 9);
  });

  it('keeps every rate within 0 and 1 for any counts', () => {
    const count = fc.nat(10_000);
    fc.assert(
      fc.property(count, count, count, count, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, c, d, share) => {
        const rates = dropRates(
          { connected: a, dropped: b, machines: c, leftEarly: d },
          { falsePositives: share, machinesAmongAnswers: share },
        );
        for (const rate of [rates.ftc, rates.ofcom, rates.callLoss]) {
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('sorts calls into successive periods from the anchor and says which are within the limit', () => {
    const span = { kind: 'periods' as const, name: '24 h', anchorMs: 8 * 3_600_000, lengthMs: DAY };
    expect(periodStart(span, 3 * 3_600_000)).toBe(8 * 3_600_000 - DAY);
    const tallies = Array.from({ length: 100 }, (_, i) => ({
      atMs: span.anchorMs + (i < 50 ? 0 : DAY) + i,
      counts: addVerdict(noCounts, i === 3 || i === 60 || i === 61 ? 'dropped' : 'connected'),
    }));
    const rows = evidence(tallies, [span], { limit: 0.03, errors: { falsePositives: 0 } });
    expect(rows.map((row) => [row.counts.dropped, row.isWithinLimit])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect(evidenceCsv(rows).split('\r\n')[1]).toContain('1970-01-01T08:00:00.000Z,49,1,0,0,0.02000');
  });

  it('counts each verdict once', () => {
    const verdicts = ['connected', 'dropped', 'machine', 'leftEarly'] as const;
    const counts = verdicts.reduce(addVerdict, noCounts);
    expect(counts).toEqual({ connected: 1, dropped: 1, machines: 1, leftEarly: 1 });
  });
});
