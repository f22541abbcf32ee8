import { liveServerMessage, LIVE_CLOSE, type LiveServerMessage } from '@qianhu/contracts';
import { describe, expect, it } from 'vitest';
import type { Viewer } from '../http/viewer.ts';
import { createLiveClient, MOST_WAITING_BYTES } from './live-client.ts';
import type { TopicSource } from './live-topics.ts';

const viewer: Viewer = { login: 'x', name: 'x', role: 'supervisor', locale: 'en' };

const rig = (source: TopicSource | 'forbidden' | 'notFound') => {
  const sent: LiveServerMessage[] = [];
  const wire = {
    bufferedAmount: 0,
    closedWith: 0,
    send: (text: string) => sent.push(liveServerMessage.parse(JSON.parse(text))),
    close: (code: number) => {
      wire.closedWith = code;
    },
  };
  const client = createLiveClient(
    wire,
    viewer,
    () => source,
    () => undefined,
  );
  const ask = (type: 'subscribe' | 'unsubscribe') => client.receive(JSON.stringify({ type, topics: ['floor'] }));
  return { sent, wire, client, ask };
};

const scripted = (snapshot: () => Promise<unknown> = () => Promise.resolve('all')) => {
  const pushes = new Set<(data: unknown) => void>();
  const source: TopicSource = {
    snapshot,
    subscribe: (push) => {
      pushes.add(push);
      return () => pushes.delete(push);
    },
  };
  return { source, pushes, push: (data: unknown) => pushes.forEach((one) => one(data)) };
};

describe('a live connection', () => {
  it('sends the snapshot first and then changes without a gap, also those that came meanwhile', async () => {
    let ready: (value: unknown) => void = () => undefined;
    const topic = scripted(() => new Promise((resolve) => (ready = resolve)));
    const { sent, ask } = rig(topic.source);
    const asked = ask('subscribe');
    topic.push('early');
    ready('all');
    await asked;
    topic.push('late');
    expect(sent).toEqual([
      { type: 'snapshot', topic: 'floor', seq: 0, data: 'all' },
      { type: 'change', topic: 'floor', seq: 1, data: 'early' },
      { type: 'change', topic: 'floor', seq: 2, data: 'late' },
    ]);
  });

  it('begins anew when asked again, with one listener only', async () => {
    const topic = scripted();
    const { sent, ask } = rig(topic.source);
    await ask('subscribe');
    topic.push(1);
    await ask('subscribe');
    topic.push(2);
    expect(sent.map((message) => ('seq' in message ? message.seq : -1))).toEqual([0, 1, 0, 1]);
    expect(topic.pushes.size).toBe(1);
  });

  it('drops a client that reads too slowly, and lets go of its topics', async () => {
    const topic = scripted();
    const { wire, ask } = rig(topic.source);
    await ask('subscribe');
    wire.bufferedAmount = MOST_WAITING_BYTES + 1;
    topic.push('more');
    expect(wire.closedWith).toBe(LIVE_CLOSE.tooSlow);
    expect(topic.pushes.size).toBe(0);
  });

  it('says why a topic is refused, and closes on what is not JSON', async () => {
    const { sent, wire, client, ask } = rig('forbidden');
    await ask('subscribe');
    expect(sent).toEqual([{ type: 'error', topic: 'floor', code: 'forbidden' }]);
    await client.receive('{');
    expect(wire.closedWith).toBe(LIVE_CLOSE.invalid);
  });
});
