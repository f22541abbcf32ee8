import type { CampaignId, EpochMs, ListId, PhoneNumber, TrunkId } from '../ids.ts';
import type { CountryCode, RulePackId, RulesInForce } from './rule-pack.ts';

export type NumberKind = 'mobile' | 'landline' | 'voip' | 'tollFree' | 'premiumRate' | 'unknown';

/** The number in question. */
export type VerdictNumber = {
  readonly number: PhoneNumber;
  readonly country: CountryCode;
  readonly kind: NumberKind;
  /**
   * IANA zones in which the callee may be. One when it is known; all candidates when it is not (a mobile of a country
   * with several): then every one must be inside its hours. Empty: unknown, and the number is not called.
   */
  readonly zones: readonly string[];
  /** When the number was found not to exist. */
  readonly invalidSinceMs?: EpochMs;
};

export type Consent =
  | { readonly kind: 'none' }
  | { readonly kind: 'given'; readonly atMs: EpochMs; readonly expiresAtMs?: EpochMs }
  | { readonly kind: 'withdrawn'; readonly atMs: EpochMs };

/** A do-not-call entry of this number (the caller looks them up; expired ones may be among them). */
export type DncEntry = {
  readonly scope:
    | { readonly kind: 'all' }
    | { readonly kind: 'campaign'; readonly campaignId: CampaignId }
    | { readonly kind: 'list'; readonly listId: ListId };
  /** Absent: for good. */
  readonly expiresAtMs?: EpochMs;
};

/** What was done to this number before, over all campaigns and lists. */
export type NumberHistory = {
  /**
   * Starts of the dials to this number, ascending, of at least the last 31 days. Open dials and those whose end is
   * `unknown` count like any other.
   */
  readonly dialsAtMs: readonly EpochMs[];
  /** All dials ever recorded. Never less than `dialsAtMs.length`. */
  readonly dialsInAll: number;
  readonly lastRejectedAtMs?: EpochMs;
  readonly lastOptOutAtMs?: EpochMs;
  readonly lastDroppedAtMs?: EpochMs;
  /** Last time that a call was taken for a machine and hung up. */
  readonly lastMachineAtMs?: EpochMs;
};

export type VerdictTrunk = {
  readonly trunkId: TrunkId;
  /** Leads into the lab, never to a carrier. */
  readonly isDemo: boolean;
  readonly allowedCountries: readonly CountryCode[] | 'any';
  /** Whether premium-rate numbers may be dialled; normally not (toll fraud). */
  readonly allowsPremiumRate: boolean;
};

/** Everything that the rules look at, but for the trunk. */
export type PreVerdictInput = {
  readonly nowMs: EpochMs;
  readonly number: VerdictNumber;
  readonly campaignId: CampaignId;
  readonly list: { readonly listId: ListId; readonly isDemo: boolean };
  readonly consent: Consent;
  readonly dnc: readonly DncEntry[];
  readonly history: NumberHistory;
  /** From `tighten`; made once per campaign and pack version. */
  readonly rules: RulesInForce;
  /** Who speaks to the callee. */
  readonly voice: 'person' | 'artificial';
  /** Whether an agent is kept free for this very call (manual, preview), so that it cannot be dropped. */
  readonly hasOwnAgent: boolean;
};

export type VerdictInput = PreVerdictInput & { readonly trunk: VerdictTrunk };

/** The rules, in the order in which they are evaluated and listed. Stored in verdicts: never rename, only add. */
export const RULE_IDS = [
  'demonstration',
  'packCountry',
  'destination',
  'invalidNumber',
  'dnc',
  'consent',
  'callingWindow',
  'perHour',
  'per24h',
  'perDay',
  'per30d',
  'inAll',
  'minGap',
  'quietAfterRejected',
  'quietAfterOptOut',
  'quietAfterDrop',
  'quietAfterMachine',
] as const;
export type RuleId = (typeof RULE_IDS)[number];

/** Text codes of results; the screens translate them. Stored: never rename, only add. */
export type RuleCode =
  | 'ok'
  | 'noTrunkYet'
  | 'noRule'
  | 'demoListNeedsLabTrunk'
  | 'labTrunkNeedsDemoList'
  | 'labPackNeedsDemoList'
  | 'countryNotInPack'
  | 'countryNotAllowed'
  | 'premiumRateNotAllowed'
  | 'numberInvalid'
  | 'onDncAll'
  | 'onDncCampaign'
  | 'onDncList'
  | 'consentMissing'
  | 'consentWithdrawn'
  | 'consentExpired'
  | 'zoneUnknown'
  | 'outsideHours'
  | 'neverOpen'
  | 'capReached'
  | 'tooSoon'
  | 'quietTime';

/** A fact that a rule looked at. No personal data: numbers of people and names never appear here. */
export type RuleFact = string | number | boolean | null | readonly string[];

/** What one rule found. */
export type RuleFinding = {
  readonly rule: RuleId;
  readonly result: 'pass' | 'block' | 'notApplicable';
  readonly code: RuleCode;
  /** What the rule looked at, by name; times as epoch milliseconds (`…AtMs`), lengths as milliseconds (`…Ms`). */
  readonly input: Readonly<Record<string, RuleFact>>;
  /** When this rule alone would pass; absent when it passes or time does not mend it. */
  readonly retryAtMs?: EpochMs;
};

/** The explained answer to "may this number be called now?"; stored with the attempt (docs/adr/0005). */
export type Verdict = {
  readonly allowed: boolean;
  readonly atMs: EpochMs;
  readonly pack: RulePackId;
  readonly packVersion: string;
  /** Every rule, in the order of `RULE_IDS`. */
  readonly rules: readonly RuleFinding[];
  /** Earliest instant at which all rules would pass if nothing else happens; only when time alone blocks. */
  readonly retryAtMs?: EpochMs;
};

/**
 * The same without a trunk: fit for filling the hopper and for explaining, never a permission to dial. It has no
 * `allowed` so that it cannot be taken for one.
 */
export type PreVerdict = Omit<Verdict, 'allowed'> & { readonly mayBeTried: boolean };
