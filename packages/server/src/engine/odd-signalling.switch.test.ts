import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trunkSettings } from '@qianhu/contracts';
import { SipAgent, type SipCall } from '@qianhu/switch/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import { readyAgents, until, writeFixture } from './testing/engine-world-rig.ts';
import { startRealSwitchRig } from './testing/real-switch-rig.ts';

/** A whole campaign through a real Asterisk whose carrier signals oddly: every attempt gets its right outcome. */

let db: TestDatabase;
let folder: string;
beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
  folder = await mkdtemp(join(tmpdir(), 'qianhu-odd-'));
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const talkAndLeave = async (call: SipCall): Promise<void> => {
  call.answer(700);
  await pause(700);
  await call.hangUp();
};

type Oddity = {
  readonly name: string;
  readonly outcome: string;
  readonly orElse?: string;
  /** The agent ends the talk, where there is one. */
  readonly agentHangsUp?: true;
  readonly play: (call: SipCall) => void | Promise<void>;
};
const ODDITIES: readonly Oddity[] = [
  {
    name: 'a 200 that crosses our CANCEL',
    outcome: 'noAnswer',
    play: async (call) => {
      call.ignoresCancel = true;
      call.ring();
      await until(() => call.endedBy === 'cancel', 'our CANCEL', 20_000);
      call.answer(700);
    },
  },
  {
    name: '180 after 183',
    outcome: 'answered',
    play: async (call) => {
      call.progress(450);
      await pause(200);
      call.ring();
      await pause(200);
      await talkAndLeave(call);
    },
  },
  {
    name: '183 without media',
    outcome: 'answered',
    play: async (call) => {
      call.ring(183);
      await pause(200);
      await talkAndLeave(call);
    },
  },
  {
    name: '183 without media and then busy',
    outcome: 'busy',
    play: async (call) => {
      call.ring(183);
      await pause(200);
      call.refuse(486);
    },
  },
  {
    name: 'a re-INVITE that holds, and one that resumes',
    outcome: 'answered',
    play: async (call) => {
      call.answer(700);
      await call.until('acknowledged');
      await pause(300);
      await call.reInvite('sendonly');
      await pause(300);
      await call.reInvite('sendrecv');
      await call.hangUp();
    },
  },
  {
    name: 'our BYE refused with 481',
    outcome: 'answered',
    agentHangsUp: true,
    play: (call) => {
      call.byeStatus = 481;
      call.answer(700);
    },
  },
  {
    // Asterisk takes such a BYE (the callee left before the agent came) or refuses it with 481 and holds the call until its
    // RTP time-out, when the agent can end it: which of both is a matter of milliseconds.
    name: 'a BYE that overtakes the ACK',
    outcome: 'answered',
    orElse: 'dropped',
    agentHangsUp: true,
    play: async (call) => {
      call.answer(700);
      await call.hangUpTooSoon();
    },
  },
];

it('gives every attempt its right outcome and leaves nothing behind', async () => {
  let carrier: SipAgent | undefined;
  let phone: SipAgent | undefined;
  const rig = await startRealSwitchRig(db.pool, { recordingsFolder: folder });
  try {
    const { engine } = rig;
    const oddityOf = (number: string): Oddity | undefined => ODDITIES[Number(number.slice(-2))];
    carrier = await SipAgent.start({ host: '127.0.0.41', onCall: (call) => oddityOf(call.number)?.play(call) });
    phone = await SipAgent.start({ host: '127.0.0.42', onCall: (call) => call.answer(900) });
    const fixture = await writeFixture(db.pool, {
      leads: ODDITIES.length,
      agents: 1,
      settings: { mode: { kind: 'progressive' }, recording: 'answered', callerIds: [], ringTimeoutMs: 5_000 },
    });
    const line = { host: carrier.host, port: carrier.port, auth: { kind: 'ip' }, qualifySec: 0 };
    await db.pool.query('UPDATE trunks SET settings = $1', [trunkSettings.parse(line)]);
    await db.pool.query('UPDATE users SET station = $1', [
      { kind: 'sip', mode: 'keptUp', contact: `sip:phone@${phone.host}:${phone.port}` },
    ]);
    await engine.reloadTrunks();
    await readyAgents(engine, fixture.agentIds);
    const [agentId] = fixture.agentIds;
    if (agentId === undefined) throw new Error('no agent');
    engine.subscribe((change) => {
      if (change.type !== 'agent' || change.view.phase !== 'talking') return;
      const last = carrier?.incoming.at(-1);
      if (last === undefined || oddityOf(last.number)?.agentHangsUp !== true) return;
      void pause(500).then(() => engine.hangUpAgentCall(agentId).catch(() => undefined));
    });
    await engine.startCampaign(fixture.campaignId);
    await until(
      async () => {
        const { rows } = await db.pool.query<{ n: number }>(
          'SELECT count(*)::int AS n FROM attempts WHERE ended_at IS NOT NULL',
        );
        return rows[0]?.n === ODDITIES.length;
      },
      'every attempt to be over',
      60_000,
    );
    const { rows } = await db.pool.query<{ number: string; outcome: string; dials: number; open: number }>(
      `SELECT a.number, a.outcome, count(d.id)::int AS dials, count(d.id) FILTER (WHERE d.ended_at IS NULL)::int AS open
       FROM attempts a JOIN dials d ON d.attempt_id = a.id GROUP BY a.id ORDER BY a.number`,
    );
    const seen = rows.map(({ number, outcome, dials, open }) => {
      const oddity = oddityOf(number);
      return { name: oddity?.name, outcome: outcome === oddity?.orElse ? oddity.outcome : outcome, dials, open };
    });
    expect(seen).toEqual(ODDITIES.map(({ name, outcome }) => ({ name, outcome, dials: 1, open: 0 })));
    expect(carrier.incoming.length).toBe(ODDITIES.length);
    const alive = async (): Promise<number> => (await rig.switch.snapshot()).legs.length;
    await until(async () => (await alive()) === 1, 'only the station to be left', 20_000);
  } finally {
    carrier?.close();
    phone?.close();
    await rig.close();
  }
}, 180_000);
