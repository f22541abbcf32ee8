import type { EndpointId, TrunkId } from '@qianhu/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EndpointSpec, TrunkSpec } from '../port.ts';
import { endpointObjects, trunkObjects, trunkResource } from './pjsip-objects.ts';

const trunk: TrunkSpec = {
  trunkId: 't1' as TrunkId,
  transport: 'udp',
  host: 'sip.carrier.example',
  port: 5060,
  auth: { kind: 'ip' },
  codecs: ['alaw', 'ulaw'],
  dtmf: 'rfc4733',
  callerIdIn: 'from',
  qualifySec: 30,
};
const agent: EndpointSpec = { endpointId: 'e1' as EndpointId, kind: 'webrtc', username: 'agent-1', password: 'secret' };

const fieldsOf = (objects: ReturnType<typeof trunkObjects>, type: string): Readonly<Record<string, string>> =>
  objects.find((object) => object.type === type)?.fields ?? {};

describe('a trunk', () => {
  test('by address needs no credentials and is recognised by its address', () => {
    const objects = trunkObjects({ ...trunk, inboundFrom: ['192.0.2.0/24'] });
    expect(objects.map(({ type }) => type)).toEqual(['aor', 'endpoint', 'identify']);
    expect(fieldsOf(objects, 'identify')).toEqual({ endpoint: 'trunk-t1', match: 'sip.carrier.example,192.0.2.0/24' });
    expect(fieldsOf(objects, 'aor')).toMatchObject({
      contact: 'sip:sip.carrier.example:5060',
      qualify_frequency: '30',
    });
    expect(fieldsOf(objects, 'endpoint')).toMatchObject({
      allow: '!all,alaw,ulaw',
      accountcode: 'trunk:t1',
      direct_media: 'no',
    });
  });

  test('that registers writes its account into From only where another header carries the number', () => {
    const auth = { kind: 'registration', username: 'acc', password: 'p' } as const;
    const from = trunkObjects({ ...trunk, auth });
    expect(fieldsOf(from, 'endpoint')).not.toHaveProperty('from_user');
    const pai = trunkObjects({ ...trunk, auth, callerIdIn: 'pAssertedIdentity' });
    expect(fieldsOf(pai, 'endpoint')).toMatchObject({
      from_user: 'acc',
      send_pai: 'yes',
      send_rpid: 'no',
      outbound_auth: 'trunk-t1',
    });
    expect(fieldsOf(pai, 'registration')).toMatchObject({
      client_uri: 'sip:acc@sip.carrier.example',
      contact_user: 'acc',
    });
  });

  test('over TLS through a proxy goes to the proxy, loosely routed', () => {
    const objects = trunkObjects({
      ...trunk,
      transport: 'tls',
      port: 5061,
      outboundProxy: 'edge.example:5061;transport=tls',
    });
    expect(fieldsOf(objects, 'aor')['contact']).toBe('sip:sip.carrier.example:5061;transport=tls');
    expect(fieldsOf(objects, 'endpoint')['outbound_proxy']).toBe('sip:edge.example:5061;transport=tls;lr');
    expect(fieldsOf(objects, 'identify')['match']).toBe('edge.example');
  });

  test.each([
    { host: 'a b' },
    { host: 'x;y' },
    { port: 0 },
    { port: 70_000 },
    { codecs: [] },
    { outboundProxy: 'x y' },
    { fromUser: 'a\r\nX: y' },
    { inboundFrom: ['a,b'] },
    { trunkId: 'a/b' as TrunkId },
    { auth: { kind: 'digest', username: 'a"b', password: 'x' } },
  ] as const)('with %o is refused', (wrong) => {
    expect(() => trunkObjects({ ...trunk, ...wrong } as TrunkSpec)).toThrowError(
      expect.objectContaining({ code: 'invalid' }) as Error,
    );
  });
});

describe("an agent's endpoint", () => {
  test('is named by its user name, by which a REGISTER is matched', () => {
    const objects = endpointObjects(agent);
    expect(new Set(objects.map(({ id }) => id))).toEqual(new Set(['agent-1']));
    expect(fieldsOf(objects, 'endpoint')).toMatchObject({
      webrtc: 'yes',
      // A tab that was closed is noticed after 5 s.
      rtp_timeout: '5',
      dtls_auto_generate_cert: 'yes',
      allow: '!all,alaw,ulaw,opus',
      auth: 'agent-1',
    });
  });
  test('at a fixed address has no credentials to register with', () => {
    const objects = endpointObjects({ ...agent, kind: 'sip', contact: 'sip:7@192.0.2.7:5060' });
    expect(objects.map(({ type }) => type)).toEqual(['aor', 'endpoint']);
  });
  test('never takes the name of a trunk', () => {
    const username = trunkResource('t1');
    expect(() => endpointObjects({ ...agent, username })).toThrow();
  });
});

test('no field ever holds a line break, whatever is asked for', () => {
  const text = fc.string({
    maxLength: 12,
    unit: fc.constantFrom('a', '1', '.', ':', '@', ';', '\r', '\n', ' ', '<', '"'),
  });
  fc.assert(
    fc.property(text, text, text, (host, user, proxy) => {
      try {
        const auth = { kind: 'registration', username: user, password: 'p' } as const;
        for (const { fields } of trunkObjects({ ...trunk, host, auth, outboundProxy: proxy, fromUser: user })) {
          for (const value of Object.values(fields)) expect(value).not.toMatch(/[\r\n]/);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid' });
      }
    }),
  );
});
