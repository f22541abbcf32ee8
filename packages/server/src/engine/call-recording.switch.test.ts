import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AsteriskSwitch, silentLogger as silentSwitchLogger } from '@qianhu/switch';
import { SipAgent, startAsteriskUnderTest, type AsteriskUnderTest } from '@qianhu/switch/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realClock } from '../platform/clock.ts';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import { createEngineRig, readyAgents, until, virtualExchange, writeFixture } from './testing/engine-world-rig.ts';

/** What the engine's recordings hold on a real Asterisk, with callees and a phone that each send a tone of their own. */

let db: TestDatabase;
let asterisk: AsteriskUnderTest;
let folder: string;
beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
  asterisk = await startAsteriskUnderTest();
  folder = await mkdtemp(join(tmpdir(), 'qianhu-recording-'));
}, 600_000);
afterAll(async () => {
  await asterisk.close();
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

const PHONE_HZ = 900;
const CALLEE_HZ = [700, 1100, 1300] as const;

/** Share of a channel's energy at one frequency between two instants of a WAV (Goertzel); 0 for silence. */
const share = (wav: Buffer, channel: 0 | 1, hz: number, fromMs: number, toMs: number): number => {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / 8000);
  let [before, last, energy, count] = [0, 0, 0, 0];
  const end = Math.min(wav.length - 4, 44 + toMs * 32);
  for (let at = 44 + Math.max(0, fromMs) * 32; at <= end; at += 4) {
    const sample = wav.readInt16LE(at + channel * 2);
    energy += sample * sample;
    [before, last] = [last, sample + coefficient * last - before];
    count += 1;
  }
  if (count === 0 || energy < count * 400) return 0;
  return (2 * (before * before + last * last - coefficient * before * last)) / (count * energy);
};

it('holds each answered callee from the answer on: bridged at once, bridged late, and dropped', async () => {
  const closers: (() => Promise<void> | void)[] = [];
  try {
    let calls = 0;
    const carrier = await SipAgent.start({
      host: '127.0.0.21',
      onCall: (call) => call.answer(CALLEE_HZ[calls++ % CALLEE_HZ.length]),
    });
    const phone = await SipAgent.start({ host: '127.0.0.22', onCall: (call) => call.answer(PHONE_HZ) });
    closers.push(
      () => carrier.close(),
      () => phone.close(),
    );
    const fixture = await writeFixture(db.pool, {
      leads: 3,
      agents: 1,
      settings: {
        recording: 'answered',
        mode: { kind: 'ratio', linesPerAgent: 3 },
        agentWaitMs: 4_000,
        callerIds: [],
      },
    });
    await db.pool.query(
      "UPDATE trunks SET settings = settings || jsonb_build_object('host', $1::text, 'port', $2::int)",
      [carrier.host, carrier.port],
    );
    await db.pool.query(
      "UPDATE users SET station = jsonb_build_object('kind', 'sip', 'mode', 'keptUp', 'contact', $1::text)",
      [`sip:phone@${phone.host}:${String(phone.port)}`],
    );
    const rig = createEngineRig(db.pool, virtualExchange(), {
      recordingsFolder: folder,
      promptFile: asterisk.prompt,
      wrap: () =>
        new AsteriskSwitch({
          ariUrl: asterisk.ariUrl,
          username: asterisk.spec.ari.username,
          password: asterisk.spec.ari.password,
          app: asterisk.app,
          spoolDir: asterisk.paths.spool,
          celFile: asterisk.paths.celFile,
          controlSocket: asterisk.controlSocket,
          clock: realClock(),
          logger: silentSwitchLogger,
        }),
    });
    await rig.engine.start();
    closers.push(() => rig.engine.stop());
    await readyAgents(rig.engine, fixture.agentIds);
    const [agentId] = fixture.agentIds;
    if (agentId === undefined) throw new Error('no agent');
    await rig.engine.startCampaign(fixture.campaignId);
    const live = () => rig.engine.campaign(fixture.campaignId);
    await until(() => live()?.calls.talking === 1 && live()?.calls.waiting === 2, 'one talk and two who wait', 20_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await rig.engine.hangUpAgentCall(agentId);
    await until(() => live()?.calls.talking === 1 && live()?.calls.waiting === 1, 'the late talk', 20_000);
    await until(() => live()?.outcomes['dropped'] === 1, 'the drop', 20_000);
    await rig.engine.hangUpAgentCall(agentId);
    await until(async () => {
      const { rows } = await db.pool.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM recordings WHERE state = 'done'",
      );
      return rows[0]?.n === 3;
    }, 'three recordings');
    const { rows } = await db.pool.query<{
      path: string;
      outcome: string;
      answered: number;
      bridged: number | null;
      ended: number;
      started: number;
      agent_id: string | null;
    }>(
      `SELECT r.path, r.agent_id, a.outcome, extract(epoch FROM a.answered_at)::float8 * 1000 AS answered, extract(epoch FROM a.bridged_at)::float8 * 1000 AS bridged,
              extract(epoch FROM a.ended_at)::float8 * 1000 AS ended, extract(epoch FROM r.started_at)::float8 * 1000 AS started
       FROM recordings r JOIN attempts a ON a.id = r.attempt_id ORDER BY a.bridged_at NULLS LAST`,
    );
    expect(rows.map((row) => [row.outcome, row.agent_id])).toEqual([
      ['answered', agentId],
      ['answered', agentId],
      ['dropped', null],
    ]);
    for (const row of rows) {
      const wav = await readFile(row.path);
      const lengthMs = (wav.length - 44) / 32;
      // Set-up of the snoops costs a moment, more of it on a busy machine.
      expect(lengthMs).toBeGreaterThan(row.ended - row.answered - 1_500);
      const left = Math.max(...CALLEE_HZ.map((hz) => share(wav, 0, hz, 200, lengthMs - 400)));
      expect(left).toBeGreaterThan(0.8);
      if (row.bridged === null) {
        expect(share(wav, 1, PHONE_HZ, 0, lengthMs)).toBe(0);
        continue;
      }
      expect(share(wav, 1, PHONE_HZ, lengthMs - 700, lengthMs - 200)).toBeGreaterThan(0.8);
      const aloneMs = row.bridged - row.started - 500;
      if (aloneMs > 500) expect(share(wav, 1, PHONE_HZ, 0, aloneMs)).toBe(0);
    }
    expect((rows[1]?.bridged ?? 0) - (rows[1]?.answered ?? 0)).toBeGreaterThan(1_000);
  } finally {
    for (const close of closers.reverse()) await close();
  }
});
