/**
 * An expected fault with a stable code, told to people and programs alike. HTTP statuses are mapped in `http/problem.ts` only.
 * `message` says what, where and how to mend it; `details` are safe to show (no secrets).
 */
export class AppError extends Error {
  readonly code: AppErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;
  constructor(
    code: AppErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }
}

export type AppErrorCode =
  | 'notFound'
  | 'invalid'
  | 'conflict'
  | 'forbidden'
  | 'unauthenticated'
  | 'tooMany'
  | 'tooLarge'
  | 'unavailable'
  | 'internal';
