import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrunkId } from '../ids.ts';
import type { BucketRate, TokenBucket, TrunkCandidate, TrunkQuestion } from './trunk-choice.ts';
import { chooseTrunks, fullBucket, refill, restAfterFailures, takeToken, trunkHeadroom } from './trunk-choice.ts';

const id = (text: string): TrunkId => text as TrunkId;
const rate: BucketRate = { perSecond: 2, burst: 3 };
const trunk = (name: string, more: Partial<TrunkCandidate> = {}): TrunkCandidate => ({
  trunkId: id(name),
  isEnabled: true,
  isDemo: false,
  priority: 1,
  homeCountry: 'CN',
  allowsPremiumRate: false,
  limits: { maxConcurrent: 10, newCalls: rate },
  reachable: 'reachable',
  registration: 'notUsed',
  concurrent: 0,
  bucket: fullBucket(rate, 0),
  callsThisHour: 0,
  spendThisHour: 0,
  ...more,
});
const ask = (trunks: TrunkCandidate[], more: Partial<TrunkQuestion> = {}) =>
  chooseTrunks({
    nowMs: 0,
    list: { isDemo: false },
    number: { country: 'CN', kind: 'mobile' },
    preferred: [],
    tried: [],
    trunks,
    ...more,
  });

describe('the choice of a trunk', () => {
  it('goes by the campaign’s order, then priority, then the freer trunk, then the id', () => {
    const trunks = [trunk('a', { priority: 2 }), trunk('b', { concurrent: 5 }), trunk('c'), trunk('d')];
    expect(ask(trunks).order).toEqual(['c', 'd', 'b', 'a']);
    expect(ask(trunks, { preferred: [id('a'), id('d')] }).order).toEqual(['a', 'd']);
  });

  it('tries the next one after a failure and never the same twice', () => {
    const trunks = [trunk('a'), trunk('b')];
    expect(ask(trunks, { tried: [id('a')] }).order).toEqual(['b']);
    expect(ask(trunks, { tried: [id('a'), id('b')] })).toEqual({
      order: [],
      passedOver: [
        { trunkId: 'a', objections: ['alreadyTried'] },
        { trunkId: 'b', objections: ['alreadyTried'] },
      ],
    });
  });

  it.each<[string, Partial<TrunkCandidate>]>([
    ['disabled', { isEnabled: false }],
    ['unreachable', { reachable: 'unreachable' }],
    ['notRegistered', { registration: 'rejected' }],
    ['notRegistered', { registration: 'unregistered' }],
    ['resting', { restsUntilMs: 1 }],
    ['noFreeChannel', { concurrent: 10 }],
    ['tooManyNewCalls', { bucket: { tokens: 0.5, atMs: 0 } }],
    ['callsPerHourReached', { limits: { maxConcurrent: 10, newCalls: rate, maxCallsPerHour: 5 }, callsThisHour: 5 }],
    [
      'spendPerHourReached',
      { limits: { maxConcurrent: 10, newCalls: rate, maxSpendPerHour: 100 }, spendThisHour: 100 },
    ],
    ['labTrunkNeedsDemoList', { isDemo: true }],
    ['countryNotAllowed', { homeCountry: 'US' }],
    ['countryNotAllowed', { allowedCountries: ['US', 'GB'] }],
  ])('passes over a trunk and says %s', (objection, more) => {
    expect(ask([trunk('a', more)])).toEqual({ order: [], passedOver: [{ trunkId: 'a', objections: [objection] }] });
    if (!['labTrunkNeedsDemoList', 'countryNotAllowed'].includes(objection)) {
      expect(trunkHeadroom(trunk('a', more), 0)).toBe(0);
    }
  });

  it('gives every objection at once', () => {
    expect(ask([trunk('a', { isEnabled: false, concurrent: 10 })], { list: { isDemo: true } }).passedOver).toEqual([
      { trunkId: 'a', objections: ['demoListNeedsLabTrunk', 'disabled', 'noFreeChannel'] },
    ]);
  });

  it('dials abroad and premium rates only where it was allowed', () => {
    const abroad = { number: { country: 'GB', kind: 'premiumRate' as const } };
    expect(ask([trunk('a')], abroad).passedOver[0]?.objections).toEqual(['countryNotAllowed', 'premiumRateNotAllowed']);
    expect(ask([trunk('a', { allowedCountries: 'any', allowsPremiumRate: true })], abroad).order).toEqual(['a']);
  });

  it('never mixes demonstration and carrier, whatever else holds', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(fc.tuple(fc.boolean(), fc.nat(12), fc.nat(3)), { maxLength: 6 }),
        fc.array(fc.nat(5)),
        (isDemo, specs, preferred) => {
          const trunks = specs.map(([demo, concurrent, priority], i) =>
            trunk(String(i), { isDemo: demo, concurrent, priority, allowedCountries: 'any' }),
          );
          const found = ask(trunks, { list: { isDemo }, preferred: preferred.map((n) => id(String(n))) });
          for (const chosen of found.order) {
            expect(trunks.find((one) => one.trunkId === chosen)?.isDemo).toBe(isDemo);
          }
          expect([...found.order, ...found.passedOver.map((one) => one.trunkId)].sort()).toEqual(
            trunks.map((one) => one.trunkId).sort(),
          );
        },
      ),
    );
  });

  it('counts room by channels, tokens and calls of the hour', () => {
    expect(trunkHeadroom(trunk('a'), 0)).toBe(3);
    expect(trunkHeadroom(trunk('a', { concurrent: 8 }), 0)).toBe(2);
    const limits = { maxConcurrent: 10, newCalls: rate, maxCallsPerHour: 100 };
    expect(trunkHeadroom(trunk('a', { limits, callsThisHour: 99 }), 0)).toBe(1);
    expect(trunkHeadroom(trunk('a', { isEnabled: false }), 0)).toBe(0);
  });

  it('rests longer after more failures, and not at all after two', () => {
    expect([0, 2, 3, 4, 5, 50].map(restAfterFailures)).toEqual([0, 0, 5_000, 10_000, 20_000, 300_000]);
  });
});

describe('the token bucket', () => {
  it('lets a burst through and then the rate', () => {
    let bucket = fullBucket(rate, 0);
    for (let i = 0; i < 3; i++) {
      const taken = takeToken(bucket, rate, 0);
      if (!taken.taken) throw new Error('refused');
      bucket = taken.bucket;
    }
    expect(takeToken(bucket, rate, 0)).toEqual({ taken: false, nextAtMs: 500 });
    expect(takeToken(bucket, rate, 500).taken).toBe(true);
  });

  it('passes one at a time even when its burst is under one, and nothing when nothing flows', () => {
    const slow = { perSecond: 0.1, burst: 0 };
    expect(takeToken(fullBucket(slow, 0), slow, 0).taken).toBe(true);
    const shut = { perSecond: 0, burst: 1 };
    expect(takeToken({ tokens: 0, atMs: 0 }, shut, 1e9)).toEqual({ taken: false, nextAtMs: Infinity });
  });

  it('says truly when the next token comes', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 500, noNaN: true }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (perSecond, tokens) => {
          const r = { perSecond, burst: 1 };
          const refused = takeToken({ tokens, atMs: 0 }, r, 0);
          if (refused.taken) throw new Error('taken');
          expect(takeToken({ tokens, atMs: 0 }, r, refused.nextAtMs).taken).toBe(true);
        },
      ),
    );
  });

  it('never passes more than burst plus rate, over any clock that jumps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 200 }), (steps) => {
        let bucket: TokenBucket = fullBucket(rate, 0);
        let nowMs = 0;
        let forwardMs = 0;
        let passed = 0;
        for (const step of steps) {
          nowMs += step;
          forwardMs += Math.max(0, step);
          const taken = takeToken(bucket, rate, nowMs);
          if (taken.taken) passed++;
          bucket = taken.taken ? taken.bucket : refill(bucket, rate, nowMs);
          expect(bucket.tokens).toBeGreaterThanOrEqual(0);
          expect(bucket.tokens).toBeLessThanOrEqual(rate.burst);
        }
        expect(passed).toBeLessThanOrEqual(rate.burst + (forwardMs / 1000) * rate.perSecond + 1e-6);
      }),
    );
  });
});
