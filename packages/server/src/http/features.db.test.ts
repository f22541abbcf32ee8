import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentId, AttemptId, CallId, CampaignId } from '@qianhu/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestServer, type TestClient, type TestServer } from './testing/test-server.ts';

let server: TestServer;
let admin: TestClient;
let agent: TestClient;
let other: TestClient;

beforeAll(async () => {
  server = await createTestServer();
  admin = await server.client('administrator');
  agent = await server.client('agent');
  other = await server.client('agent');
});
afterAll(async () => {
  await server.close();
});

const id = (n: number): string => `018f3c2e-7d4a-7abc-8def-${String(n).padStart(12, '0')}`;

/** One settled attempt with a dial, an event and a recording of one second. */
const insertAttempt = async (campaignId: string, listId: string): Promise<void> => {
  const { pool } = server.database;
  const lead = await pool.query<{ id: string }>(
    `INSERT INTO leads (list_id, number, region, zone, name, fields) VALUES ($1, '+8613800138000', 'CN', 'Asia/Shanghai', '王伟', '{"city":"北京"}') RETURNING id`,
    [listId],
  );
  const verdict = JSON.stringify({ allowed: true, atMs: 1, pack: 'china', packVersion: '1', rules: [] });
  await pool.query(
    `INSERT INTO attempts (id, campaign_id, list_id, lead_id, call_id, number, ordinal, outcome, verdict, agent_id, created_at, bridged_at, ended_at)
     VALUES ($1, $2, $3, $4, $5, '+8613800138000', 1, 'answered', $6, $7, now(), now(), now() + interval '2 s')`,
    [id(1), campaignId, listId, lead.rows[0]?.id, id(2), verdict, agent.userId],
  );
  await pool.query(
    `INSERT INTO dials (id, attempt_id, call_id, campaign_id, number, trunk_id, dial_string, created_at, ended_at, sip_status, ended_by)
     VALUES ($1, $2, $3, $4, '+8613800138000', $5, '13800138000', now(), now(), 200, 'them')`,
    [id(3), id(1), id(2), campaignId, id(9)],
  );
  await pool.query(
    `INSERT INTO events (at, aggregate, aggregate_id, seq, type, data) VALUES (now(), 'call', $1, 1, 'legAnswered', '{}')`,
    [id(2)],
  );
  await mkdir(join(server.home, 'recordings'), { recursive: true });
  await writeFile(join(server.home, 'recordings', 'one.wav'), Buffer.alloc(1000, 1));
  await pool.query(
    `INSERT INTO recordings (id, call_id, attempt_id, campaign_id, agent_id, state, path, bytes, started_at)
     VALUES ($1, $2, $3, $4, $5, 'done', 'one.wav', 1000, now())`,
    [id(4), id(2), id(1), campaignId, agent.userId],
  );
};

describe('a campaign', () => {
  let campaignId: string;
  let listId: string;

  it('is made with defaults and says what is still wrong', async () => {
    const list = await admin.request('POST', '/lists', { name: 'people' });
    listId = String(list.body['listId']);
    const made = await admin.request('POST', '/campaigns', { name: 'first', settings: { listIds: [listId] } });
    expect(made.status).toBe(201);
    campaignId = String(made.body['campaignId']);
    expect(made.body).toMatchObject({ phase: 'draft', isDemo: false, settings: { rulePack: 'china' } });
    const checks = await admin.request('GET', `/campaigns/${campaignId}/checks`);
    const codes = (checks.body['problems'] as { code: string }[]).map((problem) => problem.code);
    expect(codes).toEqual(expect.arrayContaining(['missing', 'listEmpty', 'noAgentAtWork', 'consentMissing']));
    expect(checks.body['canStart']).toBe(false);
  });

  it('does not start while an error stands, and does when none does', async () => {
    const refused = await admin.request('POST', `/campaigns/${campaignId}/commands/start`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(server.engine.commands.some((command) => command.startsWith('startCampaign'))).toBe(false);
    const trunk = await admin.request('POST', '/trunks', {
      name: 't',
      settings: { host: 'a.example', auth: { kind: 'ip' } },
    });
    const consent = { evidence: 'form of September, paragraph 3' };
    expect((await admin.request('PATCH', `/lists/${listId}`, { consent })).status).toBe(200);
    const settings = { trunkIds: [trunk.body['trunkId']], callerIds: ['+861088886666'] };
    expect((await admin.request('PATCH', `/campaigns/${campaignId}`, { settings })).status).toBe(200);
    expect((await admin.request('POST', `/campaigns/${campaignId}/commands/start`)).status).toBe(200);
    expect(server.engine.commands).toContain(`startCampaign:${campaignId}`);
  });

  it('never mixes the demonstration with real lists', async () => {
    const demo = await admin.request('POST', '/lists', { name: 'demo', isDemo: true });
    const mixed = await admin.request('POST', '/campaigns', {
      name: 'mixed',
      settings: { listIds: [listId, demo.body['listId']] },
    });
    expect(mixed.status).toBe(400);
  });

  it('tells the whole story of an attempt, with the number masked for its agent', async () => {
    await insertAttempt(campaignId, listId);
    const whole = await admin.request('GET', `/attempts/${id(1)}`);
    expect(whole.body).toMatchObject({
      attempt: { number: '+8613800138000', leadName: '王伟', outcome: 'answered', talkMs: 2000, hasRecording: true },
      dials: [{ dialString: '13800138000', sipStatus: 200 }],
      events: [{ type: 'legAnswered' }],
      recordings: [{ recordingId: id(4), bytes: 1000 }],
      leadFields: [{ key: 'city', value: '北京' }],
    });
    const own = await agent.request('GET', `/attempts/${id(1)}`);
    expect(own.body).toMatchObject({ attempt: { number: '+86138****8000' }, dials: [{ dialString: '138****8000' }] });
    expect((await other.request('GET', `/attempts/${id(1)}`)).status).toBe(404);
  });

  it('finds attempts by their beginning, and shows agents their own only', async () => {
    const find = async (client: TestClient, query: string): Promise<number> =>
      ((await client.request('GET', `/attempts?${query}`)).body['items'] as unknown[]).length;
    expect(await find(admin, 'number=%2B86138&outcome=answered')).toBe(1);
    expect(await find(admin, 'number=%2B86139')).toBe(0);
    expect(await find(admin, 'outcome=open')).toBe(0);
    expect(await find(agent, '')).toBe(1);
    expect(await find(other, '')).toBe(0);
    expect(await find(other, `agentId=${agent.userId}`)).toBe(0);
  });

  it('exports attempts that no spreadsheet runs as formulas', async () => {
    const { text } = await admin.request('GET', '/attempts/export.csv');
    expect(text.startsWith('\uFEFFattemptId,')).toBe(true);
    expect(text).toContain("'+8613800138000");
    expect((await agent.request('GET', '/attempts/export.csv')).status).toBe(403);
  });

  it('plays a recording in pieces, to whom it belongs', async () => {
    const piece = await agent.request('GET', `/recordings/${id(4)}/audio`, undefined, { range: 'bytes=10-19' });
    expect(piece).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 10-19/1000' } });
    expect((await agent.request('GET', `/recordings/${id(4)}/audio`, undefined, { range: 'bytes=1000-' })).status).toBe(
      416,
    );
    expect((await other.request('GET', `/recordings/${id(4)}/audio`)).status).toBe(404);
  });

  it('never reads a file outside the recordings', async () => {
    await server.database.pool.query(`UPDATE recordings SET path = '../../etc/passwd' WHERE id = $1`, [id(4)]);
    const answer = await admin.request('GET', `/recordings/${id(4)}/audio`);
    expect(answer.status).toBe(500);
  });
});

describe('the agent’s page', () => {
  it('shows who is on the line, with the number masked by setting', async () => {
    const agentId = agent.userId as AgentId;
    const call = { callId: id(2) as CallId, attemptId: id(1) as AttemptId, answeredAtMs: 1 };
    server.engine.setAgent({ agentId, name: 'a', phase: 'talking', sinceMs: 1, stationUp: true, demo: false, call });
    const shown = await agent.request('GET', '/agent/call');
    expect(shown.body).toMatchObject({
      name: '王伟',
      number: '+86138****8000',
      fields: [{ key: 'city', value: '北京' }],
    });
    expect((await other.request('GET', '/agent/call')).status).toBe(404);
  });

  it('passes commands on in the agent’s own name', async () => {
    await agent.request('POST', '/agent/pause', { reason: 'lunch' });
    await agent.request('POST', '/agent/dispose', { callId: id(2), code: 'success' });
    expect(server.engine.commands).toContain(`pauseAgent:${agent.userId}:lunch`);
    expect(server.engine.commands.at(-1)).toContain(`disposeCall:${agent.userId}`);
    expect((await agent.request('POST', '/agent/dtmf', { digits: 'hello' })).status).toBe(400);
  });

  it('gives a phone account to the session and takes it away with it', async () => {
    const person = await server.client('agent');
    const minted = await person.request('POST', '/agent/softphone');
    expect(minted.body).toMatchObject({ username: `agent-${person.userId}`, wsPath: '/sip' });
    await person.request('DELETE', '/session');
    expect(server.engine.commands.at(-1)).toBe(`putAgentPhone:${person.userId}:none`);
  });
});

describe('the account of a SIP phone', () => {
  it('is made for a person whose phone registers, its password shown once and told nobody else', async () => {
    const person = await server.client('agent');
    const path = `/users/${person.userId}/phone-account`;
    expect((await admin.request('POST', path)).status).toBe(409);
    const station = { kind: 'sip', mode: 'keptUp' };
    expect((await admin.request('PATCH', `/users/${person.userId}`, { station })).body).toMatchObject({ station });
    const made = await admin.request('POST', path);
    expect(made).toMatchObject({ status: 201, body: { server: '127.0.0.1:5060', transport: 'udp' } });
    expect(server.engine.commands.at(-1)).toBe(`reloadAgentPhone:${person.userId}`);
    const password = String(made.body['password']);
    const shown = await Promise.all(
      ['/users', '/audit?limit=50'].map(async (url) => (await admin.request('GET', url)).text),
    );
    expect(shown.join()).not.toContain(password);
    const { rows } = await server.database.pool.query<{ all: string }>(
      'SELECT u::text AS all FROM users u WHERE id = $1',
      [person.userId],
    );
    expect(rows[0]?.all).not.toContain(Buffer.from(password).toString('hex'));
    expect((await person.request('POST', path)).status).toBe(201);
    expect((await other.request('POST', path)).status).toBe(403);
  });
});

describe('the demonstration', () => {
  it('comes whole, cannot be led elsewhere, and goes without touching anything else', async () => {
    const before = await server.database.pool.query('SELECT id FROM lists WHERE NOT demo');
    const { visitor } = await server.demo.start({ sipPort: 5999 });
    expect(visitor?.login).toBe('demo');
    const trunks = await server.trunks.list();
    const lab = trunks.find((trunk) => trunk.isDemo);
    expect(lab?.settings).toMatchObject({ host: '127.0.0.1', port: 5999 });
    const moved = await admin.request('PATCH', `/trunks/${lab?.trunkId ?? ''}`, { name: 'mine' });
    expect(moved.status).toBe(409);
    expect((await agent.request('DELETE', '/demo')).status).toBe(403);
    const removed = await admin.request('DELETE', '/demo');
    expect(removed.body).toMatchObject({ isLoaded: false, campaigns: 0, lists: 0, trunks: 0, agents: 0 });
    expect((await server.database.pool.query('SELECT id FROM lists WHERE NOT demo')).rows).toEqual(before.rows);
    expect(await server.demo.isWanted()).toBe(false);
    const left = await admin.request('GET', '/campaigns');
    const ids = (left.body['items'] as { campaignId: CampaignId }[]).length;
    expect(ids).toBe(1);
  });
});
