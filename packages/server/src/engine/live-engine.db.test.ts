import { answers, busy, congested, declines, invalidNumber, ringsOut, type CalleeScript } from '@qianhu/switch';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../platform/log.ts';
import { engineTests } from './testing/engine-tests.ts';
import {
  readyAgents,
  until,
  virtualExchange,
  writeFixture,
  type EngineRig,
  type Fixture,
  type FixtureOptions,
} from './testing/engine-world-rig.ts';

const world = engineTests();

/** What the numbers do, by the digits after +86139. */
const byNumber = (scripts: Readonly<Record<number, CalleeScript>>, otherwise: CalleeScript) => (dialString: string) =>
  scripts[Number(dialString.slice(6))] ?? otherwise;

const start = async (
  options: FixtureOptions,
  calleeFor: (dialString: string) => CalleeScript,
): Promise<{ rig: EngineRig; fixture: Fixture; exchange: ReturnType<typeof virtualExchange> }> => {
  const fixture = await writeFixture(world.pool, options);
  const exchange = virtualExchange({ calleeFor, soundMs: () => 50 });
  const rig = world.rig(
    exchange,
    process.env['ENGINE_LOG'] === undefined ? {} : { log: createLogger({ level: 'debug' }) },
  );
  await rig.engine.start();
  await readyAgents(rig.engine, fixture.agentIds);
  return { rig, fixture, exchange };
};

const outcomes = async (): Promise<Record<string, number>> => {
  const { rows } = await world.pool.query<{ outcome: string | null; n: string }>(
    'SELECT outcome, count(*) AS n FROM attempts GROUP BY outcome',
  );
  return Object.fromEntries(rows.map((row) => [row.outcome ?? 'open', Number(row.n)]));
};

const finished = (rig: EngineRig, fixture: Fixture) => () =>
  rig.engine.campaign(fixture.campaignId)?.phase === 'finished';

const quick = answers({ ringAfterMs: 5, answerAfterMs: 20, talkMs: 40 });

describe('a campaign on the virtual switch', () => {
  it('dials every lead once, bridges who answers, writes every outcome and finishes by itself', async () => {
    const scripts = { 0: busy(10), 1: declines(20), 2: invalidNumber(10), 3: congested(10), 4: ringsOut(5) };
    const { rig, fixture } = await start(
      { leads: 20, agents: 3, settings: { ringTimeoutMs: 1_500 } },
      byNumber(scripts, quick),
    );
    await rig.engine.startCampaign(fixture.campaignId);
    await until(finished(rig, fixture), 'the campaign to finish');
    expect(await outcomes()).toEqual({
      answered: 15,
      busy: 1,
      rejected: 1,
      invalidNumber: 1,
      congestion: 1,
      noAnswer: 1,
    });
    const { rows } = await world.pool.query(
      `SELECT (SELECT count(*) FROM dials)::int AS dials, (SELECT count(DISTINCT number) FROM dials)::int AS numbers,
              (SELECT count(*) FROM dials WHERE ended_at IS NULL)::int AS open_dials, (SELECT count(*) FROM calls WHERE ended_at IS NULL)::int AS open_calls,
              (SELECT count(*) FROM attempts WHERE outcome = 'answered' AND (agent_id IS NULL OR bridged_at IS NULL OR answered_at IS NULL))::int AS unbridged,
              (SELECT count(*) FROM leads WHERE state <> 'done')::int AS leads_left, (SELECT count(*) FROM numbers WHERE invalid_at IS NOT NULL)::int AS invalid`,
    );
    expect(rows[0]).toEqual({
      dials: 20,
      numbers: 20,
      open_dials: 0,
      open_calls: 0,
      unbridged: 0,
      leads_left: 0,
      invalid: 1,
    });
    expect(rig.engine.campaign(fixture.campaignId)?.leads).toEqual({ ready: 0, dialing: 0, done: 20 });
    expect(rig.engine.floor().agents.map((agent) => agent.phase)).toEqual(['ready', 'ready', 'ready']);
  });

  it('never has more lines out than free agents in progressive mode', async () => {
    const { rig, fixture, exchange } = await start({ leads: 30, agents: 2 }, () => quick);
    let most = 0;
    rig.switch.subscribe(() => {
      const calls = rig.engine.campaign(fixture.campaignId)?.calls;
      if (calls !== undefined) most = Math.max(most, calls.dialing + calls.ringing + calls.waiting + calls.talking);
    });
    await rig.engine.startCampaign(fixture.campaignId);
    await until(finished(rig, fixture), 'the campaign to finish');
    expect(most).toBe(2);
    expect(await outcomes()).toEqual({ answered: 30 });
    expect(exchange).toBeDefined();
  });

  it('plays the message to who answers when nobody is in time, hangs up and counts a drop', async () => {
    const long = answers({ ringAfterMs: 5, answerAfterMs: 20 });
    const { rig, fixture } = await start(
      { leads: 3, agents: 1, settings: { mode: { kind: 'ratio', linesPerAgent: 3 }, agentWaitMs: 100 } },
      () => long,
    );
    await rig.engine.startCampaign(fixture.campaignId);
    await until(async () => (await outcomes())['dropped'] === 2, 'two drops');
    const agentId = fixture.agentIds[0];
    if (agentId === undefined) throw new Error('no agent');
    expect(rig.engine.agent(agentId)?.phase).toBe('talking');
    await rig.engine.hangUpAgentCall(agentId);
    await until(finished(rig, fixture), 'the campaign to finish');
    expect(await outcomes()).toEqual({ dropped: 2, answered: 1 });
  });

  it('tries the next trunk after a carrier failure, and never after a refusal', async () => {
    const perTrunk = (dialString: string): CalleeScript =>
      dialString.endsWith('1') ? declines(10) : dialString.endsWith('2') ? congested(5) : quick;
    const { rig, fixture } = await start({ leads: 3, agents: 1, trunks: 2 }, perTrunk);
    await rig.engine.startCampaign(fixture.campaignId);
    await until(finished(rig, fixture), 'the campaign to finish');
    const { rows } = await world.pool.query<{ number: string; n: string; trunks: string }>(
      'SELECT number, count(*) AS n, count(DISTINCT trunk_id) AS trunks FROM dials GROUP BY number ORDER BY number',
    );
    expect(rows.map((row) => [row.number.slice(-1), Number(row.n), Number(row.trunks)])).toEqual([
      ['0', 1, 1],
      ['1', 1, 1],
      ['2', 2, 2],
    ]);
    expect(await outcomes()).toEqual({ answered: 1, rejected: 1, congestion: 1 });
  });

  it('obeys a DNC entry that comes while the campaign runs, and says why the lead was not called', async () => {
    const { rig, fixture } = await start({ leads: 3, agents: 1 }, () => quick);
    await world.pool.query("INSERT INTO dnc_entries (number, source) VALUES ('+8613900000001', 'import')");
    await rig.engine.startCampaign(fixture.campaignId);
    await until(finished(rig, fixture), 'the campaign to finish');
    expect(await outcomes()).toEqual({ answered: 2 });
    const { rows } = await world.pool.query<{
      done_reason: string;
      blocked_verdict: { rules: { rule: string; result: string }[] };
    }>("SELECT done_reason, blocked_verdict FROM leads WHERE number = '+8613900000001'");
    expect(rows[0]?.done_reason).toBe('onDncAll');
    expect(rows[0]?.blocked_verdict.rules.filter((rule) => rule.result === 'block').map((rule) => rule.rule)).toEqual([
      'dnc',
    ]);
  });

  it('refuses to start a campaign whose list another one is dialling, and says which', async () => {
    const { rig, fixture } = await start({ leads: 3, agents: 1 }, () => ringsOut(5));
    await rig.engine.startCampaign(fixture.campaignId);
    const other = '018f0000-0000-7000-8000-000000000001' as typeof fixture.campaignId;
    await world.pool.query(
      `INSERT INTO campaigns (id, name, settings, phase, state, demo) SELECT $1, 'Second', settings, 'draft', '{"kind":"draft"}', true FROM campaigns LIMIT 1`,
      [other],
    );
    await world.pool.query('INSERT INTO campaign_lists (campaign_id, list_id) VALUES ($1, $2)', [
      other,
      fixture.listId,
    ]);
    await expect(rig.engine.startCampaign(other)).rejects.toThrow('is being dialled by the campaign “Demonstration”');
    await rig.engine.stopCampaign(fixture.campaignId);
    await rig.engine.startCampaign(other);
    expect(rig.engine.campaign(other)?.phase).toBe('running');
  });

  it('lets the more urgent of two campaigns that share their agents dial first', async () => {
    const { rig, fixture } = await start({ leads: 3, agents: 1, settings: { priority: 20 } }, () => busy(20));
    const urgent = await writeFixture(world.pool, { leads: 3, agents: 0, settings: { priority: 80 } });
    await world.pool.query('UPDATE leads SET number = $1 || right(number, 3) WHERE list_id = $2', [
      '+8613700000',
      urgent.listId,
    ]);
    await world.pool.query('INSERT INTO campaign_agents (campaign_id, user_id) VALUES ($1, $2)', [
      urgent.campaignId,
      fixture.agentIds[0],
    ]);
    await rig.engine.reloadTrunks();
    const agentId = fixture.agentIds[0];
    if (agentId === undefined) throw new Error('no agent');
    await rig.engine.pauseAgent(agentId, 'break');
    await rig.engine.startCampaign(fixture.campaignId);
    await rig.engine.startCampaign(urgent.campaignId);
    await rig.engine.readyAgent(agentId);
    await until(finished(rig, fixture), 'the campaign that waited to finish');
    const { rows } = await world.pool.query<{ campaign_id: string }>('SELECT campaign_id FROM attempts ORDER BY id');
    expect(rows.map((row) => (row.campaign_id === urgent.campaignId ? 'urgent' : 'other'))).toEqual([
      'urgent',
      'urgent',
      'urgent',
      'other',
      'other',
      'other',
    ]);
  });

  it('rings the stations of a whole team that sits down at once, as fast as the switch takes them', async () => {
    const fixture = await writeFixture(world.pool, { leads: 0, agents: 12 });
    const exchange = virtualExchange({ soundMs: () => 50, newCallsPerSecond: 6 });
    const rig = world.rig(exchange);
    await rig.engine.start();
    await Promise.all(fixture.agentIds.map((id) => rig.engine.logInAgent(id)));
    await until(() => fixture.agentIds.every((id) => rig.engine.agent(id)?.stationUp === true), 'all stations');
  });

  it('pauses without cutting talks, and stops by hanging up what rings only', async () => {
    const slow = answers({ ringAfterMs: 5, answerAfterMs: 30 });
    const { rig, fixture } = await start(
      { leads: 50, agents: 2, settings: { mode: { kind: 'ratio', linesPerAgent: 2 } } },
      byNumber({ 0: slow, 1: slow }, ringsOut(5)),
    );
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => rig.engine.campaign(fixture.campaignId)?.calls.talking === 2, 'two talks');
    await rig.engine.stopCampaign(fixture.campaignId);
    await until(() => rig.engine.campaign(fixture.campaignId)?.calls.ringing === 0, 'ringing lines to end');
    const view = rig.engine.campaign(fixture.campaignId);
    expect(view?.phase).toBe('stopped');
    expect(view?.calls.talking).toBe(2);
    expect((await outcomes())['cancelled']).toBe(2);
  });

  it('writes the disposition, books the call back and ends wrap-up', async () => {
    const { rig, fixture } = await start(
      { leads: 1, agents: 1, settings: { wrapUp: { maxMs: null, dispositionRequired: true } } },
      () => quick,
    );
    const [agentId] = fixture.agentIds;
    if (agentId === undefined) throw new Error('no agent');
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => rig.engine.agent(agentId)?.phase === 'wrapUp', 'wrap-up');
    const call = rig.engine.agent(agentId)?.call;
    if (call === undefined) throw new Error('no call to dispose');
    await expect(rig.engine.disposeCall(agentId, { callId: call.callId, code: 'nonsense' })).rejects.toThrow(
      'not among',
    );
    await expect(rig.engine.disposeCall(agentId, { callId: call.callId, code: 'callback' })).rejects.toThrow(
      'needs its date',
    );
    const callbackAtMs = Date.now() + 3_600_000;
    await rig.engine.disposeCall(agentId, { callId: call.callId, code: 'callback', note: 'after lunch', callbackAtMs });
    expect(rig.engine.agent(agentId)?.phase).toBe('ready');
    const { rows } = await world.pool.query<{ state: string; is_callback: boolean; next_at: Date }>(
      'SELECT state, is_callback, next_at FROM leads',
    );
    expect(rows[0]).toEqual({ state: 'ready', is_callback: true, next_at: new Date(callbackAtMs) });
  });

  it('gives a callee whose agent vanished to another agent', async () => {
    const long = answers({ ringAfterMs: 5, answerAfterMs: 20 });
    const { rig, fixture, exchange } = await start({ leads: 1, agents: 2 }, () => long);
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => rig.engine.campaign(fixture.campaignId)?.calls.talking === 1, 'a talk');
    const first = rig.engine.floor().agents.find((agent) => agent.phase === 'talking');
    if (first === undefined) throw new Error('nobody talks');
    const { rows } = await world.pool.query<{ state: { station: { legId: string } } }>(
      'SELECT state FROM agents WHERE user_id = $1',
      [first.agentId],
    );
    const legId = rows[0]?.state.station.legId;
    exchange.direct(legId as never, { steps: [{ afterMs: 0, do: 'hangUp' }] });
    await until(
      () => rig.engine.floor().agents.some((agent) => agent.phase === 'talking' && agent.agentId !== first.agentId),
      'the other agent',
    );
    expect(rig.engine.campaign(fixture.campaignId)?.calls.talking).toBe(1);
  });
});

describe('recovery', () => {
  it('adopts talks after our own crash, loses nothing and dials nothing twice', async () => {
    const dialled: string[] = [];
    const long = answers({ ringAfterMs: 5, answerAfterMs: 30, talkMs: 6_000 });
    const script = answers({ ringAfterMs: 5, answerAfterMs: 30, talkMs: 400 });
    const fixture = await writeFixture(world.pool, {
      leads: 40,
      agents: 4,
      settings: { mode: { kind: 'ratio', linesPerAgent: 2 } },
    });
    const exchange = virtualExchange({
      soundMs: () => 50,
      calleeFor: (dialString) => {
        dialled.push(dialString);
        // The first ones talk long enough to be found by the next process, however slow the machine.
        return Number(dialString.slice(6)) < 8 ? long : script;
      },
    });
    const first = world.rig(exchange, { holder: 'one process' });
    await first.engine.start();
    await readyAgents(first.engine, fixture.agentIds);
    await first.engine.startCampaign(fixture.campaignId);
    await until(() => (first.engine.campaign(fixture.campaignId)?.calls.talking ?? 0) >= 3, 'three talks');
    // Not a clean stop: the process is simply no longer there. Its switch connection is replaced by the next one's.
    const second = world.rig(exchange, { holder: 'one process' });
    await second.engine.start();
    expect(first.lost.length).toBeGreaterThan(0);
    expect(second.engine.campaign(fixture.campaignId)?.calls.talking).toBeGreaterThanOrEqual(3);
    // The long talks alone take six seconds.
    await until(finished(second, fixture), 'the campaign to finish', 30_000);
    expect(new Set(dialled).size).toBe(dialled.length);
    const found = await outcomes();
    expect(found['open']).toBeUndefined();
    expect(Object.values(found).reduce((sum, n) => sum + n, 0)).toBe(40);
    const { rows } = await world.pool.query(
      'SELECT (SELECT count(*) FROM dials WHERE ended_at IS NULL)::int AS open_dials, (SELECT count(*) FROM calls WHERE ended_at IS NULL)::int AS open_calls',
    );
    expect(rows[0]).toEqual({ open_dials: 0, open_calls: 0 });
  });

  it('ends the calls of a switch that died once each, and goes on when it is back', async () => {
    const script = answers({ ringAfterMs: 5, answerAfterMs: 30, talkMs: 300 });
    const { rig, fixture, exchange } = await start({ leads: 20, agents: 3 }, () => script);
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => (rig.engine.campaign(fixture.campaignId)?.calls.talking ?? 0) >= 2, 'two talks');
    exchange.restart(100, true);
    await until(() => rig.engine.floor().agents.every((agent) => !agent.stationUp), 'stations to be lost');
    await until(() => rig.switch.health().state === 'up', 'the switch to be back');
    await readyAgents(rig.engine, fixture.agentIds);
    await until(finished(rig, fixture), 'the campaign to finish');
    const { rows } = await world.pool.query(
      'SELECT count(*)::int AS attempts, count(DISTINCT number)::int AS numbers, count(outcome)::int AS settled FROM attempts',
    );
    expect(rows[0]).toEqual({ attempts: 20, numbers: 20, settled: 20 });
  });
});
