import { CSRF_HEADER } from '@qianhu/contracts';
import { timingSafeEqual, createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import { API_PREFIX } from './route.ts';
import { mayAccess, type Viewer } from './viewer.ts';

/** Finds who is behind a session cookie's value; undefined when there is no such session (any more). */
export type FindViewer = (sessionToken: string) => Promise<Viewer | undefined>;

export type AuthenticationOptions = {
  readonly cookieName: string;
  readonly findViewer: FindViewer;
  /** Secret of the command line on this machine; undefined switches that way off. */
  readonly localToken?: string;
};

const COMMAND_LINE: Viewer = { login: 'cli', name: 'qianhu', role: 'administrator', locale: 'en' };

const sameSecret = (a: string, b: string): boolean => {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
};

/**
 * Whether the request comes from our own pages: browsers send Origin with every WebSocket and every change. A request
 * without Origin comes from no browser page.
 */
export const isSameOrigin = (request: FastifyRequest): boolean => {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === request.headers.host;
  } catch {
    return false;
  }
};

/**
 * Resolves the viewer of every request and keeps the doors: rights by the endpoint's access, changes only from our own
 * origin and with the CSRF header (which a foreign page cannot send without a preflight that we never answer).
 */
export const registerAuthentication = (app: FastifyInstance, options: AuthenticationOptions): void => {
  app.decorateRequest('viewer', undefined);
  app.addHook('onRequest', async (request) => {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      if (options.localToken === undefined || !sameSecret(bearer, options.localToken))
        throw new AppError('unauthenticated', 'The token is not valid.');
      request.viewer = COMMAND_LINE;
    } else {
      const token = request.cookies[options.cookieName];
      if (token !== undefined && token !== '') request.viewer = await options.findViewer(token);
    }
    if (!request.url.startsWith(`${API_PREFIX}/`)) return;
    const isChange = request.method !== 'GET' && request.method !== 'HEAD';
    if (isChange && bearer === undefined) {
      if (!isSameOrigin(request)) throw new AppError('forbidden', 'Changes are accepted from our own pages only.');
      if (request.headers[CSRF_HEADER] === undefined)
        throw new AppError('forbidden', `The header ${CSRF_HEADER} is missing.`);
    }
    // An address that does not exist says so to those who are in, and nothing to others.
    const access = request.routeOptions.config.access ?? (request.is404 ? 'session' : []);
    if (mayAccess(request.viewer, access)) return;
    if (request.viewer === undefined) throw new AppError('unauthenticated', 'Log in first.');
    throw new AppError('forbidden', 'Your role does not allow this.');
  });
};
