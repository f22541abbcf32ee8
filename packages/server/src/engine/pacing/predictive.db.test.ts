import type { AnswerModel, RiskPacerState } from '@qianhu/core';
import { answers, busy, ringsOut } from '@qianhu/switch';
import { describe, expect, it } from 'vitest';
import { engineTests } from '../testing/engine-tests.ts';
import {
  readyAgents,
  until,
  virtualExchange,
  writeFixture,
  type EngineRig,
  type Fixture,
} from '../testing/engine-world-rig.ts';

const world = engineTests();

const predictive = { mode: { kind: 'predictive' as const, dropLimit: 0.03 }, ringTimeoutMs: 6_000 };
const person = answers({ ringAfterMs: 20, answerAfterMs: 150, talkMs: 900 });
/** One of four answers; the others are busy at once. */
const oneInFour = (dialString: string) => (Number(dialString.slice(-2)) % 4 === 0 ? person : busy(120));

const rigOn = async (exchange: Parameters<typeof virtualExchange>[0], holder = 'one'): Promise<EngineRig> => {
  const rig = world.rig(virtualExchange({ soundMs: () => 50, ...exchange }), { holder });
  await rig.engine.start();
  return rig;
};

const finished = (rig: EngineRig, fixture: Fixture) => () =>
  rig.engine.campaign(fixture.campaignId)?.phase === 'finished';

const kept = async (key: string): Promise<unknown> =>
  (await world.pool.query<{ state: unknown }>('SELECT state FROM engine_memory WHERE key = $1', [key])).rows[0]?.state;

describe('a predictive campaign', () => {
  it('has more lines out than free agents, calls everybody once, tells its figures and keeps what it learned', async () => {
    const fixture = await writeFixture(world.pool, { leads: 300, agents: 6, settings: predictive });
    const rig = await rigOn({ calleeFor: oneInFour });
    await readyAgents(rig.engine, fixture.agentIds);
    let most = 0;
    rig.switch.subscribe(() => {
      const view = rig.engine.campaign(fixture.campaignId);
      if (view === undefined) return;
      most = Math.max(most, view.calls.dialing + view.calls.ringing - (view.agents.ready ?? 0));
    });
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => (rig.engine.campaign(fixture.campaignId)?.leads.done ?? 0) > 60, 'sixty leads', 40_000);
    const figures = rig.engine.campaign(fixture.campaignId)?.pacing ?? {};
    expect(Object.keys(figures)).toEqual(expect.arrayContaining(['risk', 'price', 'aim', 'budgetLeft', 'answerRate']));
    await until(finished(rig, fixture), 'the campaign to finish', 40_000);
    expect(most).toBeGreaterThan(0);
    const { rows } = await world.pool.query(
      'SELECT count(*)::int AS attempts, count(DISTINCT number)::int AS numbers, count(outcome)::int AS settled FROM attempts',
    );
    expect(rows[0]).toEqual({ attempts: 300, numbers: 300, settled: 300 });
    await rig.engine.stop();
    const model = (await kept('answers:demo')) as AnswerModel;
    expect(model.score).toMatchObject({ dials: 300, answers: 75 });
  });

  it('goes on after a restart with what it had learned, and with the ledger’s truth', async () => {
    const fixture = await writeFixture(world.pool, { leads: 300, agents: 4, settings: predictive });
    const first = await rigOn({ calleeFor: oneInFour });
    await readyAgents(first.engine, fixture.agentIds);
    await first.engine.startCampaign(fixture.campaignId);
    await until(() => (first.engine.campaign(fixture.campaignId)?.leads.done ?? 0) > 40, 'forty leads', 40_000);
    await first.engine.stop();
    const key = `pacing:${fixture.campaignId}`;
    const saved = (await kept(key)) as RiskPacerState;
    expect(saved.estimates.level).not.toEqual(undefined);
    // The ledger says more than the checkpoint: four drops that were counted while it was not saved.
    await world.pool.query(
      `UPDATE attempts SET outcome = 'dropped', bridged_at = NULL WHERE id IN (SELECT id FROM attempts WHERE bridged_at IS NOT NULL ORDER BY id LIMIT 4)`,
    );
    const { rows } = await world.pool.query<{ humans: number; drops: number }>(
      `SELECT count(*)::int AS humans, count(*) FILTER (WHERE outcome = 'dropped')::int AS drops FROM attempts WHERE outcome = 'dropped' OR bridged_at IS NOT NULL`,
    );
    // The same name takes the lease at once; the exchange is another, so that the calls of the first are gone.
    const second = await rigOn({ calleeFor: () => ringsOut(5) });
    await second.engine.stop();
    const restored = (await kept(key)) as RiskPacerState;
    expect(restored.pricing.windows[0]?.humans).toBeGreaterThanOrEqual(rows[0]?.humans ?? 0);
    expect(restored.pricing.windows[0]?.drops).toBeGreaterThanOrEqual(rows[0]?.drops ?? 0);
    expect(restored.estimates.level).toEqual(saved.estimates.level);
  });

  it('falls back to one line per free agent when the day’s budget is spent', async () => {
    const fixture = await writeFixture(world.pool, { leads: 60, agents: 3, settings: predictive });
    await world.pool.query(
      `INSERT INTO attempts (id, campaign_id, list_id, lead_id, call_id, number, ordinal, outcome, verdict, created_at, answered_at, ended_at)
       SELECT gen_random_uuid(), $1, $2, 0, gen_random_uuid(), '+8613800000000', 1, CASE WHEN n <= 30 THEN 'dropped' ELSE 'answered' END, '{}', now(), now(), now() FROM generate_series(1, 40) n`,
      [fixture.campaignId, fixture.listId],
    );
    const rig = await rigOn({ calleeFor: oneInFour });
    await readyAgents(rig.engine, fixture.agentIds);
    let most = 0;
    rig.switch.subscribe(() => {
      const calls = rig.engine.campaign(fixture.campaignId)?.calls;
      if (calls !== undefined) most = Math.max(most, calls.dialing + calls.ringing + calls.waiting + calls.talking);
    });
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => (rig.engine.campaign(fixture.campaignId)?.leads.done ?? 0) > 30, 'thirty leads', 40_000);
    expect(most).toBeLessThanOrEqual(3);
    expect(rig.engine.campaign(fixture.campaignId)?.limitedBy).toMatch(/guard|noAgents/);
  });
});

describe('the order of best time', () => {
  it('calls first whom this hour suits best, within what the policy puts before', async () => {
    const fixture = await writeFixture(world.pool, {
      leads: 40,
      agents: 1,
      settings: {
        leadOrder: { dueCallbacks: 'first', untried: 'first', fewerAttemptsFirst: true, then: 'bestTime' },
        ringTimeoutMs: 6_000,
      },
    });
    const hour = new Date(Date.now() + 8 * 3_600_000).getUTCHours();
    // Mobiles answer at this hour and landlines at all others.
    const weight = (mean: number) => ({ mean, variance: 0.01 });
    const others = Array.from({ length: 24 }, (_, h) => h).filter((h) => h !== hour);
    const model = {
      version: 1,
      bias: weight(-1),
      weights: { numberType: { mobile: weight(0), landline: weight(3) }, hour: { [hour]: weight(2) } },
      shift: { mean: 0, variance: 0.01 },
      scale: { mean: 1, variance: 0.01 },
      score: {
        dials: 0,
        answers: 0,
        logLoss: 0,
        plainLogLoss: 0,
        bins: Array.from({ length: 10 }, () => ({ dials: 0, foretold: 0, answers: 0 })),
      },
    };
    expect(others).toHaveLength(23);
    await world.pool.query('INSERT INTO engine_memory (key, state, saved_at) VALUES ($1, $2, now())', [
      'answers:demo',
      model,
    ]);
    // The first twenty are landlines of Beijing: likely at any hour, so this one is nothing special for them.
    await world.pool.query(
      `UPDATE leads SET number = '+8610' || lpad(id::text, 8, '6') WHERE right(number, 2)::int < 20`,
    );
    await world.pool.query(
      `UPDATE leads SET priority = 5 WHERE number = (SELECT max(number) FROM leads WHERE number LIKE '+8610%')`,
    );
    const rig = await rigOn({ calleeFor: () => busy(10) });
    await readyAgents(rig.engine, fixture.agentIds);
    await rig.engine.startCampaign(fixture.campaignId);
    await until(
      async () => Number((await world.pool.query('SELECT count(*) AS n FROM attempts')).rows[0]?.n) >= 11,
      'eleven',
    );
    const { rows } = await world.pool.query<{ number: string }>('SELECT number FROM attempts ORDER BY id LIMIT 11');
    const [first, ...rest] = rows.map((row) => row.number);
    expect(first).toMatch(/^\+8610/);
    expect(rest.filter((number) => number.startsWith('+8610'))).toEqual([]);
  });
});
