import { createSocket, type Socket } from 'node:dgram';
import { RtpStream } from './rtp-stream.ts';
import { SipCall } from './sip-call.ts';
import {
  buildSip,
  digestAnswer,
  headerOf,
  headersOf,
  methodOf,
  parseSip,
  requestUser,
  statusOf,
  type SipText,
} from './sip-message.ts';
import { until } from './until.ts';

/**
 * A scripted SIP user agent over UDP with real RTP, for precise far ends in tests: a carrier that answers as told, and phones.
 * Not a SIP stack: one dialog at a time per call, no retransmission (loopback loses nothing) except of a 200 without ACK.
 */
export type SipAgentOptions = {
  readonly host?: string;
  /** 0: any free one. */
  readonly port?: number;
  /** What to do with a call; runs at once for each INVITE. */
  readonly onCall?: (call: SipCall) => void | Promise<void>;
  /** Users allowed to REGISTER here; without it every REGISTER is accepted unasked. */
  readonly registrars?: Readonly<Record<string, string>>;
  /** Credentials asked for (407) before an INVITE is taken; only their presence and user name are checked. */
  readonly inviteUser?: string;
  /** Whether OPTIONS is answered. */
  readonly answersOptions?: boolean;
};

const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  486: 'Busy Here',
  487: 'Request Terminated',
  603: 'Decline',
};

export class SipAgent {
  readonly #socket: Socket;
  readonly #options: SipAgentOptions;
  readonly #calls = new Map<string, SipCall>();
  /** Waiting for responses to our own requests, by `Call-ID CSeq`. */
  readonly #waiting = new Map<string, (response: SipText) => void>();
  #nextId = 1;
  /** Every call that came in, oldest first. */
  readonly incoming: SipCall[] = [];
  /** Every message received, oldest first. */
  readonly log: SipText[] = [];
  answersOptions: boolean;

  private constructor(socket: Socket, options: SipAgentOptions) {
    this.#socket = socket;
    this.#options = options;
    this.answersOptions = options.answersOptions ?? true;
    socket.on('message', (data, from) => this.#onMessage(String(data), from.address, from.port));
    socket.on('error', () => undefined);
  }

  static async start(options: SipAgentOptions = {}): Promise<SipAgent> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(options.port ?? 0, options.host ?? '127.0.0.1', () => resolve());
    });
    return new SipAgent(socket, options);
  }

  get host(): string {
    return this.#socket.address().address;
  }
  get port(): number {
    return this.#socket.address().port;
  }

  /** Ends all calls without a word and closes the sockets. */
  close(): void {
    for (const call of this.#calls.values()) call.dispose();
    this.#calls.clear();
    try {
      this.#socket.close();
    } catch {
      // Closed before.
    }
  }

  /** Resolves with the next call that fits and was not taken before. */
  async call(fits: (call: SipCall) => boolean = () => true, timeoutMs = 10_000): Promise<SipCall> {
    return until(() => this.incoming.find(fits), timeoutMs, 'no such call came in');
  }

  /** Registers a user at `registrar` (`host:port`); resolves with the final status. */
  async register(registrar: string, username: string, password: string, expires = 300): Promise<number> {
    const callId = this.newId();
    const uri = `sip:${registrar}`;
    let authorization: string | undefined;
    for (let cseq = 1; cseq <= 2; cseq += 1) {
      const response = await this.request(registrar, callId, cseq, `REGISTER ${uri} SIP/2.0`, [
        ['From', `<sip:${username}@${registrar}>;tag=${callId}`],
        ['To', `<sip:${username}@${registrar}>`],
        ['Contact', `<sip:${username}@${this.host}:${String(this.port)}>;expires=${String(expires)}`],
        ...(authorization === undefined ? [] : ([['Authorization', authorization]] as const)),
      ]);
      const challenge = headerOf(response, 'www-authenticate');
      if (statusOf(response) !== 401 || challenge === undefined) return statusOf(response);
      authorization = digestAnswer(challenge, { method: 'REGISTER', uri, username, password });
    }
    return 401;
  }

  /** Calls `number` at `target` (`host:port`). Digest credentials are sent when asked for. */
  async invite(
    target: string,
    number: string,
    from: { readonly user: string; readonly password?: string },
  ): Promise<SipCall> {
    const rtp = await RtpStream.open(this.host);
    const call = new SipCall(this, { callId: this.newId(), number, isOutgoing: true, rtp, peer: target });
    call.localUri = `sip:${from.user}@${this.host}:${String(this.port)}`;
    call.remoteUri = `sip:${number}@${target}`;
    this.#calls.set(call.callId, call);
    call.sendInvite(from);
    return call;
  }

  newId(): string {
    return `${String(this.port)}-${String(this.#nextId++)}-${Date.now().toString(36)}`;
  }

  send(text: string, peer: string): void {
    const colon = peer.lastIndexOf(':');
    this.#socket.send(text, Number(peer.slice(colon + 1)), peer.slice(0, colon));
  }

  via(): readonly [string, string] {
    return ['Via', `SIP/2.0/UDP ${this.host}:${String(this.port)};branch=z9hG4bK${this.newId()};rport`];
  }

  /** Sends a request and resolves with its final response. */
  request(
    peer: string,
    callId: string,
    cseq: number,
    startLine: string,
    headers: readonly (readonly [string, string])[],
    body = '',
    onProvisional?: (response: SipText) => void,
    via: readonly [string, string] = this.via(),
  ): Promise<SipText> {
    const method = startLine.split(' ')[0] ?? '';
    const key = `${callId} ${String(cseq)} ${method}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(key);
        reject(new Error(`no answer to ${method}`));
      }, 20_000);
      this.#waiting.set(key, (response) => {
        if (statusOf(response) < 200) return onProvisional?.(response);
        clearTimeout(timer);
        this.#waiting.delete(key);
        resolve(response);
      });
      const all = [
        via,
        ['Max-Forwards', '70'],
        ['Call-ID', callId],
        ['CSeq', `${String(cseq)} ${method}`],
        ...headers,
      ] as const;
      this.send(buildSip(startLine, all, body), peer);
    });
  }

  /** Answers a request. */
  respond(
    request: SipText,
    peer: string,
    status: number,
    more: {
      readonly toTag?: string;
      readonly headers?: readonly (readonly [string, string])[];
      readonly body?: string;
      readonly reason?: string;
    } = {},
  ): void {
    const to = headerOf(request, 'to') ?? '';
    const tagged = more.toTag === undefined || to.includes(';tag=') ? to : `${to};tag=${more.toTag}`;
    const headers = [
      ...headersOf(request, 'via').map((via) => ['Via', via] as const),
      ['From', headerOf(request, 'from') ?? ''] as const,
      ['To', tagged] as const,
      ['Call-ID', headerOf(request, 'call-id') ?? ''] as const,
      ['CSeq', headerOf(request, 'cseq') ?? ''] as const,
      ...headersOf(request, 'record-route').map((route) => ['Record-Route', route] as const),
      ...(more.headers ?? []),
      ...(more.body === undefined ? [] : ([['Content-Type', 'application/sdp']] as const)),
    ];
    this.send(
      buildSip(`SIP/2.0 ${String(status)} ${more.reason ?? REASONS[status] ?? 'Answer'}`, headers, more.body),
      peer,
    );
  }

  #onMessage(text: string, address: string, port: number): void {
    const message = parseSip(text);
    if (!message) return;
    this.log.push(message);
    const peer = `${address}:${String(port)}`;
    const callId = headerOf(message, 'call-id') ?? '';
    if (statusOf(message) > 0) {
      this.#waiting.get(`${callId} ${headerOf(message, 'cseq') ?? ''}`)?.(message);
      return;
    }
    const method = methodOf(message);
    const call = this.#calls.get(callId);
    if (call) {
      call.onRequest(message, method, peer);
      return;
    }
    if (method === 'INVITE') void this.#onInvite(message, callId, peer);
    else if (method === 'REGISTER') this.#onRegister(message, peer);
    else if (method === 'OPTIONS') {
      if (this.answersOptions) this.respond(message, peer, 200, { toTag: 'o' });
    } else if (method !== 'ACK') this.respond(message, peer, 481, { toTag: 'x' });
  }

  async #onInvite(message: SipText, callId: string, peer: string): Promise<void> {
    const number = requestUser(message);
    const { inviteUser } = this.#options;
    if (inviteUser !== undefined) {
      const given = headerOf(message, 'proxy-authorization') ?? '';
      if (!given.includes(`username="${inviteUser}"`)) {
        const headers = [['Proxy-Authenticate', 'Digest realm="carrier", nonce="abc", algorithm=MD5']] as const;
        this.respond(message, peer, 407, { toTag: 'p', headers });
        return;
      }
    }
    const rtp = await RtpStream.open(this.host);
    // A retransmission may have come while the socket opened.
    if (this.#calls.has(callId)) return rtp.close();
    const call = new SipCall(this, { callId, number, isOutgoing: false, rtp, peer, invite: message });
    this.#calls.set(callId, call);
    this.incoming.push(call);
    this.respond(message, peer, 100);
    await this.#options.onCall?.(call);
  }

  #onRegister(message: SipText, peer: string): void {
    const { registrars } = this.#options;
    if (registrars) {
      const authorization = headerOf(message, 'authorization');
      const username = /username="([^"]+)"/.exec(authorization ?? '')?.[1];
      const password = username === undefined ? undefined : registrars[username];
      const uri = /uri="([^"]+)"/.exec(authorization ?? '')?.[1] ?? '';
      const response = /\bresponse="([^"]+)"/.exec(authorization ?? '')?.[1];
      const nonce = `nonce${String(this.port)}`;
      const expected =
        password === undefined || username === undefined
          ? undefined
          : digestAnswer(`Digest realm="agent", nonce="${nonce}"`, { method: 'REGISTER', uri, username, password });
      if (response === undefined) {
        const headers = [['WWW-Authenticate', `Digest realm="agent", nonce="${nonce}", algorithm=MD5`]] as const;
        this.respond(message, peer, 401, { toTag: 'r', headers });
        return;
      }
      if (expected === undefined || !expected.includes(`response="${response}"`)) {
        this.respond(message, peer, 403, { toTag: 'r' });
        return;
      }
    }
    const expires = headerOf(message, 'expires') ?? '300';
    const contact = headerOf(message, 'contact') ?? '';
    this.respond(message, peer, 200, {
      toTag: 'r',
      headers: [
        ['Contact', contact],
        ['Expires', expires],
      ],
    });
  }
}
