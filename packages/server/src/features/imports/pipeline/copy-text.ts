/** PostgreSQL's text format of COPY (manual, "COPY", File Formats): tab between columns, `\N` for null, backslash escapes. */
const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

export const COPY_NULL = '\\N';

/** A text as a COPY column. */
export const copyText = (value: string): string =>
  SPECIAL.test(value) ? value.replaceAll(/[\\\t\n\r]/g, (c) => ESCAPES[c] ?? c) : value;

const JSON_SPECIAL = /[\\"\p{Cc}\p{Cs}]/u;

/** `value` as a JSON string; plain texts without a detour. */
export const jsonString = (value: string): string => (JSON_SPECIAL.test(value) ? JSON.stringify(value) : `"${value}"`);

/** Texts as a PostgreSQL array of plain words (phone numbers: nothing to escape). */
export const copyWordArray = (words: readonly string[]): string => `{${words.join(',')}}`;
