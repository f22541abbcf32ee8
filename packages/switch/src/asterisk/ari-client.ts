import { WebSocket } from 'ws';
import type { Logger } from '../logger.ts';
import { SwitchError } from '../port.ts';
import { ARI_EVENT_TYPES, parseEvent, type AriEvent } from './ari-events.ts';
import type { Scheduling } from './scheduling.ts';

/**
 * A client of Asterisk's ARI over one WebSocket, which carries requests, responses and events ("REST over WebSocket",
 * Asterisk >= 22.4).
 *
 * ```
 *            connect()            open + prepare             close, error, no pong
 *   idle ───────────► connecting ───────────► up ───────────────────────────┐
 *                        ▲   ▲                │ ApplicationReplaced          │
 *                        │   └── back-off ◄───┼──────────────────────────────┘
 *                        │                    ▼
 *                        └──(never)──     replaced          close() from anywhere ─► closed
 * ```
 * - A request that is pending when the socket closes is rejected `notConnected`: whether Asterisk did it is not known.
 * - Events of an outage are lost (Asterisk replays none): the owner rebuilds from lists after `up`.
 * - A listener that throws does not disturb the session.
 */

export type AriState = 'idle' | 'connecting' | 'up' | 'replaced' | 'closed';

export type AriClientOptions = {
  /** Where Asterisk answers ARI, for example `http://127.0.0.1:8088/ari`; `/ari` is added when missing. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Stasis application name; one process at a time owns it. */
  readonly app: string;
  readonly scheduling: Scheduling;
  readonly logger: Logger;
  /** A request without an answer for so long is rejected `timeout`. Default 10,000 ms. */
  readonly requestTimeoutMs?: number;
  /** Ping interval; two pings without a sign of life close the socket. Default 5,000 ms. */
  readonly pingEveryMs?: number;
  /** First and longest wait before connecting again; doubles between. Default 100 and 5,000 ms. */
  readonly backOffMs?: { readonly first: number; readonly longest: number };
  /** The WebSocket upgrade must succeed within this time. Default 5,000 ms. */
  readonly connectTimeoutMs?: number;
};

/** What the owner is told. `prepare` runs after the socket opened and before `up` is announced; if it throws, we reconnect. */
export type AriClientHandlers = {
  readonly onEvent: (event: AriEvent) => void;
  readonly prepare: () => Promise<void>;
  /** Asterisk refused the connection itself: a wrong user or password. It goes on trying unless closed. */
  readonly onRefused: (error: SwitchError) => void;
  readonly onUp: () => void;
  readonly onDown: (reason: string) => void;
  readonly onReplaced: () => void;
};

/** A request; `query` values are encoded by the client's own JSON, so they need no escaping; path parts do. */
export type AriRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/ari`, without a leading slash: `channels/create`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Statuses that are answered instead of thrown, for example 404 for something already gone. */
  readonly accept?: readonly number[];
};

export type AriResponse = { readonly status: number; readonly body: unknown };

/** Asterisk refused a request. */
export class AriError extends SwitchError {
  readonly status: number;
  constructor(status: number, message: string) {
    super(codeOf(status), message, { retryable: status === 503 });
    this.name = 'AriError';
    this.status = status;
  }
}

const codeOf = (status: number): SwitchError['code'] => {
  if (status === 404) return 'notFound';
  if (status === 400 || status === 405 || status === 422) return 'invalid';
  return 'refused';
};

type Pending = {
  readonly request: AriRequest;
  readonly sentAtMs: number;
  readonly resolve: (response: AriResponse) => void;
  readonly reject: (error: Error) => void;
  readonly cancelTimer: () => void;
};

const KNOWN_EVENTS: ReadonlySet<string> = new Set(ARI_EVENT_TYPES);
const TYPE_AT = /"type":\s*"([A-Za-z]+)"/;
/** Asterisk writes `type` among the first members; a stray match further in would be another object's. */
const TYPE_WITHIN = 200;

export class AriClient {
  readonly #options: AriClientOptions;
  readonly #handlers: AriClientHandlers;
  #state: AriState = 'idle';
  /** The present socket; undefined while waiting to connect again. */
  #socket: WebSocket | undefined;
  /** Requests without an answer, by request id; all of the present socket. */
  readonly #pending = new Map<string, Pending>();
  #nextId = 1;
  #attempt = 0;
  #cancelBackOff: (() => void) | undefined;
  #cancelPing: (() => void) | undefined;
  #lastError: string | undefined;
  /** Events that did not hold what their type promises, or whose listener threw. */
  #badEvents = 0;
  #onLatency: ((ms: number) => void) | undefined;

  constructor(options: AriClientOptions, handlers: AriClientHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  get state(): AriState {
    return this.#state;
  }
  get lastError(): string | undefined {
    return this.#lastError;
  }
  /** Requests under way. */
  get inFlight(): number {
    return this.#pending.size;
  }
  get badEvents(): number {
    return this.#badEvents;
  }
  /** Is told the time of every answered request, in milliseconds. */
  onLatency(listener: (ms: number) => void): void {
    this.#onLatency = listener;
  }

  /** Begins connecting; goes on by itself until `close` or until replaced. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'connecting';
    this.#open();
  }

  /** Idempotent. Pending requests are rejected. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelBackOff?.();
    this.#dropSocket('closed by us');
  }

  /**
   * Sends a request and resolves with the answer.
   * @throws SwitchError `notConnected` (also when the connection is lost before the answer), `timeout`; AriError otherwise.
   */
  request(request: AriRequest): Promise<AriResponse> {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) {
      return Promise.reject(new SwitchError('notConnected', 'No connection to Asterisk.', { retryable: true }));
    }
    const id = String(this.#nextId++);
    const query: { name: string; value: string }[] = [];
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) query.push({ name, value: String(value) });
    }
    const text = JSON.stringify({
      type: 'RESTRequest',
      request_id: id,
      method: request.method,
      uri: request.path,
      ...(query.length === 0 ? {} : { query_strings: query }),
      ...(request.body === undefined
        ? {}
        : { content_type: 'application/json', message_body: JSON.stringify(request.body) }),
    });
    return new Promise<AriResponse>((resolve, reject) => {
      const cancelTimer = this.#options.scheduling.setTimer(this.#options.requestTimeoutMs ?? 10_000, () => {
        this.#pending.delete(id);
        reject(new SwitchError('timeout', `Asterisk did not answer ${request.method} ${request.path} in time.`));
      });
      this.#pending.set(id, { request, sentAtMs: this.#options.scheduling.now(), resolve, reject, cancelTimer });
      socket.send(text);
    });
  }

  #open(): void {
    const { url, username, password, app } = this.#options;
    const base = url.replace(/\/+$/, '');
    const target = new URL(`${base.endsWith('/ari') ? base : `${base}/ari`}/events`);
    target.protocol = target.protocol === 'https:' ? 'wss:' : 'ws:';
    target.searchParams.set('app', app);
    const socket = new WebSocket(target, {
      perMessageDeflate: false,
      handshakeTimeout: this.#options.connectTimeoutMs ?? 5_000,
      // In a header, not in the address: addresses end in logs.
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
    });
    this.#socket = socket;
    socket.on('open', () => {
      socket.on('message', (data) => this.#onMessage(String(data)));
      this.#watch(socket);
      void this.#prepare(socket);
    });
    socket.on('error', (error) => {
      this.#lastError = error.message;
      // The upgrade's answer reaches us only in this text.
      if (/\b40[13]\b/.test(error.message)) {
        const refusal = new SwitchError('refused', 'Asterisk refused the ARI user or password.', { cause: error });
        this.#guard(() => this.#handlers.onRefused(refusal));
      }
    });
    socket.on('close', (code, reason) => {
      if (this.#socket !== socket) return;
      this.#lost(`closed with ${String(code)}${reason.length > 0 ? ` ${String(reason)}` : ''}`);
    });
  }

  async #prepare(socket: WebSocket): Promise<void> {
    try {
      await this.#handlers.prepare();
    } catch (error) {
      if (this.#socket !== socket) return;
      this.#lastError = error instanceof Error ? error.message : String(error);
      this.#options.logger.warn({ error: this.#lastError }, 'could not take up the switch after connecting');
      this.#dropSocket('preparing failed');
      this.#lost('preparing failed');
      return;
    }
    if (this.#socket !== socket || this.#state !== 'connecting') return;
    this.#state = 'up';
    this.#attempt = 0;
    this.#guard(() => this.#handlers.onUp());
  }

  /** Pings; a half-dead connection shows nothing else. */
  #watch(socket: WebSocket): void {
    const everyMs = this.#options.pingEveryMs ?? 5_000;
    /**
     * Pings since the last sign of life. Counted and not timed: when this process itself stood still, the next beat comes before
     * the pongs that wait in its socket are read.
     */
    let unanswered = 0;
    const seen = (): void => {
      unanswered = 0;
    };
    socket.on('pong', seen);
    // Any message is a sign of life: pongs queue behind requests in Asterisk's one thread per socket.
    socket.on('message', seen);
    const beat = (): void => {
      if (this.#socket !== socket) return;
      if (unanswered >= 2) {
        this.#lastError = 'Asterisk stopped answering pings.';
        socket.terminate();
        return;
      }
      unanswered += 1;
      socket.ping();
      this.#cancelPing = this.#options.scheduling.setTimer(everyMs, beat);
    };
    this.#cancelPing = this.#options.scheduling.setTimer(everyMs, beat);
  }

  #lost(reason: string): void {
    const was = this.#state;
    this.#socket = undefined;
    this.#cancelPing?.();
    this.#rejectPending();
    if (was === 'closed' || was === 'replaced') return;
    this.#state = 'connecting';
    if (was === 'up') {
      this.#lastError = reason;
      this.#options.logger.warn({ reason }, 'lost the connection to the switch');
      this.#guard(() => this.#handlers.onDown(reason));
    }
    const { first, longest } = this.#options.backOffMs ?? { first: 100, longest: 5_000 };
    const waitMs = Math.min(longest, first * 2 ** Math.min(this.#attempt, 16));
    this.#attempt += 1;
    this.#cancelBackOff = this.#options.scheduling.setTimer(waitMs, () => {
      if (this.#state === 'connecting') this.#open();
    });
  }

  #dropSocket(reason: string): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#cancelPing?.();
    if (socket && socket.readyState !== WebSocket.CLOSED) {
      // A close handshake could wait for a switch that does not answer.
      if (socket.readyState === WebSocket.OPEN) socket.close(1000, reason);
      const cancel = this.#options.scheduling.setTimer(500, () => socket.terminate());
      socket.on('close', cancel);
    }
    this.#rejectPending();
  }

  #rejectPending(): void {
    for (const [id, pending] of this.#pending) {
      this.#pending.delete(id);
      pending.cancelTimer();
      const what = `${pending.request.method} ${pending.request.path}`;
      pending.reject(new SwitchError('notConnected', `The connection to Asterisk was lost during ${what}.`));
    }
  }

  #onMessage(text: string): void {
    const type = TYPE_AT.exec(text.slice(0, TYPE_WITHIN))?.[1];
    // Parsing is most of our work per event; what we do not use is dropped unparsed.
    if (type !== undefined && type !== 'RESTResponse' && !KNOWN_EVENTS.has(type)) return;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      this.#badEvents += 1;
      return;
    }
    if (typeof json !== 'object' || json === null) return;
    const message = json as Readonly<Record<string, unknown>>;
    if (message['type'] === 'RESTResponse') {
      this.#onResponse(message);
      return;
    }
    const event = parseEvent(message, this.#options.scheduling.now());
    if (!event) {
      if (typeof message['type'] === 'string' && KNOWN_EVENTS.has(message['type'])) this.#badEvents += 1;
      return;
    }
    if (event.type === 'ApplicationReplaced') {
      this.#replaced();
      return;
    }
    this.#guard(() => this.#handlers.onEvent(event));
  }

  #onResponse(message: Readonly<Record<string, unknown>>): void {
    const id = typeof message['request_id'] === 'string' ? message['request_id'] : '';
    const pending = this.#pending.get(id);
    // An answer after its time-out: whoever asked was told already.
    if (!pending) return;
    this.#pending.delete(id);
    pending.cancelTimer();
    this.#onLatency?.(Math.max(0, this.#options.scheduling.now() - pending.sentAtMs));
    const status = typeof message['status_code'] === 'number' ? message['status_code'] : 500;
    const body = parseBody(message['message_body']);
    if ((status >= 200 && status < 300) || pending.request.accept?.includes(status) === true) {
      pending.resolve({ status, body });
      return;
    }
    const said = messageOf(body) ?? (typeof message['reason_phrase'] === 'string' ? message['reason_phrase'] : '');
    const what = `${pending.request.method} ${pending.request.path}`;
    pending.reject(new AriError(status, `Asterisk refused ${what} with ${String(status)}: ${said}`));
  }

  /** The old socket of a replaced application stays open and gets no more events, so it is closed here. */
  #replaced(): void {
    if (this.#state === 'closed' || this.#state === 'replaced') return;
    this.#state = 'replaced';
    this.#cancelBackOff?.();
    this.#dropSocket('replaced');
    this.#guard(() => this.#handlers.onReplaced());
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#badEvents += 1;
      this.#options.logger.error({ err: error }, 'a listener of the switch threw');
    }
  }
}

const parseBody = (body: unknown): unknown => {
  if (typeof body !== 'string' || body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
};

const messageOf = (body: unknown): string | undefined => {
  if (typeof body !== 'object' || body === null) return undefined;
  const { message, error } = body as { message?: unknown; error?: unknown };
  if (typeof message === 'string') return message;
  return typeof error === 'string' ? error : undefined;
};
