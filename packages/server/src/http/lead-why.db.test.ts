import { leadWhy } from '@qianhu/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestServer, type TestClient, type TestServer } from './testing/test-server.ts';

let server: TestServer;
let supervisor: TestClient;
let agent: TestClient;
const listId = '018f3c2e-7d4a-7abc-8def-000000000001';
const LANDLINE = '+861065551234';
const MOBILE = '+8613800138000';

beforeAll(async () => {
  server = await createTestServer();
  supervisor = await server.client('supervisor');
  agent = await server.client('agent');
  await server.database.pool.query("INSERT INTO lists (id, name) VALUES ($1, 'L')", [listId]);
});
afterAll(() => server.close());

const addLead = async (columns: string, values: string): Promise<string> => {
  const { rows } = await server.database.pool.query<{ id: string }>(
    `INSERT INTO leads (list_id, number, region, zone, ${columns}) VALUES ($1, $2, 'CN', 'Asia/Shanghai', ${values}) RETURNING id`,
    [listId, MOBILE],
  );
  return rows[0]?.id ?? '';
};
const ask = async (leadId: string) => {
  const answer = await supervisor.request('GET', `/leads/${leadId}/why`);
  expect(answer.status, answer.text).toBe(200);
  return leadWhy.parse(answer.body);
};

it('says everything at once that keeps a lead from being dialled, for each of its numbers, and locks nothing', async () => {
  const leadId = await addLead('alt_numbers, next_at', `'{${LANDLINE}}', now() + interval '1 day'`);
  expect((await ask(leadId)).campaigns).toEqual([]);
  await supervisor.request('POST', '/campaigns', { name: 'C', settings: { listIds: [listId] } });
  await server.database.pool.query("INSERT INTO dnc_entries (number, source) VALUES ($1, 'manual')", [LANDLINE]);
  const [one] = (await ask(leadId)).campaigns;
  expect(one).toMatchObject({ name: 'C', phase: 'draft' });
  expect(one?.waits.map((wait) => wait.code)).toEqual(['notDue', 'campaignNotRunning']);
  expect(one?.waits[0]?.atMs).toBeGreaterThan(Date.now());
  expect(one?.numbers.map(({ number, isNext }) => [number, isNext])).toEqual([
    [MOBILE, true],
    [LANDLINE, false],
  ]);
  const found = one?.numbers.map(({ verdict }) =>
    Object.fromEntries(verdict.rules.map(({ rule, result }) => [rule, result])),
  );
  expect(found).toMatchObject([
    { consent: 'block', dnc: 'pass' },
    { consent: 'block', dnc: 'block' },
  ]);
  expect((await server.database.pool.query('SELECT 1 FROM numbers')).rowCount).toBe(0);
  await server.database.pool.query('DELETE FROM leads');
});

it('says why a finished lead is finished, and is for those who run campaigns', async () => {
  const leadId = await addLead('state, done_reason', "'done', 'maxAttempts'");
  const [one] = (await ask(leadId)).campaigns;
  expect(one?.waits[0]).toEqual({ code: 'leadDone', detail: 'maxAttempts' });
  expect((await agent.request('GET', `/leads/${leadId}/why`)).status).toBe(403);
  expect((await supervisor.request('GET', '/leads/999999/why')).status).toBe(404);
});
