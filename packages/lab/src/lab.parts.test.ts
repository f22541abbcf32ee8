import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { BridgeId, EndpointId, LegId, RecordingId, TrunkId } from '@qianhu/core';
import { findRunningAsterisk, isRoot, resolveHome } from '@qianhu/parts';
import type { SwitchEvent } from '@qianhu/switch';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { until } from '../../switch/src/testing/until.ts';
import type { RecordedCall } from './call-record.ts';
import { labClient, type LabClient } from './lab-client.ts';
import type { LabReady } from './lab-config.ts';
import { launchLab, stopLab, type LaunchOptions } from './launch-lab.ts';
import { startCaller, type Caller } from './testing/caller.ts';

const here = dirname(fileURLToPath(import.meta.url));
let dir = '';
let launch: LaunchOptions;
let ready: LabReady;
let lab: LabClient;
let caller: Caller;

beforeAll(async () => {
  const { QIANHU_HOME: home, QIANHU_PARTS: parts } = process.env;
  const { partsDir } = resolveHome({ home, parts, isRoot: isRoot(), cwd: process.cwd() });
  dir = mkdtempSync(join(tmpdir(), 'qianhu-lab-'));
  chmodSync(dir, 0o755);
  launch = {
    config: {
      dir: join(dir, 'lab'),
      partsDir,
      accounts: [{ username: 'company', password: 'line-secret' }],
      rules: [
        { prefix: '100', character: { kind: 'talks', answerAfterMs: 500, talkMs: 60_000 } },
        { prefix: '101', character: { kind: 'talks', answerAfterMs: 500, talkMs: 800 } },
        { prefix: '102', character: { kind: 'pressesKeys', answerAfterMs: 500, digits: '7', pressAfterMs: 600 } },
        { prefix: '103', character: { kind: 'poweredOff', afterMs: 200 } },
        { prefix: '104', character: { kind: 'hangsUpAtOnce', answerAfterMs: 400, holdMs: 200 } },
        { prefix: '1051', character: { kind: 'tone', answerAfterMs: 400, hz: 700 } },
        { prefix: '1052', character: { kind: 'tone', answerAfterMs: 400, hz: 1000 } },
      ],
    },
    command: [process.execPath, '--import', import.meta.resolve('tsx'), join(here, 'main.ts')],
  };
  ready = await launchLab(launch);
  lab = labClient(ready);
  caller = await startCaller(ready.sipPort);
}, 600_000);
afterAll(async () => {
  await caller.close();
  await stopLab(join(dir, 'lab'));
  rmSync(dir, { recursive: true, force: true });
});

/** The one recorded call of a number, once it looks as wanted. */
const recorded = async (number: string, wanted: (call: RecordedCall) => boolean): Promise<RecordedCall> => {
  let calls: readonly RecordedCall[] = [];
  for (let look = 0; look < 600; look++) {
    calls = await lab.calls(number);
    const last = calls.at(-1);
    if (last !== undefined && wanted(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return expect.fail(`The lab recorded ${JSON.stringify(calls)}.`);
};

test.each([
  { kind: 'busy', sipStatus: 486, cause: 17 },
  { kind: 'declines', sipStatus: 603, cause: 21 },
  { kind: 'invalidNumber', sipStatus: 404, cause: 1 },
  { kind: 'congestion', sipStatus: 503, cause: 34 },
] as const)('a callee that is $kind refuses with $sipStatus, and the lab wrote it down', async (row) => {
  const number = `20${row.sipStatus}`;
  await lab.setRules([{ prefix: number, character: { kind: row.kind } }, ...(launch.config.rules ?? [])]);
  const legId = await caller.dial(number);
  const { ending } = await caller.untilLeg(legId, 'legEnded');
  expect(ending).toMatchObject({ sipStatus: row.sipStatus, cause: row.cause, by: 'them' });
  const call = await recorded(number, ({ endedAtMs }) => endedAtMs !== undefined);
  expect(call).toMatchObject({ endedBy: 'callee', sipStatus: row.sipStatus, callerId: '01058881234', attempt: 0 });
  expect(call).not.toHaveProperty('answeredAtMs');
});

test('a talker answers and hangs up when it has had enough', async () => {
  const legId = await caller.dial('1011');
  await caller.untilLeg(legId, 'legAnswered');
  const { ending } = await caller.untilLeg(legId, 'legEnded');
  expect(ending).toMatchObject({ cause: 16, by: 'them' });
  expect(await recorded('1011', (call) => call.endedAtMs !== undefined)).toMatchObject({
    endedBy: 'callee',
    character: 'talks',
  });
});

test('we hang up on a talker, and the lab knows that we did', async () => {
  const legId = await caller.dial('1001');
  await caller.untilLeg(legId, 'legAnswered');
  await caller.sw.hangUp(legId, 'normal');
  expect(await recorded('1001', (call) => call.endedAtMs !== undefined)).toMatchObject({
    endedBy: 'caller',
    cause: 16,
  });
});

test('keys go both ways and are written down', async () => {
  const legId = await caller.dial('1021');
  const { digit } = await caller.untilLeg(legId, 'legDtmf');
  expect(digit).toBe('7');
  await caller.sw.sendDtmf(legId, '42');
  await recorded('1021', (call) => call.digitsFromCaller === '42');
  await caller.sw.hangUp(legId, 'normal');
});

test('a phone that is off is announced in early media and ends with a vague status', async () => {
  const legId = await caller.dial('1031', { ringTimeoutMs: 30_000 });
  await caller.untilLeg(legId, 'legProgress');
  const { ending } = await caller.untilLeg(legId, 'legEnded', 30_000);
  expect(ending).toMatchObject({ sipStatus: 480, by: 'them' });
  expect(caller.story(legId)).toEqual(['legProgress', 'legEnded']);
});

/** Share of A-law bytes that are not silence (the two smallest levels of either sign). */
const loudness = (path: string): number => {
  const bytes = readFileSync(path);
  const loud = bytes.filter((byte) => ![0xd5, 0x55, 0xd4, 0x54, 0xd7, 0x57].includes(byte)).length;
  return loud / Math.max(1, bytes.length);
};

test('what a callee says is heard, and what the carrier announces before the answer too', async () => {
  const bridgeId = 'hearing' as BridgeId;
  await caller.sw.createBridge(bridgeId);
  for (const number of ['1004', '1032']) {
    const legId = await caller.dial(number, { earlyMediaBridgeId: bridgeId });
    await caller.untilLeg(legId, number === '1004' ? 'legAnswered' : 'legProgress');
    const recordingId = `heard-${number}` as RecordingId;
    await caller.sw.startRecording({ recordingId, leftLegId: legId });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await caller.sw.stopRecording(recordingId);
    const finished = await until(
      () =>
        caller.events.find(
          (event): event is SwitchEvent & { type: 'recordingFinished' } =>
            event.type === 'recordingFinished' && event.recordingId === recordingId,
        ),
      5000,
      'The recording did not end.',
    );
    expect(loudness(finished.left?.path ?? '')).toBeGreaterThan(0.1);
    await caller.sw.hangUp(legId, 'normal');
  }
});

test('one who hangs up at once was answered all the same', async () => {
  const legId = await caller.dial('1041');
  await caller.untilLeg(legId, 'legEnded');
  const call = await recorded('1041', ({ endedAtMs }) => endedAtMs !== undefined);
  expect(call.answeredAtMs).toBeDefined();
});

test("an agent's phone answers by itself and stays", async () => {
  const endpointId = 'agent-7' as EndpointId;
  await caller.sw.putEndpoint({
    endpointId,
    kind: 'sip',
    username: 'agent-7',
    password: 'not-asked-for',
    contact: `sip:agent-7@127.0.0.1:${ready.sipPort}`,
  });
  const legId = 'station' as LegId;
  await caller.sw.originate({ legId, target: { kind: 'endpoint', endpointId }, ringTimeoutMs: 10_000 });
  await caller.untilLeg(legId, 'legAnswered');
  expect((await lab.calls('agent-7')).at(-1)).toMatchObject({ character: 'agent' });
  expect(await lab.hangUp({ number: 'agent-7' })).toBe(1);
  const { ending } = await caller.untilLeg(legId, 'legEnded');
  expect(ending.by).toBe('them');
});

test('an account registers, calls by digest, and is refused with a wrong password', async () => {
  const auth = { kind: 'registration', username: 'company', password: 'line-secret' } as const;
  const trunk = {
    transport: 'udp',
    host: '127.0.0.1',
    port: ready.sipPort,
    fromUser: 'company',
    codecs: ['alaw'],
    dtmf: 'rfc4733',
    callerIdIn: 'pAssertedIdentity',
    qualifySec: 0,
  } as const;
  const [good, bad] = ['registering', 'refused'] as unknown as readonly [TrunkId, TrunkId];
  await caller.sw.putTrunk({ ...trunk, trunkId: good, auth });
  await caller.sw.putTrunk({ ...trunk, trunkId: bad, auth: { ...auth, password: 'wrong' } });
  const untilState = (trunkId: TrunkId, registration: string): Promise<true> =>
    until(
      () =>
        caller.events.some(
          (event) =>
            event.type === 'trunkState' && event.trunkId === trunkId && event.state.registration === registration,
        )
          ? true
          : undefined,
      20_000,
      `The trunk ${trunkId} did not become ${registration}.`,
    );
  await untilState(good, 'registered');
  await untilState(bad, 'rejected');
  const legId = await caller.dial('1012', { target: { kind: 'trunk', trunkId: good, dialString: '1012' } });
  await caller.untilLeg(legId, 'legAnswered');
  await caller.sw.removeTrunk(good);
  await caller.sw.removeTrunk(bad);
});

test('while answering is paused callees go on ringing, and answer afterwards', async () => {
  await lab.setPaused(true);
  const legId = await caller.dial('1002');
  await caller.untilLeg(legId, 'legRinging');
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(caller.story(legId)).toEqual(['legRinging']);
  await lab.setPaused(false);
  await caller.untilLeg(legId, 'legAnswered');
  await caller.sw.hangUp(legId, 'normal');
});

test('a killed lab leaves its calls; the next one takes them back and goes on with the same book', async () => {
  const legId = await caller.dial('1003');
  await caller.untilLeg(legId, 'legAnswered');
  const before = (await lab.stats()).invites;
  process.kill(ready.pid, 'SIGKILL');
  await until(() => (isRunning(ready.pid) ? undefined : true), 5000, 'The lab did not die.');
  const again = await launchLab(launch);
  expect(again.adopted).toBe(false);
  expect(again.sipPort).toBe(ready.sipPort);
  ready = again;
  lab = labClient(ready);
  expect(caller.story(legId)).not.toContain('legEnded');
  expect((await lab.stats()).invites).toBe(before);
  await caller.sw.hangUp(legId, 'normal');
  await recorded('1003', (call) => call.endedBy === 'caller');
  const adopted = await launchLab(launch);
  expect(adopted).toMatchObject({ adopted: true, pid: ready.pid });
});

test("when the carrier's switch dies its calls are lost in the book, and it comes back by itself", async () => {
  const legId = await caller.dial('1005');
  await caller.untilLeg(legId, 'legAnswered');
  const asterisk = await findRunningAsterisk(join(launch.config.dir, 'asterisk'));
  process.kill(asterisk?.pid ?? 0, 'SIGKILL');
  expect(await recorded('1005', (call) => call.endedAtMs !== undefined)).toMatchObject({ endedBy: 'lost' });
  const again = await caller.dial('1013');
  await caller.untilLeg(again, 'legAnswered');
  // Nobody tells us that the far end of the first call is gone.
  await caller.sw.hangUp(legId, 'normal');
});

test('the control refuses strangers and nonsense', async () => {
  const answer = await fetch(`${ready.controlUrl}/stats`);
  expect(answer.status).toBe(401);
  await expect(lab.setRules([{ character: { kind: 'busy' }, population: {} }])).rejects.toThrow('either');
});

test('the book on disk holds what the control tells', async () => {
  const lines = readFileSync(ready.recordPath, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(await lab.record());
});

const isRunning = (pid: number): boolean => {
  try {
    // A zombie of ours still takes signals; it is gone from the list of commands.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
};

/** The share of a WAV file's energy at one frequency, 0 to 1. */
const toneShare = (wav: Buffer, hz: number): number => {
  const samples = Array.from({ length: (wav.length - 44) >> 1 }, (_, index) => wav.readInt16LE(44 + 2 * index));
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  const part = (wave: (radians: number) => number): number =>
    samples.reduce((sum, sample, index) => sum + sample * wave((2 * Math.PI * hz * index) / 8000), 0);
  return energy === 0 ? 0 : (2 * (part(Math.sin) ** 2 + part(Math.cos) ** 2)) / (samples.length * energy);
};

test('two callees with a tone hear each other, as the ear at each of them tells', async () => {
  const bridgeId = `tones-${randomUUID()}` as BridgeId;
  await caller.sw.createBridge(bridgeId);
  const legs = await Promise.all(['1051', '1052'].map((number) => caller.dial(number)));
  for (const legId of legs) {
    await caller.untilLeg(legId, 'legAnswered');
    await caller.sw.addToBridge(bridgeId, [legId]);
  }
  for (const [number, hz] of [
    ['1051', 1000],
    ['1052', 700],
  ] as const) {
    const { id } = await recorded(number, (call) => call.answeredAtMs !== undefined && call.endedAtMs === undefined);
    // A machine that pauses for a moment leaves a hole in what is heard; the next piece is whole.
    const shares: number[] = [];
    while (shares.length < 5 && !shares.some((share) => share > 0.9))
      shares.push(toneShare(readFileSync(await lab.listen(id, 600)), hz));
    expect(Math.max(...shares)).toBeGreaterThan(0.9);
  }
  for (const legId of legs) await caller.sw.hangUp(legId, 'normal');
  await expect(lab.listen('nobody', 100)).rejects.toThrow('No such call.');
});
