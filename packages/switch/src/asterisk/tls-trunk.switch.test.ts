import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BridgeId, EndpointId, LegId, TrunkId } from '@qianhu/core';
import type { SipTransport } from '@qianhu/parts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import type { SwitchEvent, TrunkSpec } from '../port.ts';
import { freePort, startAsteriskUnderTest, type AsteriskUnderTest } from '../testing/asterisk-under-test.ts';
import { realScheduling } from '../testing/real-scheduling.ts';
import { toneShare } from '../testing/rtp-stream.ts';
import { SipAgent } from '../testing/sip-agent.ts';
import { until } from '../testing/until.ts';
import { AsteriskSwitch } from './asterisk-switch.ts';

/** Trunks over TLS between two real Asterisks: carriers whose certificate is trusted or not, who encrypt the voice or not. */

const certificate = (
  dir: string,
  name: string,
): { readonly certificateFile: string; readonly privateKeyFile: string } => {
  const certificateFile = join(dir, `${name}.crt`);
  const privateKeyFile = join(dir, `${name}.key`);
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', privateKeyFile];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...subject, '-out', certificateFile], {
    stdio: 'pipe',
  });
  // The service's account reads it.
  chmodSync(privateKeyFile, 0o644);
  return { certificateFile, privateKeyFile };
};

const PHONE_HZ = 900;

let carrier: AsteriskUnderTest;
let asterisk: AsteriskUnderTest;
let sw: AsteriskSwitch;
const events: SwitchEvent[] = [];
let trustedPort = 0;
let strangerPort = 0;

beforeAll(async () => {
  const listener = async (dir: string, name: string): Promise<Extract<SipTransport, { kind: 'tls' }>> => {
    const files = certificate(dir, name);
    return { kind: 'tls', name, address: '127.0.0.1', port: await freePort(), ...files };
  };
  let trusted = '';
  carrier = await startAsteriskUnderTest(
    {
      pjsip: [
        '[anyone]\ntype=endpoint\ncontext=callee\nallow=!all,alaw',
        '[anyone]\ntype=identify\nendpoint=anyone\nmatch=127.0.0.1',
        // Known by the From user, which is asked for before the address.
        '[secret]\ntype=endpoint\ncontext=mirror\nallow=!all,alaw\nmedia_encryption=sdes',
        '',
      ].join('\n'),
      extensions: [
        '[callee]\nexten => _X.,1,Answer()\n same => n,Wait(20)',
        '[mirror]\nexten => _X.,1,Answer()\n same => n,Echo()\n',
      ].join('\n'),
    },
    200,
    async (dir) => {
      const good = await listener(dir, 'trusted');
      const bad = await listener(dir, 'stranger');
      [trusted, trustedPort, strangerPort] = [good.certificateFile, good.port, bad.port];
      return [good, bad];
    },
  );
  asterisk = await startAsteriskUnderTest(undefined, 200, async (dir) => {
    const authoritiesFile = join(dir, 'authorities.pem');
    copyFileSync(trusted, authoritiesFile);
    return [{ ...(await listener(dir, 'verified')), authoritiesFile }, await listener(dir, 'unchecked')];
  });
  sw = new AsteriskSwitch({
    ariUrl: asterisk.ariUrl,
    username: asterisk.spec.ari.username,
    password: asterisk.spec.ari.password,
    app: asterisk.app,
    spoolDir: asterisk.paths.spool,
    controlSocket: asterisk.controlSocket,
    tlsTransports: { verified: 'verified', unchecked: 'unchecked' },
    clock: realScheduling,
    logger: silentLogger,
    reachabilityEveryMs: 200,
  });
  sw.subscribe((event) => void events.push(event));
  await sw.connect();
}, 600_000);
afterAll(async () => {
  await sw.close();
  await asterisk.close();
  await carrier.close();
});

const trunkTo = async (port: number, more: Partial<TrunkSpec> = {}): Promise<TrunkId> => {
  const trunkId = `tls-${randomUUID()}` as TrunkId;
  await sw.putTrunk({
    trunkId,
    transport: 'tls',
    host: '127.0.0.1',
    port,
    auth: { kind: 'ip' },
    codecs: ['alaw'],
    dtmf: 'rfc4733',
    callerIdIn: 'from',
    qualifySec: 1,
    ...more,
  });
  return trunkId;
};

type First = Extract<SwitchEvent, { type: 'legAnswered' | 'legEnded' }>;

/** Dials through the trunk, until it is answered or over. */
const dial = async (trunkId: TrunkId): Promise<First> => {
  const legId = randomUUID() as LegId;
  await sw.originate({ legId, target: { kind: 'trunk', trunkId, dialString: '1001' }, ringTimeoutMs: 8_000 });
  return until(
    () => events.find((e): e is First => (e.type === 'legAnswered' || e.type === 'legEnded') && e.legId === legId),
    15_000,
    'neither answered nor ended',
  );
};
/** How a call through the trunk goes: answered, or over. */
const call = async (trunkId: TrunkId): Promise<'answered' | 'ended'> => {
  const first = await dial(trunkId);
  await sw.hangUp(first.legId, 'normal');
  return first.type === 'legAnswered' ? 'answered' : 'ended';
};
const reachable = (trunkId: TrunkId, wanted: string): Promise<true> =>
  until(
    async () => ((await sw.trunkState(trunkId)).reachable === wanted ? true : undefined),
    20_000,
    `the carrier did not become ${wanted}`,
  );

test('a carrier whose certificate is trusted and good for its address is called', async () => {
  const trunkId = await trunkTo(trustedPort);
  await reachable(trunkId, 'reachable');
  expect(await call(trunkId)).toBe('answered');
}, 60_000);

test('a carrier whose certificate nobody vouches for is not called, and shown as unreachable', async () => {
  const trunkId = await trunkTo(strangerPort);
  expect(await call(trunkId)).toBe('ended');
  await reachable(trunkId, 'unreachable');
}, 60_000);

test('a trusted certificate of another name is not good enough', async () => {
  const trunkId = await trunkTo(trustedPort, { host: 'localhost' });
  expect(await call(trunkId)).toBe('ended');
}, 60_000);

test('a trunk that takes any certificate is called, beside one that does not', async () => {
  const strict = await trunkTo(strangerPort, { qualifySec: 0 });
  const trunkId = await trunkTo(strangerPort, { certificate: 'unchecked' });
  await reachable(trunkId, 'reachable');
  expect(await call(trunkId)).toBe('answered');
  expect(await call(strict)).toBe('ended');
}, 60_000);

test('over a trunk that encrypts the voice it goes both ways, and no other voice is offered', async () => {
  const phone = await SipAgent.start({ host: '127.0.0.51', onCall: (one) => one.answer(PHONE_HZ) });
  try {
    const trunkId = await trunkTo(trustedPort, { media: 'srtp', fromUser: 'secret' });
    const far = await dial(trunkId);
    expect(far.type).toBe('legAnswered');
    const endpointId = 'phone' as EndpointId;
    const contact = `sip:phone@${phone.host}:${String(phone.port)}`;
    await sw.putEndpoint({ endpointId, kind: 'sip', username: 'phone', password: '', contact });
    const near = randomUUID() as LegId;
    await sw.originate({ legId: near, target: { kind: 'endpoint', endpointId }, ringTimeoutMs: 8_000 });
    await until(() => events.find((e) => e.type === 'legAnswered' && e.legId === near), 15_000, 'the phone to answer');
    const bridgeId = randomUUID() as BridgeId;
    await sw.createBridge(bridgeId);
    await sw.addToBridge(bridgeId, [far.legId, near]);
    // The far end sends back what it hears: the phone hears its own tone, twice encrypted and decrypted on the way.
    const [atPhone] = phone.incoming;
    await until(() => toneShare(atPhone?.rtp.heard() ?? new Uint8Array(), PHONE_HZ) > 0.5, 15_000, 'the echo');
    await sw.hangUp(far.legId, 'normal');
    await sw.hangUp(near, 'normal');
  } finally {
    phone.close();
  }
}, 60_000);

test('a carrier that wants the other kind of voice refuses with 488', async () => {
  for (const wrong of [{ fromUser: 'secret' }, { media: 'srtp' }] as const) {
    const first = await dial(await trunkTo(trustedPort, wrong));
    expect(first).toMatchObject({ type: 'legEnded', ending: { sipStatus: 488 } });
  }
}, 60_000);

test('a trunk whose voice is no longer encrypted offers plain voice at once', async () => {
  const trunkId = await trunkTo(trustedPort, { media: 'srtp', qualifySec: 0 });
  expect(await call(trunkId)).toBe('ended');
  await trunkTo(trustedPort, { trunkId, qualifySec: 0 });
  expect(await call(trunkId)).toBe('answered');
}, 60_000);
