import { declines } from '@qianhu/switch';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import {
  createEngineRig,
  readyAgents,
  until,
  virtualExchange,
  writeFixture,
  type EngineRig,
} from './testing/engine-world-rig.ts';

let db: TestDatabase;
const rigs: EngineRig[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
});
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.engine.stop();
});
afterAll(async () => {
  await db.drop();
});

it('believes the switch before its own clock when a deadline has passed while it was down', async () => {
  const fixture = await writeFixture(db.pool, { leads: 1, agents: 1 });
  const exchange = virtualExchange({ calleeFor: () => declines(3_000), soundMs: () => 50 });
  const before = createEngineRig(db.pool, exchange);
  rigs.push(before);
  await before.engine.start();
  await readyAgents(before.engine, fixture.agentIds);
  await before.engine.startCampaign(fixture.campaignId);
  await until(() => before.engine.status().openCalls === 1, 'the call');
  await before.engine.stop();
  // As if the ring time had run out while nobody was there.
  await db.pool.query(`UPDATE calls SET state = jsonb_set(state, '{guardAtMs}', '1')`);
  const { rows: dials } = await db.pool.query<{ id: string }>('SELECT id FROM dials WHERE ended_at IS NULL');
  expect(dials).toHaveLength(1);
  await until(() => exchange.history(0).some((leg) => leg.legId === dials[0]?.id), 'the callee to decline');

  const after = createEngineRig(db.pool, exchange);
  rigs.push(after);
  await after.engine.start();
  await until(() => after.engine.status().openCalls === 0, 'the call to be settled');
  const { rows } = await db.pool.query('SELECT outcome FROM attempts');
  expect(rows).toEqual([{ outcome: 'rejected' }]);
});
