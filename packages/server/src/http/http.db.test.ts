import { problem } from '@qianhu/contracts';
import { InvalidStateError } from '@qianhu/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestServer, LOCAL_TOKEN, type TestClient, type TestServer } from './testing/test-server.ts';

let server: TestServer;
let admin: TestClient;
let supervisor: TestClient;
let agent: TestClient;

beforeAll(async () => {
  server = await createTestServer();
  admin = await server.client('administrator');
  supervisor = await server.client('supervisor');
  agent = await server.client('agent');
});
afterAll(async () => {
  await server.close();
});

describe('the door', () => {
  it('answers health without a login, and the details only with one', async () => {
    const outside = await server.request('GET', '/health');
    expect(outside.status).toBe(200);
    expect(outside.body['engine']).toBeUndefined();
    expect(JSON.stringify(outside.body)).not.toContain('PostgreSQL');
    const inside = await supervisor.request('GET', '/health');
    expect(inside.body['engine']).toMatchObject({ role: 'owner' });
  });

  it('answers health with 503 while the switch is down', async () => {
    server.engine.setStatus({
      role: 'owner',
      switch: { state: 'down' },
      openCalls: 0,
      commitQueue: 0,
      ignoredEvents: {},
    });
    const answer = await server.request('GET', '/health');
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ isUp: false });
    server.engine.setStatus({
      role: 'owner',
      switch: { state: 'up' },
      openCalls: 0,
      commitQueue: 0,
      ignoredEvents: {},
    });
  });

  it('asks for a log-in everywhere else', async () => {
    for (const path of ['/users', '/campaigns', '/attempts', '/floor', '/agent/me', '/nothing-here'])
      expect((await server.request('GET', path)).status, path).toBe(401);
  });

  it('sets a cookie that scripts and foreign pages cannot use', async () => {
    await server.identity.createUser({
      login: 'cookie',
      displayName: 'c',
      role: 'agent',
      password: 'long enough',
      locale: 'zh',
      station: { kind: 'browser', mode: 'keptUp' },
    });
    const csrf = { 'x-qianhu-csrf': '1' };
    const answer = await server.request('POST', '/session', { login: 'cookie', password: 'long enough' }, csrf);
    expect(answer.headers['set-cookie']).toMatch(/HttpOnly.*SameSite=Strict/i);
    const wrong = await server.request('POST', '/session', { login: 'cookie', password: 'wrong' }, csrf);
    expect(wrong).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  it('refuses changes without the CSRF header or from another origin', async () => {
    const bare = await server.request('POST', '/session', { login: 'x', password: 'y' });
    expect(bare.status).toBe(403);
    const foreign = await admin.request('POST', '/users', {}, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
  });

  it('slows down whoever guesses a password', async () => {
    const csrf = { 'x-qianhu-csrf': '1' };
    const guess = () => server.request('POST', '/session', { login: 'nobody', password: 'guess' }, csrf);
    for (let i = 0; i < 10; i++) expect((await guess()).status).toBe(401);
    const blocked = await guess();
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('lets the command line in by its token and nobody by another', async () => {
    const users = await server.request('GET', '/users', undefined, { authorization: `Bearer ${LOCAL_TOKEN}` });
    expect(users.status).toBe(200);
    const other = await server.request('GET', '/users', undefined, { authorization: 'Bearer other' });
    expect(other.status).toBe(401);
  });

  it('keeps agents out of what is not theirs', async () => {
    for (const path of ['/users', '/campaigns', '/floor', '/audit', '/trunks', '/settings', '/lists', '/imports'])
      expect((await agent.request('GET', path)).status, path).toBe(403);
    expect((await supervisor.request('POST', '/trunks', {})).status).toBe(403);
  });

  it('ends a session on the server, not only in the browser', async () => {
    const person = await server.client('agent');
    expect((await person.request('GET', '/session')).status).toBe(200);
    await person.request('DELETE', '/session');
    expect((await person.request('GET', '/session')).status).toBe(401);
  });

  it('sends security headers with every answer', async () => {
    const { headers } = await server.request('GET', '/health');
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('problems', () => {
  it('name every faulty field at once', async () => {
    const answer = await admin.request('POST', '/users', { login: 'A b', role: 'king' });
    expect(answer.status).toBe(400);
    expect(problem.safeParse(answer.body).success).toBe(true);
    const paths = (answer.body['errors'] as { path: string }[]).map((one) => one.path);
    expect(paths).toEqual(expect.arrayContaining(['login', 'displayName', 'role']));
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('say 409 when a machine does not allow the command', async () => {
    server.engine.failNext('readyAgent', new InvalidStateError('agent', 'loggedOut', 'ready'));
    const answer = await agent.request('POST', '/agent/ready');
    expect(answer).toMatchObject({ status: 409, body: { code: 'invalidState', details: { state: 'loggedOut' } } });
  });

  it('do not show what broke inside', async () => {
    server.engine.failNext('readyAgent', new Error('secret detail'));
    const answer = await agent.request('POST', '/agent/ready');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret detail');
  });
});

describe('the contract page', () => {
  it('is OpenAPI 3.1 with every operation named once', async () => {
    const { body, status } = await server.request('GET', '/openapi.json');
    expect(status).toBe(200);
    expect(body['openapi']).toMatch(/^3\.1/);
    const operations = Object.values(body['paths'] as Record<string, Record<string, { operationId?: string }>>)
      .flatMap((methods) => Object.values(methods))
      .map((operation) => operation.operationId);
    expect(operations.every((id) => id !== undefined)).toBe(true);
    expect(new Set(operations).size).toBe(operations.length);
    expect(operations.length).toBeGreaterThan(50);
  });

  it('has a plain page', async () => {
    const { text } = await server.request('GET', '/docs');
    expect(text).toContain('/api/v1/campaigns');
    expect(text).not.toContain('<script');
  });
});

describe('people', () => {
  it('cannot lose their last administrator', async () => {
    const answer = await admin.request('PATCH', `/users/${admin.userId}`, { role: 'agent' });
    expect(answer.status).toBe(409);
  });

  it('are logged out at once when they are switched off', async () => {
    const person = await server.client('agent');
    await admin.request('PATCH', `/users/${person.userId}`, { isDisabled: true });
    expect((await person.request('GET', '/session')).status).toBe(401);
  });

  it('leave an audit entry for every change, without passwords', async () => {
    const made = await admin.request('POST', '/users', { login: 'audited', displayName: 'A', role: 'agent' });
    expect(made.status).toBe(201);
    const { password } = made.body as { password: string };
    const audit = await admin.request('GET', '/audit?action=createUser&limit=1');
    expect(audit.body['items']).toMatchObject([{ action: 'createUser', userId: admin.userId }]);
    expect(audit.text).not.toContain(password);
    expect((await admin.request('GET', '/audit?limit=2')).body['nextCursor']).toBeDefined();
    expect((await admin.request('GET', '/audit?cursor=Jw')).status).toBe(400);
  });
});

describe('a change and its audit entry', () => {
  const trunk = (name: string) => ({ name, settings: { host: 'sip.example', auth: { kind: 'ip' } } });
  const refuse = async (table: string, run: () => Promise<void>): Promise<void> => {
    const { pool } = server.database;
    await pool.query(
      "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left'; END $$",
    );
    await pool.query(`CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse()`);
    try {
      await run();
    } finally {
      await pool.query(`DROP TRIGGER refuse ON ${table}`);
    }
  };
  const entries = async (): Promise<readonly Record<string, unknown>[]> =>
    (await admin.request('GET', '/audit?action=createTrunk')).body['items'] as Record<string, unknown>[];
  const countTrunks = async (): Promise<number> =>
    (await server.database.pool.query('SELECT 1 FROM trunks')).rows.length;

  it('belong together: what cannot be written down is not done', async () => {
    const before = await countTrunks();
    await refuse('audit_entries', async () => {
      expect((await admin.request('POST', '/trunks', trunk('unwritten'))).status).toBe(500);
    });
    expect(await countTrunks()).toBe(before);
  });

  it('leave the entry standing as unfinished when a fault struck in the middle, and nothing when refused', async () => {
    const before = (await entries()).length;
    await refuse('trunks', async () => {
      expect((await admin.request('POST', '/trunks', trunk('cut off'))).status).toBe(500);
    });
    const after = await entries();
    expect(after).toHaveLength(before + 1);
    expect(after[0]).toMatchObject({ userId: admin.userId, details: { unfinished: true } });
    const made = await admin.request('POST', '/trunks', trunk('whole'));
    expect(made.status).toBe(201);
    const { trunkId } = made.body as { trunkId: string };
    expect((await admin.request('POST', '/trunks', trunk('whole'))).status).toBe(409);
    const all = await entries();
    expect(all).toHaveLength(before + 2);
    expect(all[0]?.['details']).not.toHaveProperty('unfinished');
    expect((await admin.request('DELETE', `/trunks/${trunkId}`)).status).toBe(200);
  });
});

describe('trunks', () => {
  const settings = { host: 'sip.example', auth: { kind: 'digest', username: 'u1' } };

  it('keep their password sealed and never show it', async () => {
    const made = await admin.request('POST', '/trunks', { name: 'one', settings, password: 'hush-hush' });
    expect(made.status).toBe(201);
    expect(made.text).not.toContain('hush-hush');
    expect(made.body).toMatchObject({ hasPassword: true, isDemo: false });
    const { rows } = await server.database.pool.query<{ secret_enc: Buffer }>('SELECT secret_enc FROM trunks');
    expect(rows[0]?.secret_enc.toString('latin1')).not.toContain('hush');
    expect(server.engine.commands).toContain('reloadTrunks');
    expect((await admin.request('POST', '/trunks', { name: 'one', settings, password: 'x' })).status).toBe(409);
  });

  it('are refused with all faults of sense', async () => {
    const answer = await admin.request('POST', '/trunks', { name: 'two', settings });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'password' }] } });
  });
});
