import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../lib/testing/virtual-clock.ts';
import { LiveConnection, type LiveSocket, type TopicReader } from './live.ts';

class FakeSocket implements LiveSocket {
  readonly sent: { type: string; topics: string[] }[] = [];
  closedWith: number | undefined;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { type: string; topics: string[] });
  }
  close(code?: number): void {
    this.closedWith = code ?? 1005;
  }
  open(): void {
    this.onopen?.({} as never);
  }
  lose(code: number): void {
    this.onclose?.({ code } as CloseEvent);
  }
  tell(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) } as MessageEvent);
  }
}

const setUp = () => {
  const clock = new VirtualClock();
  const sockets: FakeSocket[] = [];
  const live = new LiveConnection({
    clock,
    random: () => 0.5,
    connect: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
  });
  const socket = (index = sockets.length - 1): FakeSocket => {
    const found = sockets[index];
    if (found === undefined) throw new Error('No socket was made.');
    return found;
  };
  return { clock, live, sockets, socket };
};

/** A topic whose data is a sum; a change that is not a number is of a wrong shape. */
const sum = (topic = 'sum'): TopicReader<number> => ({
  topic,
  snapshot: (data) => (typeof data === 'number' ? data : undefined),
  change: (present, data) => (typeof data === 'number' ? present + data : undefined),
});

describe('the live connection', () => {
  it('connects only when somebody reads', () => {
    const { live, sockets } = setUp();
    expect(sockets).toHaveLength(0);
    live.lease(sum());
    expect(sockets).toHaveLength(1);
  });

  it('subscribes once for two readers of a topic and shows both the same data', () => {
    const { live, socket } = setUp();
    const first = live.lease(sum());
    const second = live.lease(sum());
    socket().open();
    expect(socket().sent).toEqual([{ type: 'subscribe', topics: ['sum'] }]);
    socket().tell({ topic: 'sum', seq: 0, type: 'snapshot', data: 10 });
    socket().tell({ topic: 'sum', seq: 1, type: 'change', data: 5 });
    expect(first.view.get()).toEqual({ kind: 'live', data: 15 });
    expect(second.view.get()).toBe(first.view.get());
  });

  it('reads a topic anew after a gap, keeping the old data in sight as stale', () => {
    const { live, socket } = setUp();
    const { view } = live.lease(sum());
    socket().open();
    socket().tell({ topic: 'sum', seq: 1, type: 'snapshot', data: 10 });
    socket().tell({ topic: 'sum', seq: 3, type: 'change', data: 5 });
    expect(view.get()).toEqual({ kind: 'stale', data: 10 });
    expect(
      socket()
        .sent.slice(1)
        .map((m) => m.type),
    ).toEqual(['subscribe']);
    // What was still under way for the old subscription changes nothing.
    socket().tell({ topic: 'sum', seq: 4, type: 'change', data: 5 });
    expect(view.get()).toEqual({ kind: 'stale', data: 10 });
    socket().tell({ topic: 'sum', seq: 1, type: 'snapshot', data: 20 });
    expect(view.get()).toEqual({ kind: 'live', data: 20 });
  });

  it('reads a topic anew when a change has a wrong shape', () => {
    const { live, socket } = setUp();
    const { view } = live.lease(sum());
    socket().open();
    socket().tell({ topic: 'sum', seq: 1, type: 'snapshot', data: 10 });
    socket().tell({ topic: 'sum', seq: 2, type: 'change', data: 'five' });
    expect(view.get().kind).toBe('stale');
    expect(socket().sent.at(-1)).toEqual({ type: 'subscribe', topics: ['sum'] });
  });

  it('does not loop on a snapshot of a wrong shape', () => {
    const { live, socket } = setUp();
    const { view } = live.lease(sum());
    socket().open();
    socket().tell({ topic: 'sum', seq: 1, type: 'snapshot', data: null });
    expect(view.get()).toEqual({ kind: 'refused', code: 'contract' });
    expect(socket().sent).toHaveLength(1);
  });

  it('comes back with growing pauses and subscribes to everything again', () => {
    const { live, clock, sockets, socket } = setUp();
    const { view } = live.lease(sum());
    live.lease(sum('other'));
    socket().open();
    socket().tell({ topic: 'sum', seq: 1, type: 'snapshot', data: 10 });
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      socket().lose(1006);
      const state = live.state.get();
      if (state.kind !== 'waiting') throw new Error('It should wait.');
      pauses.push(state.retryAtMs - clock.now());
      clock.advance(state.retryAtMs - clock.now());
    }
    expect(pauses).toEqual([375, 750, 1500, 3000, 6000, 12000, 15000, 15000]);
    expect(view.get()).toEqual({ kind: 'stale', data: 10 });
    expect(sockets).toHaveLength(9);
    socket().open();
    expect(socket().sent).toEqual([{ type: 'subscribe', topics: ['sum', 'other'] }]);
  });

  it('tries at once when told that the network is back', () => {
    const { live, clock, sockets, socket } = setUp();
    live.lease(sum());
    socket().lose(1006);
    live.retryNow();
    expect(sockets).toHaveLength(2);
    expect(clock.pending).toBe(0);
    live.retryNow();
    expect(sockets).toHaveLength(2);
  });

  it('does not come back by itself after the session ended', () => {
    const { live, clock, sockets, socket } = setUp();
    const { view } = live.lease(sum());
    socket().open();
    socket().lose(4401);
    expect(view.get()).toEqual({ kind: 'refused', code: '4401' });
    clock.advance(60_000);
    expect(sockets).toHaveLength(1);
  });

  it('drops a topic a moment after its last reader left, and not if another came', () => {
    const { live, clock, socket } = setUp();
    const first = live.lease(sum());
    socket().open();
    first.release();
    const second = live.lease(sum());
    clock.advance(10_000);
    expect(socket().sent.map((m) => m.type)).toEqual(['subscribe']);
    second.release();
    second.release();
    clock.advance(10_000);
    expect(socket().sent.map((m) => m.type)).toEqual(['subscribe', 'unsubscribe']);
    expect(clock.pending).toBe(0);
  });

  it('never throws and never shows data that skipped a change, whatever comes in', () => {
    const message = fc.record(
      {
        topic: fc.constantFrom('sum', 'unknown', 3),
        seq: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant('1')),
        type: fc.constantFrom('snapshot', 'change', 'error', 'news'),
        data: fc.oneof(fc.constant(1), fc.constant('x'), fc.constant(null)),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const { live, socket } = setUp();
        // The data is the sequence number it stands for: a snapshot of 0 at seq 0 and one more per change.
        const { view } = live.lease<number>({
          topic: 'sum',
          snapshot: () => 0,
          change: (n, d) => (d === 1 ? n + 1 : undefined),
        });
        socket().open();
        let base: number | undefined;
        let expected = 0;
        for (const m of messages) {
          const before = view.get();
          socket().tell(m);
          const after = view.get();
          if (m.topic !== 'sum' || typeof m.seq !== 'number') continue;
          if (m.type === 'snapshot') {
            base = m.seq;
            expected = 0;
          } else if (after.kind === 'live' && before.kind === 'live' && after.data !== before.data) {
            expected += 1;
            expect(m.seq).toBe((base ?? -1) + expected);
          }
        }
      }),
    );
  });
});
