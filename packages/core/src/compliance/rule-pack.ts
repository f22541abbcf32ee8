import type { CallingWindow } from '../dialing/calling-window.ts';
import { intersectWindows } from '../dialing/calling-window.ts';
import type { LocalDate } from '../dialing/zone-time.ts';

/** ISO 3166-1 alpha-2, upper case. */
export type CountryCode = string;

export type RulePackId = 'china' | 'usa' | 'uk' | 'lab';

/**
 * Most dials to one number, over all campaigns. An absent field is no cap. Rolling periods end at the present moment;
 * `perDay` counts the civil day in the number's zone; `inAll` counts every dial ever recorded to the number.
 */
export type NumberCaps = {
  readonly perHour?: number;
  readonly per24h?: number;
  readonly perDay?: number;
  readonly per30d?: number;
  readonly inAll?: number;
  /** Least time between the starts of two dials to one number. */
  readonly minGapMs?: number;
};

/** The caps that count dials, in the order in which they are explained. */
export const COUNTED_CAPS = ['perHour', 'per24h', 'perDay', 'per30d', 'inAll'] as const;
export type CountedCap = (typeof COUNTED_CAPS)[number];

/** How long a number is left alone after something happened with it. An absent field asks nothing. */
export type QuietTimes = {
  /** After the callee declined a call. */
  readonly afterRejectedMs?: number;
  /** After the callee said not to be called again; the do-not-call entry usually does this. */
  readonly afterOptOutMs?: number | 'forever';
  /** After a call was dropped, unless an agent is kept free for the next one. */
  readonly afterDropMs?: number;
  /** After a call was taken for a machine and hung up, unless an agent is kept free for the next one. */
  readonly afterMachineMs?: number;
};

/** For whom consent must be on record before the dial. */
export type ConsentNeeded = 'never' | 'artificialVoice' | 'always';

/** The legal limit on dropped calls. `limit` is the share of calls answered by a person. */
export type DropLimit = {
  readonly limit: number;
  readonly period: 'day' | 'rolling24h' | 'rolling30d';
  /** Greatest time from the end of the callee's greeting to an agent; later is dropped. */
  readonly connectWithinMs: number;
  /** Whether a recorded message must say who called when nobody is in time. */
  readonly messageRequired: boolean;
};

/** Where a value comes from. `basis`: `law` binds, `carrier` is what lines are cut off for, `house` is our own caution. */
export type RuleSource = {
  readonly rule: string;
  readonly basis: 'law' | 'carrier' | 'house';
  readonly text: string;
};

/** One version of one country's rules. Data, never edited after release: a change is a new version. */
export type RulePack = {
  readonly id: RulePackId;
  readonly version: string;
  /** First civil day (UTC) on which this version holds. */
  readonly effectiveFrom: LocalDate;
  /** Only lists marked as demonstration may use it. */
  readonly isDemo: boolean;
  /** Countries that it was written for; `any` for the lab. */
  readonly countries: readonly CountryCode[] | 'any';
  readonly window: CallingWindow;
  readonly caps: NumberCaps;
  readonly quiet: QuietTimes;
  readonly consent: ConsentNeeded;
  readonly minRingMs: number;
  readonly drop: DropLimit;
  /** Least time that recordings and call records must be kept; 0 when nothing is prescribed. */
  readonly keepRecordsDays: number;
  readonly sources: readonly RuleSource[];
};

/** What a campaign may add to its pack. Values that are looser than the pack's change nothing. */
export type OwnRules = {
  readonly window?: CallingWindow;
  readonly caps?: NumberCaps;
  readonly quiet?: QuietTimes;
  readonly consent?: ConsentNeeded;
};

export type RuleOrigin = 'pack' | 'campaign';

/** A limit and who set it. */
export type Limit = { readonly value: number; readonly from: RuleOrigin };

/** The rules in force for a campaign: at every point the stricter of pack and campaign. */
export type RulesInForce = {
  readonly pack: RulePackId;
  readonly packVersion: string;
  readonly isDemo: boolean;
  readonly countries: readonly CountryCode[] | 'any';
  readonly window: CallingWindow;
  readonly caps: Readonly<Partial<Record<CountedCap, Limit>>>;
  readonly minGap?: Limit;
  readonly quiet: QuietTimes;
  readonly consent: ConsentNeeded;
};

const stricter = (pack: number | undefined, own: number | undefined): Limit | undefined => {
  if (own !== undefined && (pack === undefined || own < pack)) return { value: own, from: 'campaign' };
  return pack === undefined ? undefined : { value: pack, from: 'pack' };
};

const longer = (pack: number | undefined, own: number | undefined): number | undefined =>
  pack === undefined ? own : own === undefined ? pack : Math.max(pack, own);

const CONSENT_ORDER: readonly ConsentNeeded[] = ['never', 'artificialVoice', 'always'];

const tightenQuiet = (pack: QuietTimes, own: QuietTimes): QuietTimes => {
  const afterRejectedMs = longer(pack.afterRejectedMs, own.afterRejectedMs);
  const afterDropMs = longer(pack.afterDropMs, own.afterDropMs);
  const afterMachineMs = longer(pack.afterMachineMs, own.afterMachineMs);
  const afterOptOutMs =
    pack.afterOptOutMs === 'forever' || own.afterOptOutMs === 'forever'
      ? 'forever'
      : longer(pack.afterOptOutMs, own.afterOptOutMs);
  return {
    ...(afterRejectedMs === undefined ? {} : { afterRejectedMs }),
    ...(afterOptOutMs === undefined ? {} : { afterOptOutMs }),
    ...(afterDropMs === undefined ? {} : { afterDropMs }),
    ...(afterMachineMs === undefined ? {} : { afterMachineMs }),
  };
};

/**
 * The rules in force: at every point the stricter of pack and campaign, so that no setting can loosen the law. Work it
 * out once per campaign and pack version and keep the result: its window carries the cache of opened days.
 */
export const tighten = (pack: RulePack, own: OwnRules): RulesInForce => {
  const caps: Partial<Record<CountedCap, Limit>> = {};
  for (const cap of COUNTED_CAPS) {
    const limit = stricter(pack.caps[cap], own.caps?.[cap]);
    if (limit) caps[cap] = limit;
  }
  const packGapMs = pack.caps.minGapMs;
  const ownGapMs = own.caps?.minGapMs;
  const gapMs = longer(packGapMs, ownGapMs);
  const ownConsent = own.consent ?? 'never';
  return {
    pack: pack.id,
    packVersion: pack.version,
    isDemo: pack.isDemo,
    countries: pack.countries,
    window: own.window ? intersectWindows(pack.window, own.window) : pack.window,
    caps,
    ...(gapMs === undefined ? {} : { minGap: { value: gapMs, from: gapMs === packGapMs ? 'pack' : 'campaign' } }),
    quiet: tightenQuiet(pack.quiet, own.quiet ?? {}),
    consent: CONSENT_ORDER.indexOf(ownConsent) > CONSENT_ORDER.indexOf(pack.consent) ? ownConsent : pack.consent,
  };
};
