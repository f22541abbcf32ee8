import type { RtpStream } from './rtp-stream.ts';
import type { SipAgent } from './sip-agent.ts';
import { buildSip, digestAnswer, headerOf, mediaOfSdp, sdpOf, statusOf, type SipText } from './sip-message.ts';
import { until } from './until.ts';

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
  /** The Via of an outgoing call's last INVITE. */
  #inviteVia = '';
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
  /** What a BYE is answered with; the call is over here in any case. */
  byeStatus = 200;

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
  /** @param sdp Instead of our own, for codecs that do not fit and the like. */
  answer(toneHz?: number, sdp?: string): void {
    this.#openMedia(toneHz);
    this.state = 'answered';
    this.#respond(200, sdp ?? sdpOf(this.#agent.host, this.rtp.port));
  }
  /** Answers and sends no audio at all, for load. */
  answerSilently(): void {
    this.state = 'answered';
    this.#respond(200, sdpOf(this.#agent.host, this.rtp.port));
  }
  refuse(status: number, headers: readonly (readonly [string, string])[] = []): void {
    this.#end('us');
    this.#respond(status, undefined, headers);
  }

  /**
   * BYE after the answer, CANCEL of an outgoing call before it. A callee's BYE waits for the ACK of its 200
   * (RFC 3261 section 15): one that overtakes the 200 in the caller is refused with 481 and the call stays.
   */
  async hangUp(): Promise<void> {
    if (this.state === 'answered') await this.until('acknowledged');
    if (this.state === 'ended') return;
    const wasAnswered = this.state !== 'new';
    this.#end('us');
    if (wasAnswered) await this.#inDialog('BYE');
    else if (this.isOutgoing) this.#cancel();
  }

  /** A BYE that does not wait for the ACK, as a hasty callee's; resolves with its status. */
  async hangUpTooSoon(): Promise<number> {
    this.#end('us');
    return statusOf(await this.#inDialog('BYE'));
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
        this.#agent.respond(message, peer, this.byeStatus);
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
      const via = this.#agent.via();
      this.#inviteVia = via[1];
      const onProvisional = (provisional: SipText): void => {
        this.provisional.push(statusOf(provisional));
        this.#openMediaTo(provisional.body);
      };
      const { callId } = this;
      const response = await this.#agent.request(this.#peer, callId, cseq, start, headers, body, onProvisional, via);
      this.#remoteTag = /;tag=([^;>\s]+)/.exec(headerOf(response, 'to') ?? '')?.[1] ?? '';
      this.#remoteTarget = /<([^>]+)>/.exec(headerOf(response, 'contact') ?? '')?.[1] ?? this.remoteUri;
      const status = statusOf(response);
      // An ACK of a refusal belongs to the INVITE's transaction (RFC 3261 section 17.1.1.3), one of a 200 does not.
      this.#send('ACK', cseq, statusOf(response) >= 300 ? ['Via', this.#inviteVia] : this.#agent.via());
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
      if (status >= 300) return this.#end(this.endedBy ?? 'us');
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

  /** A CANCEL has the branch of the INVITE it takes back (RFC 3261 section 9.1). */
  #cancel(): void {
    const headers = [
      ['Via', this.#inviteVia] as const,
      ['Max-Forwards', '70'] as const,
      ['Call-ID', this.callId] as const,
      ['CSeq', `${String(this.#cseq)} CANCEL`] as const,
      ['From', `<${this.localUri}>;tag=${this.#localTag}`] as const,
      ['To', `<${this.remoteUri}>`] as const,
    ];
    this.#agent.send(buildSip(`CANCEL ${this.remoteUri} SIP/2.0`, headers), this.#peer);
  }

  #send(method: string, cseq: number, via: readonly [string, string] = this.#agent.via()): void {
    const headers = [
      via,
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
