import { readFileSync } from 'node:fs';
import fastifyCookie from '@fastify/cookie';
import fastifySwagger from '@fastify/swagger';
import fastifyWebsocket from '@fastify/websocket';
import Fastify, { type FastifyInstance } from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { AppError } from '../errors.ts';
import type { Logger } from '../platform/log.ts';
import { registerApiDocs } from './api-docs.ts';
import { registerAuthentication, type FindViewer } from './authentication.ts';
import { problemOf } from './problem.ts';
import type { AuditTrail } from './route.ts';
import { registerSecurityHeaders } from './security-headers.ts';
import { registerWebPages } from './web-pages.ts';

export type HttpAppOptions = {
  readonly log: Logger;
  readonly version: string;
  readonly cookieName: string;
  readonly findViewer: FindViewer;
  readonly audit: AuditTrail;
  readonly localToken?: string;
  /** Certificate and key: the one port speaks HTTPS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Folder of the built pages; undefined serves the API only (tests). */
  readonly webFolder?: string;
  /** Registers the features' endpoints. */
  readonly registerFeatures: (app: FastifyInstance) => void | Promise<void>;
};

/** Bodies are small JSON; uploads are streamed by their own endpoint with its own limit. */
const MOST_BODY_BYTES = 1024 * 1024;

/** Whether a text anywhere in it, keys too, has a character that neither PostgreSQL nor a file name can hold. */
const holdsNul = (value: unknown): boolean => {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return false;
  return Object.entries(value).some(([key, inner]) => key.includes('\0') || holdsNul(inner));
};

/** Builds the HTTP side: doors, problems, OpenAPI, features, pages. Not listening yet. */
export const createHttpApp = async (options: HttpAppOptions): Promise<FastifyInstance> => {
  const common = {
    bodyLimit: MOST_BODY_BYTES,
    trustProxy: false,
    routerOptions: { maxParamLength: 200 },
    genReqId: (() => {
      let n = 0;
      return () => `r${(n += 1).toString(36)}`;
    })(),
    forceCloseConnections: true,
    requestTimeout: 300_000,
  } as const;
  const app = (options.tls === undefined
    ? Fastify(common)
    : Fastify({
        ...common,
        https: {
          cert: readFileSync(options.tls.certFile),
          key: readFileSync(options.tls.keyFile),
          minVersion: 'TLSv1.2',
        },
      })) as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorate('audit', options.audit);

  app.setErrorHandler(async (error, request, reply) => {
    const { problem, isFault } = problemOf(error);
    const route = request.routeOptions.url;
    if (isFault)
      options.log.error({ err: error, route, method: request.method, requestId: request.id }, 'request failed');
    else
      options.log.debug(
        { code: problem.code, route, method: request.method, requestId: request.id },
        'request refused',
      );
    const retryAfterSec = problem.details?.['retryAfterSec'];
    if (typeof retryAfterSec === 'number') reply.header('retry-after', String(retryAfterSec));
    // The schema of the answer belongs to its success; a problem is written as it is.
    return reply
      .code(problem.status)
      .type('application/problem+json; charset=utf-8')
      .serializer((value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)))
      .send({ ...problem, requestId: request.id });
  });

  app.addHook('preValidation', (request, _reply, next) => {
    const holds = [request.params, request.query, request.body].some(holdsNul);
    next(
      holds ? new AppError('invalid', 'The request holds the character NUL (U+0000), which no text may.') : undefined,
    );
  });
  registerSecurityHeaders(app);
  await app.register(fastifyCookie);
  await app.register(fastifyWebsocket, { options: { maxPayload: 64 * 1024, perMessageDeflate: false } });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Qianhu 千呼', version: options.version, description: 'An open call centre that a company owns.' },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: options.cookieName },
          localToken: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ session: [] }, { localToken: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  registerAuthentication(app, {
    cookieName: options.cookieName,
    findViewer: options.findViewer,
    ...(options.localToken === undefined ? {} : { localToken: options.localToken }),
  });
  await options.registerFeatures(app);
  registerApiDocs(app, options.version);
  if (options.webFolder !== undefined) await registerWebPages(app, options.webFolder);
  else
    app.setNotFoundHandler(() =>
      Promise.reject(Object.assign(new Error('There is nothing here.'), { statusCode: 404 })),
    );
  return app;
};
