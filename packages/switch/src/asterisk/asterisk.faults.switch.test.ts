import type { LegId, RecordingId, TrunkId } from '@qianhu/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import type { SwitchEvent, TrunkSpec } from '../port.ts';
import { FakeAriServer, fakeChannel, type FakeRequest } from '../testing/fake-ari-server.ts';
import { realScheduling } from '../testing/real-scheduling.ts';
import { until } from '../testing/until.ts';
import { AsteriskSwitch, type AsteriskSwitchOptions } from './asterisk-switch.ts';

let server: FakeAriServer;
let sw: AsteriskSwitch;
let events: SwitchEvent[];

const make = (more: Partial<AsteriskSwitchOptions> = {}): AsteriskSwitch =>
  new AsteriskSwitch({
    ariUrl: server.url,
    username: 'user',
    password: 'secret',
    app: 'app',
    spoolDir: '/nonexistent',
    clock: realScheduling,
    logger: silentLogger,
    reachabilityEveryMs: 0,
    requestTimeoutMs: 1_000,
    backOffMs: { first: 10, longest: 50 },
    ...more,
  });

beforeEach(async () => {
  server = await FakeAriServer.start();
  sw = make();
  events = [];
  sw.subscribe((event) => events.push(event));
});
afterEach(async () => {
  await sw.close();
  await server.close();
});

const trunk: TrunkSpec = {
  trunkId: 't' as TrunkId,
  transport: 'udp',
  host: '192.0.2.1',
  port: 5060,
  auth: { kind: 'ip' },
  codecs: ['alaw'],
  dtmf: 'rfc4733',
  callerIdIn: 'from',
  qualifySec: 0,
};
const target = { kind: 'trunk', trunkId: trunk.trunkId, dialString: '1' } as const;
const dial = (legId: string, ringTimeoutMs = 20_000): Promise<void> =>
  sw.originate({ legId: legId as LegId, target, ringTimeoutMs });
const untilEvent = (type: SwitchEvent['type']): Promise<SwitchEvent> =>
  until(() => events.find((event) => event.type === type), 5000, `no ${type}`);
const sent = (fits: (request: FakeRequest) => boolean): readonly FakeRequest[] => server.requests.filter(fits);

/** Answers creates as Asterisk does: the channel enters the application a moment after the answer. */
const enter = (delayMs = 5): void => {
  server.answer = (request) => {
    if (request.uri !== 'channels/create') return undefined;
    const id = request.query['channelId'] ?? '';
    setTimeout(() => server.event({ type: 'StasisStart', args: [], channel: fakeChannel(id, 'Down') }), delayMs);
    return { status: 200, body: fakeChannel(id, 'Down') };
  };
};

describe('a dial', () => {
  test('waits for its channel to enter the application before it is dialled', async () => {
    await sw.connect();
    await sw.putTrunk(trunk);
    enter(60);
    const dialled = dial('a');
    await until(() => sent(({ uri }) => uri === 'channels/create')[0], 1000, 'no create');
    expect(sent(({ uri }) => uri === 'channels/a/dial')).toEqual([]);
    await dialled;
    expect(sent(({ uri }) => uri === 'channels/a/dial')).toHaveLength(1);
    expect(sent(({ uri }) => uri === 'channels/a/dial')[0]?.query).toMatchObject({ timeout: '20' });
  });

  test('whose end comes before the answer to the dial is told after it was accepted, once', async () => {
    await sw.connect();
    await sw.putTrunk(trunk);
    enter();
    const create = server.answer;
    server.answer = (request) => {
      if (request.uri !== 'channels/a/dial') return create(request);
      const channel = fakeChannel('a', 'Down');
      server.event({ type: 'ChannelHangupRequest', channel, cause: 17, tech_cause: 486 });
      server.event({ type: 'ChannelDestroyed', channel, cause: 17, cause_txt: 'User busy', tech_cause: 486 });
      server.event({ type: 'Dial', peer: channel, dialstatus: '' });
      return { status: 204, delayMs: 30 };
    };
    await dial('a');
    expect(events.filter((event) => 'legId' in event)).toMatchObject([
      { type: 'legEnded', legId: 'a', ending: { cause: 17, sipStatus: 486, by: 'them' } },
    ]);
  });

  test('that is refused rejects, tells nothing, and its channel is taken away', async () => {
    await sw.connect();
    await sw.putTrunk(trunk);
    enter();
    const create = server.answer;
    server.answer = (request) =>
      request.uri === 'channels/a/dial' ? { status: 409, body: { message: 'no' } } : create(request);
    await expect(dial('a')).rejects.toMatchObject({ code: 'refused' });
    await until(
      () => sent(({ method, uri }) => method === 'DELETE' && uri === 'channels/a')[0],
      1000,
      'not taken away',
    );
    server.event({ type: 'ChannelDestroyed', channel: fakeChannel('a', 'Down'), cause: 16, cause_txt: '' });
    await expect(sw.snapshot()).resolves.toBeDefined();
    expect(events.filter((event) => 'legId' in event)).toEqual([]);
  });

  test('that the lost connection left in doubt is not sent again', async () => {
    await sw.connect();
    await sw.putTrunk(trunk);
    server.answer = ({ uri }) => (uri === 'channels/create' ? 'silent' : undefined);
    const dialled = dial('a');
    await until(() => sent(({ uri }) => uri === 'channels/create')[0], 1000, 'no create');
    server.cut();
    await expect(dialled).rejects.toMatchObject({ code: 'notConnected', retryable: false });
    await untilEvent('connectionRestored');
    await dial('a');
    expect(sent(({ uri }) => uri === 'channels/create')).toHaveLength(1);
  });

  test('answered by either event, doubled or out of order, is answered once', async () => {
    await sw.connect();
    await sw.putTrunk(trunk);
    enter();
    for (const [legId, order] of [
      ['a', ['ANSWER', 'Up', 'RINGING', '']],
      ['b', ['Up', 'ANSWER', 'Up']],
      ['c', ['Up']],
      ['d', ['ANSWER', 'ANSWER']],
    ] as const) {
      await dial(legId);
      for (const what of order) {
        const channel = fakeChannel(legId, what === 'Up' ? 'Up' : 'Ringing');
        if (what === 'Up') server.event({ type: 'ChannelStateChange', channel });
        else server.event({ type: 'Dial', peer: channel, dialstatus: what });
      }
      server.event({ type: 'ChannelDestroyed', channel: fakeChannel(legId, 'Up'), cause: 16, cause_txt: '' });
      await until(() => events.find((event) => event.type === 'legEnded' && event.legId === legId), 1000, 'not ended');
      const told = events.filter((event) => 'legId' in event && event.legId === legId).map(({ type }) => type);
      expect(told).toEqual(['legAnswered', 'legEnded']);
    }
  });
});

describe('requests', () => {
  test('that are not answered in time are rejected, and a late answer harms nobody', async () => {
    await sw.connect();
    server.answer = ({ uri }) => (uri.endsWith('/answer') ? { status: 204, delayMs: 1_200 } : undefined);
    await expect(sw.answer('a' as LegId)).rejects.toMatchObject({ code: 'timeout' });
    await until(() => (sw.health().state === 'up' ? true : undefined), 1000, 'down');
    await new Promise((resolve) => setTimeout(resolve, 400));
    await sw.hangUp('a' as LegId, 'normal');
  });

  test('under way when the connection is lost are rejected at once', async () => {
    await sw.connect();
    server.answer = ({ uri }) => (uri.endsWith('/answer') ? 'silent' : undefined);
    const all = ['a', 'b', 'c'].map((legId) => sw.answer(legId as LegId));
    await until(() => (sent(({ uri }) => uri.endsWith('/answer')).length === 3 ? true : undefined), 1000, 'not sent');
    server.cut();
    for (const each of all) await expect(each).rejects.toMatchObject({ code: 'notConnected' });
    await expect(sw.answer('d' as LegId)).rejects.toMatchObject({ code: 'notConnected', retryable: true });
  });
});

describe('the connection', () => {
  test('whose pings are not answered is given up and made anew', async () => {
    await sw.close();
    sw = make({ pingEveryMs: 100 });
    sw.subscribe((event) => events.push(event));
    await sw.connect();
    server.isDeaf = true;
    await untilEvent('connectionLost');
    server.isDeaf = false;
    await untilEvent('connectionRestored');
    expect(server.connections).toBeGreaterThanOrEqual(2);
  });

  test('filters events in the switch, but never the answers', async () => {
    await sw.connect();
    const [filter] = sent(({ uri }) => uri === 'applications/app/eventFilter');
    const allowed = (filter?.body as { allowed: { type: string }[] }).allowed.map(({ type }) => type);
    expect(allowed).toContain('RESTResponse');
    expect(allowed).not.toContain('ChannelVarset');
    server.cut();
    await untilEvent('connectionRestored');
    expect(sent(({ uri }) => uri === 'applications/app/eventFilter')).toHaveLength(2);
  });

  test('that was replaced stops for good', async () => {
    await sw.connect();
    server.event({ type: 'ApplicationReplaced' });
    await untilEvent('replaced');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(server.connections).toBe(1);
    expect(sw.health().state).toBe('replaced');
    expect(events.map(({ type }) => type)).toEqual(['replaced']);
  });

  test('survives text that is no JSON, events that lack what they promise and events nobody asked for', async () => {
    await sw.connect();
    server.raw('{"type":"Dial"');
    server.raw('[]');
    server.raw('null');
    server.raw('{"type":"ChannelDestroyed","timestamp":"x"}');
    server.raw('{"type":"StasisStart","channel":{"id":7}}');
    server.raw('{"type":"ChannelVarset","variable":"x"}');
    server.raw('{"type":"RESTResponse","request_id":"9999","status_code":200}');
    await sw.hangUp('a' as LegId, 'normal');
    expect(events).toEqual([]);
  });

  test('to a switch that was restarted ends each leg once and makes the trunks known again', async () => {
    await sw.connect();
    await sw.putTrunk(trunk);
    enter();
    await dial('a');
    await dial('b');
    const pushes = sent(({ method }) => method === 'PUT').length;
    server.startupTime = '2026-11-22T01:00:00.000+0000';
    server.cut();
    await untilEvent('connectionRestored');
    const order = events.map((event) => event.type);
    expect(order).toEqual(['connectionLost', 'legEnded', 'legEnded', 'connectionRestored']);
    expect(events.at(-1)).toMatchObject({ sameIncarnation: false });
    expect(sent(({ method, uri }) => method === 'PUT' && uri.includes('res_pjsip')).length).toBeGreaterThan(pushes - 1);
    server.event({ type: 'ChannelDestroyed', channel: fakeChannel('a', 'Up'), cause: 16, cause_txt: '' });
    await sw.hangUp('a' as LegId, 'normal');
    expect(events.filter(({ type }) => type === 'legEnded')).toHaveLength(2);
  });

  test('shows no channel of ours as a leg', async () => {
    const inside = { context: 'default', exten: 's', priority: 1, app_name: 'Stasis', app_data: 'app' };
    for (const name of [
      'Snoop/x-1',
      'WebSocket/INCOMING-1',
      'Announcer/ARI-1',
      'Recorder/ARI-1',
      'Local/x@y-1;1',
      'UnicastRTP/1',
    ]) {
      server.channels.push(fakeChannel(name, 'Up', { name, dialplan: inside }));
    }
    // Still in the dialplan, trying to reach us; and of another application.
    server.channels.push(fakeChannel('waiting', 'Ring', { dialplan: { ...inside, app_name: 'Wait', app_data: '1' } }));
    server.channels.push(fakeChannel('other', 'Up', { dialplan: { ...inside, app_data: 'app2' } }));
    server.channels.push(fakeChannel('leg', 'Ringing'));
    await sw.connect();
    expect((await sw.snapshot()).legs.map(({ legId, phase }) => [legId, phase])).toEqual([['leg', 'ringing']]);
    server.event({ type: 'StasisStart', args: [], channel: fakeChannel('s', 'Up', { name: 'Snoop/leg-00000001' }) });
    await sw.hangUp('none' as LegId, 'normal');
    expect(events).toEqual([]);
  });
});

test('a recording waits for its snoops to enter, begins both together, and is refused when the leg is gone', async () => {
  await sw.connect();
  server.answer = ({ method, uri }) => {
    const snoop = /^channels\/(\w+)\/snoop\/(.+)$/.exec(uri);
    if (method !== 'POST' || !snoop) return undefined;
    if (snoop[1] === 'gone') return { status: 404 };
    const id = snoop[2] ?? '';
    const name = `Snoop/${String(snoop[1])}-00000001`;
    setTimeout(() => server.event({ type: 'StasisStart', args: [], channel: fakeChannel(id, 'Up', { name }) }), 20);
    return { status: 200, body: {} };
  };
  await sw.startRecording({ recordingId: 'r' as RecordingId, leftLegId: 'a' as LegId, rightLegId: 'b' as LegId });
  const uris = server.requests.map(({ uri }) => uri);
  const records = uris.filter((uri) => uri.endsWith('/record'));
  expect(records).toEqual(['channels/rec-r-l/record', 'channels/rec-r-r/record']);
  expect(uris.indexOf('channels/rec-r-l/record')).toBeGreaterThan(uris.indexOf('channels/b/snoop/rec-r-r'));
  await expect(
    sw.startRecording({ recordingId: 'q' as RecordingId, leftLegId: 'gone' as LegId }),
  ).rejects.toMatchObject({ code: 'notFound' });
});
