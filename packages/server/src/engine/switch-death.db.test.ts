import { ringsOut } from '@qianhu/switch';
import { expect, it } from 'vitest';
import { engineTests } from './testing/engine-tests.ts';
import { readyAgents, until, virtualExchange, writeFixture } from './testing/engine-world-rig.ts';

const world = engineTests();

it('dials on over a trunk whose calls all ended because the switch died', async () => {
  // Eight failures in a row of a carrier's own would rest its trunk for minutes.
  const fixture = await writeFixture(world.pool, { leads: 16, agents: 8 });
  const exchange = virtualExchange({ calleeFor: () => ringsOut(5), soundMs: () => 50 });
  const rig = world.rig(exchange);
  const { engine } = rig;
  await engine.start();
  await readyAgents(engine, fixture.agentIds);
  await engine.startCampaign(fixture.campaignId);
  await until(() => engine.campaign(fixture.campaignId)?.calls.ringing === 8, 'eight to ring');
  exchange.restart(100, true);
  await until(() => engine.campaign(fixture.campaignId)?.outcomes.failed === 8, 'eight to fail');
  await until(() => rig.switch.health().state === 'up', 'the switch to be back');
  await readyAgents(engine, fixture.agentIds);
  await until(() => engine.campaign(fixture.campaignId)?.calls.ringing === 8, 'eight others to ring');
  expect(engine.campaign(fixture.campaignId)?.leads).toEqual({ ready: 0, dialing: 8, done: 8 });
});
