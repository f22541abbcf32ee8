import type { z } from 'zod';
import type { Role } from './users.ts';

/** HTTP methods that the API uses. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who may ask: anybody, whoever is logged in, or the roles named. */
export type Access = 'public' | 'session' | readonly Role[];

/**
 * One endpoint as both sides know it. The server registers it, checks the request and the answer with it and writes the
 * OpenAPI page from it; clients build requests from it.
 */
export type RouteContract = {
  readonly method: Method;
  /** Below `/api/v1`; parameters as `:name`. */
  readonly path: string;
  /** Unique; the name of the operation in OpenAPI. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** The 200 (or 201) answer. A `produces` other than JSON has none. */
  readonly response?: z.ZodType;
  readonly status?: 200 | 201 | 202;
  /** Media type of an answer that is not JSON. */
  readonly produces?: string;
  /** Statuses that this endpoint answers besides those of every endpoint (400, 401, 403, 429, 500). */
  /** False for a change that is no change of settings (an agent's "ready"): it stands in the events instead of the audit. */
  readonly isAudited?: false;
  readonly problems?: readonly (404 | 409 | 413 | 422 | 503)[];
};

/** Declares a route; only fixes the types. */
export const defineRoute = <const C extends RouteContract>(contract: C): C => contract;

/** Fills the parameters of a path: `buildPath('/users/:userId', {userId: 'x'})`. */
export const buildPath = (path: string, params: Readonly<Record<string, string>> = {}): string =>
  path.replace(/:([A-Za-z]+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`The path ${path} needs ${name}.`);
    return encodeURIComponent(value);
  });
