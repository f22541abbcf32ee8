import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyDay, hours } from '../dialing/calling-window.ts';
import type { NumberCaps, OwnRules, QuietTimes, RulePack } from './rule-pack.ts';
import { COUNTED_CAPS, tighten } from './rule-pack.ts';
import { rulePackAt } from './rule-packs/index.ts';

const DAY = 86_400_000;
const china = rulePackAt('china', Date.parse('2026-01-01T00:00:00Z'));

const caps: fc.Arbitrary<NumberCaps> = fc.record(
  {
    perHour: fc.nat(20),
    per24h: fc.nat(20),
    perDay: fc.nat(20),
    per30d: fc.nat(20),
    inAll: fc.nat(20),
    minGapMs: fc.nat(DAY),
  },
  { requiredKeys: [] },
);
const quiet: fc.Arbitrary<QuietTimes> = fc.record(
  {
    afterRejectedMs: fc.nat(DAY),
    afterOptOutMs: fc.oneof(fc.nat(DAY), fc.constant('forever' as const)),
    afterDropMs: fc.nat(DAY),
    afterMachineMs: fc.nat(DAY),
  },
  { requiredKeys: [] },
);
const own: fc.Arbitrary<OwnRules> = fc.record(
  { caps, quiet, consent: fc.constantFrom('never', 'artificialVoice', 'always') },
  { requiredKeys: [] },
);

describe('a campaign may only tighten its pack', () => {
  it('keeps the pack’s caps against looser ones and says who set each', () => {
    const rules = tighten(china, { caps: { per24h: 9, per30d: 4, perDay: 2, minGapMs: 1 } });
    expect(rules.caps).toEqual({
      perHour: { value: 5, from: 'pack' },
      per24h: { value: 3, from: 'pack' },
      perDay: { value: 2, from: 'campaign' },
      per30d: { value: 4, from: 'campaign' },
    });
    expect(rules.minGap).toEqual({ value: 60_000, from: 'pack' });
    expect(tighten(china, { caps: { minGapMs: 120_000 } }).minGap).toEqual({ value: 120_000, from: 'campaign' });
  });

  it('keeps the longer quiet time, for good above all', () => {
    const rules = tighten(china, { quiet: { afterRejectedMs: 1, afterOptOutMs: 5, afterDropMs: 7 } });
    expect(rules.quiet).toEqual({ afterRejectedMs: DAY, afterOptOutMs: 'forever', afterDropMs: 7 });
    expect(tighten(china, { quiet: { afterRejectedMs: 3 * DAY } }).quiet.afterRejectedMs).toBe(3 * DAY);
  });

  it('opens only where both are open and carries the pack’s version', () => {
    const rules = tighten(china, { window: everyDay(hours(11, 15)) });
    expect(rules.window.weekly.mon).toEqual([hours(11, 12), hours(14, 15)]);
    expect(rules).toMatchObject({ pack: 'china', packVersion: china.version, isDemo: false, consent: 'always' });
  });

  it('asks for the greater consent', () => {
    const usa: RulePack = rulePackAt('usa', Date.parse('2026-01-01T00:00:00Z'));
    expect(tighten(usa, {}).consent).toBe('artificialVoice');
    expect(tighten(usa, { consent: 'never' }).consent).toBe('artificialVoice');
    expect(tighten(usa, { consent: 'always' }).consent).toBe('always');
  });

  it('is at no point looser than the pack or than the campaign’s own wish', () => {
    fc.assert(
      fc.property(caps, quiet, own, (packCaps, packQuiet, rules) => {
        const found = tighten({ ...china, caps: packCaps, quiet: packQuiet }, rules);
        for (const cap of COUNTED_CAPS) {
          const value = found.caps[cap]?.value ?? Infinity;
          expect(value).toBe(Math.min(packCaps[cap] ?? Infinity, rules.caps?.[cap] ?? Infinity));
        }
        expect(found.minGap?.value ?? 0).toBe(Math.max(packCaps.minGapMs ?? 0, rules.caps?.minGapMs ?? 0));
        const length = (time: number | 'forever' | undefined): number => (time === 'forever' ? Infinity : (time ?? 0));
        for (const time of ['afterRejectedMs', 'afterOptOutMs', 'afterDropMs', 'afterMachineMs'] as const) {
          expect(length(found.quiet[time])).toBe(Math.max(length(packQuiet[time]), length(rules.quiet?.[time])));
        }
      }),
    );
  });
});
