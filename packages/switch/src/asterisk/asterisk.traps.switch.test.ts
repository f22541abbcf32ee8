import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { BridgeId, EndpointId, LegId, RecordingId, TrunkId } from '@qianhu/core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import type { SwitchEvent, TrunkSpec } from '../port.ts';
import { startAsteriskUnderTest, type AsteriskUnderTest } from '../testing/asterisk-under-test.ts';
import { realScheduling } from '../testing/real-scheduling.ts';
import { SipAgent, type SipAgentOptions } from '../testing/sip-agent.ts';
import { headerOf, methodOf } from '../testing/sip-message.ts';
import { startTcpProxy, type TcpProxy } from '../testing/tcp-proxy.ts';
import { until } from '../testing/until.ts';
import { AriClient } from './ari-client.ts';
import { AsteriskSwitch } from './asterisk-switch.ts';

/** What asterisk.md and asterisk-trials.md found, and the contract does not cover, on a real Asterisk. */

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
const newLegId = (): LegId => randomUUID() as LegId;

type Client = {
  readonly sw: AsteriskSwitch;
  readonly events: SwitchEvent[];
  untilEvent<T extends SwitchEvent['type']>(
    type: T,
    fits?: (event: Extract<SwitchEvent, { type: T }>) => boolean,
  ): Promise<Extract<SwitchEvent, { type: T }>>;
};

const connect = async (proxy?: TcpProxy): Promise<Client> => {
  const sw = new AsteriskSwitch({
    ariUrl: `http://127.0.0.1:${String(proxy?.port ?? asterisk.spec.http.port)}/ari`,
    username: asterisk.spec.ari.username,
    password: asterisk.spec.ari.password,
    app: asterisk.app,
    spoolDir: asterisk.paths.spool,
    celFile: asterisk.paths.celFile,
    controlSocket: asterisk.controlSocket,
    clock: realScheduling,
    logger: silentLogger,
    reachabilityEveryMs: 200,
    backOffMs: { first: 50, longest: 500 },
  });
  const events: SwitchEvent[] = [];
  sw.subscribe((event) => events.push(event));
  await sw.connect();
  closers.push(async () => {
    if (sw.health().state === 'up') {
      const { legs } = await sw.snapshot();
      await Promise.all(legs.map(({ legId }) => sw.hangUp(legId, 'normal')));
    }
    await sw.close();
  });
  return {
    sw,
    events,
    untilEvent: (type, fits = () => true) =>
      until(
        () =>
          events.find(
            (event): event is Extract<SwitchEvent, { type: typeof type }> =>
              event.type === type && fits(event as Extract<SwitchEvent, { type: typeof type }>),
          ),
        10_000,
        `no ${type}`,
      ),
  };
};

let nextHost = 20;
const carrierAgent = async (options: SipAgentOptions = {}): Promise<SipAgent> => {
  const agent = await SipAgent.start({ host: `127.0.0.${String(nextHost++)}`, ...options });
  closers.push(() => agent.close());
  return agent;
};

const trunkTo = (agent: { host: string; port: number }, more: Partial<TrunkSpec> = {}): TrunkSpec => ({
  trunkId: randomUUID() as TrunkId,
  transport: 'udp',
  host: agent.host,
  port: agent.port,
  auth: { kind: 'ip' },
  codecs: ['alaw'],
  dtmf: 'rfc4733',
  callerIdIn: 'from',
  qualifySec: 0,
  ...more,
});

const dial = async (
  sw: AsteriskSwitch,
  trunk: TrunkSpec,
  number = '13800138000',
  caller = '01058881234',
): Promise<LegId> => {
  const legId = newLegId();
  const target = { kind: 'trunk', trunkId: trunk.trunkId, dialString: number } as const;
  await sw.originate({ legId, target, ringTimeoutMs: 20_000, callerId: { number: caller } });
  return legId;
};

describe('a trunk', () => {
  test('that registers says so, keeps its line, and says when it is rejected', async () => {
    const agent = await carrierAgent({ registrars: { account: 'right' } });
    const { sw, untilEvent } = await connect();
    const auth = { kind: 'registration', username: 'account', password: 'right' } as const;
    const good = trunkTo(agent, { auth });
    await sw.putTrunk(good);
    await untilEvent(
      'trunkState',
      ({ trunkId, state }) => trunkId === good.trunkId && state.registration === 'registered',
    );
    const bad = trunkTo(agent, { auth: { ...auth, password: 'wrong' } });
    await sw.putTrunk(bad);
    await untilEvent(
      'trunkState',
      ({ trunkId, state }) => trunkId === bad.trunkId && state.registration === 'rejected',
    );
    expect((await sw.trunkState(good.trunkId)).registration).toBe('registered');
    // A changed password is a new attempt, without a restart.
    await sw.putTrunk({ ...bad, auth });
    await until(
      async () => ((await sw.trunkState(bad.trunkId)).registration === 'registered' ? true : undefined),
      5000,
      'registered',
    );
    await sw.removeTrunk(good.trunkId);
    await sw.removeTrunk(bad.trunkId);
  });

  test('with digest answers the carrier challenge', async () => {
    const agent = await carrierAgent({ inviteUser: 'account', onCall: (call) => call.answer() });
    const { sw, untilEvent } = await connect();
    const trunk = trunkTo(agent, { auth: { kind: 'digest', username: 'account', password: 'secret' } });
    await sw.putTrunk(trunk);
    const legId = await dial(sw, trunk);
    await untilEvent('legAnswered', (event) => event.legId === legId);
  });

  test.each([
    ['from', 'from', '01058881234'],
    ['pAssertedIdentity', 'p-asserted-identity', '01058881234'],
    ['remotePartyId', 'remote-party-id', '01058881234'],
    ['diversion', 'diversion', '01058881234'],
  ] as const)(
    'with the caller ID in %s writes it there and the account elsewhere',
    async (callerIdIn, header, number) => {
      const agent = await carrierAgent({ onCall: (call) => call.refuse(486) });
      const { sw } = await connect();
      const trunk = trunkTo(agent, { callerIdIn, fromUser: 'account', fromDomain: 'carrier.example' });
      await sw.putTrunk(trunk);
      await dial(sw, trunk);
      const call = await agent.call();
      expect(call.header(header)).toContain(`sip:${number}@`);
      expect(call.header('from')).toContain(
        callerIdIn === 'from' ? `sip:${number}@carrier.example` : 'sip:account@carrier.example',
      );
      for (const other of ['p-asserted-identity', 'remote-party-id', 'diversion']) {
        if (other !== header) expect(call.header(other)).toBeUndefined();
      }
    },
  );

  test('over TCP and through an outbound proxy sends its INVITE there', async () => {
    const received: string[] = [];
    const server = createServer((socket) => {
      socket.on('data', (data) => received.push(String(data)));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { sw } = await connect();
    const outboundProxy = `sip:127.0.0.1:${String(port)};transport=tcp`;
    const trunk = trunkTo(
      { host: 'carrier.invalid', port: 5060 },
      { transport: 'tcp', outboundProxy, inboundFrom: ['127.0.0.99'] },
    );
    await sw.putTrunk(trunk);
    const legId = await dial(sw, trunk);
    await until(() => received.find((text) => text.startsWith('INVITE')), 5000, 'no INVITE at the proxy');
    const invite = received.join('');
    expect(invite).toMatch(/^INVITE sip:13800138000@carrier\.invalid:5060/);
    expect(invite).toContain('Via: SIP/2.0/TCP');
    await sw.hangUp(legId, 'normal');
    server.close();
  });

  test('whose address changed sends the next call to the new one only', async () => {
    const [before, after] = [
      await carrierAgent({ onCall: (call) => call.refuse(486) }),
      await carrierAgent({ onCall: (call) => call.refuse(603) }),
    ];
    const { sw, untilEvent } = await connect();
    const trunk = trunkTo(before);
    await sw.putTrunk(trunk);
    await sw.putTrunk({ ...trunk, host: after.host, port: after.port });
    const legId = await dial(sw, trunk);
    const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
    expect(ending.sipStatus).toBe(603);
    expect(before.incoming).toHaveLength(0);
  });

  test('at 127.0.0.1 does not swallow the registration of a phone at 127.0.0.1', async () => {
    const { sw, untilEvent } = await connect();
    const trunk = trunkTo({ host: '127.0.0.1', port: 5999 });
    await sw.putTrunk(trunk);
    const endpointId = randomUUID() as EndpointId;
    const username = `agent-${endpointId.slice(0, 8)}`;
    await sw.putEndpoint({ endpointId, kind: 'sip', username, password: 'secret' });
    const phone = await SipAgent.start({ onCall: (call) => call.answer(700) });
    closers.push(() => phone.close());
    const registrar = `127.0.0.1:${String(asterisk.sipPort)}`;
    expect(await phone.register(registrar, username, 'wrong')).toBeGreaterThanOrEqual(400);
    expect(await phone.register(registrar, username, 'secret')).toBe(200);
    const told = await untilEvent(
      'endpointState',
      (event) => event.endpointId === endpointId && event.state.registered,
    );
    expect(told.state.contact).toContain(username);
    const legId = newLegId();
    const headers = { 'X-Auto-Answer': 'yes', 'Call-Info': '<sip:127.0.0.1>;answer-after=0' };
    await sw.originate({ legId, target: { kind: 'endpoint', endpointId }, ringTimeoutMs: 5000, headers });
    await untilEvent('legAnswered', (event) => event.legId === legId);
    expect(phone.incoming[0]?.header('call-info')).toContain('answer-after=0');
    await sw.removeTrunk(trunk.trunkId);
    await sw.removeEndpoint(endpointId);
  });
});

describe('endings', () => {
  test.each([
    [403, 21],
    [408, 18],
    [410, 22],
    [484, 28],
    [500, 38],
    [502, 27],
    [600, 17],
  ])('%i becomes cause %i by them', async (status, cause) => {
    const agent = await carrierAgent({ onCall: (call) => call.refuse(status) });
    const { sw, untilEvent } = await connect();
    const trunk = trunkTo(agent);
    await sw.putTrunk(trunk);
    const legId = await dial(sw, trunk);
    const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
    expect(ending).toMatchObject({ cause, sipStatus: status, by: 'them' });
  });

  test('an answer whose SDP does not fit carries no status of theirs', async () => {
    const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 18\r\n';
    const agent = await carrierAgent({ onCall: (call) => call.answer(undefined, sdp) });
    const { sw, untilEvent } = await connect();
    const trunk = trunkTo(agent);
    await sw.putTrunk(trunk);
    const legId = await dial(sw, trunk);
    const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
    expect(ending.cause).toBe(58);
    expect(ending).not.toHaveProperty('sipStatus');
  });

  test('a number that cannot be dialled and a foreign header are refused before Asterisk sees them', async () => {
    const { sw, events } = await connect();
    const trunk = trunkTo({ host: '127.0.0.1', port: 5999 });
    await sw.putTrunk(trunk);
    for (const number of ['1@evil', '1&PJSIP/2', '', '1,2', "1';x"]) {
      await expect(dial(sw, trunk, number)).rejects.toMatchObject({ code: 'invalid' });
    }
    await expect(dial(sw, trunk, '1', 'a"b')).rejects.toMatchObject({ code: 'invalid' });
    expect(events.filter((event) => 'legId' in event)).toEqual([]);
    await sw.removeTrunk(trunk.trunkId);
  });
});

describe('while we are away', () => {
  test('a call that is answered waits for us, and one that came in is told when we are back', async () => {
    const agent = await carrierAgent();
    const proxy = await startTcpProxy(asterisk.spec.http.port);
    closers.push(() => proxy.close());
    const { sw, events, untilEvent } = await connect(proxy);
    const trunk = trunkTo(agent);
    await sw.putTrunk(trunk);
    const legId = await dial(sw, trunk);
    const call = await agent.call();
    call.ring();
    await untilEvent('legRinging');
    proxy.cut();
    await untilEvent('connectionLost');
    call.answer(700);
    const caller = await agent.invite(`127.0.0.1:${String(asterisk.sipPort)}`, '4008001234', { user: '13900139000' });
    await call.until('acknowledged');
    await pause(300);
    proxy.mend();
    await untilEvent('connectionRestored');
    const { legs } = await sw.snapshot();
    expect(legs.find((leg) => leg.legId === legId)?.phase).toBe('up');
    // The dialplan tries again every second; the caller was not refused.
    const incoming = await untilEvent('legIncoming');
    expect(incoming).toMatchObject({ dialled: '4008001234', from: { kind: 'trunk', trunkId: trunk.trunkId } });
    await sw.hangUp(incoming.legId, 'busy');
    await until(() => caller.finalStatus || undefined, 5000, 'the caller was not refused');
    expect(caller.finalStatus).toBe(486);
    expect(events.filter((event) => event.type === 'legEnded' && event.legId === legId)).toEqual([]);
  });

  test('a recording goes on, and the next process finishes it', async () => {
    const agent = await carrierAgent({ onCall: (call) => call.answer(700) });
    const first = await connect();
    const trunk = trunkTo(agent);
    await first.sw.putTrunk(trunk);
    const legs = [await dial(first.sw, trunk, '1'), await dial(first.sw, trunk, '2')] as const;
    for (const legId of legs) await first.untilEvent('legAnswered', (event) => event.legId === legId);
    const recordingId = randomUUID() as RecordingId;
    const begunAtMs = Date.now();
    await first.sw.startRecording({ recordingId, leftLegId: legs[0], rightLegId: legs[1] });
    await pause(500);
    await first.sw.close();
    await pause(500);
    const next = await connect();
    expect((await next.sw.snapshot()).legs).toHaveLength(2);
    await pause(300);
    await next.sw.hangUp(legs[0], 'normal');
    await next.untilEvent('legEnded');
    expect(next.events.some((event) => event.type === 'recordingFinished')).toBe(false);
    await next.sw.stopRecording(recordingId);
    const { left, right } = await next.untilEvent('recordingFinished');
    // Both sides from their beginning; which is told from the length, as nobody remembers the start.
    for (const side of [left, right]) {
      expect(statSync(side?.path ?? '').size).toBeGreaterThan(8 * 1200);
      expect(Math.abs((side?.startedAtMs ?? 0) - begunAtMs)).toBeLessThan(400);
    }
  });

  test('a recording that ended meanwhile is told when it is asked for', async () => {
    const agent = await carrierAgent({ onCall: (call) => call.answer(700) });
    const first = await connect();
    const trunk = trunkTo(agent);
    await first.sw.putTrunk(trunk);
    const legId = await dial(first.sw, trunk);
    await first.untilEvent('legAnswered');
    const recordingId = randomUUID() as RecordingId;
    await first.sw.startRecording({ recordingId, leftLegId: legId });
    await pause(400);
    await first.sw.close();
    await (await agent.call()).hangUp();
    await pause(300);
    const next = await connect();
    await next.sw.stopRecording(recordingId);
    const { left, right } = await next.untilEvent('recordingFinished');
    expect(left?.path).toBeDefined();
    expect(right).toBeUndefined();
    // Of one that never was, that is said.
    await next.sw.stopRecording('never' as RecordingId);
    await next.untilEvent('recordingFailed', (event) => event.recordingId === 'never');
  });

  test('a leg that was made and never dialled is taken away by the next process, one that was dialled stays', async () => {
    const agent = await carrierAgent();
    const first = await connect();
    const trunk = trunkTo(agent);
    await first.sw.putTrunk(trunk);
    const dialled = await dial(first.sw, trunk, '1');
    await agent.call();
    const made = newLegId();
    const ari = new AriClient(
      {
        url: asterisk.ariUrl,
        username: asterisk.spec.ari.username,
        password: asterisk.spec.ari.password,
        app: asterisk.app,
        scheduling: realScheduling,
        logger: silentLogger,
      },
      {
        onEvent: () => undefined,
        prepare: () => Promise.resolve(),
        onUp: () => undefined,
        onDown: () => undefined,
        onRefused: () => undefined,
        onReplaced: () => undefined,
      },
    );
    ari.start();
    closers.push(() => ari.close());
    await until(() => (ari.state === 'up' ? true : undefined), 5000, 'not connected');
    const endpoint = `PJSIP/2@trunk-${trunk.trunkId}`;
    await ari.request({
      method: 'POST',
      path: 'channels/create',
      query: { endpoint, app: asterisk.app, channelId: made },
    });
    await pause(200);
    const next = await connect();
    const { ending } = await next.untilEvent('legEnded', (event) => event.legId === made);
    // Not the carrier's fault: it never heard of it.
    expect(ending.by).toBe('switch');
    await pause(300);
    expect(next.events.filter((event) => event.type === 'legEnded' && event.legId === made)).toHaveLength(1);
    expect((await next.sw.snapshot()).legs.map(({ legId }) => legId)).toEqual([dialled]);
    expect(agent.incoming).toHaveLength(1);
  });

  test('a leg on hold comes back to its bridge by the next process', async () => {
    const agent = await carrierAgent({ onCall: (call) => call.answer(700) });
    const first = await connect();
    const trunk = trunkTo(agent);
    await first.sw.putTrunk(trunk);
    const legId = await dial(first.sw, trunk);
    await first.untilEvent('legAnswered');
    const bridgeId = randomUUID() as BridgeId;
    await first.sw.createBridge(bridgeId);
    await first.sw.addToBridge(bridgeId, [legId]);
    await first.sw.hold(legId);
    expect((await first.sw.snapshot()).legs).toMatchObject([{ legId, bridgeId }]);
    await first.sw.close();
    const next = await connect();
    expect((await next.sw.snapshot()).legs).toMatchObject([{ legId, bridgeId }]);
    await next.sw.unhold(legId);
    await pause(200);
    const { bridges } = await next.sw.snapshot();
    expect(bridges).toEqual([{ bridgeId, legIds: [legId] }]);
    await next.sw.destroyBridge(bridgeId);
  });
});

describe('connecting', () => {
  test('with a wrong password fails at once and says why', async () => {
    const sw = new AsteriskSwitch({
      ariUrl: asterisk.ariUrl,
      username: asterisk.spec.ari.username,
      password: 'wrong',
      app: 'another-app',
      spoolDir: asterisk.paths.spool,
      clock: realScheduling,
      logger: silentLogger,
    });
    await expect(sw.connect()).rejects.toMatchObject({ code: 'refused' });
    expect(sw.health().state).toBe('down');
    await sw.close();
  });
});

test('a caller who presses keys by SIP INFO is heard where the trunk says so', async () => {
  const agent = await carrierAgent({ onCall: (call) => call.answer() });
  const { sw, untilEvent } = await connect();
  const trunk = trunkTo(agent, { dtmf: 'info' });
  await sw.putTrunk(trunk);
  await dial(sw, trunk);
  await untilEvent('legAnswered');
  await (await agent.call()).infoDtmf('5');
  await untilEvent('legDtmf', (event) => event.digit === '5');
  const invite = agent.log.find((message) => methodOf(message) === 'INVITE');
  expect(invite && headerOf(invite, 'user-agent')).toBeDefined();
});
