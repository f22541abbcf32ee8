import type { RouteContract } from '@qianhu/contracts';
import { problem as problemSchema } from '@qianhu/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { problemOf } from './problem.ts';
import type { Viewer } from './viewer.ts';

type Output<S> = S extends z.ZodType ? z.output<S> : undefined;
type Input<S> = S extends z.ZodType ? z.input<S> : unknown;

/** What the audit entry of a change should say beyond who, when and which operation. No secrets. */
export type AuditNote = { readonly subjectId?: string; readonly details?: Readonly<Record<string, unknown>> };

/** A checked request. */
export type RouteInput<C extends RouteContract> = {
  readonly params: Output<C['params']>;
  readonly query: Output<C['query']>;
  readonly body: Output<C['body']>;
  readonly viewer: C['access'] extends 'public' ? Viewer | undefined : Viewer;
  /** Adds to the audit entry, which is completed when the handler has succeeded. */
  readonly audit: (note: AuditNote) => void;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

/** A handler answers with the contract's response; where it has none it answers by `reply` itself and returns it. */
export type RouteHandler<C extends RouteContract> = (input: RouteInput<C>) => Promise<Input<C['response']>>;

declare module 'fastify' {
  interface FastifyRequest {
    viewer: Viewer | undefined;
  }
  interface FastifyContextConfig {
    /** Who may ask; an endpoint under /api without one is refused to everybody. */
    access?: RouteContract['access'];
  }
  interface FastifyInstance {
    /** Where changes are written down; set by the composition. */
    audit: AuditTrail;
  }
}

/** One change as it is written down. */
export type AuditEntryInput = {
  readonly viewer: Viewer | undefined;
  readonly action: string;
  readonly subjectType: string;
  readonly subjectId?: string;
  readonly details?: Readonly<Record<string, unknown>>;
};

/**
 * Who changed what. A change spans more than one transaction (rows of a feature, the engine's own commits, batches of a
 * file), so its entry is written before it begins and completed after it: a change without its entry cannot be. What
 * stands there uncompleted was cut off in the middle, and its details say so (`unfinished`).
 */
export type AuditTrail = {
  /** Writes a complete entry of something that changes nothing (an export, a recording heard). */
  record(entry: AuditEntryInput): Promise<void>;
  /** Writes down that a change is about to be made; rejects when that cannot be written, and then it must not be made. */
  begin(entry: AuditEntryInput): Promise<string>;
  /** The change is made; `entry` says it better than what was known at the beginning. */
  complete(entryId: string, entry: AuditEntryInput): Promise<void>;
  /** The change was refused: nothing was changed, and nothing is told. */
  discard(entryId: string): Promise<void>;
};

/** Answer of what has nothing to tell (contracts: done). */
export const DONE = { ok: true } as const;

/** Below which everything of the API is. */
export const API_PREFIX = '/api/v1';

const firstParam = (params: unknown): string | undefined => {
  if (typeof params !== 'object' || params === null) return undefined;
  const value: unknown = Object.values(params)[0];
  return typeof value === 'string' ? value : undefined;
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is faulty.',
  401: 'Not logged in.',
  403: 'Not allowed for this role.',
  404: 'There is no such thing.',
  409: 'The present state does not allow it.',
  413: 'Too large.',
  422: 'Understood, but it cannot be.',
  429: 'Too many requests.',
  503: 'A needed part is not available now.',
};

/**
 * Registers one endpoint of the contracts: checks the request, the right to ask and the answer, and holds every change
 * in an audit entry (see `AuditTrail`).
 */
export const addRoute = <const C extends RouteContract>(
  app: FastifyInstance,
  contract: C,
  handler: RouteHandler<C>,
): void => {
  const isChange = contract.method !== 'GET' && contract.isAudited !== false;
  const status = contract.status ?? 200;
  const problems = [400, ...(contract.access === 'public' ? [] : [401, 403]), ...(contract.problems ?? [])];
  app.route({
    method: contract.method,
    url: API_PREFIX + contract.path,
    config: { access: contract.access },
    schema: {
      operationId: contract.operationId,
      tags: [contract.tag],
      summary: contract.summary,
      ...(contract.description === undefined ? {} : { description: contract.description }),
      ...(contract.params === undefined ? {} : { params: contract.params }),
      ...(contract.query === undefined ? {} : { querystring: contract.query }),
      ...(contract.body === undefined ? {} : { body: contract.body }),
      ...(contract.produces === undefined ? {} : { produces: [contract.produces] }),
      response: {
        ...(contract.response === undefined ? {} : { [status]: contract.response }),
        ...Object.fromEntries(
          problems.map((code) => [
            code,
            { description: TITLES[code], content: { 'application/problem+json': { schema: problemSchema } } },
          ]),
        ),
      },
    },
    handler: async (request, reply) => {
      let note: AuditNote = {};
      const input = {
        params: request.params,
        query: request.query,
        body: request.body,
        viewer: request.viewer,
        audit: (more: AuditNote) => {
          note = { ...note, ...more };
        },
        request,
        reply,
      } as RouteInput<C>;
      const entry = (): AuditEntryInput => {
        const subjectId = note.subjectId ?? firstParam(request.params);
        return {
          viewer: request.viewer,
          action: contract.operationId,
          subjectType: contract.tag,
          ...(subjectId === undefined ? {} : { subjectId }),
          ...(note.details === undefined ? {} : { details: note.details }),
        };
      };
      const answer = isChange ? await audited(app.audit, entry, () => handler(input)) : await handler(input);
      if (contract.response === undefined) return answer;
      // A handler may have chosen another status for the same body (health: 503).
      if (reply.statusCode === 200) reply.code(status);
      return reply.send(answer);
    },
  });
};

/** Makes a change between the beginning and the end of its audit entry. */
const audited = async <T>(audit: AuditTrail, entry: () => AuditEntryInput, change: () => Promise<T>): Promise<T> => {
  const entryId = await audit.begin(entry());
  let answer: T;
  try {
    answer = await change();
  } catch (error) {
    // A fault may have struck in the middle: then the entry stays, uncompleted.
    if (problemOf(error).problem.status < 500) await audit.discard(entryId).catch(() => undefined);
    throw error;
  }
  // What is done is done: an entry that cannot be completed now stands there as unfinished.
  await audit.complete(entryId, entry()).catch(() => undefined);
  return answer;
};
