import { LIVE_CLOSE, LIVE_PATH } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';
import { isSameOrigin } from '../http/authentication.ts';
import type { Clock } from '../platform/clock.ts';
import { every } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { createLiveClient } from './live-client.ts';
import type { ResolveTopic } from './live-topics.ts';

export type LiveRouteDeps = {
  readonly resolveTopic: ResolveTopic;
  readonly onSessionEnded: (listener: (sessionKey: string) => void) => () => void;
  readonly clock: Clock;
  readonly log: Logger;
};

/** A connection whose other end is gone without a word is found out in this time at most twice over. */
const PING_MS = 30_000;

/** The live WebSocket. */
export const registerLiveRoutes = (app: FastifyInstance, deps: LiveRouteDeps): void => {
  app.get(
    LIVE_PATH,
    {
      websocket: true,
      config: { access: 'session' },
      schema: { hide: true },
      preValidation: async (request) => {
        // Browsers send cookies with any page's WebSocket: the origin is what tells our pages from others.
        if (!isSameOrigin(request)) throw new AppError('forbidden', 'Live data are for our own pages.');
      },
    },
    (socket, request) => {
      const { viewer } = request;
      if (viewer === undefined) {
        socket.close(LIVE_CLOSE.unauthenticated, 'log in first');
        return;
      }
      const client = createLiveClient(socket, viewer, deps.resolveTopic, (error) => {
        deps.log.warn({ err: error }, 'live snapshot failed');
      });
      let isAlive = true;
      const stopPings = every(deps.clock, PING_MS, () => {
        if (!isAlive) {
          socket.terminate();
          return;
        }
        isAlive = false;
        socket.ping();
      });
      const forget = deps.onSessionEnded((sessionKey) => {
        if (sessionKey === viewer.sessionKey) socket.close(LIVE_CLOSE.unauthenticated, 'session ended');
      });
      // Messages of one client are worked off in order.
      let work = Promise.resolve();
      socket.on('message', (data) => {
        const text = Array.isArray(data)
          ? Buffer.concat(data).toString('utf8')
          : Buffer.from(data as Buffer).toString('utf8');
        work = work
          .then(() => client.receive(text))
          .catch((error: unknown) => {
            deps.log.error({ err: error }, 'live message failed');
          });
      });
      socket.on('pong', () => {
        isAlive = true;
      });
      socket.on('close', () => {
        client.closed();
        stopPings();
        forget();
      });
      socket.on('error', () => {
        socket.terminate();
      });
    },
  );
};
