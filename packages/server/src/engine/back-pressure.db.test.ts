import { busy } from '@qianhu/switch';
import { expect, it } from 'vitest';
import { engineTests } from './testing/engine-tests.ts';
import { until } from './testing/engine-world-rig.ts';

const world = engineTests();

it('stops dialing while results cannot be written, says so, and goes on when they can', async () => {
  const leads = 5_000;
  const { fixture, exchange, rig } = await world.start(
    {
      leads,
      agents: 40,
      trunks: 3,
      newCallsPerSecond: 1_000,
      settings: { mode: { kind: 'ratio', linesPerAgent: 10 }, newCallsPerSecond: 5_000 },
    },
    { calleeFor: () => busy(1), newCallsPerSecond: 20_000 },
  );
  const live = () => rig.engine.campaign(fixture.campaignId);
  await rig.engine.startCampaign(fixture.campaignId);
  const blocker = await world.pool.connect();
  try {
    await blocker.query('BEGIN');
    // Dials do not write agents: they could go on, and only what waits for its commit would grow.
    await blocker.query('LOCK TABLE agents IN EXCLUSIVE MODE');
    const paused = rig.engine.pauseAgent(fixture.agentIds[0] as never, 'break');
    await until(() => live()?.limitedBy === 'database', 'dialing to stop', 30_000);
    const invites = exchange.invites;
    expect(live()?.leads.ready).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(exchange.invites).toBe(invites);
    expect(rig.engine.status().commitQueue).toBeLessThan(4_000);
    await blocker.query('ROLLBACK');
    await paused;
  } finally {
    blocker.release(true);
  }
  await until(() => live()?.phase === 'finished', 'the campaign to finish', 60_000);
  expect(live()?.leads).toEqual({ ready: 0, dialing: 0, done: leads });
});
