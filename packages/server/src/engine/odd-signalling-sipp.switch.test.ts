import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trunkSettings } from '@qianhu/contracts';
import type { AgentId, CampaignId } from '@qianhu/core';
import { runSipp, type RunningSipp, type SippResult, type SippScenario } from '@qianhu/lab';
import { ensureSipp, isRoot, resolveHome } from '@qianhu/parts';
import { SipAgent } from '@qianhu/switch/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import { readyAgents, until, writeFixture } from './testing/engine-world-rig.ts';
import { startRealSwitchRig, type RealSwitchRig } from './testing/real-switch-rig.ts';

/**
 * Campaigns through a real Asterisk whose carriers are sipp, each with a campaign, a trunk and an agent of its own, all at
 * once: what our rows say of each lead is held against what sipp counted.
 */

const LEADS = 2;

type Carrier = {
  readonly scenario: SippScenario;
  readonly outcome: 'answered' | 'noAnswer';
  /** How long the agent talks; without it the callee leaves. Long enough for all that sipp does in a talk. */
  readonly talkMs?: number;
};
const CARRIERS: readonly Carrier[] = [
  { scenario: 'uas-late-answer', outcome: 'noAnswer' },
  { scenario: 'uas-180-after-183', outcome: 'answered', talkMs: 500 },
  { scenario: 'uas-183-without-sdp', outcome: 'answered', talkMs: 500 },
  { scenario: 'uas-reinvite-hold', outcome: 'answered', talkMs: 3_000 },
  { scenario: 'uas-session-timer', outcome: 'answered', talkMs: 2_000 },
  { scenario: 'uas-answer-and-leave', outcome: 'answered' },
];
const PAUSE_MS = 300;

let db: TestDatabase;
let folder: string;
let program: Awaited<ReturnType<typeof ensureSipp>>;
beforeAll(async () => {
  const { QIANHU_HOME: home, QIANHU_PARTS: parts } = process.env;
  const { partsDir } = resolveHome({ home, parts, isRoot: isRoot(), cwd: process.cwd() });
  program = await ensureSipp({ partsDir });
  db = await createTestDatabase({ max: 10 });
  folder = await mkdtemp(join(tmpdir(), 'qianhu-sipp-'));
}, 600_000);
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

const freeUdpPort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });

type Staged = {
  readonly carrier: Carrier;
  readonly sipp: RunningSipp;
  readonly campaignId: CampaignId;
  readonly agentId: AgentId;
};

/** Starts the far end, and writes the campaign that dials it. Leads of different carriers have different numbers. */
const stage = async (carrier: Carrier, n: number, started: RunningSipp[]): Promise<Staged> => {
  const { campaignId, trunkIds, listId, agentIds } = await writeFixture(db.pool, {
    leads: LEADS,
    agents: 1,
    settings: { mode: { kind: 'progressive' }, recording: 'answered', callerIds: [], ringTimeoutMs: 5_000 },
  });
  const [agentId] = agentIds;
  if (agentId === undefined) throw new Error('no agent');
  const port = await freeUdpPort();
  const first = 31_200 + 100 * n;
  const rtp = { first, last: first + 98 };
  const { scenario } = carrier;
  const sipp = await runSipp({ program, scenario, port, dir: folder, pauseMs: PAUSE_MS, calls: LEADS, rtp });
  started.push(sipp);
  // Health checks off: sipp would count each as a call.
  const line = { host: '127.0.0.1', port, auth: { kind: 'ip' }, qualifySec: 0 };
  await db.pool.query('UPDATE trunks SET settings = $1 WHERE id = ANY($2)', [trunkSettings.parse(line), trunkIds]);
  await db.pool.query(`UPDATE leads SET number = '+861390000' || $1 || right(number, 2) WHERE list_id = $2`, [
    String(10 + n),
    listId,
  ]);
  return { carrier, sipp, campaignId, agentId };
};

type Count = {
  readonly exitCode: number;
  readonly successful: number;
  readonly failed: number;
  readonly early: boolean;
};

/**
 * What sipp says of its calls, once all are over. A message that never comes would leave it waiting.
 * `early`: we hung up before it had done all; it notes that and goes on, so that its count alone would not tell.
 */
const resultOf = async (sipp: RunningSipp): Promise<Count> => {
  let result: SippResult | undefined;
  void sipp.done.then((seen) => (result = seen));
  await until(() => result !== undefined, 'sipp to have ended', 30_000).catch(() => undefined);
  const { exitCode, successful, failed, errors } = result ?? (await sipp.stop(0));
  return { exitCode, successful, failed, early: errors.includes('unexpected BYE') };
};

/** Agents end each talk after their carrier's while. */
const endTalks = ({ engine }: RealSwitchRig, staged: readonly Staged[]): void => {
  const talkMs = new Map(staged.map(({ agentId, carrier }) => [agentId, carrier.talkMs]));
  const talking = new Set<AgentId>();
  engine.subscribe((change) => {
    if (change.type !== 'agent') return;
    const { agentId, phase } = change.view;
    if (phase !== 'talking') {
      talking.delete(agentId);
      return;
    }
    const ms = talkMs.get(agentId);
    if (ms === undefined || talking.has(agentId)) return;
    talking.add(agentId);
    setTimeout(() => void engine.hangUpAgentCall(agentId).catch(() => undefined), ms);
  });
};

it('gives every lead the outcome that sipp saw, and every call goes as its scenario says', async () => {
  const started: RunningSipp[] = [];
  let phone: SipAgent | undefined;
  const rig = await startRealSwitchRig(db.pool, { recordingsFolder: folder });
  try {
    const { engine } = rig;
    phone = await SipAgent.start({ host: '127.0.0.43', onCall: (call) => call.answer(900) });
    const staged: Staged[] = [];
    for (const [n, carrier] of CARRIERS.entries()) staged.push(await stage(carrier, n, started));
    await db.pool.query('UPDATE users SET station = $1', [
      { kind: 'sip', mode: 'keptUp', contact: `sip:phone@${phone.host}:${phone.port}` },
    ]);
    await engine.reloadTrunks();
    await readyAgents(
      engine,
      staged.map(({ agentId }) => agentId),
    );
    endTalks(rig, staged);
    for (const { campaignId } of staged) await engine.startCampaign(campaignId);
    await until(
      async () => {
        const { rows } = await db.pool.query<{ n: number }>(
          'SELECT count(*)::int AS n FROM attempts WHERE ended_at IS NOT NULL',
        );
        return rows[0]?.n === staged.length * LEADS;
      },
      'every attempt to be over',
      60_000,
    );
    const { rows } = await db.pool.query<{ campaign: string; outcome: string; dials: number; open: number }>(
      `SELECT a.campaign_id AS campaign, a.outcome, count(d.id)::int AS dials,
         count(d.id) FILTER (WHERE d.ended_at IS NULL)::int AS open
       FROM attempts a JOIN dials d ON d.attempt_id = a.id GROUP BY a.id`,
    );
    const seen = await Promise.all(
      staged.map(async ({ carrier, campaignId, sipp }) => ({
        scenario: carrier.scenario,
        attempts: rows
          .filter(({ campaign }) => campaign === campaignId)
          .map(({ outcome, dials, open }) => ({ outcome, dials, open })),
        sipp: await resultOf(sipp),
      })),
    );
    expect(seen).toEqual(
      CARRIERS.map(({ scenario, outcome }) => ({
        scenario,
        attempts: Array.from({ length: LEADS }, () => ({ outcome, dials: 1, open: 0 })),
        sipp: { exitCode: 0, successful: LEADS, failed: 0, early: false },
      })),
    );
    const alive = async (): Promise<number> => (await rig.switch.snapshot()).legs.length;
    await until(async () => (await alive()) === staged.length, 'only the stations to be left', 20_000);
  } finally {
    await Promise.all(started.map((sipp) => sipp.stop(500)));
    phone?.close();
    await rig.close();
  }
}, 180_000);
