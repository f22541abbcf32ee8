import { mkdtempSync, rmSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BridgeId } from '@qianhu/core';
import { ensureSipp, isRoot, resolveHome } from '@qianhu/parts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { runSipp, type RunningSipp, type SippScenario } from './sipp.ts';
import { startCaller, type Caller } from './testing/caller.ts';

let caller: Caller;
let port = 0;
let dir = '';
let program: Awaited<ReturnType<typeof ensureSipp>>;
let running: RunningSipp | undefined;

const freeUdpPort = (): Promise<number> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1', () => {
      const { port: found } = socket.address();
      socket.close(() => resolve(found));
    });
  });

beforeAll(async () => {
  const { QIANHU_HOME: home, QIANHU_PARTS: parts } = process.env;
  const { partsDir } = resolveHome({ home, parts, isRoot: isRoot(), cwd: process.cwd() });
  program = await ensureSipp({ partsDir });
  port = await freeUdpPort();
  dir = mkdtempSync(join(tmpdir(), 'qianhu-sipp-'));
  caller = await startCaller(port);
}, 600_000);
afterAll(async () => {
  await caller.close();
  rmSync(dir, { recursive: true, force: true });
});
afterEach(async () => {
  await running?.stop(100);
  running = undefined;
});

const farEnd = async (scenario: SippScenario, pauseMs = 500): Promise<RunningSipp> => {
  running = await runSipp({ program, scenario, port, dir, pauseMs, calls: 1, rtp: { first: 31_000, last: 31_100 } });
  return running;
};
const went = { exitCode: 0, successful: 1, failed: 0 };

test('a far end that answers stays until we hang up', async () => {
  const sipp = await farEnd('uas-answer-and-hold');
  const legId = await caller.dial('1');
  await caller.untilLeg(legId, 'legAnswered');
  await caller.sw.hangUp(legId, 'normal');
  expect(await sipp.done).toMatchObject(went);
  expect(caller.story(legId)).toEqual(['legRinging', 'legAnswered', 'legEnded']);
});

test('an answer that crosses our CANCEL is acknowledged and hung up, and the leg ends once', async () => {
  const sipp = await farEnd('uas-late-answer');
  const legId = await caller.dial('1');
  await caller.untilLeg(legId, 'legRinging');
  await caller.sw.hangUp(legId, 'normal');
  const { ending } = await caller.untilLeg(legId, 'legEnded');
  expect(ending.by).toBe('us');
  expect(await sipp.done).toMatchObject(went);
  expect(caller.story(legId).filter((type) => type === 'legEnded')).toHaveLength(1);
});

test('180 after 183 does not hide the progress, and the answer comes', async () => {
  const sipp = await farEnd('uas-180-after-183');
  const bridgeId = 'early' as BridgeId;
  await caller.sw.createBridge(bridgeId);
  const legId = await caller.dial('1', { earlyMediaBridgeId: bridgeId });
  await caller.untilLeg(legId, 'legProgress');
  await caller.untilLeg(legId, 'legAnswered');
  await caller.sw.hangUp(legId, 'normal');
  expect(await sipp.done).toMatchObject(went);
});

test('183 without SDP is followed by a normal answer', async () => {
  const sipp = await farEnd('uas-183-without-sdp');
  const legId = await caller.dial('1');
  await caller.untilLeg(legId, 'legAnswered');
  await caller.sw.hangUp(legId, 'normal');
  expect(await sipp.done).toMatchObject(went);
});

test('a far end that holds us by re-INVITE and comes back keeps the call', async () => {
  const sipp = await farEnd('uas-reinvite-hold', 600);
  const legId = await caller.dial('1');
  await caller.untilLeg(legId, 'legAnswered');
  // Both re-INVITEs pass before we hang up.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(caller.story(legId)).not.toContain('legEnded');
  await caller.sw.hangUp(legId, 'normal');
  expect(await sipp.done).toMatchObject(went);
});

test('a far end with its own session interval gets the INVITE again and may refresh the session', async () => {
  const sipp = await farEnd('uas-session-timer', 600);
  const legId = await caller.dial('1');
  await caller.untilLeg(legId, 'legAnswered');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(caller.story(legId)).not.toContain('legEnded');
  await caller.sw.hangUp(legId, 'normal');
  expect(await sipp.done).toMatchObject(went);
});
