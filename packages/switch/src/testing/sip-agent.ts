import { createSocket, type Socket } from 'node:dgram';
import { RtpStream } from './rtp-stream.ts';
import {
  buildSip,
  digestAnswer,
  headerOf,
  headersOf,
  mediaOfSdp,
  methodOf,
  parseSip,
  requestUser,
  sdpOf,
  statusOf,
  type SipText,
} from './sip-message.ts';

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
        this.via(),
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

type CallParts = {
  readonly callId: string;
  readonly number: string;
  readonly isOutgoing: boolean;
  readonly rtp: RtpStream;
  readonly peer: string;
  readonly invite?: SipText;
};

/** One call at a `SipAgent`. */
export class SipCall {
  readonly #agent: SipAgent;
  readonly callId: string;
  /** The user part of the INVITE's address. */
  readonly number: string;
  readonly isOutgoing: boolean;
  readonly rtp: RtpStream;
  /** The INVITE of an incoming call. */
  readonly invite: SipText | undefined;
  readonly receivedAtMs = Date.now();
  localUri = '';
  remoteUri = '';
  #peer: string;
  #cseq = 1;
  #localTag: string;
  #remoteTag = '';
  #remoteTarget = '';
  state: 'new' | 'answered' | 'acknowledged' | 'ended' = 'new';
  /** How it ended: their BYE or CANCEL, our BYE or refusal. */
  endedBy: 'bye' | 'cancel' | 'us' | undefined;
  /** Q.850 cause of a CANCEL's or BYE's Reason header. */
  endReason: string | undefined;
  /** Final status of an outgoing call. */
  finalStatus = 0;
  /** Provisional statuses of an outgoing call. */
  readonly provisional: number[] = [];
  /** When true, a CANCEL is answered but the 487 is left to the script. */
  ignoresCancel = false;

  constructor(agent: SipAgent, parts: CallParts) {
    this.#agent = agent;
    this.callId = parts.callId;
    this.number = parts.number;
    this.isOutgoing = parts.isOutgoing;
    this.rtp = parts.rtp;
    this.#peer = parts.peer;
    this.invite = parts.invite;
    this.#localTag = agent.newId();
  }

  header(name: string): string | undefined {
    return this.invite && headerOf(this.invite, name.toLowerCase());
  }

  /** 180 without a body, or any provisional answer. */
  ring(status = 180): void {
    this.#respond(status);
  }
  /** 183 with media: RTP flows from now on. */
  progress(toneHz?: number): void {
    this.#openMedia(toneHz);
    this.#respond(183, sdpOf(this.#agent.host, this.rtp.port));
  }
  answer(toneHz?: number): void {
    this.#openMedia(toneHz);
    this.state = 'answered';
    this.#respond(200, sdpOf(this.#agent.host, this.rtp.port));
  }
  refuse(status: number, headers: readonly (readonly [string, string])[] = []): void {
    this.#end('us');
    this.#respond(status, undefined, headers);
  }

  /** BYE after the answer, CANCEL of an outgoing call before it. */
  async hangUp(): Promise<void> {
    if (this.state === 'ended') return;
    const wasAnswered = this.state !== 'new';
    this.#end('us');
    if (wasAnswered) await this.#inDialog('BYE');
  }

  /** A re-INVITE, for example `sendonly` for hold; resolves with its status. */
  async reInvite(direction: 'sendrecv' | 'sendonly' | 'inactive'): Promise<number> {
    const response = await this.#inDialog('INVITE', sdpOf(this.#agent.host, this.rtp.port, direction));
    this.#send('ACK', this.#cseq);
    return statusOf(response);
  }

  /** A digit in a SIP INFO. */
  async infoDtmf(digit: string): Promise<void> {
    const body = `Signal=${digit}\r\nDuration=160\r\n`;
    await this.#inDialog('INFO', body, 'application/dtmf-relay');
  }

  /** Resolves when it has come to `state`. */
  async until(state: 'answered' | 'acknowledged' | 'ended', timeoutMs = 10_000): Promise<void> {
    const order = ['new', 'answered', 'acknowledged', 'ended'];
    const check = (): true | undefined => (order.indexOf(this.state) >= order.indexOf(state) ? true : undefined);
    await until(check, timeoutMs, `the call did not come to be ${state}`);
  }

  /** Sends the INVITE of an outgoing call. */
  sendInvite(from: { readonly user: string; readonly password?: string }): void {
    void this.#inviteLoop(from).catch(() => this.#end('us'));
  }

  /** A request inside the dialog, or the INVITE again. */
  onRequest(message: SipText, method: string, peer: string): void {
    switch (method) {
      case 'ACK':
        if (this.state === 'answered') this.state = 'acknowledged';
        return;
      case 'BYE':
        this.endReason = headerOf(message, 'reason');
        this.#agent.respond(message, peer, 200);
        this.#end('bye');
        return;
      case 'CANCEL':
        this.endReason = headerOf(message, 'reason');
        this.#agent.respond(message, peer, 200, { toTag: this.#localTag });
        if (this.ignoresCancel) {
          this.endedBy = 'cancel';
          return;
        }
        if (this.state !== 'new') return;
        this.#respond(487);
        this.#end('cancel');
        return;
      case 'INVITE':
        // A retransmission of the first, or a re-INVITE, which keeps the media as they are.
        if (this.state === 'new') this.#agent.respond(message, peer, 100);
        else {
          const contact = ['Contact', `<sip:${this.number}@${this.#agent.host}:${String(this.#agent.port)}>`] as const;
          this.#agent.respond(message, peer, 200, { headers: [contact], body: sdpOf(this.#agent.host, this.rtp.port) });
        }
        return;
      default:
        this.#agent.respond(message, peer, 200, { toTag: this.#localTag });
    }
  }

  dispose(): void {
    this.rtp.close();
  }

  async #inviteLoop(from: { readonly user: string; readonly password?: string }): Promise<void> {
    let authorization: readonly [string, string] | undefined;
    for (;;) {
      const body = sdpOf(this.#agent.host, this.rtp.port);
      const cseq = this.#cseq;
      const headers = [
        ['From', `<${this.localUri}>;tag=${this.#localTag}`] as const,
        ['To', `<${this.remoteUri}>`] as const,
        ['Contact', `<${this.localUri}>`] as const,
        ['Content-Type', 'application/sdp'] as const,
        ...(authorization ? [authorization] : []),
      ];
      const start = `INVITE ${this.remoteUri} SIP/2.0`;
      const response = await this.#agent.request(this.#peer, this.callId, cseq, start, headers, body, (provisional) => {
        this.provisional.push(statusOf(provisional));
        this.#openMediaTo(provisional.body);
      });
      this.#remoteTag = /;tag=([^;>\s]+)/.exec(headerOf(response, 'to') ?? '')?.[1] ?? '';
      this.#remoteTarget = /<([^>]+)>/.exec(headerOf(response, 'contact') ?? '')?.[1] ?? this.remoteUri;
      const status = statusOf(response);
      this.#send('ACK', cseq);
      const challenge = headerOf(response, 'www-authenticate') ?? headerOf(response, 'proxy-authenticate');
      if (
        (status === 401 || status === 407) &&
        challenge !== undefined &&
        !authorization &&
        from.password !== undefined
      ) {
        const order = { method: 'INVITE', uri: this.remoteUri, username: from.user, password: from.password };
        authorization = [status === 401 ? 'Authorization' : 'Proxy-Authorization', digestAnswer(challenge, order)];
        this.#cseq += 1;
        continue;
      }
      this.finalStatus = status;
      if (status >= 300) return this.#end('us');
      this.state = 'acknowledged';
      this.#openMediaTo(response.body);
      return;
    }
  }

  #respond(status: number, body?: string, more: readonly (readonly [string, string])[] = []): void {
    if (!this.invite) return;
    const contact = ['Contact', `<sip:${this.number}@${this.#agent.host}:${String(this.#agent.port)}>`] as const;
    const headers = [contact, ...more];
    this.#agent.respond(this.invite, this.#peer, status, {
      toTag: this.#localTag,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  }

  #openMedia(toneHz: number | undefined): void {
    this.rtp.tone(toneHz);
    this.#openMediaTo(this.invite?.body ?? '');
  }
  #openMediaTo(sdp: string): void {
    const remote = mediaOfSdp(sdp);
    if (remote) this.rtp.sendTo(remote);
  }

  /** The dialog's headers, from our side. */
  #dialog(): readonly (readonly [string, string])[] {
    if (this.isOutgoing) {
      return [
        ['From', `<${this.localUri}>;tag=${this.#localTag}`],
        ['To', `<${this.remoteUri}>${this.#remoteTag === '' ? '' : `;tag=${this.#remoteTag}`}`],
      ];
    }
    const to = this.header('to') ?? '';
    return [
      ['From', to.includes(';tag=') ? to : `${to};tag=${this.#localTag}`],
      ['To', this.header('from') ?? ''],
    ];
  }

  #target(): string {
    if (this.isOutgoing) return this.#remoteTarget === '' ? this.remoteUri : this.#remoteTarget;
    return /<([^>]+)>/.exec(this.header('contact') ?? '')?.[1] ?? '';
  }

  #inDialog(method: string, body = '', contentType = 'application/sdp'): Promise<SipText> {
    this.#cseq += 1;
    const contact = ['Contact', `<sip:${this.#agent.host}:${String(this.#agent.port)}>`] as const;
    const type = body === '' ? [] : ([['Content-Type', contentType]] as const);
    const start = `${method} ${this.#target()} SIP/2.0`;
    return this.#agent.request(this.#peer, this.callId, this.#cseq, start, [...this.#dialog(), contact, ...type], body);
  }

  #send(method: string, cseq: number): void {
    const headers = [
      this.#agent.via(),
      ['Max-Forwards', '70'] as const,
      ['Call-ID', this.callId] as const,
      ['CSeq', `${String(cseq)} ${method}`] as const,
      ...this.#dialog(),
    ];
    this.#agent.send(buildSip(`${method} ${this.#target()} SIP/2.0`, headers), this.#peer);
  }

  #end(by: 'bye' | 'cancel' | 'us'): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.endedBy ??= by;
    this.rtp.close();
  }
}

/** Looks every 5 ms until `look` gives something. */
export const until = async <T>(look: () => T | undefined, timeoutMs: number, failure: string): Promise<T> => {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(failure);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
