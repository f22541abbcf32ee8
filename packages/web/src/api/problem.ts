/**
 * A request that did not succeed. `kind` says what a person can do about it: `offline` and `unavailable` may be retried,
 * `unauthenticated` means log in again, `contract` is our bug (the answer did not have the promised shape).
 */
export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The server's stable code (RFC 9457 extension member `code`), when it gave one. */
  readonly code: string | undefined;
  /** What exactly is in the way, where the server says so in a word (`details.reason`). */
  readonly reason: string | undefined;
  /** Faults by field: the path in the request's body and what is wrong with it. */
  readonly fields: readonly FieldFault[];

  constructor(
    kind: ApiErrorKind,
    message: string,
    options: {
      status?: number;
      code?: string | undefined;
      reason?: string | undefined;
      fields?: readonly FieldFault[];
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.kind = kind;
    this.status = options.status ?? 0;
    this.code = options.code;
    this.reason = options.reason;
    this.fields = options.fields ?? [];
  }
}

export type ApiErrorKind =
  | 'offline'
  | 'unauthenticated'
  | 'forbidden'
  | 'notFound'
  | 'invalid'
  | 'conflict'
  | 'tooMany'
  | 'tooLarge'
  | 'unavailable'
  | 'contract';

export type FieldFault = { readonly path: string; readonly message: string };

const kindOf = (status: number): ApiErrorKind => {
  switch (status) {
    case 401:
      return 'unauthenticated';
    case 403:
      return 'forbidden';
    case 404:
    case 410:
      return 'notFound';
    case 409:
      return 'conflict';
    case 413:
      return 'tooLarge';
    case 429:
      return 'tooMany';
    default:
      return status >= 500 ? 'unavailable' : 'invalid';
  }
};

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const faults = (value: unknown): FieldFault[] => {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return [];
    const record = item as Record<string, unknown>;
    const message = text(record['message']) ?? text(record['detail']);
    if (message === undefined) return [];
    const path = record['path'] ?? record['pointer'];
    return [{ path: Array.isArray(path) ? path.join('.') : (text(path) ?? ''), message }];
  });
};

/**
 * Reads a failed answer. Problem+json (RFC 9457) where the server sent it; a proxy's HTML page gives no text of its own,
 * because nobody can use it.
 */
export const problemFrom = (status: number, contentType: string | null, body: string): ApiError => {
  const kind = kindOf(status);
  if (contentType?.includes('json') === true) {
    try {
      const parsed: unknown = JSON.parse(body);
      if (typeof parsed === 'object' && parsed !== null) {
        const record = parsed as Record<string, unknown>;
        const message = text(record['detail']) ?? text(record['title']) ?? text(record['message']) ?? '';
        return new ApiError(kind, message, {
          status,
          code: text(record['code']),
          reason: text((record['details'] as Record<string, unknown> | null | undefined)?.['reason']),
          fields: faults(record['errors'] ?? record['problems']),
        });
      }
    } catch {
      // Half an answer: fall through to the bare status.
    }
  }
  return new ApiError(kind, '', { status });
};

/** Any thrown value as an ApiError, so that the error state has one input. */
export const toApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError('contract', error instanceof Error ? error.message : String(error), { cause: error });
