import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { EndpointId, LegId, RecordingId, TrunkId } from '@qianhu/core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import type { RecordedPart, RecordedSide, SwitchEvent } from '../port.ts';
import { startAsteriskUnderTest, type AsteriskUnderTest } from '../testing/asterisk-under-test.ts';
import { realScheduling } from '../testing/real-scheduling.ts';
import { linearOf } from '../testing/rtp-stream.ts';
import { SipAgent } from '../testing/sip-agent.ts';
import type { SipCall } from '../testing/sip-call.ts';
import { until } from '../testing/until.ts';
import { AsteriskSwitch } from './asterisk-switch.ts';

/** Recordings that go on in new parts, on a real Asterisk. */

let asterisk: AsteriskUnderTest;
beforeAll(async () => {
  asterisk = await startAsteriskUnderTest();
}, 600_000);
afterAll(() => asterisk.close());

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const PART_MS = 5_000;

const connect = async (): Promise<{ readonly sw: AsteriskSwitch; readonly events: SwitchEvent[] }> => {
  const sw = new AsteriskSwitch({
    ariUrl: asterisk.ariUrl,
    username: asterisk.spec.ari.username,
    password: asterisk.spec.ari.password,
    app: asterisk.app,
    spoolDir: asterisk.paths.spool,
    controlSocket: asterisk.controlSocket,
    clock: realScheduling,
    logger: silentLogger,
    recordingPartMs: PART_MS,
  });
  const events: SwitchEvent[] = [];
  sw.subscribe((event) => void events.push(event));
  await sw.connect();
  closers.push(() => sw.close());
  return { sw, events };
};

/** A callee and an agent, up and recorded. */
const recordedPair = async (
  sw: AsteriskSwitch,
  events: readonly SwitchEvent[],
): Promise<{
  readonly recordingId: RecordingId;
  readonly legs: readonly [LegId, LegId];
  readonly calls: readonly [SipCall, SipCall];
}> => {
  const carrier = await SipAgent.start({ host: '127.0.0.3', onCall: (call) => call.answer() });
  const phone = await SipAgent.start({ onCall: (call) => call.answer() });
  closers.push(
    () => carrier.close(),
    () => phone.close(),
  );
  const trunkId = `trunk-${randomUUID()}` as TrunkId;
  const common = { transport: 'udp', codecs: ['alaw'], dtmf: 'rfc4733', callerIdIn: 'from', qualifySec: 0 } as const;
  await sw.putTrunk({ trunkId, ...common, host: '127.0.0.3', port: carrier.port, auth: { kind: 'ip' } });
  const endpointId = randomUUID() as EndpointId;
  const contact = `sip:phone@127.0.0.1:${String(phone.port)}`;
  await sw.putEndpoint({ endpointId, kind: 'sip', username: endpointId, password: 'x', contact });
  closers.push(() => sw.removeTrunk(trunkId).catch(() => undefined));
  const legs = [randomUUID() as LegId, randomUUID() as LegId] as const;
  const trunk = { kind: 'trunk', trunkId, dialString: '1' } as const;
  await sw.originate({ legId: legs[0], target: trunk, ringTimeoutMs: 9_000 });
  await sw.originate({ legId: legs[1], target: { kind: 'endpoint', endpointId }, ringTimeoutMs: 9_000 });
  const answered = (): readonly string[] => events.flatMap((e) => (e.type === 'legAnswered' ? [e.legId] : []));
  await until(() => (legs.every((id) => answered().includes(id)) ? true : undefined), 10_000, 'not answered');
  const recordingId = randomUUID() as RecordingId;
  await sw.startRecording({ recordingId, leftLegId: legs[0], rightLegId: legs[1] });
  return { recordingId, legs, calls: [await carrier.call(), await phone.call()] };
};

const finished = async (
  events: readonly SwitchEvent[],
  recordingId: RecordingId,
): Promise<Extract<SwitchEvent, { type: 'recordingFinished' }>> =>
  until(
    () => events.find((e) => e.type === 'recordingFinished' && e.recordingId === recordingId) as never,
    10_000,
    'the recording did not finish',
  );

const partsOf = (side: RecordedSide | undefined): readonly RecordedPart[] =>
  side === undefined ? [] : [side, ...(side.later ?? [])];

/** When the first sound after `fromMs` is in a part. */
const onset = (part: RecordedPart | undefined, fromMs: number): number => {
  if (part === undefined) return NaN;
  const bytes = readFileSync(part.path);
  const from = Math.max(0, Math.round((fromMs - part.startedAtMs) * 8));
  const at = bytes.subarray(from).findIndex((byte) => Math.abs(linearOf(byte)) > 2_000);
  return at < 0 ? NaN : part.startedAtMs + (from + at) / 8;
};

test('a side that a stalled network made late is in step again in the next part, and nothing is lost between parts', async () => {
  const { sw, events } = await connect();
  const { recordingId, legs, calls } = await recordedPair(sw, events);
  const beginMs = Date.now();
  const beeps = [beginMs + 3_000, beginMs + PART_MS + 1_500];
  for (const { rtp } of calls) rtp.beepAt(beeps, 200, 1_000);
  await pause(1_000);
  calls[0].rtp.stall(200);
  await pause(PART_MS + 3_000);
  await sw.stopRecording(recordingId);
  const { left, right } = await finished(events, recordingId);
  const [left1, left2] = partsOf(left);
  const [right1, right2] = partsOf(right);
  const [first = 0, second = 0] = beeps;
  expect(onset(left1, first - 500) - onset(right1, first - 500)).toBeGreaterThan(110);
  expect(Math.abs(onset(left2, second - 500) - onset(right2, second - 500))).toBeLessThan(90);
  for (const [one, two] of [
    [left1, left2],
    [right1, right2],
  ]) {
    if (!one || !two) throw new Error('a part is missing');
    expect(one.startedAtMs + readFileSync(one.path).length / 8).toBeGreaterThan(two.startedAtMs + 1_000);
  }
  for (const legId of legs) await sw.hangUp(legId, 'normal');
}, 60_000);

test('after our restart a recording goes on in new parts and is finished with all of them', async () => {
  const first = await connect();
  const { recordingId, legs } = await recordedPair(first.sw, first.events);
  await pause(PART_MS + 1_000);
  await first.sw.close();
  const second = await connect();
  await pause(PART_MS + 1_500);
  for (const legId of legs) await second.sw.hangUp(legId, 'normal');
  const { left, right } = await finished(second.events, recordingId);
  expect([partsOf(left).length, partsOf(right).length]).toEqual([3, 3]);
  for (const side of [left, right]) {
    const starts = partsOf(side).map(({ startedAtMs }) => startedAtMs);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  }
  const last = partsOf(left).at(-1);
  expect(last && Math.abs(last.startedAtMs + readFileSync(last.path).length / 8 - Date.now())).toBeLessThan(5_000);
}, 60_000);

test('a callee who hangs up while two parts overlap ends the recording once', async () => {
  const { sw, events } = await connect();
  const { recordingId, calls, legs } = await recordedPair(sw, events);
  await pause(PART_MS + 1_000);
  for (const call of calls) await call.hangUp();
  const { left, right } = await finished(events, recordingId);
  expect([partsOf(left).length, partsOf(right).length]).toEqual([2, 2]);
  await pause(3_500);
  expect(events.filter((event) => 'recordingId' in event && event.recordingId === recordingId)).toHaveLength(1);
  expect((await sw.snapshot()).legs.filter(({ legId }) => legs.includes(legId))).toEqual([]);
}, 60_000);
