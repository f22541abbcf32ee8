import { nextOpeningInAll, zonesAreKnown } from '../dialing/calling-window.ts';
import { localDay, startOfDayMs } from '../dialing/zone-time.ts';
import type { EpochMs } from '../ids.ts';
import type { CountryCode, Limit } from './rule-pack.ts';
import type {
  PreVerdict,
  PreVerdictInput,
  RuleCode,
  RuleFact,
  RuleFinding,
  RuleId,
  Verdict,
  VerdictInput,
  VerdictTrunk,
} from './verdict-types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const ROLLING_MS = { perHour: HOUR_MS, per24h: DAY_MS, per30d: 30 * DAY_MS } as const;

type Facts = Readonly<Record<string, RuleFact>>;

/** What every rule is given: the question, the trunk when there is one, and the instant that is asked about. */
type Question = { readonly input: PreVerdictInput; readonly trunk: VerdictTrunk | undefined; readonly atMs: EpochMs };

const pass = (rule: RuleId, input: Facts): RuleFinding => ({ rule, result: 'pass', code: 'ok', input });

const skip = (rule: RuleId, input: Facts, code: RuleCode = 'noRule'): RuleFinding => ({
  rule,
  result: 'notApplicable',
  code,
  input,
});

const block = (rule: RuleId, code: RuleCode, input: Facts, retryAtMs?: EpochMs): RuleFinding =>
  retryAtMs === undefined ? { rule, result: 'block', code, input } : { rule, result: 'block', code, input, retryAtMs };

/** Lab trunks for demonstration lists only, demonstration lists through lab trunks only, the lab's rules for nobody else. */
const demonstration = ({ input, trunk }: Question): RuleFinding => {
  const facts = {
    listIsDemo: input.list.isDemo,
    packIsDemo: input.rules.isDemo,
    trunkIsDemo: trunk?.isDemo ?? null,
  };
  if (input.rules.isDemo && !input.list.isDemo) return block('demonstration', 'labPackNeedsDemoList', facts);
  if (!trunk) return skip('demonstration', facts, 'noTrunkYet');
  if (input.list.isDemo && !trunk.isDemo) return block('demonstration', 'demoListNeedsLabTrunk', facts);
  if (!input.list.isDemo && trunk.isDemo) return block('demonstration', 'labTrunkNeedsDemoList', facts);
  return pass('demonstration', facts);
};

const includes = (countries: readonly CountryCode[] | 'any', country: CountryCode): boolean =>
  countries === 'any' || countries.includes(country);

const packCountry = ({ input }: Question): RuleFinding => {
  const facts = { country: input.number.country, countries: input.rules.countries };
  return includes(input.rules.countries, input.number.country)
    ? pass('packCountry', facts)
    : block('packCountry', 'countryNotInPack', facts);
};

const destination = ({ input, trunk }: Question): RuleFinding => {
  const { country, kind } = input.number;
  if (!trunk) return skip('destination', { country, kind }, 'noTrunkYet');
  const facts = { country, kind, allowedCountries: trunk.allowedCountries };
  if (!includes(trunk.allowedCountries, country)) return block('destination', 'countryNotAllowed', facts);
  if (kind === 'premiumRate' && !trunk.allowsPremiumRate) return block('destination', 'premiumRateNotAllowed', facts);
  return pass('destination', facts);
};

const invalidNumber = ({ input }: Question): RuleFinding => {
  const sinceMs = input.number.invalidSinceMs;
  return sinceMs === undefined
    ? pass('invalidNumber', { invalidSinceAtMs: null })
    : block('invalidNumber', 'numberInvalid', { invalidSinceAtMs: sinceMs });
};

const dnc = ({ input, atMs }: Question): RuleFinding => {
  const holding = input.dnc.filter(
    ({ scope, expiresAtMs }) =>
      (expiresAtMs === undefined || expiresAtMs > atMs) &&
      (scope.kind === 'all' ||
        (scope.kind === 'campaign' && scope.campaignId === input.campaignId) ||
        (scope.kind === 'list' && scope.listId === input.list.listId)),
  );
  const facts = { entries: input.dnc.length, holding: holding.map((entry) => entry.scope.kind) };
  if (holding.length === 0) return pass('dnc', facts);
  let lastMs = 0;
  for (const entry of holding) lastMs = Math.max(lastMs, entry.expiresAtMs ?? Infinity);
  const kinds = new Set(facts.holding);
  const code = kinds.has('all') ? 'onDncAll' : kinds.has('campaign') ? 'onDncCampaign' : 'onDncList';
  return block('dnc', code, facts, Number.isFinite(lastMs) ? lastMs : undefined);
};

const consent = ({ input, atMs }: Question): RuleFinding => {
  const given = input.consent;
  const facts = {
    needed: input.rules.consent,
    voice: input.voice,
    consent: given.kind,
    givenAtMs: given.kind === 'given' ? given.atMs : null,
    expiresAtMs: given.kind === 'given' ? (given.expiresAtMs ?? null) : null,
  };
  // A withdrawn consent is a refusal, also where none was needed.
  if (given.kind === 'withdrawn') return block('consent', 'consentWithdrawn', facts);
  const isNeeded =
    input.rules.consent === 'always' || (input.rules.consent === 'artificialVoice' && input.voice === 'artificial');
  if (!isNeeded) return skip('consent', facts);
  if (given.kind === 'none') return block('consent', 'consentMissing', facts);
  if (given.expiresAtMs !== undefined && given.expiresAtMs <= atMs) return block('consent', 'consentExpired', facts);
  return pass('consent', facts);
};

const callingWindow = ({ input, atMs }: Question): RuleFinding => {
  const zones = input.number.zones;
  const facts = { zones };
  if (!zonesAreKnown(zones)) return block('callingWindow', 'zoneUnknown', facts);
  const openingMs = nextOpeningInAll(input.rules.window, zones, atMs);
  if (openingMs === undefined) return block('callingWindow', 'neverOpen', facts);
  return openingMs === atMs ? pass('callingWindow', facts) : block('callingWindow', 'outsideHours', facts, openingMs);
};

const capFacts = (limit: Limit, count: number): Facts => ({ count, max: limit.value, maxFrom: limit.from });

const rollingCap = (rule: 'perHour' | 'per24h' | 'per30d', dialsAtMs: readonly EpochMs[], question: Question) => {
  const limit = question.input.rules.caps[rule];
  if (!limit) return skip(rule, { count: null, max: null });
  const periodMs = ROLLING_MS[rule];
  const sinceMs = question.atMs - periodMs;
  // Dials stamped in the future (a clock was set back) count: nobody is rung more often because of a clock.
  const count = dialsAtMs.length - (dialsAtMs.findLastIndex((dialedAtMs) => dialedAtMs <= sinceMs) + 1);
  const facts = capFacts(limit, count);
  if (count < limit.value) return pass(rule, facts);
  // Room is made when the dial that is `max` back from the last has left the period.
  const leavesMs = limit.value >= 1 ? dialsAtMs[dialsAtMs.length - Math.floor(limit.value)] : undefined;
  return block(rule, 'capReached', facts, leavesMs === undefined ? undefined : leavesMs + periodMs);
};

const perDay = (dialsAtMs: readonly EpochMs[], { input, atMs }: Question): RuleFinding => {
  const limit = input.rules.caps.perDay;
  if (!limit) return skip('perDay', { count: null, max: null });
  const zones = input.number.zones;
  if (!zonesAreKnown(zones)) return block('perDay', 'zoneUnknown', { count: null, max: limit.value, zones });
  let greatest = 0;
  let retryAtMs = atMs;
  for (const zone of zones) {
    const today = localDay(zone, atMs) ?? 0;
    const count = dialsAtMs.filter((dialedAtMs) => (localDay(zone, dialedAtMs) ?? today) >= today).length;
    greatest = Math.max(greatest, count);
    if (count < limit.value) continue;
    const last = limit.value >= 1 ? dialsAtMs[dialsAtMs.length - Math.floor(limit.value)] : undefined;
    const lastDay = last === undefined ? undefined : localDay(zone, last);
    const freeMs = lastDay === undefined ? undefined : startOfDayMs(zone, lastDay + 1);
    retryAtMs = Math.max(retryAtMs, freeMs ?? Infinity);
  }
  const facts = { ...capFacts(limit, greatest), zones };
  if (greatest < limit.value) return pass('perDay', facts);
  return block('perDay', 'capReached', facts, Number.isFinite(retryAtMs) ? retryAtMs : undefined);
};

const inAll = ({ input }: Question): RuleFinding => {
  const limit = input.rules.caps.inAll;
  if (!limit) return skip('inAll', { count: null, max: null });
  const count = Math.max(input.history.dialsInAll, input.history.dialsAtMs.length);
  const facts = capFacts(limit, count);
  return count < limit.value ? pass('inAll', facts) : block('inAll', 'capReached', facts);
};

const minGap = (dialsAtMs: readonly EpochMs[], { input, atMs }: Question): RuleFinding => {
  const gap = input.rules.minGap;
  const lastAtMs = dialsAtMs.at(-1);
  if (!gap) return skip('minGap', { lastDialAtMs: lastAtMs ?? null, minGapMs: null });
  const facts = { lastDialAtMs: lastAtMs ?? null, minGapMs: gap.value, maxFrom: gap.from };
  if (lastAtMs === undefined || lastAtMs + gap.value <= atMs) return pass('minGap', facts);
  return block('minGap', 'tooSoon', facts, lastAtMs + gap.value);
};

const quietTime = (
  rule: RuleId,
  lastAtMs: EpochMs | undefined,
  quietMs: number | 'forever' | undefined,
  isWaived: boolean,
  atMs: EpochMs,
): RuleFinding => {
  const facts = { lastAtMs: lastAtMs ?? null, quietMs: quietMs ?? null, isWaived };
  if (quietMs === undefined || isWaived) return skip(rule, facts);
  if (lastAtMs === undefined) return pass(rule, facts);
  if (quietMs === 'forever') return block(rule, 'quietTime', facts);
  return lastAtMs + quietMs <= atMs ? pass(rule, facts) : block(rule, 'quietTime', facts, lastAtMs + quietMs);
};

const ascending = (timesMs: readonly EpochMs[]): readonly EpochMs[] =>
  timesMs.every((timeMs, index) => index === 0 || (timesMs[index - 1] ?? timeMs) <= timeMs)
    ? timesMs
    : [...timesMs].sort((a, b) => a - b);

/** All rules in the order of `RULE_IDS`: each is evaluated, whatever the others found. */
const evaluate = (question: Question): readonly RuleFinding[] => {
  const { input, atMs } = question;
  const { history } = input;
  const { quiet } = input.rules;
  const dialsAtMs = ascending(history.dialsAtMs);
  return [
    demonstration(question),
    packCountry(question),
    destination(question),
    invalidNumber(question),
    dnc(question),
    consent(question),
    callingWindow(question),
    rollingCap('perHour', dialsAtMs, question),
    rollingCap('per24h', dialsAtMs, question),
    perDay(dialsAtMs, question),
    rollingCap('per30d', dialsAtMs, question),
    inAll(question),
    minGap(dialsAtMs, question),
    quietTime('quietAfterRejected', history.lastRejectedAtMs, quiet.afterRejectedMs, false, atMs),
    quietTime('quietAfterOptOut', history.lastOptOutAtMs, quiet.afterOptOutMs, false, atMs),
    quietTime('quietAfterDrop', history.lastDroppedAtMs, quiet.afterDropMs, input.hasOwnAgent, atMs),
    quietTime('quietAfterMachine', history.lastMachineAtMs, quiet.afterMachineMs, input.hasOwnAgent, atMs),
  ];
};

/** A blocked moment moves on at most this often; each step passes at least one rule's own time. */
const MAX_STEPS = 64;

/**
 * The first instant at which nothing blocks, supposing that nothing else happens. Each step goes to the latest time that
 * a blocking rule names, which no earlier instant can satisfy, so the first instant without a block is the earliest.
 */
const earliest = (question: Question, findings: readonly RuleFinding[]): EpochMs | undefined => {
  let atMs = question.atMs;
  let current = findings;
  for (let step = 0; step < MAX_STEPS; step++) {
    let latestMs = atMs;
    let blocks = 0;
    for (const finding of current) {
      if (finding.result !== 'block') continue;
      if (finding.retryAtMs === undefined) return undefined;
      blocks++;
      latestMs = Math.max(latestMs, finding.retryAtMs);
    }
    if (blocks === 0) return atMs;
    if (latestMs <= atMs) return undefined;
    atMs = latestMs;
    current = evaluate({ ...question, atMs });
  }
  return undefined;
};

const judge = (input: PreVerdictInput, trunk: VerdictTrunk | undefined): Verdict => {
  const question: Question = { input, trunk, atMs: input.nowMs };
  const rules = evaluate(question);
  const allowed = rules.every((finding) => finding.result !== 'block');
  const retryAtMs = allowed ? undefined : earliest(question, rules);
  return {
    allowed,
    atMs: input.nowMs,
    pack: input.rules.pack,
    packVersion: input.rules.packVersion,
    rules,
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
  };
};

/**
 * May this number be called now, through this trunk? Pure; every rule is evaluated and listed. The dial's transaction
 * asks again with the number's row locked.
 */
export const verdict = (input: VerdictInput): Verdict => judge(input, input.trunk);

/** May this number be tried now by some trunk? For the hopper and for explanations; never enough for a dial. */
export const preVerdict = (input: PreVerdictInput): PreVerdict => {
  const { allowed, ...rest } = judge(input, undefined);
  return { ...rest, mayBeTried: allowed };
};
