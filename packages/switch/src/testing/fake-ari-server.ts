import { createServer, type Server } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';

/** A request as the fake got it. */
export type FakeRequest = {
  readonly method: string;
  readonly uri: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
};

/** An answer, or `silent` for none at all. */
export type FakeAnswer = { readonly status: number; readonly body?: unknown; readonly delayMs?: number } | 'silent';

/**
 * A server that speaks ARI's REST over WebSocket as Asterisk 22 does, for faults that a real one does not produce on demand:
 * silence, late and wrong answers, events out of order, a socket cut at a chosen moment. It keeps Asterisk's event filter too.
 */
export class FakeAriServer {
  readonly #http: Server;
  readonly #sockets: WebSocket[] = [];
  #allowed: ReadonlySet<string> | undefined;
  /** What answers a request; undefined falls back to the fake's own. */
  answer: (request: FakeRequest) => FakeAnswer | undefined = () => undefined;
  readonly requests: FakeRequest[] = [];
  readonly channels: unknown[] = [];
  readonly bridges: unknown[] = [];
  startupTime = '2026-11-22T00:00:00.000+0000';
  /** Credentials asked for; others get 401. */
  readonly authorization = `Basic ${Buffer.from('user:secret').toString('base64')}`;
  /** Pings are not answered. */
  isDeaf = false;
  connections = 0;

  private constructor(http: Server) {
    this.#http = http;
    const sockets = new WebSocketServer({ noServer: true, autoPong: false });
    http.on('upgrade', (request, socket, head) => {
      if (request.headers.authorization !== this.authorization) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws));
    });
  }

  static async start(): Promise<FakeAriServer> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new FakeAriServer(http);
  }

  get url(): string {
    const address = this.#http.address();
    return `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}/ari`;
  }

  /** Sends an event to the newest connection, unless the filter keeps it. */
  event(event: { readonly type: string } & Record<string, unknown>): void {
    this.#send({ timestamp: new Date().toISOString().replace('Z', '+0000'), application: 'app', ...event });
  }
  raw(text: string): void {
    this.#sockets.at(-1)?.send(text);
  }
  /** Drops all connections at once. */
  cut(): void {
    for (const socket of this.#sockets.splice(0)) socket.terminate();
  }
  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }

  #accept(ws: WebSocket): void {
    this.connections += 1;
    this.#sockets.push(ws);
    ws.on('ping', (data) => {
      if (!this.isDeaf) ws.pong(data);
    });
    ws.on('error', () => undefined);
    ws.on('message', (data) => this.#onRequest(ws, JSON.parse(String(data)) as Record<string, unknown>));
  }

  #onRequest(ws: WebSocket, message: Record<string, unknown>): void {
    const strings = (message['query_strings'] ?? []) as { name: string; value: string }[];
    const body =
      typeof message['message_body'] === 'string' ? (JSON.parse(message['message_body']) as unknown) : undefined;
    const request: FakeRequest = {
      method: String(message['method']),
      uri: String(message['uri']),
      query: Object.fromEntries(strings.map(({ name, value }) => [name, value])),
      body,
    };
    this.requests.push(request);
    const answer = this.answer(request) ?? this.#own(request);
    if (answer === 'silent') return;
    const response = {
      type: 'RESTResponse',
      transaction_id: '',
      request_id: message['request_id'],
      status_code: answer.status,
      reason_phrase: answer.status < 300 ? 'OK' : 'Refused',
      uri: request.uri,
      ...(answer.body === undefined
        ? {}
        : { content_type: 'application/json', message_body: JSON.stringify(answer.body) }),
    };
    if (answer.delayMs === undefined) this.#send(response, ws);
    else setTimeout(() => this.#send(response, ws), answer.delayMs);
  }

  #own(request: FakeRequest): FakeAnswer {
    if (request.uri.endsWith('/eventFilter')) {
      const { allowed } = request.body as { allowed: { type: string }[] };
      this.#allowed = new Set(allowed.map(({ type }) => type));
      return { status: 200, body: {} };
    }
    if (request.uri === 'asterisk/info') {
      return { status: 200, body: { system: { version: '22.10.1' }, status: { startup_time: this.startupTime } } };
    }
    if (request.uri === 'channels' && request.method === 'GET') return { status: 200, body: this.channels };
    if (request.uri === 'bridges' && request.method === 'GET') return { status: 200, body: this.bridges };
    if (request.uri === 'endpoints/PJSIP') return { status: 200, body: [] };
    return { status: request.method === 'GET' ? 404 : 204 };
  }

  /** Asterisk's filter looks at answers too. */
  #send(message: { readonly type: string } & Record<string, unknown>, ws = this.#sockets.at(-1)): void {
    if (this.#allowed && !this.#allowed.has(message.type) && message.type !== 'ApplicationReplaced') return;
    if (ws?.readyState === ws?.OPEN) ws?.send(JSON.stringify(message));
  }
}

/** A channel as ARI writes it. */
export const fakeChannel = (
  id: string,
  state: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  id,
  name: `PJSIP/trunk-t-${id.padStart(8, '0')}`,
  state,
  caller: { name: '', number: '' },
  connected: { name: '', number: '' },
  accountcode: 'trunk:t',
  dialplan: { context: 'from-trunk', exten: 's', priority: 1, app_name: 'Stasis', app_data: 'app' },
  creationtime: '2026-11-22T00:00:01.000+0000',
  ...more,
});
