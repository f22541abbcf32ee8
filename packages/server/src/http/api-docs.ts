import type { FastifyInstance } from 'fastify';
import { API_PREFIX } from './route.ts';

type Operation = {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** The list of operations as a plain page: no script, nothing from elsewhere. */
export const docsPage = (document: { paths?: Record<string, unknown> | undefined }, version: string): string => {
  const rows = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(rows.map((row) => row.operation.tags?.[0] ?? 'other'))].sort();
  const section = (tag: string): string =>
    `<h2>${escape(tag)}</h2><table>${rows
      .filter((row) => (row.operation.tags?.[0] ?? 'other') === tag)
      .map(
        ({ path, method, operation }) =>
          `<tr><td><code>${escape(method.toUpperCase())}</code></td><td><code>${escape(path)}</code></td><td>${escape(operation.summary ?? '')}` +
          `${operation.description === undefined ? '' : `<br><small>${escape(operation.description)}</small>`}</td></tr>`,
      )
      .join('')}</table>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Qianhu 千呼 API</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}table{border-collapse:collapse;width:100%}td{padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top}</style></head>
<body><h1>Qianhu 千呼 API ${escape(version)}</h1>
<p>OpenAPI 3.1: <a href="${API_PREFIX}/openapi.json">${API_PREFIX}/openapi.json</a>. Changes need a session cookie and the header <code>x-qianhu-csrf: 1</code>. Live data: WebSocket <code>${API_PREFIX}/live</code>.</p>
${tags.map(section).join('\n')}</body></html>`;
};

/** Serves the OpenAPI document and the page. */
export const registerApiDocs = (app: FastifyInstance, version: string): void => {
  app.get(
    `${API_PREFIX}/openapi.json`,
    { config: { access: 'public' }, schema: { hide: true } },
    async (_request, reply) => reply.type('application/json').send(JSON.stringify(app.swagger())),
  );
  app.get(`${API_PREFIX}/docs`, { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(docsPage(app.swagger(), version)),
  );
};
