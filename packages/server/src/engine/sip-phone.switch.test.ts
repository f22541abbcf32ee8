import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trunkSettings } from '@qianhu/contracts';
import { SipAgent, toneShare } from '@qianhu/switch/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import { phoneUsername } from './agent-row.ts';
import { until, writeFixture, type Fixture } from './testing/engine-world-rig.ts';
import { startRealSwitchRig, type RealSwitchRig } from './testing/real-switch-rig.ts';

/** A SIP phone that registers with a password, on a real Asterisk. */

const PASSWORD = 'k3vu-9qlx-2amn-7pqr';
const CALLEE_HZ = 700;
const AGENT_HZ = 1_100;

let db: TestDatabase;
let folder: string;
let rig: RealSwitchRig | undefined;
const farEnds: SipAgent[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
  folder = await mkdtemp(join(tmpdir(), 'qianhu-sip-phone-'));
});
afterEach(async () => {
  for (const farEnd of farEnds.splice(0)) farEnd.close();
  await rig?.close();
  rig = undefined;
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

const startFarEnd = async (options: Parameters<typeof SipAgent.start>[0]): Promise<SipAgent> => {
  const farEnd = await SipAgent.start(options);
  farEnds.push(farEnd);
  return farEnd;
};

/** One lead behind a scripted carrier, one agent whose phone registers. */
const house = async (): Promise<Fixture & { readonly carrier: SipAgent }> => {
  const carrier = await startFarEnd({ host: '127.0.0.3', onCall: (call) => call.answer(CALLEE_HZ) });
  const fixture = await writeFixture(db.pool, {
    leads: 1,
    agents: 1,
    settings: { mode: { kind: 'progressive' }, recording: 'none' },
  });
  const settings = trunkSettings.parse({ host: '127.0.0.3', port: carrier.port, auth: { kind: 'ip' }, qualifySec: 0 });
  await db.pool.query('UPDATE trunks SET settings = $1', [settings]);
  await db.pool.query(`UPDATE users SET station = '{"kind":"sip","mode":"keptUp"}', phone_secret_enc = $1`, [
    Buffer.from(PASSWORD),
  ]);
  return { ...fixture, carrier };
};

it('registers with its password, takes a callee, hears and is heard; a wrong password is refused', async () => {
  const { carrier, agentIds, campaignId } = await house();
  rig = await startRealSwitchRig(db.pool, { recordingsFolder: folder, openSecret: (sealed) => sealed.toString() });
  const { engine, sip } = rig;
  const agentId = agentIds[0];
  if (agentId === undefined) throw new Error('no agent');
  const username = phoneUsername(agentId);
  const phone = await startFarEnd({ onCall: (call) => call.answer(AGENT_HZ) });

  expect(await phone.register(sip, username, 'wrong-password')).toBe(401);
  expect(await phone.register(sip, 'nobody', PASSWORD)).toBe(401);
  await expect(engine.logInAgent(agentId)).rejects.toMatchObject({ details: { reason: 'phoneNotRegistered' } });
  expect(engine.agent(agentId)?.phase ?? 'loggedOut').toBe('loggedOut');

  expect(await phone.register(sip, username, PASSWORD)).toBe(200);
  await engine.logInAgent(agentId);
  await until(() => engine.agent(agentId)?.stationUp === true, 'the phone to be up');
  await engine.readyAgent(agentId);
  await engine.startCampaign(campaignId);
  const callee = await carrier.call();
  await until(() => engine.agent(agentId)?.phase === 'talking', 'the talk');
  const atPhone = await phone.call();
  await until(() => toneShare(atPhone.rtp.heard(), CALLEE_HZ) > 0.5, 'the agent to hear the callee');
  await until(() => toneShare(callee.rtp.heard(), AGENT_HZ) > 0.5, 'the callee to hear the agent');
  await callee.hangUp();
  await until(() => engine.agent(agentId)?.phase !== 'talking', 'the end of the talk');
  expect(engine.agent(agentId)?.stationUp).toBe(true);
});

it('is rung no more with an old password, and not at all after its person was disabled', async () => {
  const { agentIds } = await house();
  rig = await startRealSwitchRig(db.pool, { recordingsFolder: folder, openSecret: (sealed) => sealed.toString() });
  const { engine, sip } = rig;
  const agentId = agentIds[0];
  if (agentId === undefined) throw new Error('no agent');
  const username = phoneUsername(agentId);
  const phone = await startFarEnd({ onCall: (call) => call.answer(AGENT_HZ) });
  expect(await phone.register(sip, username, PASSWORD)).toBe(200);
  await db.pool.query('UPDATE users SET phone_secret_enc = $1 WHERE id = $2', [Buffer.from('another-one'), agentId]);
  await engine.reloadAgentPhone(agentId);
  expect(await phone.register(sip, username, PASSWORD)).toBe(401);
  expect(await phone.register(sip, username, 'another-one')).toBe(200);
  await db.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [agentId]);
  await engine.reloadAgentPhone(agentId);
  expect(await phone.register(sip, username, 'another-one')).toBe(401);
});
