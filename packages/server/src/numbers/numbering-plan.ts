import { Metadata, type CountryCode } from 'libphonenumber-js/core';
import maxMetadata from 'libphonenumber-js/max/metadata';

/**
 * What `libphonenumber-js` knows about one region's numbers, its patterns compiled once (the library compiles them again for
 * every number, which is most of the 17 µs that one costs it). Everything is read from the library's own max metadata.
 */
export type NumberingPlan = {
  readonly region: CountryCode;
  /** Calling code without plus. */
  readonly callingCode: string;
  /** What is dialled before a calling code, anchored at the start. */
  readonly iddPrefix: RegExp;
  /** National prefix (and carrier codes) as the library strips them, anchored at the start. */
  readonly nationalPrefix: RegExp | undefined;
  /** Any number of the region, whole. */
  readonly general: RegExp;
  /** Each type of number with the lengths that it may have; a valid number is of one type at least. */
  readonly types: readonly { readonly pattern: RegExp; readonly lengths: readonly number[] | undefined }[];
};

/** The part of the library's `Metadata` that its declarations leave out. */
type PlanReader = {
  callingCode(): string;
  IDDPrefix(): string | undefined;
  nationalNumberPattern(): string;
  nationalPrefixForParsing(): string | undefined;
  leadingDigits(): string | undefined;
  type(name: string): { pattern(): string | undefined; possibleLengths(): readonly number[] | undefined } | undefined;
};

/** Mobile first: most numbers of a list are. */
const TYPES = [
  'MOBILE',
  'FIXED_LINE',
  'TOLL_FREE',
  'SHARED_COST',
  'VOIP',
  'UAN',
  'PREMIUM_RATE',
  'PERSONAL_NUMBER',
  'PAGER',
  'VOICEMAIL',
] as const;

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const atStart = (pattern: string): RegExp => new RegExp(`^(?:${pattern})`);

/** Whether the library knows numbers of this ISO 3166 code. */
export const isRegion = (code: string): code is CountryCode => Object.hasOwn(maxMetadata.countries, code);

/** All ISO 3166 codes that the library knows. */
export const allRegions = (): readonly CountryCode[] => Object.keys(maxMetadata.countries).filter(isRegion);

/**
 * The plan of a region, or undefined where the short way is not worth its proof: a region that shares its calling code and
 * does not come first (Canada beside the USA), or one that is told apart by leading digits. There the library is asked.
 */
export const readNumberingPlan = (region: CountryCode): NumberingPlan | undefined => {
  const metadata = new Metadata(maxMetadata);
  metadata.selectNumberingPlan(region);
  const plan = metadata.numberingPlan as unknown as PlanReader | undefined;
  if (plan === undefined) return undefined;
  const callingCode = plan.callingCode();
  const sharers = maxMetadata.country_calling_codes[callingCode] ?? [];
  if (sharers[0] !== region || plan.leadingDigits()) return undefined;
  const types = TYPES.flatMap((name) => {
    const type = plan.type(name);
    const pattern = type?.pattern();
    if (!type || !pattern) return [];
    return [{ pattern: whole(pattern), lengths: type.possibleLengths() }];
  });
  const idd = plan.IDDPrefix();
  if (types.length === 0 || !idd) return undefined;
  const prefix = plan.nationalPrefixForParsing();
  return {
    region,
    callingCode,
    iddPrefix: atStart(idd),
    nationalPrefix: prefix ? atStart(prefix) : undefined,
    general: whole(plan.nationalNumberPattern()),
    types,
  };
};
