import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trunkSettings } from '@qianhu/contracts';
import { isRoot } from '@qianhu/parts';
import { SipAgent, startAsteriskUnderTest } from '@qianhu/switch/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHealthService } from '../features/health/health-service.ts';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import { readyAgents, until, writeFixture } from './testing/engine-world-rig.ts';
import { startRealSwitchRig } from './testing/real-switch-rig.ts';

/** A disk that runs full while a real Asterisk records. A small disk needs root to be mounted; elsewhere this is skipped. */

const mount = (folder: string, kib: number): boolean => {
  const { uid, gid } = statSync(folder);
  const options = `size=${kib}k,uid=${uid},gid=${gid},mode=755`;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
};
const unmount = (folder: string): void => void execFileSync('umount', ['-l', folder], { stdio: 'pipe' });

let db: TestDatabase;
let folder: string;
beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
  folder = await mkdtemp(join(tmpdir(), 'qianhu-full-disk-'));
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

it.skipIf(!isRoot())(
  'leaves the talk and its result alone; the recording keeps what fitted and says why its end is missing',
  async (context) => {
    const asterisk = await startAsteriskUnderTest();
    const { recordings } = asterisk.paths;
    if (!mount(recordings, 128)) {
      await asterisk.close();
      context.skip('this machine lets nobody mount');
    }
    const carrier = await SipAgent.start({ host: '127.0.0.31', onCall: (call) => call.answer(700) });
    const phone = await SipAgent.start({ host: '127.0.0.32', onCall: (call) => call.answer(900) });
    const rig = await startRealSwitchRig(db.pool, { recordingsFolder: folder, asterisk }).catch((error: unknown) => {
      unmount(recordings);
      throw error;
    });
    try {
      const { engine } = rig;
      const fixture = await writeFixture(db.pool, {
        leads: 1,
        agents: 1,
        settings: { mode: { kind: 'progressive' }, recording: 'answered', callerIds: [] },
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
      await engine.startCampaign(fixture.campaignId);
      await until(() => engine.agent(agentId)?.phase === 'talking', 'the talk', 20_000);
      const row = async (n: number): Promise<{ state: string; error: string | null; duration_ms: number | null }> => {
        const { rows } = await db.pool.query<{ state: string; error: string | null; duration_ms: number | null }>(
          'SELECT state, error, duration_ms FROM recordings ORDER BY started_at, id',
        );
        return rows[n] ?? { state: 'none', error: null, duration_ms: null };
      };
      await until(async () => (await row(0)).state === 'done', 'the disk to be full', 40_000);
      expect(await row(0)).toMatchObject({ error: 'The disk is full.' });
      expect((await row(0)).duration_ms).toBeGreaterThan(2_000);
      // The talk goes on.
      expect(engine.agent(agentId)?.phase).toBe('talking');
      expect(carrier.incoming[0]?.state).toBe('acknowledged');
      const health = createHealthService({ pool: db.pool, engine, home: recordings, version: 'test' });
      const disk = (await health.check({ withDetails: true })).parts.find(({ part }) => part === 'disk');
      expect(disk).toMatchObject({ isUp: false });

      await engine.pauseAgent(agentId, 'lunch');
      await carrier.incoming[0]?.hangUp();
      await until(() => engine.agent(agentId)?.phase === 'paused', 'the end of the talk');
      await until(
        async () => (await db.pool.query('SELECT 1 FROM attempts WHERE outcome IS NULL')).rowCount === 0,
        'the result',
      );
      const { rows } = await db.pool.query('SELECT DISTINCT outcome FROM attempts');
      expect(rows).toEqual([{ outcome: 'answered' }]);
    } finally {
      carrier.close();
      phone.close();
      unmount(recordings);
      await rig.close();
    }
  },
  120_000,
);
