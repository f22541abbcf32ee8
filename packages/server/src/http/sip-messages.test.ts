import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sipObjection, summarizeSip } from './sip-messages.ts';

const register = (user: string, more = ''): string =>
  `REGISTER sip:qianhu.invalid SIP/2.0\r\nVia: SIP/2.0/WS x\r\nFrom: <sip:${user}@qianhu.invalid>;tag=1\r\nTo: <sip:${user}@qianhu.invalid>\r\n${more}\r\n`;

describe('the guard of the SIP WebSocket', () => {
  it('lets the own account register and no other', () => {
    expect(sipObjection(summarizeSip(register('me')), 'me')).toBeUndefined();
    expect(sipObjection(summarizeSip(register('other')), 'me')).toBe('foreignUser');
    const stolen = register('me', 'Authorization: Digest username="other", realm="x"\r\n');
    expect(sipObjection(summarizeSip(stolen), 'me')).toBe('foreignUser');
  });

  it('lets no call begin in the browser, and lets one be held', () => {
    const invite = (to: string): string =>
      `INVITE sip:13800138000@x SIP/2.0\r\nf: <sip:me@x>;tag=1\r\nt: <sip:13800138000@x>${to}\r\n\r\n`;
    expect(sipObjection(summarizeSip(invite('')), 'me')).toBe('methodNotAllowed');
    expect(sipObjection(summarizeSip(invite(';tag=2')), 'me')).toBeUndefined();
  });

  it('takes a header given twice for an attack', () => {
    expect(summarizeSip(register('me', 'From: <sip:other@x>;tag=2\r\n')).kind).toBe('malformed');
    expect(summarizeSip(register('me', 'f: <sip:other@x>;tag=2\r\n')).kind).toBe('malformed');
  });

  it('passes answers and keep-alives', () => {
    expect(sipObjection(summarizeSip('SIP/2.0 200 OK\r\n\r\n'), 'me')).toBeUndefined();
    expect(sipObjection(summarizeSip('\r\n\r\n'), 'me')).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void sipObjection(summarizeSip(text), 'me')));
  });
});
