import type { Problem } from '@qianhu/contracts';
import { InvalidStateError } from '@qianhu/core';
import { SwitchError } from '@qianhu/switch';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import { AppError, type AppErrorCode } from '../errors.ts';

/** HTTP statuses and titles of the codes; the only place where they meet. */
const STATUS = {
  invalid: [400, 'Invalid request'],
  unauthenticated: [401, 'Not logged in'],
  forbidden: [403, 'Not allowed'],
  notFound: [404, 'Not found'],
  conflict: [409, 'Conflict'],
  tooLarge: [413, 'Too large'],
  tooMany: [429, 'Too many requests'],
  unavailable: [503, 'Not available now'],
  internal: [500, 'Internal fault'],
} as const satisfies Record<AppErrorCode, readonly [number, string]>;

type FieldError = NonNullable<Problem['errors']>[number];

const build = (
  code: Problem['code'],
  status: number,
  title: string,
  detail: string,
  more: { errors?: readonly FieldError[]; details?: Record<string, unknown> } = {},
): Problem => ({
  type: 'about:blank',
  title,
  status,
  code,
  detail,
  ...(more.errors === undefined ? {} : { errors: more.errors }),
  ...(more.details === undefined || Object.keys(more.details).length === 0 ? {} : { details: more.details }),
});

const of = (
  code: AppErrorCode,
  detail: string,
  more: { errors?: readonly FieldError[]; details?: Record<string, unknown> } = {},
): Problem => build(code, STATUS[code][0], STATUS[code][1], detail, more);

/** Path of a fault inside body, query or params, dots between names. */
const pathOf = (instancePath: string): string => instancePath.replace(/^\//, '').replaceAll('/', '.');

const statusOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Codes of Node and PostgreSQL that say: the database cannot be reached now (class 08, 57P0x; PostgreSQL manual, appendix A). */
const DATABASE_GONE = /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|57P0[123]|08\w{3}|53300)$/;

/**
 * PostgreSQL's codes for a value that cannot be (appendix A, class 22): no text of this type, out of range, no such date,
 * characters it does not store. Requests are checked before; what still comes here is the request's fault all the same.
 */
const VALUE_REFUSED = /^22(?:P02|003|008|007|021|P05)$/;

/**
 * Any thrown value as problem details. `isFault`: something of ours broke and is to be logged as an error; its text is not
 * shown. Expected faults (`AppError`, `InvalidStateError`, invalid requests) carry their own words.
 */
export const problemOf = (error: unknown): { readonly problem: Problem; readonly isFault: boolean } => {
  if (error instanceof AppError) {
    const { errors, ...details } = error.details;
    return {
      problem: of(error.code, error.message, {
        ...(Array.isArray(errors) ? { errors: errors as FieldError[] } : {}),
        details,
      }),
      isFault: error.code === 'internal',
    };
  }
  if (error instanceof InvalidStateError) {
    const details = { machine: error.machine, state: error.state, command: error.command };
    return {
      problem: build('invalidState', 409, 'Not possible in this state', error.message, { details }),
      isFault: false,
    };
  }
  if (error instanceof SwitchError) {
    return {
      problem: of('unavailable', `The switch did not take the command: ${error.message}`, {
        details: { switchCode: error.code },
      }),
      isFault: false,
    };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map((fault) => ({
      path: pathOf(fault.instancePath),
      message: fault.message ?? 'Invalid.',
      code: fault.keyword,
    }));
    return {
      problem: of(
        'invalid',
        errors.length === 1 ? 'The request has 1 fault.' : `The request has ${errors.length} faults.`,
        { errors },
      ),
      isFault: false,
    };
  }
  if (isResponseSerializationError(error))
    return { problem: of('internal', 'The answer did not have its promised shape; see the log.'), isFault: true };
  if (DATABASE_GONE.test(codeOf(error)))
    return { problem: of('unavailable', 'The database cannot be reached at the moment; try again.'), isFault: true };
  if (VALUE_REFUSED.test(codeOf(error)))
    return {
      problem: of('invalid', 'The request holds a value that cannot be: check its numbers, times and texts.'),
      isFault: true,
    };
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : 'Invalid request.';
  if (status === 413) return { problem: of('tooLarge', message), isFault: false };
  if (status === 429) return { problem: of('tooMany', message), isFault: false };
  if (status === 404) return { problem: of('notFound', message), isFault: false };
  if (status !== undefined && status >= 400 && status < 500)
    return { problem: build('invalid', status, 'Invalid request', message), isFault: false };
  return { problem: of('internal', 'Something went wrong on our side; the log says more.'), isFault: true };
};
