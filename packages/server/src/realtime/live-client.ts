import { liveClientMessage, LIVE_CLOSE, type LiveServerMessage } from '@qianhu/contracts';
import type { Viewer } from '../http/viewer.ts';
import type { ResolveTopic } from './live-topics.ts';

/** As much of a WebSocket as the hub uses. */
export interface LiveWire {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedAmount: number;
}

/** What a client may have waiting before it is dropped as too slow. */
export const MOST_WAITING_BYTES = 1024 * 1024;
/** Topics of one client. */
const MOST_TOPICS = 200;

/** Invariant: `seq` is that of the last message sent; `held` collects changes until the snapshot has gone out. */
type Subscription = { seq: number; held: unknown[] | undefined; stop: () => void };

/** One live connection: its topics and their sequence numbers. */
export type LiveClient = {
  receive(text: string): Promise<void>;
  /** The connection is gone: lets go of everything. Idempotent. */
  closed(): void;
};

/** @param onFault A snapshot could not be made (the database is away); the client is told to come back. */
export const createLiveClient = (
  wire: LiveWire,
  viewer: Viewer,
  resolveTopic: ResolveTopic,
  onFault: (error: unknown) => void,
): LiveClient => {
  const topics = new Map<string, Subscription>();
  let isClosed = false;

  const close = (code: number, reason: string): void => {
    if (isClosed) return;
    closed();
    wire.close(code, reason);
  };
  const closed = (): void => {
    isClosed = true;
    for (const subscription of topics.values()) subscription.stop();
    topics.clear();
  };
  const send = (message: LiveServerMessage): void => {
    if (isClosed) return;
    // A client that reads slower than the house changes would fill our memory: it is dropped and gets fresh pictures.
    if (wire.bufferedAmount > MOST_WAITING_BYTES) {
      close(LIVE_CLOSE.tooSlow, 'too slow');
      return;
    }
    wire.send(JSON.stringify(message));
  };

  const subscribe = async (topic: string): Promise<void> => {
    topics.get(topic)?.stop();
    topics.delete(topic);
    const source = resolveTopic(topic, viewer);
    if (source === 'forbidden' || source === 'notFound') {
      send({ type: 'error', topic, code: source });
      return;
    }
    if (topics.size >= MOST_TOPICS) {
      send({ type: 'error', topic, code: 'tooMany' });
      return;
    }
    const subscription: Subscription = { seq: 0, held: [], stop: () => undefined };
    topics.set(topic, subscription);
    const change = (data: unknown): void => {
      if (subscription.held !== undefined) {
        subscription.held.push(data);
        return;
      }
      subscription.seq += 1;
      send({ type: 'change', topic, seq: subscription.seq, data });
    };
    // Listening begins before the picture is taken, so that nothing falls between.
    subscription.stop = source.subscribe(change);
    let data: unknown;
    try {
      data = await source.snapshot();
    } catch (error) {
      if (topics.get(topic) === subscription) {
        subscription.stop();
        topics.delete(topic);
        send({ type: 'error', topic, code: 'notFound' });
      }
      onFault(error);
      return;
    }
    if (topics.get(topic) !== subscription) return;
    send({ type: 'snapshot', topic, seq: 0, data });
    const { held = [] } = subscription;
    subscription.held = undefined;
    for (const early of held) change(early);
  };

  return {
    closed,
    async receive(text) {
      if (isClosed) return;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        close(LIVE_CLOSE.invalid, 'not JSON');
        return;
      }
      const message = liveClientMessage.safeParse(value);
      if (!message.success) {
        send({ type: 'error', code: 'invalid' });
        return;
      }
      for (const topic of message.data.topics) {
        if (message.data.type === 'subscribe') await subscribe(topic);
        else {
          topics.get(topic)?.stop();
          topics.delete(topic);
        }
      }
    },
  };
};
