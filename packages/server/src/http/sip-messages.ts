/** What the guard of the SIP WebSocket looks at in a message from a browser. */
export type SipSummary =
  | { readonly kind: 'keepAlive' }
  | { readonly kind: 'response' }
  | {
      readonly kind: 'request';
      readonly method: string;
      /** User part of From, To and of the credentials, where present. */
      readonly fromUser?: string;
      readonly toUser?: string;
      readonly authUser?: string;
      /** To has a tag: the request belongs to a dialog (RFC 3261, section 12.2). */
      readonly isInDialog: boolean;
    }
  | { readonly kind: 'malformed' };

const SHORT_NAMES: Readonly<Record<string, string>> = { f: 'from', t: 'to', i: 'call-id', v: 'via', m: 'contact' };

const userOf = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : /sips?:([^@;>\s]+)@/i.exec(value)?.[1];

/** Reads the start line and the few headers that matter. A header that is given twice makes the message malformed. */
export const summarizeSip = (text: string): SipSummary => {
  if (/^[\r\n]*$/.test(text)) return { kind: 'keepAlive' };
  const head = (text.split(/\r?\n\r?\n/, 1)[0] ?? '').replace(/\r?\n[ \t]+/g, ' ');
  const [startLine = '', ...lines] = head.split(/\r?\n/);
  if (/^SIP\/2\.0 \d{3}\b/.test(startLine)) return { kind: 'response' };
  const method = /^([A-Z]+) sips?:\S+ SIP\/2\.0$/.exec(startLine)?.[1];
  if (method === undefined) return { kind: 'malformed' };
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = /^([A-Za-z0-9.!%*_+`'~-]+)\s*:(.*)$/.exec(line);
    if (match === null) return { kind: 'malformed' };
    const given = (match[1] ?? '').toLowerCase();
    const name = SHORT_NAMES[given] ?? given;
    if (['from', 'to', 'authorization', 'proxy-authorization'].includes(name) && headers.has(name))
      return { kind: 'malformed' };
    headers.set(name, (match[2] ?? '').trim());
  }
  const to = headers.get('to');
  const credentials = headers.get('authorization') ?? headers.get('proxy-authorization');
  const fromUser = userOf(headers.get('from'));
  const toUser = userOf(to);
  const authUser = credentials === undefined ? undefined : /\busername="([^"]*)"/i.exec(credentials)?.[1];
  return {
    kind: 'request',
    method,
    ...(fromUser === undefined ? {} : { fromUser }),
    ...(toUser === undefined ? {} : { toUser }),
    ...(authUser === undefined ? {} : { authUser }),
    isInDialog: to !== undefined && /;\s*tag=/i.test(to),
  };
};

/** Requests that a browser's phone may send outside a dialog. It calls nobody by itself: calls begin at the engine. */
const OUTSIDE_DIALOG: ReadonlySet<string> = new Set(['REGISTER', 'ACK', 'CANCEL', 'OPTIONS']);
const IN_DIALOG: ReadonlySet<string> = new Set([
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'INFO',
  'UPDATE',
  'PRACK',
  'OPTIONS',
  'NOTIFY',
]);

/**
 * Whether a message from the browser of `username` may pass to the switch: it speaks for nobody else and begins no call.
 * Returns why not, or undefined.
 */
export const sipObjection = (message: SipSummary, username: string): string | undefined => {
  if (message.kind === 'keepAlive' || message.kind === 'response') return undefined;
  if (message.kind === 'malformed') return 'malformed';
  const allowed = message.isInDialog ? IN_DIALOG : OUTSIDE_DIALOG;
  if (!allowed.has(message.method)) return 'methodNotAllowed';
  if (message.authUser !== undefined && message.authUser !== username) return 'foreignUser';
  if (message.method === 'REGISTER' && (message.toUser !== username || message.fromUser !== username))
    return 'foreignUser';
  if (!message.isInDialog && message.fromUser !== undefined && message.fromUser !== username) return 'foreignUser';
  return undefined;
};
