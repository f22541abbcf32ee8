import { AppError } from '../errors.ts';

/** One page and the way to the next. */
export type Page<T> = { readonly items: readonly T[]; readonly nextCursor?: string };

/** The key of the last row of the page before, from the opaque text that the client sends back. */
export const decodeCursor = (cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  // Keys are bigint text or uuids: anything else was not made by us.
  if (!/^[0-9a-f-]{1,40}$/i.test(text)) throw new AppError('invalid', 'The cursor is not one of ours.');
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
