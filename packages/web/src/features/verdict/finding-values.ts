/** What a rule looked at, as the contract carries it. */
export type FindingInput = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export type ValueWords = {
  /** A point in time for people. */
  readonly moment: (atMs: number) => string;
  /** A length for people. */
  readonly duration: (ms: number) => string;
  /** A country's name by its code. */
  readonly country: (code: string) => string;
  /** Who set a limit. */
  readonly origin: (from: string) => string;
  readonly none: string;
};

/**
 * The facts of a finding as words to put into its sentence. By core's naming: `…AtMs` is an instant, `…Ms` a length,
 * `country` a code, `maxFrom` who set the limit.
 */
export const findingValues = (input: FindingInput, words: ValueWords): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(input).map(([name, value]): [string, string] => {
      if (value === null) return [name, words.none];
      if (typeof value === 'object') return [name, value.length === 0 ? words.none : value.join('、')];
      if (typeof value === 'number' && name.endsWith('AtMs')) return [name, words.moment(value)];
      if (typeof value === 'number' && name.endsWith('Ms')) return [name, words.duration(value)];
      if (name === 'country' && typeof value === 'string') return [name, words.country(value)];
      if (name === 'maxFrom' && typeof value === 'string') return [name, words.origin(value)];
      return [name, String(value)];
    }),
  );
