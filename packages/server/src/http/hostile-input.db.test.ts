import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestServer, type Reply, type TestClient, type TestServer } from './testing/test-server.ts';

// Every operation of the OpenAPI document is asked nonsense: the answer is a refusal in problem+json, never a fault of ours.

type Parameter = { readonly name: string; readonly in: string };
type Operation = { readonly parameters?: readonly Parameter[]; readonly requestBody?: unknown };
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const UNKNOWN = '018f3c2e-7d4a-7abc-8def-00000000ffff';
const PATH_VALUES = [
  UNKNOWN,
  '999999999999999999',
  '9999999999999999999',
  'abc',
  '%00',
  '..%2f..%2fetc%2fpasswd',
  "'%20OR%201=1--",
];
const QUERY_VALUES = [
  '',
  'abc',
  '-1',
  '9007199254740991',
  '99999999999999999999',
  '%00',
  '%F0%9F%98%80',
  'a'.repeat(5_000),
  'YWJj',
  'OTk5OTk5OTk5OTk5OTk5OTk5OQ',
];
const nested = (depth: number): unknown => (depth === 0 ? 1 : { settings: nested(depth - 1) });
const BODIES: readonly unknown[] = [
  {},
  [],
  'text',
  42,
  true,
  { unknown: UNKNOWN },
  { name: 'a\0b', login: 'a\0b', password: 'x\0y', settings: {}, numbers: ['\0'] },
  { name: 'x'.repeat(100_000) },
  { name: 1, login: [], settings: 'no', listIds: [null], atMs: -1, callbackAtMs: 9_007_199_254_740_991 },
  nested(500),
];

let server: TestServer;
const clients = new Map<string, TestClient>();
const operations: { readonly method: Method; readonly path: string; readonly operation: Operation }[] = [];

beforeAll(async () => {
  server = await createTestServer();
  for (const role of ['administrator', 'agent'] as const) clients.set(role, await server.client(role));
  const { body } = await server.request('GET', '/openapi.json');
  for (const [path, methods] of Object.entries(body['paths'] as Record<string, Record<string, Operation>>))
    for (const [method, operation] of Object.entries(methods))
      operations.push({ method: method.toUpperCase() as Method, path: path.replace(/^\/api\/v1/, ''), operation });
});
afterAll(() => server.close());

/** What is wrong with an answer to nonsense; nothing when it was refused well, or taken. */
const faultOf = (asked: string, { status, headers, body, text }: Reply): readonly string[] => {
  if (status < 400) return [];
  const isProblem =
    String(headers['content-type']).startsWith('application/problem+json') &&
    typeof body['detail'] === 'string' &&
    body['detail'] !== '' &&
    body['status'] === status;
  return status < 500 && isProblem ? [] : [`${asked}: ${status} ${text.slice(0, 200)}`];
};

const fill = (path: string, value: string): string => path.replaceAll(/\{[^}]+\}/g, value);
/** Logging out would end the session that asks. */
const isLogOut = (method: Method, path: string): boolean => method === 'DELETE' && /^\/session/.test(path);

describe.each(['administrator', 'agent'])('the API asked nonsense by an %s', (role) => {
  it('refuses every path, query and body with words, and breaks at none', async () => {
    const client = clients.get(role);
    if (client === undefined) throw new Error('no client');
    expect(operations.length).toBeGreaterThan(40);
    const faults: string[] = [];
    const ask = async (method: Method, path: string, body?: unknown): Promise<void> => {
      const asked = `${method} ${path.slice(0, 120)} ${JSON.stringify(body)?.slice(0, 60) ?? ''}`;
      const answer = await client.request(method, path, body).catch((error: unknown) => String(error));
      faults.push(...(typeof answer === 'string' ? [`${asked}: ${answer}`] : faultOf(asked, answer)));
    };
    for (const { method, path, operation } of operations) {
      if (isLogOut(method, path)) continue;
      if (path.includes('{')) for (const value of PATH_VALUES) await ask(method, fill(path, value));
      for (const { name, in: place } of operation.parameters ?? [])
        if (place === 'query')
          for (const value of QUERY_VALUES) await ask(method, `${fill(path, UNKNOWN)}?${name}=${value}`);
      if (method !== 'GET') for (const body of BODIES) await ask(method, fill(path, UNKNOWN), body);
    }
    expect(faults).toEqual([]);
  });
});

it('tells nobody anything without a session, and takes no change without the header against forged requests', async () => {
  const administrator = clients.get('administrator');
  const open: string[] = [];
  for (const { method, path } of operations) {
    const asked = fill(path, UNKNOWN);
    const stranger = await server.request(method, asked);
    if (stranger.status < 400) open.push(`${method} ${path}`);
    else expect(stranger.status, `${method} ${path}`).toBeLessThan(500);
    if (method === 'GET') continue;
    const forged = await server.request(method, asked, {}, { cookie: administrator?.cookie ?? '' });
    expect(forged.status, `${method} ${path} without the header`).toBeGreaterThanOrEqual(400);
  }
  expect(open).toEqual(['GET /health']);
});
