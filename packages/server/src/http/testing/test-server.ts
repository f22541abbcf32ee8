import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CSRF_HEADER, type Role } from '@qianhu/contracts';
import { createFakeEngine, type FakeEngine } from '../../engine/testing/fake-engine.ts';
import type { PasswordHasher } from '../../features/identity/password-hasher.ts';
import { realClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { silentLogger } from '../../platform/log.ts';
import { createSecretBox } from '../../platform/secret-box.ts';
import { createTestDatabase, type TestDatabase } from '../../platform/testing/test-database.ts';
import type { ServerPorts } from '../../ports.ts';
import { createApiRole, type ApiRole } from '../../roles.ts';

/** Answers of a request in tests. */
export type Reply = {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly headers: Record<string, unknown>;
};

/** One person at a browser: a session cookie and the CSRF header. */
export type TestClient = {
  readonly userId: string;
  readonly cookie: string;
  request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply>;
};

export type TestServer = ApiRole & {
  readonly database: TestDatabase;
  readonly engine: FakeEngine;
  readonly home: string;
  /** Makes a person of this role and logs in. */
  client(role: Role): Promise<TestClient>;
  request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply>;
  close(): Promise<void>;
};

/** Real hashes take tens of milliseconds each; these tests are not about them. */
const quickHasher: PasswordHasher = {
  hash: (password) => Promise.resolve(`quick:${password}`),
  verify: (hash, password) => Promise.resolve(hash === `quick:${password}`),
  pretend: () => Promise.resolve(false),
};

export const LOCAL_TOKEN = 'the-local-token-of-tests';

/** The whole API on a real database and a scripted engine. */
export const createTestServer = async (ports: Partial<ServerPorts> = {}): Promise<TestServer> => {
  const database = await createTestDatabase();
  const engine = createFakeEngine();
  const clock = realClock();
  const home = mkdtempSync(join(tmpdir(), 'qianhu-test-home-'));
  const api = await createApiRole({
    database,
    engine,
    clock,
    ids: createIdSource(() => clock.now()),
    log: silentLogger(),
    secrets: createSecretBox(Buffer.alloc(32, 7)),
    random: () => 0.5,
    home,
    version: '0.0.0-test',
    cookieName: 'qianhu_session_test',
    localToken: LOCAL_TOKEN,
    iceServers: [],
    switchSipUrl: () => undefined,
    sipServer: '127.0.0.1:5060',
    stopLab: () => Promise.resolve(),
    hasher: quickHasher,
    ...ports,
  });
  const request: TestServer['request'] = async (method, path, body, headers = {}) => {
    const answer = await api.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    const isJson = answer.headers['content-type']?.toString().includes('json') === true;
    return {
      status: answer.statusCode,
      body: isJson ? answer.json<Record<string, unknown>>() : {},
      text: answer.body,
      headers: answer.headers,
    };
  };
  let people = 0;
  return {
    ...api,
    database,
    engine,
    home,
    request,
    async client(role) {
      people += 1;
      const login = `${role}${people}`;
      const { user } = await api.identity.createUser({
        login,
        displayName: login,
        role,
        password: 'long enough',
        locale: 'en',
        station: { kind: 'browser', mode: 'keptUp' },
      });
      const csrf = { [CSRF_HEADER]: '1' };
      const answer = await request('POST', '/session', { login, password: 'long enough' }, csrf);
      const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
      return {
        userId: user.userId,
        cookie,
        request: (method, path, body, headers = {}) => request(method, path, body, { cookie, ...csrf, ...headers }),
      };
    },
    async close() {
      await api.app.close();
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
};
