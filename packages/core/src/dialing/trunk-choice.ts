import type { CountryCode } from '../compliance/rule-pack.ts';
import type { NumberKind } from '../compliance/verdict-types.ts';
import type { EpochMs, TrunkId } from '../ids.ts';

/** A token bucket: how many new calls may start at once, refilled by the second. Plain state, advanced by functions. */
export type TokenBucket = { readonly tokens: number; readonly atMs: EpochMs };

/** `perSecond` tokens flow in; at most `burst` are held (at least 1, or nothing could ever pass). */
export type BucketRate = { readonly perSecond: number; readonly burst: number };

const capacity = (rate: BucketRate): number => Math.max(1, rate.burst);

/** A full bucket. */
export const fullBucket = (rate: BucketRate, atMs: EpochMs): TokenBucket => ({ tokens: capacity(rate), atMs });

/**
 * The bucket at an instant. A clock that goes back adds nothing and moves the bucket's time back with it, so that it does
 * not starve until the old time comes again; a jump forward adds one full bucket at most.
 */
export const refill = (bucket: TokenBucket, rate: BucketRate, atMs: EpochMs): TokenBucket => {
  const elapsedMs = Math.max(0, atMs - bucket.atMs);
  const tokens = Math.min(
    capacity(rate),
    Math.max(0, bucket.tokens) + (elapsedMs / 1000) * Math.max(0, rate.perSecond),
  );
  return { tokens, atMs };
};

/** Takes one token, or says when the next will be there (`Infinity` when none flow). */
export const takeToken = (
  bucket: TokenBucket,
  rate: BucketRate,
  atMs: EpochMs,
): { readonly taken: true; readonly bucket: TokenBucket } | { readonly taken: false; readonly nextAtMs: EpochMs } => {
  const now = refill(bucket, rate, atMs);
  // The tolerance forgives what is lost in sums of tenths: a token that is there by arithmetic must be there.
  if (now.tokens >= 1 - 1e-9) return { taken: true, bucket: { tokens: Math.max(0, now.tokens - 1), atMs } };
  return {
    taken: false,
    nextAtMs: rate.perSecond > 0 ? atMs + Math.ceil(((1 - now.tokens) / rate.perSecond) * 1000) : Infinity,
  };
};

/** Limits of a trunk. Absent hourly limits are none; hours are rolling. Money is in the smallest unit of its currency. */
export type TrunkLimits = {
  readonly maxConcurrent: number;
  readonly newCalls: BucketRate;
  readonly maxCallsPerHour?: number;
  readonly maxSpendPerHour?: number;
};

/** A trunk as the choice sees it: settings and present use. */
export type TrunkCandidate = {
  readonly trunkId: TrunkId;
  readonly isEnabled: boolean;
  readonly isDemo: boolean;
  /** Lower is tried first. */
  readonly priority: number;
  readonly homeCountry: CountryCode;
  /** Absent: the home country only. */
  readonly allowedCountries?: readonly CountryCode[] | 'any';
  readonly allowsPremiumRate: boolean;
  readonly limits: TrunkLimits;
  readonly reachable: 'reachable' | 'unreachable' | 'unknown';
  readonly registration: 'registered' | 'rejected' | 'unregistered' | 'notUsed';
  /** Open dials and calls, counted from rows. */
  readonly concurrent: number;
  readonly bucket: TokenBucket;
  readonly callsThisHour: number;
  readonly spendThisHour: number;
  /** Left alone until then after repeated failures (`restAfterFailures`). */
  readonly restsUntilMs?: EpochMs;
};

export type TrunkObjection =
  | 'disabled'
  | 'alreadyTried'
  | 'notInCampaign'
  | 'demoListNeedsLabTrunk'
  | 'labTrunkNeedsDemoList'
  | 'countryNotAllowed'
  | 'premiumRateNotAllowed'
  | 'unreachable'
  | 'notRegistered'
  | 'resting'
  | 'noFreeChannel'
  | 'tooManyNewCalls'
  | 'callsPerHourReached'
  | 'spendPerHourReached';

export type TrunkQuestion = {
  readonly nowMs: EpochMs;
  readonly list: { readonly isDemo: boolean };
  readonly number: { readonly country: CountryCode; readonly kind: NumberKind };
  /** The campaign's trunks in order of preference; empty: all trunks by their own priority. */
  readonly preferred: readonly TrunkId[];
  /** Trunks that this attempt has used already. */
  readonly tried: readonly TrunkId[];
  readonly trunks: readonly TrunkCandidate[];
};

export type TrunkChoice = {
  /** Trunks that may take the dial now, first choice first. */
  readonly order: readonly TrunkId[];
  /** Every other trunk, with all that speaks against it. */
  readonly passedOver: readonly { readonly trunkId: TrunkId; readonly objections: readonly TrunkObjection[] }[];
};

/** Countries a trunk may dial: the home country unless its owner said otherwise (toll fraud). */
export const allowedCountriesOf = (
  trunk: Pick<TrunkCandidate, 'homeCountry' | 'allowedCountries'>,
): readonly CountryCode[] | 'any' => trunk.allowedCountries ?? [trunk.homeCountry];

/** What of a trunk does not depend on the number: health, room and rate. */
const useObjections = (trunk: TrunkCandidate, nowMs: EpochMs): readonly TrunkObjection[] => {
  const found: TrunkObjection[] = [];
  const { limits } = trunk;
  if (!trunk.isEnabled) found.push('disabled');
  if (trunk.reachable === 'unreachable') found.push('unreachable');
  if (trunk.registration === 'rejected' || trunk.registration === 'unregistered') found.push('notRegistered');
  if (trunk.restsUntilMs !== undefined && trunk.restsUntilMs > nowMs) found.push('resting');
  if (trunk.concurrent >= limits.maxConcurrent) found.push('noFreeChannel');
  if (refill(trunk.bucket, limits.newCalls, nowMs).tokens < 1 - 1e-9) found.push('tooManyNewCalls');
  if (limits.maxCallsPerHour !== undefined && trunk.callsThisHour >= limits.maxCallsPerHour) {
    found.push('callsPerHourReached');
  }
  if (limits.maxSpendPerHour !== undefined && trunk.spendThisHour >= limits.maxSpendPerHour) {
    found.push('spendPerHourReached');
  }
  return found;
};

const objections = (trunk: TrunkCandidate, question: TrunkQuestion): readonly TrunkObjection[] => {
  const found: TrunkObjection[] = [];
  if (question.preferred.length > 0 && !question.preferred.includes(trunk.trunkId)) found.push('notInCampaign');
  if (question.tried.includes(trunk.trunkId)) found.push('alreadyTried');
  // The verdict before the dial says it again; a demonstration must not ring a stranger by one mistake alone.
  if (question.list.isDemo && !trunk.isDemo) found.push('demoListNeedsLabTrunk');
  if (!question.list.isDemo && trunk.isDemo) found.push('labTrunkNeedsDemoList');
  const countries = allowedCountriesOf(trunk);
  if (countries !== 'any' && !countries.includes(question.number.country)) found.push('countryNotAllowed');
  if (question.number.kind === 'premiumRate' && !trunk.allowsPremiumRate) found.push('premiumRateNotAllowed');
  return [...found, ...useObjections(trunk, question.nowMs)];
};

const freeShare = (trunk: TrunkCandidate): number =>
  (trunk.limits.maxConcurrent - trunk.concurrent) / Math.max(1, trunk.limits.maxConcurrent);

/**
 * Which trunks may take a dial now and in which order: the campaign's preference, then the trunk's priority, then the
 * greater free share, then the id. Everything that speaks against the others is told.
 */
export const chooseTrunks = (question: TrunkQuestion): TrunkChoice => {
  const judged = question.trunks.map((trunk) => ({ trunk, objections: objections(trunk, question) }));
  const rank = (trunk: TrunkCandidate): number => question.preferred.indexOf(trunk.trunkId);
  const order = judged
    .filter((one) => one.objections.length === 0)
    .map((one) => one.trunk)
    .sort(
      (a, b) =>
        rank(a) - rank(b) ||
        a.priority - b.priority ||
        freeShare(b) - freeShare(a) ||
        (a.trunkId < b.trunkId ? -1 : a.trunkId > b.trunkId ? 1 : 0),
    );
  return {
    order: order.map((trunk) => trunk.trunkId),
    passedOver: judged
      .filter((one) => one.objections.length > 0)
      .map((one) => ({ trunkId: one.trunk.trunkId, objections: one.objections })),
  };
};

/** How many new calls a trunk can take at this moment: the pacer's `linesAvailable` is the sum over a campaign's trunks. */
export const trunkHeadroom = (trunk: TrunkCandidate, nowMs: EpochMs): number => {
  if (useObjections(trunk, nowMs).length > 0) return 0;
  const { limits } = trunk;
  const tokens = Math.floor(refill(trunk.bucket, limits.newCalls, nowMs).tokens + 1e-9);
  const channels = limits.maxConcurrent - trunk.concurrent;
  const calls = limits.maxCallsPerHour === undefined ? Infinity : limits.maxCallsPerHour - trunk.callsThisHour;
  return Math.max(0, Math.floor(Math.min(tokens, channels, calls)));
};

/** Rest of a trunk after `failures` carrier failures in a row: none for the first two, then 5 s doubling up to 5 minutes. */
export const restAfterFailures = (failures: number): number =>
  failures < 3 ? 0 : Math.min(300_000, 5_000 * 2 ** Math.min(20, failures - 3));
