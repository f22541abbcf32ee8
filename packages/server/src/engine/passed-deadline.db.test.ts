import { declines } from '@qianhu/switch';
import { expect, it } from 'vitest';
import { engineTests } from './testing/engine-tests.ts';
import { readyAgents, until, virtualExchange, writeFixture } from './testing/engine-world-rig.ts';

const world = engineTests();

it('believes the switch before its own clock when a deadline has passed while it was down', async () => {
  const fixture = await writeFixture(world.pool, { leads: 1, agents: 1 });
  const exchange = virtualExchange({ calleeFor: () => declines(3_000), soundMs: () => 50 });
  const before = world.rig(exchange);
  await before.engine.start();
  await readyAgents(before.engine, fixture.agentIds);
  await before.engine.startCampaign(fixture.campaignId);
  await until(() => before.engine.status().openCalls === 1, 'the call');
  await before.engine.stop();
  // As if the ring time had run out while nobody was there.
  await world.pool.query(`UPDATE calls SET state = jsonb_set(state, '{guardAtMs}', '1')`);
  const { rows: dials } = await world.pool.query<{ id: string }>('SELECT id FROM dials WHERE ended_at IS NULL');
  expect(dials).toHaveLength(1);
  await until(() => exchange.history(0).some((leg) => leg.legId === dials[0]?.id), 'the callee to decline');

  const after = world.rig(exchange);
  await after.engine.start();
  await until(() => after.engine.status().openCalls === 0, 'the call to be settled');
  const { rows } = await world.pool.query('SELECT outcome FROM attempts');
  expect(rows).toEqual([{ outcome: 'rejected' }]);
});
