import type { FastifyInstance, FastifyRequest } from 'fastify';
import WebSocket, { type RawData } from 'ws';
import type { Logger } from '../platform/log.ts';
import { AppError } from '../errors.ts';
import { isSameOrigin } from './authentication.ts';
import { sipObjection, summarizeSip } from './sip-messages.ts';
import type { Viewer } from './viewer.ts';

export type SipProxyOptions = {
  /** SIP WebSocket of the switch, for example `ws://127.0.0.1:20003/ws`; undefined while there is none. */
  readonly switchUrl: () => string | undefined;
  /** The SIP account that was minted for this session; undefined when none was. */
  readonly accountOf: (viewer: Viewer) => string | undefined;
  /** Tells when a session ends, so that its phone goes with it. Returns the remover. */
  readonly onSessionEnded: (listener: (sessionKey: string) => void) => () => void;
  readonly log: Logger;
};

/** Where the browser's phone connects. */
export const SIP_PATH = '/sip';

/** Messages kept while the way to the switch opens; a phone sends one REGISTER and waits. */
const MOST_WAITING = 16;
/** SIP over WebSocket messages are a few kilobytes; SDP with many candidates stays below this. */
const MOST_BYTES = 64 * 1024;

const textOf = (data: RawData): string =>
  (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)).toString('utf8');

/**
 * `/sip`: the browser's SIP signalling on our own origin (RFC 7118), passed on to the switch. Needs a session, the same
 * origin and an account minted for this session; messages that speak for another account or begin a call are refused.
 */
export const registerSipProxy = (app: FastifyInstance, options: SipProxyOptions): void => {
  const { log } = options;
  app.get(
    SIP_PATH,
    {
      websocket: true,
      schema: { hide: true },
      preValidation: async (request: FastifyRequest) => {
        if (request.viewer === undefined) throw new AppError('unauthenticated', 'Log in first.');
        if (request.headers.origin === undefined || !isSameOrigin(request))
          throw new AppError('forbidden', 'The phone connects from our own pages only.');
      },
    },
    (socket, request) => {
      const { viewer } = request;
      const username = viewer === undefined ? undefined : options.accountOf(viewer);
      const url = options.switchUrl();
      if (viewer === undefined || username === undefined) {
        socket.close(4403, 'no account');
        return;
      }
      if (url === undefined) {
        socket.close(1013, 'switch is down');
        return;
      }
      const upstream = new WebSocket(url, 'sip', {
        perMessageDeflate: false,
        handshakeTimeout: 5000,
        maxPayload: MOST_BYTES,
      });
      const waiting: string[] = [];
      const forget = options.onSessionEnded((sessionKey) => {
        if (sessionKey === viewer.sessionKey) close(4401, 'session ended');
      });
      let isClosed = false;
      const close = (code: number, reason: string): void => {
        if (isClosed) return;
        isClosed = true;
        forget();
        socket.close(code, reason);
        if (upstream.readyState === WebSocket.CONNECTING) upstream.terminate();
        else upstream.close();
      };
      socket.on('message', (data) => {
        if (isClosed) return;
        const text = textOf(data);
        const objection = text.length > MOST_BYTES ? 'tooLong' : sipObjection(summarizeSip(text), username);
        if (objection !== undefined) {
          log.warn({ userId: viewer.userId, objection }, 'SIP message refused');
          close(4400, objection);
        } else if (upstream.readyState === WebSocket.OPEN) upstream.send(text);
        else if (waiting.length < MOST_WAITING) waiting.push(text);
        else close(4400, 'too many messages');
      });
      upstream.on('open', () => {
        for (const text of waiting.splice(0)) upstream.send(text);
      });
      upstream.on('message', (data) => {
        if (!isClosed) socket.send(textOf(data));
      });
      upstream.on('close', () => {
        close(1013, 'switch is down');
      });
      upstream.on('error', (error) => {
        log.warn({ err: error }, 'SIP WebSocket of the switch failed');
        close(1013, 'switch is down');
      });
      socket.on('close', () => {
        close(1000, '');
      });
      socket.on('error', () => {
        close(1000, '');
      });
    },
  );
};
