import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, type StartRecording, type Switch, type VirtualSwitch } from '@qianhu/switch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engineTests } from './testing/engine-tests.ts';
import { readyAgents, until, virtualExchange, writeFixture } from './testing/engine-world-rig.ts';

let folder: string;

const world = engineTests();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qianhu-recording-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The switch, telling each recording and bridge it is asked for. */
const watching =
  (told: string[]) =>
  (virtual: VirtualSwitch): Switch =>
    new Proxy<Switch>(virtual, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...parts: unknown[]): unknown => {
          if (name === 'startRecording')
            told.push((parts[0] as StartRecording).rightLegId === undefined ? 'record callee' : 'record both');
          if (name === 'addToBridge') told.push('bridge');
          return (value as (...parts: unknown[]) => unknown).apply(target, parts);
        };
      },
    });

type Row = {
  outcome: string;
  agent_id: string | null;
  state: string;
  path: string | null;
  recorded_ms: number;
  answered_ms: number;
  ended_ms: number;
  bridged_ms: number | null;
};

const rows = async (): Promise<readonly Row[]> =>
  (
    await world.pool.query<Row>(
      `SELECT a.outcome, r.agent_id, r.state, r.path, r.duration_ms AS recorded_ms, extract(epoch FROM a.answered_at)::float8 * 1000 AS answered_ms,
              extract(epoch FROM a.ended_at)::float8 * 1000 AS ended_ms, extract(epoch FROM a.bridged_at)::float8 * 1000 AS bridged_ms
       FROM recordings r JOIN attempts a ON a.id = r.attempt_id ORDER BY a.answered_at, r.started_at`,
    )
  ).rows;

const settled = async (count: number): Promise<void> =>
  until(async () => {
    const all = await rows();
    return all.length >= count && all.every((row) => row.state === 'done' && row.outcome !== null);
  }, `${count} finished recordings`);

const long = answers({ ringAfterMs: 5, answerAfterMs: 20 });

describe('the recording of an answered call', () => {
  it('holds who waited for an agent in vain, from the answer to the end, with nobody on the right', async () => {
    const { fixture, rig } = await world.start(
      {
        leads: 3,
        agents: 1,
        settings: { recording: 'answered', mode: { kind: 'ratio', linesPerAgent: 3 }, agentWaitMs: 300 },
      },
      { calleeFor: () => long, soundMs: () => 200, recordingDir: folder },
      { recordingsFolder: folder },
    );
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => rig.engine.campaign(fixture.campaignId)?.outcomes['dropped'] === 2, 'two drops');
    await rig.engine.hangUpAgentCall(fixture.agentIds[0] as never);
    await settled(3);
    const dropped = (await rows()).filter((row) => row.outcome === 'dropped');
    expect(dropped).toHaveLength(2);
    for (const row of dropped) {
      expect(row.agent_id).toBeNull();
      // From the answer through the message: the switch's time, so within the delay of a command on a busy machine.
      expect(row.recorded_ms).toBeGreaterThan((row.ended_ms - row.answered_ms) / 2);
      const wav = await readFile(row.path ?? '');
      expect(wav.readUInt16LE(22)).toBe(2);
      let right = 0;
      for (let at = 46; at + 2 <= wav.length; at += 4) right = Math.max(right, Math.abs(wav.readInt16LE(at)));
      expect(right).toBe(0);
    }
  });

  it('begins with both sides and without a command before the bridge when an agent is there', async () => {
    const told: string[] = [];
    const { fixture, rig } = await world.start(
      { leads: 1, agents: 1, settings: { recording: 'answered' } },
      { calleeFor: () => long, soundMs: () => 200, recordingDir: folder },
      { recordingsFolder: folder, wrap: watching(told) },
    );
    told.length = 0;
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => rig.engine.campaign(fixture.campaignId)?.calls.talking === 1, 'a talk');
    expect(told).toEqual(['record both', 'bridge']);
    await rig.engine.hangUpAgentCall(fixture.agentIds[0] as never);
    await settled(1);
    expect((await rows()).map((row) => row.agent_id)).toEqual(fixture.agentIds);
  });

  it('is one when an agent comes late, who joins it', async () => {
    const told: string[] = [];
    const { fixture, rig } = await world.start(
      {
        leads: 2,
        agents: 1,
        settings: { recording: 'answered', mode: { kind: 'ratio', linesPerAgent: 2 }, agentWaitMs: 60_000 },
      },
      { calleeFor: () => long, soundMs: () => 200, recordingDir: folder },
      { recordingsFolder: folder, wrap: watching(told) },
    );
    told.length = 0;
    await rig.engine.startCampaign(fixture.campaignId);
    const [agentId] = fixture.agentIds;
    if (agentId === undefined) throw new Error('no agent');
    await until(() => {
      const calls = rig.engine.campaign(fixture.campaignId)?.calls;
      return calls?.talking === 1 && calls.waiting === 1;
    }, 'a talk and a callee who waits');
    await rig.engine.hangUpAgentCall(agentId);
    await until(() => told.filter((one) => one === 'bridge').length === 2, 'the other bridge');
    await until(() => rig.engine.agent(agentId)?.phase === 'talking', 'the other talk');
    await rig.engine.hangUpAgentCall(agentId);
    await settled(2);
    expect([...told].sort()).toEqual(['bridge', 'bridge', 'record both', 'record both', 'record callee']);
    const late = (await rows()).at(-1);
    expect(late?.agent_id).toBe(agentId);
    expect(await rows()).toHaveLength(2);
  });

  it('is finished after our own crash also when its callee waited and is gone', async () => {
    const fixture = await writeFixture(world.pool, {
      leads: 2,
      agents: 1,
      settings: { recording: 'answered', mode: { kind: 'ratio', linesPerAgent: 2 }, agentWaitMs: 60_000 },
    });
    const exchange = virtualExchange({ calleeFor: () => long, soundMs: () => 200, recordingDir: folder });
    const first = world.rig(exchange, { recordingsFolder: folder, holder: 'one process' });
    const second = world.rig(exchange, { recordingsFolder: folder, holder: 'one process' });
    await first.engine.start();
    await readyAgents(first.engine, fixture.agentIds);
    await first.engine.startCampaign(fixture.campaignId);
    await until(async () => {
      const { rows: found } = await world.pool.query("SELECT 1 FROM recordings WHERE state = 'recording'");
      return found.length === 2 && first.engine.campaign(fixture.campaignId)?.calls.waiting === 1;
    }, 'a talk and a callee who waits, both recorded');
    const { rows: waiting } = await world.pool.query<{ leg: string }>(
      "SELECT state -> 'callee' ->> 'legId' AS leg FROM calls WHERE phase = 'waiting'",
    );
    // The process is gone: nobody hears that the callee hangs up, nor that the recording is over.
    first.switch.loseConnection(60_000);
    exchange.direct(waiting[0]?.leg as never, { steps: [{ afterMs: 0, do: 'hangUp' }] });
    await second.engine.start();
    await until(() => second.engine.campaign(fixture.campaignId)?.outcomes['dropped'] === 1, 'the drop');
    await second.engine.hangUpAgentCall(fixture.agentIds[0] as never);
    await settled(2);
    expect((await rows()).map((row) => row.outcome).sort()).toEqual(['answered', 'dropped']);
  });
});

describe('after our own crash', () => {
  it('the music of a callee who waits for another agent stops when that agent comes', async () => {
    const fixture = await writeFixture(world.pool, { leads: 1, agents: 2, settings: { recording: 'answered' } });
    const exchange = virtualExchange({ calleeFor: () => long, soundMs: () => 600_000, recordingDir: folder });
    const first = world.rig(exchange, { recordingsFolder: folder, holder: 'one process' });
    const second = world.rig(exchange, { recordingsFolder: folder, holder: 'one process' });
    await first.engine.start();
    const [one, other] = fixture.agentIds;
    if (one === undefined || other === undefined) throw new Error('no agents');
    await readyAgents(first.engine, [one]);
    await first.engine.startCampaign(fixture.campaignId);
    await until(() => first.engine.agent(one)?.phase === 'talking', 'a talk');
    const { rows: dials } = await world.pool.query<{ id: string }>('SELECT id FROM dials');
    const callee = dials[0]?.id as never;
    const { rows: agents } = await world.pool.query<{ leg: string }>(
      "SELECT state -> 'station' ->> 'legId' AS leg FROM agents WHERE user_id = $1",
      [one],
    );
    exchange.direct(agents[0]?.leg as never, { steps: [{ afterMs: 0, do: 'hangUp' }] });
    await until(() => exchange.audibleTo(callee).some((sound) => sound.startsWith('file:')), 'the music');
    await until(async () => {
      const { rows: found } = await world.pool.query("SELECT 1 FROM calls WHERE phase = 'waiting'");
      return found.length === 1;
    }, 'the wait to be written');
    await second.engine.start();
    expect(exchange.audibleTo(callee).some((sound) => sound.startsWith('file:'))).toBe(true);
    await readyAgents(second.engine, [other]);
    await until(() => second.engine.agent(other)?.phase === 'talking', 'the other talk');
    expect(exchange.audibleTo(callee)).toEqual([expect.stringMatching(/^leg:/)]);
    await second.engine.hangUpAgentCall(other);
    // One for each talk; the wait between them belongs to the second.
    await settled(2);
  });

  it('a callee whose message ended meanwhile is not left in silence', async () => {
    const fixture = await writeFixture(world.pool, {
      leads: 2,
      agents: 1,
      settings: { mode: { kind: 'ratio', linesPerAgent: 2 }, agentWaitMs: 50 },
    });
    const exchange = virtualExchange({ calleeFor: () => long, soundMs: () => 600_000 });
    const first = world.rig(exchange, { holder: 'one process' });
    const second = world.rig(exchange, { holder: 'one process' });
    await first.engine.start();
    await readyAgents(first.engine, fixture.agentIds);
    await first.engine.startCampaign(fixture.campaignId);
    await until(async () => {
      const { rows: found } = await world.pool.query("SELECT 1 FROM calls WHERE phase = 'announcing'");
      return found.length === 1;
    }, 'a message');
    const { rows: calls } = await world.pool.query<{ playback: string }>(
      "SELECT state ->> 'playbackId' AS playback FROM calls WHERE phase = 'announcing'",
    );
    first.switch.loseConnection(60_000);
    exchange.playbacks.stop(calls[0]?.playback as never);
    await second.engine.start();
    // Its guard would wait half a minute, which is longer than this waits.
    await until(() => second.engine.campaign(fixture.campaignId)?.outcomes['dropped'] === 1, 'the drop to be settled');
  });
});
