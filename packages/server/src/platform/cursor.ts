import { AppError } from '../errors.ts';

/** One page and the way to the next. */
export type Page<T> = { readonly items: readonly T[]; readonly nextCursor?: string };

/** What rows are ordered by. */
export type CursorKey = 'uuid' | 'bigint';

const KEYS: Readonly<Record<CursorKey, RegExp>> = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  // Eighteen digits always fit.
  bigint: /^\d{1,18}$/,
};

/**
 * The key of the last row of the page before, from the opaque text that the client sends back. Throws `AppError` `invalid`
 * for what was not made by us: the database would refuse it as a fault.
 */
export const decodeCursor = (cursor: string | undefined, key: CursorKey): string | undefined => {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!KEYS[key].test(text))
    throw new AppError('invalid', 'The cursor is not one of ours: take it from `nextCursor` of the page before.');
  return text;
};

/** Opaque text for a key. */
export const encodeCursor = (key: string): string => Buffer.from(key, 'utf8').toString('base64url');

/**
 * Makes a page from `limit + 1` rows asked for: the extra one only says that there is more.
 *
 * @param keyOf What the next page begins after.
 */
export const pageFrom = <Row, T>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  toItem: (row: Row) => T,
): Page<T> => {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    ...(rows.length > limit && last !== undefined ? { nextCursor: encodeCursor(keyOf(last)) } : {}),
  };
};
