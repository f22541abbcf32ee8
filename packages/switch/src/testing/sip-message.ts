import { createHash } from 'node:crypto';

/** A SIP message as text parts; header names in lower case, in order, repeated ones kept. */
export type SipText = {
  readonly startLine: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
};

const SHORT: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
};

/** Undefined for keep-alives and anything that is not SIP. */
export const parseSip = (text: string): SipText | undefined => {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [startLine = '', ...lines] = text.slice(0, end).split('\r\n');
  if (!startLine.includes('SIP/2.0')) return undefined;
  const headers = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    if (colon < 0) return [];
    const name = line.slice(0, colon).trim().toLowerCase();
    return [[SHORT[name] ?? name, line.slice(colon + 1).trim()]];
  });
  return { startLine, headers, body: text.slice(end + 4) };
};

export const headerOf = (message: SipText, name: string): string | undefined =>
  message.headers.find(([key]) => key === name)?.[1];
export const headersOf = (message: SipText, name: string): readonly string[] =>
  message.headers.filter(([key]) => key === name).map(([, value]) => value);

export const methodOf = (message: SipText): string => message.startLine.split(' ')[0] ?? '';
/** The status of a response; 0 for a request. */
export const statusOf = (message: SipText): number =>
  message.startLine.startsWith('SIP/2.0 ') ? Number(message.startLine.slice(8, 11)) : 0;
/** The user part of a request's address. */
export const requestUser = (message: SipText): string => /^\S+ sips?:([^@;>\s]+)@/.exec(message.startLine)?.[1] ?? '';

export const buildSip = (startLine: string, headers: readonly (readonly [string, string])[], body = ''): string =>
  [
    startLine,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    '',
    body,
  ].join('\r\n');

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The Authorization header for a challenge (RFC 2617 section 3.2.2, MD5, qop auth or none). */
export const digestAnswer = (
  challenge: string,
  order: { readonly method: string; readonly uri: string; readonly username: string; readonly password: string },
): string => {
  const field = (name: string): string => new RegExp(`${name}="?([^",]+)"?`, 'i').exec(challenge)?.[1] ?? '';
  const realm = field('realm');
  const nonce = field('nonce');
  const ha1 = md5(`${order.username}:${realm}:${order.password}`);
  const ha2 = md5(`${order.method}:${order.uri}`);
  const base = `Digest username="${order.username}", realm="${realm}", nonce="${nonce}", uri="${order.uri}", algorithm=MD5`;
  const opaque = field('opaque');
  const tail = opaque === '' ? '' : `, opaque="${opaque}"`;
  if (!/qop=/i.test(challenge)) return `${base}, response="${md5(`${ha1}:${nonce}:${ha2}`)}"${tail}`;
  const cnonce = md5(nonce).slice(0, 8);
  const response = md5(`${ha1}:${nonce}:00000001:${cnonce}:auth:${ha2}`);
  return `${base}, qop=auth, nc=00000001, cnonce="${cnonce}", response="${response}"${tail}`;
};

/** An SDP of one A-law stream with telephone events. */
export const sdpOf = (
  host: string,
  port: number,
  direction: 'sendrecv' | 'sendonly' | 'inactive' = 'sendrecv',
): string =>
  [
    'v=0',
    `o=- 1 1 IN IP4 ${host}`,
    's=-',
    `c=IN IP4 ${host}`,
    't=0 0',
    `m=audio ${String(port)} RTP/AVP 8 101`,
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=ptime:20',
    `a=${direction}`,
    '',
  ].join('\r\n');

/** Where an SDP wants its audio. */
export const mediaOfSdp = (sdp: string): { host: string; port: number } | undefined => {
  const host = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1];
  const port = /^m=audio (\d+)/m.exec(sdp)?.[1];
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
};
