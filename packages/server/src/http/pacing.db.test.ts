import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestServer, type TestClient, type TestServer } from './testing/test-server.ts';

let server: TestServer;
let supervisor: TestClient;
let agent: TestClient;
let campaignId: string;
let listId: string;

const MINUTE = 60_000;
/** Half an hour of 40 dials: 20 answered, one of them dropped; 19 talks of a minute, 10 s of wrap-up after each. */
const START = Date.now() - 60 * MINUTE;

const id = (n: number): string => `018f3c2e-7d4a-7abc-8def-${String(n).padStart(12, '0')}`;
const at = (ms: number): string => new Date(START + ms).toISOString();

const insertCalls = async (): Promise<void> => {
  const { pool } = server.database;
  await pool.query(
    `INSERT INTO leads (list_id, number, region, zone) SELECT $1, '+86138001380' || lpad(n::text, 2, '0'), 'CN', 'Asia/Shanghai' FROM generate_series(0, 39) n`,
    [listId],
  );
  for (let n = 0; n < 40; n++) {
    const dialled = n * 45_000;
    const answered = dialled + 8000;
    const isPerson = n % 2 === 0;
    const isDropped = n === 38;
    await pool.query(
      `INSERT INTO attempts (id, campaign_id, list_id, lead_id, call_id, number, ordinal, outcome, outcome_detail, verdict, agent_id, created_at, answered_at, bridged_at, ended_at, disposed_at)
       VALUES ($1, $2, $3, 1, $4, '+8613800138000', 1, $5, $6, '{}', $7, $8, $9, $10, $11, $12)`,
      [
        id(1000 + n),
        campaignId,
        listId,
        id(2000 + n),
        isDropped ? 'dropped' : isPerson ? 'answered' : 'noAnswer',
        isDropped ? 'noAgentInTime' : null,
        isPerson && !isDropped ? agent.userId : null,
        at(dialled),
        isPerson ? at(answered) : null,
        isPerson && !isDropped ? at(answered + 300) : null,
        at(isPerson && !isDropped ? answered + 300 + 60_000 : dialled + 20_000),
        isPerson && !isDropped ? at(answered + 300 + 70_000) : null,
      ],
    );
  }
  // The agent is ready before the first dial, talks for ten minutes, and pauses after twenty.
  const phases = [
    [-MINUTE, 'ready'],
    [5 * MINUTE, 'talking'],
    [15 * MINUTE, 'wrapUp'],
    [16 * MINUTE, 'ready'],
    [20 * MINUTE, 'paused'],
  ] as const;
  for (const [seq, [ms, phase]] of phases.entries())
    await pool.query(
      `INSERT INTO events (at, aggregate, aggregate_id, seq, type, data) VALUES ($1, 'agent', $2, $3, 'x', jsonb_build_object('to', $4::text))`,
      [at(ms), agent.userId, seq, phase],
    );
};

beforeAll(async () => {
  server = await createTestServer();
  supervisor = await server.client('supervisor');
  agent = await server.client('agent');
  const list = await supervisor.request('POST', '/lists', { name: 'people' });
  listId = String(list.body['listId']);
  const settings = { listIds: [listId], mode: { kind: 'predictive', dropLimit: 0.02 } };
  const made = await supervisor.request('POST', '/campaigns', { name: 'autumn', settings, agentIds: [agent.userId] });
  campaignId = String(made.body['campaignId']);
});
afterAll(async () => {
  await server.close();
});

describe('a forecast', () => {
  it('is simulated in a thread before the first call, from what is assumed, and kept beside what happens', async () => {
    const asked = await supervisor.request('POST', `/campaigns/${campaignId}/forecast`, {});
    expect(asked.status, asked.text).toBe(200);
    expect(asked.body).toMatchObject({
      asked: { agents: 1, mode: 'predictive', dropLimit: 0.02 },
      basis: { answerRate: { value: 0.3, from: 'assumed' } },
    });
    const { low, middle, high } = asked.body['talkMinutesPerHour'] as { low: number; middle: number; high: number };
    expect([low <= middle, middle <= high, low > 5, high < 60]).toEqual([true, true, true, true]);
    await insertCalls();
    const { body } = await supervisor.request('GET', `/campaigns/${campaignId}/forecast`);
    expect(body).toMatchObject({
      predicted: { madeAtMs: asked.body['madeAtMs'] },
      happened: { dials: 40, people: 20, answerRate: 0.5, dropRate: 0.05, talkSec: 60 },
    });
    const { talkMinutesPerHour, agentWaitSec, agentHours } = body['happened'] as Record<string, number>;
    expect(talkMinutesPerHour).toBeCloseTo((10 / 20) * 60, 3);
    expect(agentWaitSec).toBeCloseTo((9 * 60) / 19, 3);
    expect(agentHours).toBeCloseTo(20 / 60, 3);
  });

  it('is for those who run campaigns, and of a campaign that exists', async () => {
    expect((await agent.request('POST', `/campaigns/${campaignId}/forecast`, {})).status).toBe(403);
    expect((await supervisor.request('POST', `/campaigns/${id(1)}/forecast`, {})).status).toBe(404);
    expect((await supervisor.request('POST', `/campaigns/${campaignId}/forecast`, { agents: 0 })).status).toBe(400);
  });
});

describe('the drop ledger', () => {
  it('is counted from the calls, and exported without a number or a name', async () => {
    const { body } = await supervisor.request('GET', `/campaigns/${campaignId}/drop-ledger`);
    expect(body).toMatchObject({ limit: 0.02, graceMs: 2000, ruling: 'day', zone: 'Asia/Shanghai' });
    const rows = body['rows'] as { span: string; connected: number; dropped: number; isWithinLimit: boolean }[];
    expect(rows.find((row) => row.span === '30days')).toMatchObject({
      connected: 19,
      dropped: 1,
      isWithinLimit: false,
    });
    const csv = await supervisor.request('GET', `/campaigns/${campaignId}/drop-ledger.csv`);
    expect(csv.headers['content-disposition']).toContain('attachment');
    expect(csv.text).toMatch(/^span,from,connected/);
    expect(csv.text).toContain(',19,1,0,0,0.05000,');
    expect(csv.text).not.toContain('1380013');
    expect((await agent.request('GET', `/campaigns/${campaignId}/drop-ledger`)).status).toBe(403);
  });
});
