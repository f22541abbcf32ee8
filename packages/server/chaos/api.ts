import { CSRF_HEADER } from '@qianhu/contracts';

/** The REST API as a caller sees it. */
export type Api = {
  get<T>(path: string, options?: { readonly anyStatus?: boolean }): Promise<T>;
  send<T>(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T>;
};

/** An answer that is no success. */
export class ApiFailure extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(text);
    this.name = 'ApiFailure';
    this.status = status;
  }
}

const TIMEOUT_MS = 15_000;

/** @param headers Who asks: a bearer token or a session's cookie. */
export const createApi = (url: string, headers: Readonly<Record<string, string>>): Api => {
  const ask = async <T>(method: string, path: string, body: unknown, anyStatus: boolean): Promise<T> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...headers,
        [CSRF_HEADER]: '1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok && !anyStatus)
      throw new ApiFailure(response.status, `${method} ${path}: ${response.status} ${text}`);
    // The contracts of both sides are of one version.
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  return {
    get: (path, options) => ask('GET', path, undefined, options?.anyStatus === true),
    send: (method, path, body) => ask(method, path, body, false),
  };
};

/** Logs in and keeps the cookie. */
export const logIn = async (url: string, login: string, password: string): Promise<Api> => {
  const response = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [CSRF_HEADER]: '1' },
    body: JSON.stringify({ login, password }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new ApiFailure(response.status, await response.text());
  const cookie = response.headers
    .getSetCookie()
    .map((one) => one.split(';')[0] ?? '')
    .join('; ');
  return createApi(url, { cookie });
};
