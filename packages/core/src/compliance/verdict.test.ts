import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALWAYS_OPEN, everyDay, hours } from '../dialing/calling-window.ts';
import type { CampaignId, ListId, PhoneNumber, TrunkId } from '../ids.ts';
import type { OwnRules, RulePack } from './rule-pack.ts';
import { tighten } from './rule-pack.ts';
import { RULE_PACKS, rulePackAt } from './rule-packs/index.ts';
import { preVerdict, verdict } from './verdict.ts';
import type { DncEntry, NumberHistory, RuleId, VerdictInput, VerdictTrunk } from './verdict-types.ts';
import { RULE_IDS } from './verdict-types.ts';

const at = (iso: string): number => Date.parse(iso);
const NOW = at('2026-03-03T10:00:00+08:00');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const lab = rulePackAt('lab', NOW);
const china = rulePackAt('china', NOW);
/** A pack without limits for real lists, so that one rule is seen at a time. */
const free: RulePack = { ...lab, id: 'china', version: 'test', isDemo: false, quiet: {} };

const trunk: VerdictTrunk = {
  trunkId: 't' as TrunkId,
  isDemo: false,
  allowedCountries: ['CN'],
  allowsPremiumRate: false,
};
const base: VerdictInput = {
  nowMs: NOW,
  number: { number: '+8613800138000' as PhoneNumber, country: 'CN', kind: 'mobile', zones: ['Asia/Shanghai'] },
  campaignId: 'c' as CampaignId,
  list: { listId: 'l' as ListId, isDemo: false },
  consent: { kind: 'none' },
  dnc: [],
  history: { dialsAtMs: [], dialsInAll: 0 },
  rules: tighten(free, {}),
  voice: 'person',
  hasOwnAgent: false,
  trunk,
};
const own = (rules: OwnRules) => tighten(free, rules);
const past = (dialsAtMs: number[], more: Partial<NumberHistory> = {}): NumberHistory => ({
  dialsAtMs,
  dialsInAll: dialsAtMs.length,
  ...more,
});
const finding = (input: VerdictInput, rule: RuleId) => verdict(input).rules.find((one) => one.rule === rule);
const blocks = (input: VerdictInput): string[] =>
  verdict(input)
    .rules.filter((one) => one.result === 'block')
    .map((one) => `${one.rule}:${one.code}`);

describe('the explained verdict', () => {
  it('allows a plain call and still lists every rule once and in order', () => {
    const found = verdict(base);
    expect(found).toMatchObject({ allowed: true, atMs: NOW, pack: 'china', packVersion: 'test' });
    expect(found.rules.map((one) => one.rule)).toEqual([...RULE_IDS]);
    expect(found.retryAtMs).toBeUndefined();
  });

  it('goes on after the first block, so that all reasons are known', () => {
    const input: VerdictInput = {
      ...base,
      number: { ...base.number, invalidSinceMs: 1, country: 'US' },
      dnc: [{ scope: { kind: 'all' } }],
    };
    expect(blocks(input)).toEqual(['destination:countryNotAllowed', 'invalidNumber:numberInvalid', 'dnc:onDncAll']);
    expect(verdict(input).retryAtMs).toBeUndefined();
  });

  it('holds do-not-call entries of all, of this campaign and of this list, until they expire', () => {
    const dnc = (...entries: DncEntry[]) => blocks({ ...base, dnc: entries });
    expect(dnc({ scope: { kind: 'campaign', campaignId: 'c' as CampaignId } })).toEqual(['dnc:onDncCampaign']);
    expect(dnc({ scope: { kind: 'campaign', campaignId: 'other' as CampaignId } })).toEqual([]);
    expect(dnc({ scope: { kind: 'list', listId: 'l' as ListId } })).toEqual(['dnc:onDncList']);
    expect(dnc({ scope: { kind: 'list', listId: 'other' as ListId } })).toEqual([]);
    expect(dnc({ scope: { kind: 'all' }, expiresAtMs: NOW })).toEqual([]);
    const until = verdict({ ...base, dnc: [{ scope: { kind: 'all' }, expiresAtMs: NOW + DAY }] });
    expect(until.retryAtMs).toBe(NOW + DAY);
    const forGood = verdict({
      ...base,
      dnc: [{ scope: { kind: 'all' }, expiresAtMs: NOW + DAY }, { scope: { kind: 'list', listId: 'l' as ListId } }],
    });
    expect(forGood.retryAtMs).toBeUndefined();
    const list = { kind: 'list', listId: 'l' as ListId } as const;
    const entries: DncEntry[] = [
      { scope: { kind: 'all' }, expiresAtMs: NOW + 2 * DAY },
      { scope: list, expiresAtMs: NOW + DAY },
    ];
    expect(finding({ ...base, dnc: entries }, 'dnc')?.retryAtMs).toBe(NOW + 2 * DAY);
  });

  it('keeps to the hours of the callee, not of the caller', () => {
    const rules = own({ window: everyDay(hours(9, 12), hours(14, 20)) });
    expect(blocks({ ...base, rules })).toEqual([]);
    const abroad = { ...base, rules, number: { ...base.number, zones: ['Europe/London'] } };
    expect(verdict(abroad).retryAtMs).toBe(at('2026-03-03T09:00:00Z'));
    const unknown = { ...base, number: { ...base.number, zones: [] } };
    expect(blocks(unknown)).toEqual(['callingWindow:zoneUnknown']);
    expect(blocks({ ...base, rules: own({ window: everyDay() }) })).toEqual(['callingWindow:neverOpen']);
  });

  it('counts rolling caps and says when there is room again', () => {
    const rules = own({ caps: { per24h: 2 } });
    const dials = [NOW - 30 * HOUR, NOW - 20 * HOUR, NOW - 3 * HOUR];
    const found = verdict({ ...base, rules, history: past(dials) });
    expect(found.allowed).toBe(false);
    expect(found.retryAtMs).toBe(NOW + 4 * HOUR);
    expect(finding({ ...base, rules, history: past(dials) }, 'per24h')).toMatchObject({
      code: 'capReached',
      input: { count: 2, max: 2, maxFrom: 'campaign' },
    });
    // A dial exactly 24 hours ago has left the period.
    expect(verdict({ ...base, rules, history: past([NOW - DAY, NOW - HOUR]) }).allowed).toBe(true);
  });

  it('counts the civil day in the number’s zone', () => {
    const rules = own({ caps: { perDay: 1 } });
    const yesterday = at('2026-03-02T23:59:00+08:00');
    const today = at('2026-03-03T00:01:00+08:00');
    expect(verdict({ ...base, rules, history: past([yesterday]) }).allowed).toBe(true);
    expect(verdict({ ...base, rules, history: past([today]) }).retryAtMs).toBe(at('2026-03-04T00:00:00+08:00'));
    // 00:01 in Shanghai is still yesterday in New York.
    const newYork = { ...base, rules, number: { ...base.number, zones: ['America/New_York'] } };
    expect(verdict({ ...newYork, history: past([today]) }).retryAtMs).toBe(at('2026-03-03T00:00:00-05:00'));
    // When the zone is not certain the later midnight counts.
    const either = { ...base, rules, number: { ...base.number, zones: ['America/New_York', 'Asia/Shanghai'] } };
    expect(finding({ ...either, history: past([today]) }, 'perDay')?.retryAtMs).toBe(at('2026-03-04T00:00:00+08:00'));
    const swapped = { ...either, number: { ...either.number, zones: ['Asia/Shanghai', 'America/New_York'] } };
    expect(finding({ ...swapped, history: past([today]) }, 'perDay')?.retryAtMs).toBe(at('2026-03-04T00:00:00+08:00'));
  });

  it('counts all dials ever, for which no waiting helps', () => {
    const rules = own({ caps: { inAll: 5 } });
    const found = verdict({ ...base, rules, history: { dialsAtMs: [], dialsInAll: 5 } });
    expect(found.allowed).toBe(false);
    expect(found.retryAtMs).toBeUndefined();
  });

  it('keeps the least gap between two dials', () => {
    const rules = own({ caps: { minGapMs: HOUR } });
    expect(verdict({ ...base, rules, history: past([NOW - 59 * MINUTE]) }).retryAtMs).toBe(NOW + MINUTE);
    expect(verdict({ ...base, rules, history: past([NOW - HOUR]) }).allowed).toBe(true);
  });

  it('counts dials from the future of a clock that was set back', () => {
    const rules = own({ caps: { per24h: 1, perDay: 1, minGapMs: MINUTE } });
    expect(blocks({ ...base, rules, history: past([NOW + 2 * DAY]) })).toEqual([
      'per24h:capReached',
      'perDay:capReached',
      'minGap:tooSoon',
    ]);
  });

  it('leaves a person alone after a refusal, and after a drop unless an agent is kept free', () => {
    const rules = own({
      quiet: { afterRejectedMs: DAY, afterOptOutMs: 'forever', afterDropMs: 72 * HOUR, afterMachineMs: DAY },
    });
    const after = (more: Partial<NumberHistory>, hasOwnAgent = false) =>
      verdict({ ...base, rules, hasOwnAgent, history: past([], more) });
    expect(after({ lastRejectedAtMs: NOW - HOUR }).retryAtMs).toBe(NOW + 23 * HOUR);
    expect(after({ lastOptOutAtMs: 0 })).toMatchObject({ allowed: false });
    expect(after({ lastOptOutAtMs: 0 }).retryAtMs).toBeUndefined();
    expect(after({ lastDroppedAtMs: NOW - HOUR }).retryAtMs).toBe(NOW + 71 * HOUR);
    expect(after({ lastDroppedAtMs: NOW - HOUR, lastMachineAtMs: NOW }, true).allowed).toBe(true);
    expect(after({ lastMachineAtMs: NOW - DAY }).allowed).toBe(true);
  });

  it('asks for consent when the pack does, for artificial voices or for all, and honours a withdrawal always', () => {
    const ask = (consent: OwnRules['consent'], more: Partial<VerdictInput>) =>
      blocks({ ...base, rules: own(consent === undefined ? {} : { consent }), ...more });
    expect(ask('always', {})).toEqual(['consent:consentMissing']);
    expect(ask('artificialVoice', {})).toEqual([]);
    expect(ask('artificialVoice', { voice: 'artificial' })).toEqual(['consent:consentMissing']);
    expect(ask('always', { consent: { kind: 'given', atMs: 0 } })).toEqual([]);
    expect(ask('always', { consent: { kind: 'given', atMs: 0, expiresAtMs: NOW } })).toEqual([
      'consent:consentExpired',
    ]);
    expect(ask('never', { consent: { kind: 'withdrawn', atMs: 0 } })).toEqual(['consent:consentWithdrawn']);
  });

  it('dials only where the trunk may, and premium rates only where it was allowed', () => {
    const premium = { ...base, number: { ...base.number, kind: 'premiumRate' as const } };
    expect(blocks(premium)).toEqual(['destination:premiumRateNotAllowed']);
    expect(blocks({ ...premium, trunk: { ...trunk, allowsPremiumRate: true } })).toEqual([]);
  });

  it('refuses a number of a country that the pack was not written for', () => {
    const input = {
      ...base,
      number: { ...base.number, country: 'GB' },
      trunk: { ...trunk, allowedCountries: 'any' as const },
    };
    expect(blocks({ ...input, rules: tighten({ ...free, countries: ['CN'] }, {}) })).toEqual([
      'packCountry:countryNotInPack',
    ]);
  });

  it('waits for window and caps together', () => {
    const rules = own({ window: everyDay(hours(9, 12), hours(14, 20)), caps: { per24h: 1 } });
    // The cap frees at 12:30 the next day, in the noon rest.
    const dialed = at('2026-03-02T12:30:00+08:00');
    const found = verdict({ ...base, rules, history: past([dialed]) });
    expect(found.retryAtMs).toBe(at('2026-03-03T14:00:00+08:00'));
  });

  it('gives no retry time when consent runs out before the window opens', () => {
    const rules = own({ window: everyDay(hours(14, 20)), consent: 'always' });
    const found = verdict({ ...base, rules, consent: { kind: 'given', atMs: 0, expiresAtMs: NOW + HOUR } });
    expect(found.allowed).toBe(false);
    expect(found.retryAtMs).toBeUndefined();
  });

  it('never gives a permission without a trunk', () => {
    const pre = preVerdict(base);
    expect(pre.mayBeTried).toBe(true);
    expect('allowed' in pre).toBe(false);
    expect(pre.rules.filter((one) => one.code === 'noTrunkYet').map((one) => one.rule)).toEqual([
      'demonstration',
      'destination',
    ]);
  });
});

describe('a demonstration never rings a stranger', () => {
  it.each([
    // list, trunk, pack → code
    [true, true, true, 'ok'],
    [true, true, false, 'ok'],
    [false, false, false, 'ok'],
    [true, false, true, 'demoListNeedsLabTrunk'],
    [true, false, false, 'demoListNeedsLabTrunk'],
    [false, true, false, 'labTrunkNeedsDemoList'],
    [false, false, true, 'labPackNeedsDemoList'],
    [false, true, true, 'labPackNeedsDemoList'],
  ])('list %s, trunk %s, pack %s gives %s', (list, line, pack, code) => {
    const input: VerdictInput = {
      ...base,
      list: { ...base.list, isDemo: list },
      trunk: { ...trunk, isDemo: line },
      rules: tighten(pack ? lab : free, {}),
    };
    expect(finding(input, 'demonstration')?.code).toBe(code);
    expect(verdict(input).allowed).toBe(code === 'ok');
  });
});

const millis = fc.integer({ min: NOW - 40 * DAY, max: NOW + DAY });
const anyInput: fc.Arbitrary<VerdictInput> = fc
  .record({
    list: fc.boolean(),
    line: fc.boolean(),
    pack: fc.constantFrom<RulePack>(free, lab, china, rulePackAt('usa', NOW), rulePackAt('uk', NOW)),
    country: fc.constantFrom('CN', 'US', 'GB'),
    anyCountry: fc.boolean(),
    zones: fc.uniqueArray(fc.constantFrom('Asia/Shanghai', 'America/New_York', 'Europe/London'), {
      minLength: 1,
      maxLength: 2,
    }),
    dials: fc.array(millis, { maxLength: 12 }),
    caps: fc.record(
      {
        perHour: fc.nat(3),
        per24h: fc.nat(4),
        perDay: fc.nat(3),
        per30d: fc.nat(8),
        inAll: fc.integer({ min: 6, max: 20 }),
        minGapMs: fc.nat(DAY),
      },
      { requiredKeys: [] },
    ),
    voice: fc.constantFrom<VerdictInput['voice']>('person', 'artificial'),
    consent: fc.constantFrom<VerdictInput['consent']>(
      { kind: 'none' },
      { kind: 'given', atMs: 0 },
      { kind: 'given', atMs: 0, expiresAtMs: NOW + 5 * HOUR },
      { kind: 'withdrawn', atMs: 0 },
    ),
    dnc: fc.array(
      fc.constantFrom<DncEntry>(
        { scope: { kind: 'campaign', campaignId: 'other' as CampaignId } },
        { scope: { kind: 'all' }, expiresAtMs: NOW + 3 * HOUR },
        { scope: { kind: 'list', listId: 'l' as ListId } },
      ),
      { maxLength: 2 },
    ),
    rejected: fc.option(millis, { nil: undefined }),
    window: fc.constantFrom(ALWAYS_OPEN, everyDay(hours(9, 12), hours(14, 20))),
    nowMs: fc.integer({ min: NOW, max: NOW + DAY }),
  })
  .map((one) => ({
    ...base,
    nowMs: one.nowMs,
    number: { ...base.number, country: one.country, zones: one.zones },
    list: { ...base.list, isDemo: one.list },
    trunk: { ...trunk, isDemo: one.line, allowedCountries: 'any' },
    // Half of the packs take any country, or most cases would end at that rule.
    rules: tighten(one.anyCountry ? { ...one.pack, countries: 'any' } : one.pack, {
      caps: one.caps,
      window: one.window,
    }),
    voice: one.voice,
    consent: one.consent,
    dnc: one.dnc,
    history: past(
      [...one.dials].sort((a, b) => a - b),
      one.rejected === undefined ? {} : { lastRejectedAtMs: one.rejected },
    ),
  }));

describe('properties of the verdict', () => {
  it('never lets a demonstration lead through a carrier nor a real lead into the lab', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        if (verdict(input).allowed) expect(input.trunk.isDemo).toBe(input.list.isDemo);
        if (input.rules.isDemo && verdict(input).allowed) expect(input.list.isDemo).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('lists every rule, and allows exactly when none blocks', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const found = verdict(input);
        expect(found.rules.map((one) => one.rule)).toEqual([...RULE_IDS]);
        expect(found.allowed).toBe(found.rules.every((one) => one.result !== 'block'));
        expect(JSON.parse(JSON.stringify(found))).toEqual(found);
        expect(JSON.stringify(found)).not.toContain(input.number.number);
      }),
    );
  });

  it('gives a retry time at which it allows, and before which it does not', () => {
    fc.assert(
      fc.property(anyInput, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }), (input, probes) => {
        const { allowed, retryAtMs } = verdict(input);
        if (allowed || retryAtMs === undefined) return;
        expect(retryAtMs).toBeGreaterThan(input.nowMs);
        expect(verdict({ ...input, nowMs: retryAtMs }).allowed).toBe(true);
        for (const probe of [
          ...probes.map((p) => Math.floor(input.nowMs + p * (retryAtMs - input.nowMs))),
          retryAtMs - 1,
        ]) {
          if (probe < retryAtMs) expect(verdict({ ...input, nowMs: probe }).allowed).toBe(false);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('is never loosened by a campaign’s own rules, by one more dial, or by one more do-not-call entry', () => {
    fc.assert(
      fc.property(anyInput, millis, (input, dialedAtMs) => {
        if (verdict(input).allowed) return;
        const dials = [...input.history.dialsAtMs, dialedAtMs].sort((a, b) => a - b);
        expect(
          verdict({ ...input, history: { ...input.history, dialsAtMs: dials, dialsInAll: dials.length } }).allowed,
        ).toBe(false);
        expect(verdict({ ...input, dnc: [...input.dnc, { scope: { kind: 'all' } }] }).allowed).toBe(false);
      }),
    );
    fc.assert(
      fc.property(anyInput, fc.nat(30), fc.nat(DAY), (input, max, minGapMs) => {
        const pack = input.rules.isDemo ? lab : RULE_PACKS[input.rules.pack].at(-1);
        if (!pack) return;
        const strict = { ...input, rules: tighten(pack, {}) };
        const loosened = {
          ...input,
          rules: tighten(pack, { caps: { per24h: max, per30d: max, minGapMs }, consent: 'never' }),
        };
        if (verdict(loosened).allowed) expect(verdict(strict).allowed).toBe(true);
      }),
    );
  });

  it('holds all dials of a greedy dialer inside every cap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }), (perHour, per24h) => {
        const rules = own({
          caps: { perHour, per24h, minGapMs: 5 * MINUTE },
          window: everyDay(hours(9, 12), hours(14, 20)),
        });
        const dials: number[] = [];
        let nowMs = NOW;
        for (let i = 0; i < 40; i++) {
          const found = verdict({ ...base, rules, nowMs, history: past(dials) });
          if (found.allowed) dials.push(nowMs);
          nowMs = found.retryAtMs ?? nowMs + 1;
        }
        for (const dial of dials) {
          expect(dials.filter((other) => other > dial - HOUR && other <= dial).length).toBeLessThanOrEqual(perHour);
          expect(dials.filter((other) => other > dial - DAY && other <= dial).length).toBeLessThanOrEqual(per24h);
        }
        expect(dials.length).toBeGreaterThan(3);
      }),
      { numRuns: 30 },
    );
  });
});

describe('rule packs', () => {
  it('takes the version in force on the day, and the first one before all', () => {
    expect(rulePackAt('usa', at('2024-02-07T23:59:59Z')).consent).toBe('never');
    expect(rulePackAt('usa', at('2024-02-08T00:00:00Z')).consent).toBe('artificialVoice');
    expect(rulePackAt('china', 0).version).toBe(RULE_PACKS.china[0]?.version);
  });

  it('names a source for every limit, keeps dates in order and lets only the lab be a demonstration', () => {
    for (const [id, versions] of Object.entries(RULE_PACKS)) {
      expect(versions.map((pack) => pack.effectiveFrom)).toEqual(versions.map((pack) => pack.effectiveFrom).sort());
      expect(new Set(versions.map((pack) => pack.version)).size).toBe(versions.length);
      for (const pack of versions) {
        expect(pack.id).toBe(id);
        expect(pack.isDemo).toBe(id === 'lab');
        expect(pack.drop.limit).toBeLessThanOrEqual(0.03);
        if (id === 'lab') continue;
        const sourced = new Set(pack.sources.map((source) => source.rule));
        for (const cap of Object.keys(pack.caps)) expect(sourced).toContain(cap === 'minGapMs' ? 'minGap' : cap);
        for (const rule of ['window', 'drop', 'minRing']) expect(sourced).toContain(rule);
        if (pack.consent !== 'never') expect(sourced).toContain('consent');
      }
    }
  });

  it('calls nobody in China at noon, at night, without consent, or a fourth time in a day', () => {
    const rules = tighten(china, {});
    const consent = { kind: 'given', atMs: 0 } as const;
    const input: VerdictInput = { ...base, rules, consent };
    expect(verdict(input).allowed).toBe(true);
    expect(blocks({ ...input, consent: { kind: 'none' } })).toEqual(['consent:consentMissing']);
    expect(blocks({ ...input, nowMs: at('2026-03-03T12:00:00+08:00') })).toEqual(['callingWindow:outsideHours']);
    expect(blocks({ ...input, nowMs: at('2026-03-03T21:00:00+08:00') })).toEqual(['callingWindow:outsideHours']);
    expect(blocks({ ...input, history: past([NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - HOUR]) })).toEqual([
      'per24h:capReached',
    ]);
  });
});
