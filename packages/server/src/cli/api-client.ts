import { readFile } from 'node:fs/promises';
import { problem, type Problem } from '@qianhu/contracts';
import type { z } from 'zod';
import { AppError } from '../errors.ts';
import { API_PREFIX } from '../http/route.ts';
import { fetchPinned } from './fetch-pinned.ts';
import { localTokenFile, readRunningServer } from '../platform/running-server.ts';

/** A refusal of the server, with all faults by field. */
export class ApiRefusal extends Error {
  readonly problem: Problem;
  constructor(fault: Problem) {
    const fields = (fault.errors ?? []).map((one) => `\n  ${one.path}: ${one.message}`).join('');
    super(`${fault.detail}${fields}`);
    this.name = 'ApiRefusal';
    this.problem = fault;
  }
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** The running server of this home, asked as an administrator by the token that only this account can read. */
export type ApiClient = {
  readonly url: string;
  request<S extends z.ZodType>(
    method: string,
    path: string,
    schema: S,
    options?: { body?: unknown; query?: Query },
  ): Promise<z.output<S>>;
  /** The answer as it comes (files). */
  raw(method: string, path: string, options?: { body?: FormData; query?: Query }): Promise<Response>;
};

/** Throws `AppError` `unavailable` when no server runs from this home. */
export const connectToServer = async (home: string): Promise<ApiClient> => {
  const server = await readRunningServer(home);
  const token = await readFile(localTokenFile(home), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES')
      throw new AppError(
        'forbidden',
        `This account may not read ${localTokenFile(home)}: use the account that started the server.`,
      );
    return undefined;
  });
  if (server === undefined || token === undefined)
    throw new AppError(
      'unavailable',
      `No server runs from ${home}. Start it with npm start (or set QIANHU_HOME to another home).`,
    );
  const raw: ApiClient['raw'] = async (method, path, options = {}) => send(method, path, options.query, options.body);
  const send = async (
    method: string,
    path: string,
    query: Query | undefined,
    body: string | FormData | undefined,
    type?: string,
  ) => {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(key, String(value));
    const suffix = search.size === 0 ? '' : `?${search.toString()}`;
    let response: Response;
    try {
      const request = new Request(`${server.url}${API_PREFIX}${path}${suffix}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(type === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body }),
      });
      response = await (server.certificate === undefined ? fetch(request) : fetchPinned(request, server.certificate));
    } catch (error) {
      throw new AppError('unavailable', `The server at ${server.url} does not answer.`, { cause: error });
    }
    // Health answers its body with 503 as well.
    if (response.ok || response.headers.get('content-type')?.startsWith('application/json') === true) return response;
    const fault = problem.safeParse(await response.json().catch(() => undefined));
    if (fault.success) throw new ApiRefusal(fault.data);
    throw new AppError('internal', `The server answered ${response.status} to ${method} ${path}.`);
  };
  return {
    url: server.url,
    raw,
    async request(method, path, schema, options = {}) {
      const body = options.body === undefined ? undefined : JSON.stringify(options.body);
      const response = await send(
        method,
        path,
        options.query,
        body,
        body === undefined ? undefined : 'application/json',
      );
      const answer = schema.safeParse(await response.json());
      if (answer.success) return answer.data;
      throw new AppError(
        'internal',
        `The server's answer to ${method} ${path} is not what this version expects: use the command line of the version that runs.`,
        { cause: answer.error },
      );
    },
  };
};
