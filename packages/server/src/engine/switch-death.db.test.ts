import { ringsOut } from '@qianhu/switch';
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
let rig: EngineRig | undefined;

beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
});
afterEach(async () => {
  await rig?.engine.stop();
  rig = undefined;
});
afterAll(async () => {
  await db.drop();
});

it('dials on over a trunk whose calls all ended because the switch died', async () => {
  // Eight failures in a row of a carrier's own would rest its trunk for minutes.
  const fixture = await writeFixture(db.pool, { leads: 16, agents: 8 });
  const exchange = virtualExchange({ calleeFor: () => ringsOut(5), soundMs: () => 50 });
  rig = createEngineRig(db.pool, exchange);
  const { engine } = rig;
  await engine.start();
  await readyAgents(engine, fixture.agentIds);
  await engine.startCampaign(fixture.campaignId);
  await until(() => engine.campaign(fixture.campaignId)?.calls.ringing === 8, 'eight to ring');
  exchange.restart(100, true);
  await until(() => engine.campaign(fixture.campaignId)?.outcomes.failed === 8, 'eight to fail');
  await until(() => rig?.switch.health().state === 'up', 'the switch to be back');
  await readyAgents(engine, fixture.agentIds);
  await until(() => engine.campaign(fixture.campaignId)?.calls.ringing === 8, 'eight others to ring');
  expect(engine.campaign(fixture.campaignId)?.leads).toEqual({ ready: 0, dialing: 8, done: 8 });
});
