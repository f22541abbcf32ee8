import type { DialId, PhoneNumber, TrunkId } from '@qianhu/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrunkBook, type EngineTrunk } from './trunk-book.ts';

const NOW = Date.UTC(2026, 2, 3, 2, 0, 0);
const HOUR = 3_600_000;
const id = (n: number): TrunkId => `trunk-${n}` as TrunkId;
const dial = (n: number): DialId => `dial-${n}` as DialId;
const ID_SHOWN = '+862100000001' as PhoneNumber;

const trunk = (n: number, more: Partial<EngineTrunk> = {}): EngineTrunk => ({
  trunkId: id(n),
  name: `Trunk ${n}`,
  isEnabled: true,
  isDemo: false,
  priority: n,
  home: { country: 'CN', areaCode: '021' } as unknown as EngineTrunk['home'],
  dialFormat: [],
  callerIdFormat: [],
  allowsPremiumRate: false,
  limits: { maxConcurrent: 5, newCalls: { perSecond: 100, burst: 100 } },
  costPerCall: 3,
  vendorCauses: [],
  spec: { trunkId: id(n), auth: { kind: 'ip' } } as unknown as EngineTrunk['spec'],
  ...more,
});

const book = (...trunks: readonly EngineTrunk[]): TrunkBook => {
  const made = new TrunkBook();
  made.load(trunks, NOW);
  return made;
};
const out = (n: number, atMs = NOW, of = 1) => ({ dialId: dial(n), trunkId: id(of), callerId: ID_SHOWN, atMs });
const candidate = (one: TrunkBook, nowMs = NOW) => one.candidates(nowMs)[0];

describe('the book of trunks', () => {
  it('tells the switch of enabled trunks and of those that are gone, and keeps the use of those that stay', () => {
    const made = new TrunkBook();
    expect(made.load([trunk(1), trunk(2, { isEnabled: false })], NOW)).toMatchObject({
      put: [{ trunkId: id(1) }],
      remove: [],
    });
    made.opened(out(1));
    expect(made.load([trunk(1, { name: 'renamed' })], NOW)).toMatchObject({
      put: [{ trunkId: id(1) }],
      remove: [id(2)],
    });
    expect([made.get(id(1))?.name, made.openDials(id(1))]).toEqual(['renamed', 1]);
  });

  it('has as much room as its limit less the dials that are out', () => {
    const made = book(trunk(1), trunk(2, { isDemo: true }));
    expect(made.headroom([], false, NOW)).toBe(5);
    made.opened(out(1));
    made.opened(out(2));
    expect(made.headroom([], false, NOW)).toBe(3);
    expect([made.headroom([id(2)], false, NOW), made.headroom([], true, NOW)]).toEqual([0, 5]);
  });

  it('rests a trunk whose carrier fails several times in a row, and forgets it at the first call that works', () => {
    const made = book(trunk(1));
    for (let n = 0; n < 6; n++) {
      made.opened(out(n));
      made.closed(dial(n), NOW, true);
    }
    expect(candidate(made)?.restsUntilMs).toBeGreaterThan(NOW);
    made.opened(out(9));
    made.closed(dial(9), NOW, false);
    expect(candidate(made)?.restsUntilMs).toBe(0);
  });

  it('counts calls and spend by rolling hours, with those of before a restart', () => {
    const made = book(trunk(1));
    made.recordPast(
      [
        { trunkId: id(1), callerId: ID_SHOWN, atMs: NOW - 2 * HOUR },
        { trunkId: id(1), callerId: ID_SHOWN, atMs: NOW - HOUR / 2 },
      ],
      NOW,
    );
    made.opened(out(1));
    expect(candidate(made)).toMatchObject({ callsThisHour: 2, spendThisHour: 6 });
    expect(candidate(made, NOW + 0.75 * HOUR)).toMatchObject({ callsThisHour: 1 });
    expect(made.callerIdUse(ID_SHOWN, NOW)).toEqual({ dialsToday: 3, dialsInWindow: 2, concurrent: 1 });
    expect(made.callerIdUse(ID_SHOWN, NOW + 23 * HOUR)).toEqual({ dialsToday: 2, dialsInWindow: 0, concurrent: 1 });
  });

  it('charges dials that are being chosen in the same batch before they are out', () => {
    const made = book(trunk(1));
    expect(made.candidates(NOW, new Map([[id(1), 2]]))[0]).toMatchObject({
      concurrent: 2,
      callsThisHour: 2,
      spendThisHour: 6,
    });
    expect(made.openDials(id(1))).toBe(0);
  });

  it('releases every slot exactly once, whatever the order and however often an end is told', () => {
    const acts = fc.array(fc.tuple(fc.constantFrom('open', 'close'), fc.nat(8), fc.boolean()));
    fc.assert(
      fc.property(acts, (list) => {
        const made = book(trunk(1, { limits: { maxConcurrent: 1_000, newCalls: { perSecond: 1_000, burst: 1_000 } } }));
        const open = new Set<number>();
        const used = new Set<number>();
        for (const [act, n, failed] of list) {
          if (act === 'close') {
            made.closed(dial(n), NOW, failed);
            open.delete(n);
          } else if (!used.has(n)) {
            // A dial's id is never used again.
            made.opened(out(n));
            used.add(n);
            open.add(n);
          }
          expect([made.openDials(id(1)), made.callerIdUse(ID_SHOWN, NOW).concurrent]).toEqual([open.size, open.size]);
        }
      }),
    );
  });
});
