import { everyDay } from '@qianhu/core';
import { answers } from '@qianhu/switch';
import { expect, it } from 'vitest';
import { engineTests } from '../../engine/testing/engine-tests.ts';
import { readyAgents, until, virtualExchange, writeFixture } from '../../engine/testing/engine-world-rig.ts';
import { realClock } from '../../platform/clock.ts';
import { createLeadWhyService } from './lead-why-service.ts';

const world = engineTests();

const firstLead = async (): Promise<string> => {
  const { rows } = await world.pool.query<{ id: string }>('SELECT id FROM leads ORDER BY id LIMIT 1');
  return rows[0]?.id ?? '';
};

it('names the first lawful moment on a day off that the campaign has set', async () => {
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(Date.now());
  await writeFixture(world.pool, {
    leads: 1,
    agents: 1,
    settings: { window: { ...everyDay({ fromMinute: 0, toMinute: 1440 }), dates: { [today]: [] } } },
  });
  const { engine } = world.rig(virtualExchange({ calleeFor: () => answers({ answerAfterMs: 60 }) }));
  await engine.start();
  const service = createLeadWhyService({ pool: world.pool, engine, clock: realClock() });
  const [number] = (await service.explain(await firstLead())).campaigns[0]?.numbers ?? [];
  const midnightMs = Date.parse(`${today}T00:00:00+08:00`) + 86_400_000;
  expect(number?.verdict).toMatchObject({ mayBeTried: false, retryAtMs: midnightMs });
});

it('follows a lead through its call to its end', async () => {
  const fixture = await writeFixture(world.pool, { leads: 1, agents: 1 });
  const leadId = await firstLead();
  const exchange = virtualExchange({ calleeFor: () => answers({ ringAfterMs: 5, answerAfterMs: 60, talkMs: 400 }) });
  const { engine } = world.rig(exchange);
  await engine.start();
  const service = createLeadWhyService({ pool: world.pool, engine, clock: realClock() });
  await engine.startCampaign(fixture.campaignId);
  await until(() => engine.campaign(fixture.campaignId)?.limitedBy === 'noAgents', 'nobody to be ready');
  expect((await service.explain(leadId)).campaigns[0]).toMatchObject({
    phase: 'running',
    waits: [{ code: 'campaignLimited', detail: 'noAgents' }],
    numbers: [{ isInCall: false, verdict: { mayBeTried: true } }],
  });
  await readyAgents(engine, fixture.agentIds);
  await until(() => engine.campaign(fixture.campaignId)?.phase === 'finished', 'the campaign to finish', 30_000);
  expect((await service.explain(leadId)).campaigns[0]?.waits.map((wait) => wait.code)).toEqual([
    'leadDone',
    'campaignNotRunning',
  ]);
});
