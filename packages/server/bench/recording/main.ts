/**
 * `npm run bench:recording`: how far the two channels of a stereo recording are apart at the beginning, in the middle and at
 * the end of a long call, through a real Asterisk. Both far ends of each call beep at the same known instants; the beeps are
 * looked for in the finished file. Phones whose clocks run off and a network that stalls are among them. See
 * docs/benchmarks.md.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BridgeId, EndpointId, LegId, RecordingId, TrunkId } from '@qianhu/core';
import { findRunningAsterisk } from '@qianhu/parts';
import { AsteriskSwitch, silentLogger, type SwitchEvent } from '@qianhu/switch';
import { realScheduling, SipAgent, startAsteriskUnderTest, type SipCall } from '@qianhu/switch/testing';
import { finishRecording } from '../../src/engine/recording-finisher.ts';
import { readMarks, type Mark } from './marks.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    ppm: { type: 'string', default: '100' },
    'stall-ms': { type: 'string', default: '150' },
  },
});
const minutes = Number(values.minutes);
const ppm = Number(values.ppm);
const stallMs = Number(values['stall-ms']);

/** What the two far ends of a call are like. */
const CALLS = [
  { name: 'both clocks right', left: 0, right: 0, stalls: false },
  { name: "callee's clock fast", left: ppm, right: 0, stalls: false },
  { name: "agent's clock fast", left: 0, right: ppm, stalls: false },
  { name: 'callee fast, agent slow', left: ppm / 2, right: -ppm / 2, stalls: false },
  { name: "callee's network stalls", left: 0, right: 0, stalls: true },
] as const;

const BEEP_MS = 200;
const BEEP_HZ = 1_000;
const BEEP_EVERY_MS = 5_000;
/** The first beep after the recording's beginning. */
const FIRST_BEEP_MS = 3_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const folder = await mkdtemp(join(tmpdir(), 'qianhu-bench-recording-'));
const asterisk = await startAsteriskUnderTest();
// Neither far ends nor Asterisk should wait for other work on the machine; an ordinary user may not ask for that.
const program = await findRunningAsterisk(asterisk.spec.dir);
const asRealTime = [process.pid, program?.pid ?? process.pid].every(
  (pid) => spawnSync('chrt', ['--all-tasks', '--rr', '--pid', '10', String(pid)]).status === 0,
);
console.log(
  asRealTime
    ? 'Asterisk and the far ends run at real-time priority.'
    : 'At ordinary priority: other work on the machine may show in the figures.',
);
const events: SwitchEvent[] = [];
const client = new AsteriskSwitch({
  ariUrl: asterisk.ariUrl,
  username: asterisk.spec.ari.username,
  password: asterisk.spec.ari.password,
  app: asterisk.app,
  spoolDir: asterisk.paths.spool,
  controlSocket: asterisk.controlSocket,
  clock: realScheduling,
  logger: silentLogger,
});
client.subscribe((event) => void events.push(event));
const farEnds: SipAgent[] = [];

const until = async <T>(what: string, look: () => T | undefined): Promise<T> => {
  const endMs = Date.now() + 15_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`Not in time: ${what}`);
    await pause(10);
  }
};
const isUp = (legId: LegId): true | undefined =>
  events.some((event) => event.type === 'legAnswered' && event.legId === legId) ? true : undefined;

type Running = {
  readonly recordingId: RecordingId;
  readonly kind: (typeof CALLS)[number];
  readonly legs: readonly LegId[];
};

try {
  const lengthMs = minutes * 60_000;
  /** Set when the calls stand; far ends look for their beeps there. */
  const beepsAt: number[] = [];
  const take =
    (clockPpm: number) =>
    (call: SipCall): void => {
      call.rtp.keepsReceived = false;
      call.rtp.mostLateFrames = 500;
      call.rtp.driftBy(clockPpm);
      call.rtp.beepAt(beepsAt, BEEP_MS, BEEP_HZ);
      call.answer();
    };
  const byNumber = new Map<string, SipCall>();
  const carrier = await SipAgent.start({
    host: '127.0.0.3',
    onCall: (call) => {
      byNumber.set(call.number, call);
      take(CALLS[Number(call.number) - 1000]?.left ?? 0)(call);
    },
  });
  farEnds.push(carrier);
  await client.connect();
  const trunkId = 'carrier' as TrunkId;
  await client.putTrunk({
    trunkId,
    transport: 'udp',
    host: '127.0.0.3',
    port: carrier.port,
    auth: { kind: 'ip' },
    codecs: ['alaw'],
    dtmf: 'rfc4733',
    callerIdIn: 'from',
    qualifySec: 0,
  });

  const running: Running[] = [];
  for (const [n, kind] of CALLS.entries()) {
    const phone = await SipAgent.start({ onCall: take(kind.right) });
    farEnds.push(phone);
    const endpointId = `phone-${n}` as EndpointId;
    const contact = `sip:phone@127.0.0.1:${phone.port}`;
    await client.putEndpoint({ endpointId, kind: 'sip', username: endpointId, password: randomUUID(), contact });
    const callee = randomUUID() as LegId;
    const agent = randomUUID() as LegId;
    const dialString = String(1000 + n);
    await client.originate({ legId: callee, target: { kind: 'trunk', trunkId, dialString }, ringTimeoutMs: 10_000 });
    await client.originate({ legId: agent, target: { kind: 'endpoint', endpointId }, ringTimeoutMs: 10_000 });
    await until('both answer', () => isUp(callee) && isUp(agent));
    const bridgeId = randomUUID() as BridgeId;
    await client.createBridge(bridgeId);
    await client.addToBridge(bridgeId, [callee, agent]);
    const recordingId = randomUUID() as RecordingId;
    await client.startRecording({ recordingId, leftLegId: callee, rightLegId: agent });
    running.push({ recordingId, kind, legs: [callee, agent] });
    if (kind.stalls) setTimeout(() => byNumber.get(dialString)?.rtp.stall(stallMs), FIRST_BEEP_MS + 7_000);
  }

  const originMs = Date.now() + FIRST_BEEP_MS;
  for (let at = 0; at < lengthMs - 1_000; at += BEEP_EVERY_MS) beepsAt.push(originMs + at);
  console.log(`${running.length} calls stand and are recorded for ${minutes} minutes.`);
  await pause(originMs + lengthMs - Date.now());
  for (const { recordingId } of running) await client.stopRecording(recordingId);

  const results: { readonly name: string; readonly stalls: boolean; readonly marks: readonly Mark[] }[] = [];
  for (const {
    recordingId,
    kind: { name, stalls },
  } of running) {
    const over = await until('the recording is over', () =>
      events.find((event) => 'recordingId' in event && event.recordingId === recordingId),
    );
    if (over.type !== 'recordingFinished') throw new Error(`The recording of "${name}" failed.`);
    const { left, right } = over;
    if (!left || !right) throw new Error(`The recording of "${name}" lacks a side.`);
    const path = join(folder, `${recordingId}.wav`);
    await finishRecording({ left, right }, path);
    const startedAtMs = Math.min(left.startedAtMs, right.startedAtMs);
    results.push({
      name,
      stalls,
      marks: await readMarks(
        path,
        beepsAt.map((at) => at - startedAtMs),
      ),
    });
  }
  for (const { legs } of running) for (const legId of legs) await client.hangUp(legId, 'normal');

  const text = (ms: number | undefined): string => (ms === undefined ? 'missing' : ms.toFixed(1)).padStart(8);
  console.log(
    'Left minus right, ms (and how late each channel is against the wall clock, ms).\n' +
      `${'call'.padEnd(26)}${['begin', 'middle', 'end', 'worst'].map((head) => head.padStart(8)).join('')}   late at the end (left, right)`,
  );
  const atThree: (number | undefined)[] = [];
  const worsts: (number | undefined)[] = [];
  for (const { name, stalls, marks } of results) {
    const points = [marks[0], marks[Math.floor(marks.length / 2)], marks.at(-1)].map((mark) => mark?.skewMs);
    const found = marks.flatMap((mark) => (mark.skewMs === undefined ? [] : [Math.abs(mark.skewMs)]));
    const worst = found.length < marks.length ? undefined : Math.max(...found);
    atThree.push(...points);
    if (!stalls) worsts.push(worst);
    const last = marks.at(-1);
    const far = marks.filter((mark) => Math.abs(mark.skewMs ?? Infinity) > 40);
    const times = far.map((mark) => `${Math.round(mark.atMs / 1000)} s: ${mark.skewMs?.toFixed(0) ?? '?'}`).join(', ');
    console.log(
      `${name.padEnd(26)}${[...points, worst].map(text).join('')}  ${text(last?.leftLateMs)}${text(last?.rightLateMs)}` +
        (worst === undefined ? `  (${marks.length - found.length} of ${marks.length} beeps missing)` : ''),
    );
    if (times !== '') console.log(`  more than 40 ms apart at ${times}`);
  }
  const worstOf = (skews: readonly (number | undefined)[]): number | null =>
    skews.some((skew) => skew === undefined)
      ? null
      : Math.round(10 * Math.max(...skews.map((skew) => Math.abs(skew ?? 0)))) / 10;
  const skewMs = worstOf(atThree);
  const worstSkewMs = worstOf(worsts);
  console.log(`Load average at the end: ${loadavg()[0]?.toFixed(1) ?? '?'}.`);
  console.log(
    JSON.stringify({
      minutes,
      skewMs,
      callsMeasured: results.length,
      worstSkewMs,
      clocksOffPpm: ppm,
      stallMs,
    }),
  );
  process.exitCode = [skewMs, worstSkewMs].every((skew) => skew !== null && skew <= 40) ? 0 : 1;
} finally {
  for (const farEnd of farEnds) farEnd.close();
  await client.close();
  await asterisk.close();
  await rm(folder, { recursive: true, force: true });
}
