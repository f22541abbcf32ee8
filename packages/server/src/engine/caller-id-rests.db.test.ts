import { answers } from '@qianhu/switch';
import { expect, it } from 'vitest';
import type { PhoneNumber } from '@qianhu/core';
import { engineTests } from './testing/engine-tests.ts';
import { readyAgents, until, virtualExchange, writeFixture } from './testing/engine-world-rig.ts';

const world = engineTests();
const TIRED = '+861088880001' as PhoneNumber;
const FRESH = '+861088880002' as PhoneNumber;

/** Ended dials of a number, `hoursAgo`, every `nth` of them answered. */
const past = async (
  campaignId: string,
  trunkId: string,
  callerId: string,
  hoursAgo: number,
  n: number,
  nth: number,
) => {
  await world.pool.query(
    `WITH made AS (
       INSERT INTO attempts (id, campaign_id, list_id, lead_id, call_id, number, ordinal, outcome, verdict, created_at)
       SELECT gen_random_uuid(), $1::uuid, gen_random_uuid(), 1, gen_random_uuid(), '+86137' || lpad(n::text, 8, '0'), 1, 'noAnswer', '{}',
              now() - $4 * interval '1 hour'
       FROM generate_series(1, $5::int) n RETURNING id, call_id, number, created_at)
     INSERT INTO dials (id, attempt_id, call_id, campaign_id, number, trunk_id, dial_string, caller_id, created_at, ended_at, outcome, answered_at)
     SELECT gen_random_uuid(), id, call_id, $1::uuid, number, $2::uuid, number, $3::text, created_at, created_at, 'noAnswer',
            CASE WHEN row_number() OVER () % $6::int = 0 THEN created_at END FROM made`,
    [campaignId, trunkId, callerId, hoursAgo, n, nth],
  );
};

it('rests a caller ID that people stopped answering, shows others meanwhile, and keeps the rest over a restart', async () => {
  const fixture = await writeFixture(world.pool, {
    leads: 6,
    agents: 3,
    settings: {
      callerIds: [TIRED, FRESH],
      callerIdUse: { sameCityFirst: false, maxPerDay: 10_000, maxConcurrent: 10 },
    },
  });
  const { campaignId } = fixture;
  const [trunkId = ''] = fixture.trunkIds;
  await world.pool.query('UPDATE campaigns SET phase = \'paused\', state = \'{"kind":"paused"}\' WHERE id = $1', [
    campaignId,
  ]);
  await past(campaignId, trunkId, TIRED, 100, 200, 2);
  await past(campaignId, trunkId, TIRED, 3, 100, 50);
  const exchange = virtualExchange({ calleeFor: () => answers({ ringAfterMs: 5, answerAfterMs: 20, talkMs: 40 }) });
  const first = world.rig(exchange);
  await first.engine.start();
  await until(() => first.engine.campaign(campaignId)?.restingCallerIds !== undefined, 'the rest');
  const rests = first.engine.campaign(campaignId)?.restingCallerIds;
  expect(rests).toMatchObject([{ number: TIRED, recentDials: 100, recentAnswers: 2, usualShare: 0.5 }]);
  const { rows: events } = await world.pool.query("SELECT type, data FROM events WHERE aggregate = 'callerIdRest'");
  expect(events).toMatchObject([{ type: 'callerIdRested', data: { recentDials: 100 } }]);
  await first.engine.stop();

  const second = world.rig(exchange);
  await second.engine.start();
  expect(second.engine.campaign(campaignId)?.restingCallerIds).toEqual(rests);
  const { rowCount } = await world.pool.query('SELECT 1 FROM caller_id_rests');
  expect(rowCount).toBe(1);
  await readyAgents(second.engine, fixture.agentIds);
  await second.engine.startCampaign(campaignId);
  await until(() => second.engine.campaign(campaignId)?.phase === 'finished', 'the campaign to finish', 30_000);
  const shown = await world.pool.query("SELECT DISTINCT caller_id FROM dials WHERE number LIKE '+86139%'");
  expect(shown.rows).toEqual([{ caller_id: FRESH }]);
});

it('rests the weaker of two, and never the last that a campaign may show', async () => {
  const fixture = await writeFixture(world.pool, { leads: 1, agents: 0, settings: { callerIds: [TIRED, FRESH] } });
  const [trunkId = ''] = fixture.trunkIds;
  for (const [number, nth] of [
    [TIRED, 20],
    [FRESH, 50],
  ] as const) {
    await past(fixture.campaignId, trunkId, number, 100, 200, 2);
    await past(fixture.campaignId, trunkId, number, 3, 100, nth);
  }
  await world.pool.query('UPDATE campaigns SET phase = \'paused\', state = \'{"kind":"paused"}\'');
  const { engine } = world.rig(virtualExchange());
  await engine.start();
  await until(() => engine.campaign(fixture.campaignId)?.restingCallerIds !== undefined, 'a rest');
  expect(engine.campaign(fixture.campaignId)?.restingCallerIds?.map((rest) => rest.number)).toEqual([FRESH]);
});

it('dials nothing while every caller ID rests, says so, and goes on when a person ends the rest', async () => {
  const fixture = await writeFixture(world.pool, { leads: 2, agents: 1, settings: { callerIds: [TIRED] } });
  await world.pool.query(
    `INSERT INTO caller_id_rests (id, number, judged_from, rested_at, until_at, why) VALUES (gen_random_uuid(), $1, now(), now(), now() + interval '1 day', $2)`,
    [TIRED, { recentDials: 100, recentAnswers: 2, usualShare: 0.5 }],
  );
  const exchange = virtualExchange({ calleeFor: () => answers({ ringAfterMs: 5, answerAfterMs: 20, talkMs: 40 }) });
  const { engine } = world.rig(exchange);
  await engine.start();
  await readyAgents(engine, fixture.agentIds);
  const stations = exchange.invites;
  await engine.startCampaign(fixture.campaignId);
  await until(() => engine.campaign(fixture.campaignId)?.limitedBy === 'callerIdsResting', 'the reason');
  expect(exchange.invites).toBe(stations);
  await world.pool.query('UPDATE caller_id_rests SET until_at = now()');
  await engine.reloadCampaign(fixture.campaignId);
  await until(() => engine.campaign(fixture.campaignId)?.phase === 'finished', 'the campaign to finish', 30_000);
  expect(engine.campaign(fixture.campaignId)?.restingCallerIds).toBeUndefined();
});
