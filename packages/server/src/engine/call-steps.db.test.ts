import { answers, congested } from '@qianhu/switch';
import { describe, expect, it } from 'vitest';
import { engineTests } from './testing/engine-tests.ts';
import { until } from './testing/engine-world-rig.ts';

const world = engineTests();

describe('a bridge that fails', () => {
  it('drops the callee after their time, and leaves no recording behind that no call knows of', async () => {
    const { fixture, rig } = await world.start(
      {
        leads: 1,
        agents: 1,
        settings: { recording: 'answered', agentWaitMs: 300 },
      },
      {
        calleeFor: () => answers({ ringAfterMs: 5, answerAfterMs: 20 }),
        soundMs: () => 20,
      },
    );
    rig.switch.faults = {
      commandMs: [5, 10],
      refuse: (command) => (command === 'addToBridge' ? { code: 'notFound' } : undefined),
    };
    await rig.engine.startCampaign(fixture.campaignId);
    const outcome = async (): Promise<string | null | undefined> =>
      (await world.pool.query<{ outcome: string | null }>('SELECT outcome FROM attempts')).rows[0]?.outcome;
    await until(async () => (await outcome()) != null, 'the attempt to be settled');
    expect(await outcome()).toBe('dropped');
    await until(async () => {
      const { rows } = await world.pool.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM recordings WHERE state = 'recording'",
      );
      return rows[0]?.n === 0;
    }, 'every recording to be over');
    expect(rig.engine.agent(fixture.agentIds[0] as never)?.phase).toBe('ready');
  });
});

describe('a callee whose agent vanished', () => {
  it('no longer hears the music when the next agent is bridged, however slow the switch was to begin it', async () => {
    const { fixture, exchange, rig } = await world.start(
      { leads: 1, agents: 2 },
      {
        calleeFor: () => answers({ ringAfterMs: 5, answerAfterMs: 20 }),
        soundMs: () => 60_000,
      },
    );
    rig.switch.faults = { commandMs: [5, 10] };
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => rig.engine.campaign(fixture.campaignId)?.calls.talking === 1, 'a talk');
    const first = rig.engine.floor().agents.find((agent) => agent.phase === 'talking');
    const { rows: agents } = await world.pool.query<{ state: { station: { legId: string } } }>(
      'SELECT state FROM agents WHERE user_id = $1',
      [first?.agentId],
    );
    const { rows: dials } = await world.pool.query<{ id: string }>('SELECT id FROM dials');
    exchange.direct(agents[0]?.state.station.legId as never, { steps: [{ afterMs: 0, do: 'hangUp' }] });
    await until(
      () => rig.engine.floor().agents.some((agent) => agent.phase === 'talking' && agent.agentId !== first?.agentId),
      'the other agent',
    );
    // Whatever was still under way to the switch has arrived when later commands were answered.
    for (let i = 0; i < 4; i++) await rig.switch.stopPlay('nothing' as never);
    expect(exchange.audibleTo(dials[0]?.id as never)).toEqual([expect.stringMatching(/^leg:/)]);
  });
});

describe('a next dial whose call is over before it is written', () => {
  it('is never sent, and gives its number and its line back', async () => {
    const dialled: string[] = [];
    const { fixture, rig } = await world.start(
      { leads: 1, agents: 1, trunks: 2 },
      {
        calleeFor: (dialString) => {
          dialled.push(dialString);
          return congested(10);
        },
      },
    );
    // The database takes its time for the second dial of a call.
    await world.pool.query(`CREATE FUNCTION slow_second_dial() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF EXISTS (SELECT 1 FROM dials WHERE call_id = NEW.call_id) THEN PERFORM pg_sleep(0.5); END IF; RETURN NEW; END $$`);
    await world.pool.query(
      'CREATE TRIGGER slow BEFORE INSERT ON dials FOR EACH ROW EXECUTE FUNCTION slow_second_dial()',
    );
    try {
      await rig.engine.startCampaign(fixture.campaignId);
      await until(async () => {
        const { rows } = await world.pool.query("SELECT 1 FROM calls WHERE phase = 'redialing'");
        return rows.length === 1;
      }, 'the first trunk to fail');
      await rig.engine.stopCampaign(fixture.campaignId);
      await until(async () => {
        const { rows } = await world.pool.query<{ n: number }>(
          'SELECT count(*)::int AS n FROM dials WHERE ended_at IS NOT NULL',
        );
        return rows[0]?.n === 2;
      }, 'both dials to be over');
    } finally {
      await world.pool.query('DROP TRIGGER slow ON dials');
      await world.pool.query('DROP FUNCTION slow_second_dial');
    }
    const { rows } = await world.pool.query<{ outcome: string }>('SELECT outcome FROM dials ORDER BY created_at');
    expect(rows.map((row) => row.outcome)).toEqual(['congestion', 'cancelled']);
    expect(dialled).toHaveLength(1);
    const attempts = await world.pool.query<{ outcome: string }>('SELECT outcome FROM attempts');
    expect(attempts.rows).toEqual([{ outcome: 'cancelled' }]);
  });
});
