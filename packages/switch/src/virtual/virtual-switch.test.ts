import type { BridgeId, EndpointId, LegId, PlaybackId, RecordingId, TrunkId } from '@qianhu/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SwitchError, type EndpointSpec, type Originate, type SwitchEvent, type TrunkSpec } from '../port.ts';
import {
  answers,
  busy,
  declines,
  rejects,
  ringsOut,
  seededRandom,
  VirtualClock,
  VirtualSwitch,
  createVirtualSwitch,
  type CalleeScript,
  type ExchangeOptions,
} from './index.ts';

const TRUNK: TrunkSpec = {
  trunkId: 'carrier' as TrunkId,
  transport: 'udp',
  host: '127.0.0.1',
  port: 5060,
  auth: { kind: 'ip' },
  codecs: ['alaw'],
  dtmf: 'rfc4733',
  callerIdIn: 'from',
  qualifySec: 30,
};
const PHONE: EndpointSpec = {
  endpointId: 'agent-1' as EndpointId,
  kind: 'sip',
  username: 'agent-1',
  password: 'secret',
  contact: 'sip:agent-1@127.0.0.1:5070',
};

const leg = (id: string): LegId => id as LegId;
const dial = (id: string, more: Partial<Originate> = {}): Originate => ({
  legId: leg(id),
  target: { kind: 'trunk', trunkId: TRUNK.trunkId, dialString: '13800138000' },
  ringTimeoutMs: 30_000,
  ...more,
});

const makeSwitch = async (options: Partial<ExchangeOptions> = {}, seed = 1) => {
  const clock = new VirtualClock(1_000_000);
  const sw = createVirtualSwitch({ scheduler: clock, random: seededRandom(seed), ...options });
  const events: SwitchEvent[] = [];
  sw.subscribe((event) => events.push(event));
  await sw.connect();
  await sw.putTrunk(TRUNK);
  await sw.putEndpoint(PHONE);
  const types = (): string[] => events.map((event) => event.type);
  const of = <T extends SwitchEvent['type']>(type: T) =>
    events.filter((event): event is SwitchEvent & { type: T } => event.type === type);
  return { clock, sw, events, types, of };
};

const codeOf = async (promise: Promise<unknown>): Promise<{ code: string; retryable: boolean }> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SwitchError);
  const { code, retryable } = error as SwitchError;
  return { code, retryable };
};

test('a call rings, is answered, is bridged both ways and ends once', async () => {
  const { clock, sw, types, of } = await makeSwitch({
    calleeFor: () => answers({ answerAfterMs: 3000, talkMs: 10_000, says: 'hello' }),
  });
  await sw.originate({
    legId: leg('agent'),
    target: { kind: 'endpoint', endpointId: PHONE.endpointId },
    ringTimeoutMs: 5000,
  });
  await sw.originate(dial('callee'));
  clock.advance(3000);
  expect(sw.exchange.peek(leg('callee'))?.phase).toBe('up');
  await sw.createBridge('talk' as BridgeId);
  await sw.addToBridge('talk' as BridgeId, [leg('agent'), leg('callee')]);
  clock.advance(1);
  expect(sw.exchange.audibleTo(leg('agent'))).toEqual(['leg:callee:hello']);
  expect(sw.exchange.audibleTo(leg('callee'))).toEqual(['leg:agent']);
  await sw.hold(leg('callee'));
  expect(sw.exchange.audibleTo(leg('callee'))).toEqual(['music']);
  expect(sw.exchange.audibleTo(leg('agent'))).toEqual([]);
  await sw.unhold(leg('callee'));
  await sw.mute(leg('agent'), true);
  expect(sw.exchange.audibleTo(leg('callee'))).toEqual([]);
  clock.advance(10_000);
  expect(of('legEnded')).toMatchObject([{ legId: 'callee', ending: { cause: 16, by: 'them' } }]);
  expect(types().slice(-2)).toEqual(['legUnbridged', 'legEnded']);
  await sw.hangUp(leg('agent'), 'normal');
  expect(of('legEnded')).toHaveLength(2);
  expect(clock.pending).toBe(0);
});

test('endings carry the status of the far end, and ours carry none', async () => {
  const scripts: Record<string, CalleeScript> = {
    '1': busy(),
    '2': declines(),
    '3': rejects(404),
    '4': rejects(480),
    '5': rejects(503),
    '6': ringsOut(),
    '7': ringsOut(),
  };
  const { clock, sw, of } = await makeSwitch({ calleeFor: (number) => scripts[number] ?? busy() });
  for (const number of Object.keys(scripts))
    await sw.originate(
      dial(`leg-${number}`, { target: { kind: 'trunk', trunkId: TRUNK.trunkId, dialString: number } }),
    );
  clock.advance(5000);
  await sw.hangUp(leg('leg-7'), 'normal');
  clock.advance(60_000);
  const endings = Object.fromEntries(of('legEnded').map((event) => [event.legId, event.ending]));
  expect(endings).toMatchObject({
    'leg-1': { cause: 17, sipStatus: 486, by: 'them' },
    'leg-2': { cause: 21, sipStatus: 603, by: 'them' },
    'leg-3': { cause: 1, sipStatus: 404, by: 'them' },
    'leg-4': { cause: 19, sipStatus: 480, by: 'them' },
    'leg-5': { cause: 34, sipStatus: 503, by: 'them' },
    'leg-6': { cause: 19, by: 'us' },
    'leg-7': { cause: 16, by: 'us' },
  });
  expect(endings['leg-6']).not.toHaveProperty('sipStatus');
});

test('a leg id that is or was alive is never dialled again', async () => {
  const { clock, sw, of } = await makeSwitch({ calleeFor: () => busy() });
  await sw.originate(dial('one'));
  await sw.originate(dial('one'));
  clock.advance(1000);
  await sw.originate(dial('one'));
  clock.advance(1000);
  expect(sw.exchange.invites).toBe(1);
  expect(of('legEnded')).toHaveLength(1);
});

test('an answer that crosses our CANCEL is told before the end', async () => {
  const { clock, sw, events } = await makeSwitch({ calleeFor: () => ({ ...ringsOut(), onCancel: 'answer' }) });
  await sw.originate(dial('one'));
  clock.advance(1000);
  await sw.hangUp(leg('one'), 'normal');
  expect(events.slice(-2)).toMatchObject([{ type: 'legAnswered' }, { type: 'legEnded', ending: { by: 'us' } }]);
});

test('events of a cut are lost, the snapshot and the history tell what happened', async () => {
  const { clock, sw, types, of } = await makeSwitch({
    calleeFor: (_, legId) =>
      legId === 'short' ? answers({ answerAfterMs: 1000, talkMs: 1000 }) : answers({ answerAfterMs: 1000 }),
  });
  await sw.originate(dial('short'));
  await sw.originate(dial('long'));
  const cutAtMs = clock.now();
  sw.loseConnection(5000);
  expect(await codeOf(sw.hangUp(leg('short'), 'normal'))).toEqual({ code: 'notConnected', retryable: true });
  clock.advance(5000);
  expect(types()).toEqual(['connectionLost', 'connectionRestored']);
  expect(of('connectionRestored')[0]?.sameIncarnation).toBe(true);
  expect((await sw.snapshot()).legs).toMatchObject([{ legId: 'long', phase: 'up' }]);
  expect(await sw.history(cutAtMs)).toMatchObject([
    { legId: 'short', answeredAtMs: cutAtMs + 1000, endedAtMs: cutAtMs + 2000, ending: { by: 'them' } },
  ]);
});

test('a restart ends every leg once by the switch, and its log holds nothing of them', async () => {
  const { clock, sw, types, of } = await makeSwitch({ calleeFor: () => answers({ answerAfterMs: 1000 }) });
  const before = (await sw.snapshot()).incarnation;
  await sw.originate(dial('one'));
  await sw.originate(dial('two'));
  await sw.startRecording({ recordingId: 'r' as RecordingId, leftLegId: leg('one') });
  clock.advance(2000);
  sw.exchange.restart(3000);
  expect(types().at(-1)).toBe('connectionLost');
  expect(await codeOf(sw.snapshot())).toEqual({ code: 'notConnected', retryable: true });
  clock.advance(3000);
  expect(of('legEnded').map((event) => [event.legId, event.ending.by])).toEqual([
    ['one', 'switch'],
    ['two', 'switch'],
  ]);
  expect(types().filter((type) => type === 'recordingFinished')).toHaveLength(1);
  expect(of('connectionRestored')).toMatchObject([{ sameIncarnation: false }]);
  const after = await sw.snapshot();
  expect(after.incarnation).not.toBe(before);
  expect(after.legs).toEqual([]);
  expect(await sw.history(0)).toEqual([]);
  await sw.originate(dial('one'));
  expect(sw.exchange.legCount).toBe(0);
  await sw.originate(dial('three'));
  expect(sw.exchange.legCount).toBe(1);
});

test('a switch that died during a cut is found as another incarnation', async () => {
  const { clock, sw, of } = await makeSwitch();
  await sw.originate(dial('one'));
  sw.loseConnection(10_000);
  clock.advance(1000);
  sw.exchange.restart(20_000);
  clock.advance(10_000);
  expect(sw.health().state).toBe('connecting');
  clock.advance(20_000);
  expect(of('connectionRestored')).toMatchObject([{ sameIncarnation: false }]);
  expect(of('legEnded')).toMatchObject([{ legId: 'one', ending: { by: 'switch' } }]);
});

test('a second client replaces the first, and calls outlive both', async () => {
  const { clock, sw, types } = await makeSwitch();
  await sw.originate(dial('one'));
  const second = new VirtualSwitch(sw.exchange);
  const heard: string[] = [];
  second.subscribe((event) => heard.push(event.type));
  await second.connect();
  clock.advance(5000);
  expect(types()).toEqual(['replaced']);
  expect(sw.health().state).toBe('replaced');
  expect(heard).toEqual(['legRinging', 'legAnswered']);
  await second.close();
  expect(sw.exchange.legCount).toBe(1);
});

test('an incoming call of a cut is announced afterwards while it still rings', async () => {
  const { clock, sw, of } = await makeSwitch();
  sw.loseConnection(5000);
  const from = { kind: 'trunk', trunkId: TRUNK.trunkId } as const;
  sw.exchange.incoming({ legId: leg('stays'), from, dialled: '400', callerNumber: '139' });
  sw.exchange.incoming({
    legId: leg('goes'),
    from,
    dialled: '400',
    script: { steps: [{ afterMs: 1000, do: 'hangUp' }] },
  });
  clock.advance(5000);
  expect(of('legIncoming')).toMatchObject([{ legId: 'stays', dialled: '400', callerNumber: '139' }]);
  await sw.answer(leg('stays'));
  expect(of('legAnswered')).toMatchObject([{ legId: 'stays' }]);
});

test('refused, lost and overloaded commands reject with their code and change nothing more than they say', async () => {
  const { clock, sw, types } = await makeSwitch({ maxLegs: 2 });
  sw.faults = { refuse: (command) => (command === 'originate' ? { code: 'refused' } : undefined) };
  expect(await codeOf(sw.originate(dial('one')))).toEqual({ code: 'refused', retryable: false });
  expect(sw.exchange.invites).toBe(0);
  sw.faults = { refuse: () => ({ code: 'timeout', done: true }) };
  expect(await codeOf(sw.originate(dial('two')))).toEqual({ code: 'timeout', retryable: false });
  expect(sw.exchange.invites).toBe(1);
  sw.faults = {};
  await sw.originate(dial('three'));
  expect(await codeOf(sw.originate(dial('four')))).toEqual({ code: 'overloaded', retryable: true });
  sw.exchange.provisioning.setTrunkBehaviour(TRUNK.trunkId, { line: 'refuses' });
  await sw.hangUp(leg('three'), 'normal');
  expect(await codeOf(sw.originate(dial('five')))).toEqual({ code: 'refused', retryable: false });
  expect(types().filter((type) => type === 'trunkState')).toHaveLength(1);
  expect(await codeOf(sw.originate(dial('six', { ringTimeoutMs: 0 })))).toEqual({ code: 'invalid', retryable: false });
  clock.advance(1);
});

test('latency delays commands and events, and a cut on the way leaves the command in doubt', async () => {
  const { clock, sw, types } = await makeSwitch({ calleeFor: () => ringsOut(100) });
  sw.faults = { commandMs: [20, 20], eventMs: 50 };
  let isAccepted = false;
  const accepted = sw.originate(dial('one')).then(() => {
    isAccepted = true;
  });
  await clock.advanceAsync(19);
  expect(isAccepted).toBe(false);
  await clock.advanceAsync(1);
  await accepted;
  await clock.advanceAsync(139);
  expect(types()).toEqual([]);
  await clock.advanceAsync(1);
  expect(types()).toEqual(['legRinging']);
  const doubtful = codeOf(sw.originate(dial('two')));
  await clock.advanceAsync(15);
  sw.loseConnection(1000);
  await clock.advanceAsync(1000);
  expect(await doubtful).toEqual({ code: 'notConnected', retryable: false });
  expect(sw.exchange.peek(leg('two'))).toBeDefined();
});

test('playbacks of one target follow each other and tell how each ended', async () => {
  const { clock, sw, of } = await makeSwitch({ soundMs: (path) => (path === '/missing' ? undefined : 1000) });
  await sw.originate(dial('one'));
  clock.advance(2000);
  const play = (id: string, path: string): Promise<void> =>
    sw.play(id as PlaybackId, { legId: leg('one') }, [
      { kind: 'file', path },
      { kind: 'silence', ms: 500 },
    ]);
  await play('a', '/a');
  await play('b', '/b');
  await play('c', '/missing');
  await play('d', '/d');
  expect(sw.exchange.audibleTo(leg('one'))).toEqual(['file:/a']);
  clock.advance(1600);
  expect(sw.exchange.audibleTo(leg('one'))).toEqual(['file:/b']);
  await sw.stopPlay('b' as PlaybackId);
  await sw.stopPlay('b' as PlaybackId);
  clock.advance(10);
  await sw.hangUp(leg('one'), 'normal');
  expect(of('playbackFinished').map((event) => [event.playbackId, event.result])).toEqual([
    ['a', 'done'],
    ['b', 'stopped'],
    ['c', 'failed'],
    ['d', 'failed'],
  ]);
});

test('a recording is one pair, its right side may come later, and it ends once', async () => {
  const { clock, sw, of } = await makeSwitch();
  await sw.originate(dial('left'));
  await sw.originate(dial('right'));
  clock.advance(2000);
  const id = 'r' as RecordingId;
  await sw.startRecording({ recordingId: id, leftLegId: leg('left') });
  clock.advance(1000);
  await sw.startRecording({ recordingId: id, leftLegId: leg('left'), rightLegId: leg('right') });
  await sw.hangUp(leg('left'), 'normal');
  expect(of('recordingFinished')).toEqual([]);
  clock.advance(1000);
  await sw.stopRecording(id);
  await sw.stopRecording(id);
  expect(of('recordingFinished')).toHaveLength(1);
  const [finished] = of('recordingFinished');
  expect((finished?.right?.startedAtMs ?? 0) - (finished?.left?.startedAtMs ?? 0)).toBe(1000);
});

test('a recording that ends during a cut is told after it', async () => {
  const { clock, sw, of } = await makeSwitch({ calleeFor: () => answers({ answerAfterMs: 1000, talkMs: 2000 }) });
  await sw.originate(dial('one'));
  clock.advance(1000);
  await sw.startRecording({ recordingId: 'r' as RecordingId, leftLegId: leg('one') });
  sw.loseConnection(5000);
  clock.advance(4000);
  expect(of('recordingFinished')).toEqual([]);
  clock.advance(1000);
  expect(of('recordingFinished')).toHaveLength(1);
});

test('a carrier that is full answers 503 and frees the line when a call ends', async () => {
  const { clock, sw, of } = await makeSwitch();
  sw.exchange.provisioning.setTrunkBehaviour(TRUNK.trunkId, { maxCalls: 1 });
  await sw.originate(dial('one'));
  await sw.originate(dial('two'));
  clock.advance(100);
  expect(of('legEnded')).toMatchObject([{ legId: 'two', ending: { sipStatus: 503, by: 'them' } }]);
  await sw.hangUp(leg('one'), 'normal');
  await sw.originate(dial('three'));
  clock.advance(10_000);
  expect(sw.exchange.peek(leg('three'))?.phase).toBe('up');
});

test('a throwing listener disturbs no other', async () => {
  const { clock, sw, types } = await makeSwitch();
  const heard: string[] = [];
  sw.subscribe(() => {
    throw new Error('broken listener');
  });
  sw.subscribe((event) => heard.push(event.type));
  await sw.originate(dial('one'));
  clock.advance(5000);
  expect(heard).toEqual(types());
  expect(sw.listenerErrors).toBe(heard.length);
});

test('the same seed gives the same story, whatever the faults', async () => {
  const story = async (seed: number): Promise<string> => {
    const random = seededRandom(seed);
    const { clock, sw, events } = await makeSwitch(
      { calleeFor: () => answers({ answerAfterMs: 500 + random() * 5000, talkMs: random() * 20_000 }) },
      seed,
    );
    sw.faults = { doubled: 0.2, late: 0.2, eventMs: 5 };
    for (let index = 0; index < 50; index++) await sw.originate(dial(`leg-${index}`));
    clock.advance(60_000);
    return JSON.stringify(events);
  };
  expect(await story(7)).toBe(await story(7));
  expect(await story(7)).not.toBe(await story(8));
});

type Step = { kind: 'originate' | 'hangUp' | 'join' | 'leave' | 'destroy' | 'cut' | 'restart' | 'wait'; n: number };

test('whatever happens, every leg ends exactly once when connected and none stays in a bridge', async () => {
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('originate', 'hangUp', 'join', 'leave', 'destroy', 'restart', 'wait'),
    n: fc.nat({ max: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer(), async (steps, seed) => {
      const random = seededRandom(seed);
      const { clock, sw, of } = await makeSwitch({
        calleeFor: () => (random() < 0.3 ? busy() : answers({ answerAfterMs: 500 + random() * 4000, talkMs: 3000 })),
      });
      const dialled = new Set<string>();
      const bridge = 'b' as BridgeId;
      for (const { kind, n } of steps) {
        const id = leg(`leg-${n}`);
        const quietly = (promise: Promise<unknown>): Promise<unknown> => promise.catch(() => undefined);
        if (kind === 'originate') await quietly(sw.originate(dial(id)).then(() => dialled.add(id)));
        else if (kind === 'hangUp') await quietly(sw.hangUp(id, 'normal'));
        else if (kind === 'join') await quietly(sw.createBridge(bridge).then(() => sw.addToBridge(bridge, [id])));
        else if (kind === 'leave') await quietly(sw.removeFromBridge(bridge, [id]));
        else if (kind === 'destroy') await quietly(sw.destroyBridge(bridge));
        else if (kind === 'restart') sw.exchange.restart(100 * n);
        else clock.advance(400 * n);
      }
      clock.advance(120_000);
      const ended = of('legEnded').map((event) => event.legId as string);
      expect([...ended].sort()).toEqual([...dialled].sort());
      const { legs, bridges } = await sw.snapshot();
      expect(legs).toEqual([]);
      for (const { legIds } of bridges) expect(legIds).toEqual([]);
      expect(of('legBridged').length).toBeGreaterThanOrEqual(of('legUnbridged').length);
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 150 },
  );
});

test('ten thousand calls at once cost little and all end', async () => {
  const { clock, sw, of } = await makeSwitch({
    newCallsPerSecond: 100_000,
    calleeFor: () => answers({ answerAfterMs: 5000, talkMs: 60_000 }),
  });
  for (let index = 0; index < 10_000; index++) await sw.originate(dial(`leg-${index}`));
  clock.advance(10_000);
  expect(sw.exchange.legCount).toBe(10_000);
  clock.advance(60_000);
  expect(of('legEnded')).toHaveLength(10_000);
  expect(clock.pending).toBe(0);
});
