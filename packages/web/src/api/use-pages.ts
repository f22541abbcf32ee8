import { useInfiniteQuery, type QueryKey } from '@tanstack/react-query';

export type CursorPage<T> = { readonly items: readonly T[]; readonly nextCursor?: string | null | undefined };

/** A list read page by page by cursor; `items` are all rows read so far. */
export const usePages = <T>(
  key: QueryKey,
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<CursorPage<T>>,
  options: { readonly enabled?: boolean } = {},
) => {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    ...(options.enabled === undefined ? {} : { enabled: options.enabled }),
  });
  return { query, items: query.data?.pages.flatMap((page) => page.items) };
};
