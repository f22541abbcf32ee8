import type { Clock } from '../lib/clock.ts';
import { Store, type Readable } from '../lib/store.ts';

/** As much of a WebSocket as the live connection uses. */
export interface LiveSocket {
  send(text: string): void;
  close(code?: number): void;
  /** The event is of no interest. */
  onopen: ((event: never) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
}

/**
 * What a topic's reader sees. `connecting`: nothing yet. `live`: `data` is the present truth. `stale`: the connection is
 * lost or the topic is being read anew, `data` is the last that was known. `refused`: not ours to see, or no such topic.
 */
export type TopicView<T> =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly data: T }
  | { readonly kind: 'stale'; readonly data: T }
  | { readonly kind: 'refused'; readonly code: string };

/** How one topic's messages become its data. Both throw nothing: `undefined` means "not of the promised shape". */
export type TopicReader<T> = {
  readonly topic: string;
  readonly snapshot: (data: unknown) => T | undefined;
  readonly change: (present: T, data: unknown) => T | undefined;
  /** Told of every change message after it was taken in (to refresh what depends on it). */
  readonly onChange?: (data: unknown) => void;
};

export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly retryAtMs: number; readonly failures: number };

export type LiveOptions = {
  readonly connect: () => LiveSocket;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter: after a restart a thousand desks must not come back in one instant. */
  readonly random: () => number;
};

type Topic = {
  readonly name: string;
  readonly store: Store<TopicView<unknown>>;
  readonly reader: TopicReader<unknown>;
  readonly listeners: Set<(data: unknown) => void>;
  /** Invariant: how many leases are out; the topic is dropped at 0. */
  leases: number;
  /** Sequence of the last message taken in; undefined until a snapshot came on this connection. */
  seq: number | undefined;
};

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 20_000;
/** Topics are kept for a moment after their last reader left: a page change often asks for the same topic again. */
const LINGER_MS = 2_000;
/** Codes after which trying again is useless until somebody logs in (4401) or gets the right (4403). */
const FINAL_CODES: ReadonlySet<number> = new Set([4401, 4403]);

/**
 * The one live connection of a browser tab: topics with a snapshot and gapless sequence numbers. A gap, or data of a wrong
 * shape, makes us subscribe anew; a lost connection is made again with back-off, and every topic then gets a new snapshot.
 */
export class LiveConnection {
  readonly #options: LiveOptions;
  readonly #state = new Store<ConnectionState>({ kind: 'idle' });
  readonly #topics = new Map<string, Topic>();
  #socket: LiveSocket | undefined;
  #cancelRetry: (() => void) | undefined;
  /** Invariant: failed or lost connections since the last message came in. */
  #failures = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  get state(): Readable<ConnectionState> {
    return this.#state;
  }

  /** Reads a topic until `release` is called (idempotent). Readers of the same topic share it. */
  lease<T>(reader: TopicReader<T>): { readonly view: Readable<TopicView<T>>; readonly release: () => void } {
    let topic = this.#topics.get(reader.topic);
    if (topic === undefined) {
      topic = {
        name: reader.topic,
        store: new Store<TopicView<unknown>>({ kind: 'connecting' }),
        reader: reader as TopicReader<unknown>,
        listeners: new Set(),
        leases: 0,
        seq: undefined,
      };
      this.#topics.set(reader.topic, topic);
      if (this.#state.get().kind === 'open') this.#subscribe([topic]);
    } else if (topic.store.get().kind === 'refused') {
      // A new reader asks again: what was refused may exist by now.
      topic.store.set({ kind: 'connecting' });
      if (this.#state.get().kind === 'open') this.#subscribe([topic]);
    }
    const held = topic;
    held.leases += 1;
    const { onChange } = reader;
    if (onChange !== undefined) held.listeners.add(onChange);
    if (this.#socket === undefined && this.#cancelRetry === undefined) this.#connect();
    let released = false;
    return {
      view: held.store as unknown as Readable<TopicView<T>>,
      release: () => {
        if (released) return;
        released = true;
        held.leases -= 1;
        if (onChange !== undefined) held.listeners.delete(onChange);
        if (held.leases === 0) this.#options.clock.setTimer(LINGER_MS, () => this.#dropUnused(held));
      },
    };
  }

  /** Tries at once instead of waiting (the browser says that it is online again, or somebody pressed "retry"). */
  retryNow(): void {
    if (this.#cancelRetry === undefined) return;
    this.#cancelRetry();
    this.#cancelRetry = undefined;
    this.#connect();
  }

  /** Ends the connection for good and forgets all topics (log-out). */
  close(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    this.#topics.clear();
    this.#failures = 0;
    socket?.close(1000);
    this.#state.set({ kind: 'idle' });
  }

  #dropUnused(topic: Topic): void {
    if (topic.leases > 0 || this.#topics.get(topic.name) !== topic) return;
    this.#topics.delete(topic.name);
    if (this.#state.get().kind === 'open')
      this.#socket?.send(JSON.stringify({ type: 'unsubscribe', topics: [topic.name] }));
  }

  #connect(): void {
    this.#state.set({ kind: 'connecting' });
    const socket = this.#options.connect();
    this.#socket = socket;
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#state.set({ kind: 'open' });
      this.#subscribe([...this.#topics.values()]);
    };
    socket.onmessage = (event) => {
      if (this.#socket !== socket || typeof event.data !== 'string') return;
      this.#failures = 0;
      this.#receive(event.data);
    };
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#lost(event.code);
    };
  }

  #lost(code: number): void {
    for (const topic of this.#topics.values()) {
      topic.seq = undefined;
      if (FINAL_CODES.has(code)) topic.store.set({ kind: 'refused', code: String(code) });
      else this.#markStale(topic);
    }
    if (FINAL_CODES.has(code)) {
      this.#state.set({ kind: 'idle' });
      return;
    }
    this.#failures += 1;
    const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
    const delay = Math.round(ceiling * (0.5 + this.#options.random() / 2));
    const { clock } = this.#options;
    this.#state.set({ kind: 'waiting', retryAtMs: clock.now() + delay, failures: this.#failures });
    this.#cancelRetry = clock.setTimer(delay, () => {
      this.#cancelRetry = undefined;
      this.#connect();
    });
  }

  #subscribe(topics: readonly Topic[]): void {
    if (topics.length === 0) return;
    for (const topic of topics) topic.seq = undefined;
    this.#socket?.send(JSON.stringify({ type: 'subscribe', topics: topics.map((topic) => topic.name) }));
  }

  #markStale(topic: Topic): void {
    const view = topic.store.get();
    if (view.kind === 'live') topic.store.set({ kind: 'stale', data: view.data });
  }

  /** The topic's messages no longer add up: read it anew. */
  #resubscribe(topic: Topic): void {
    this.#markStale(topic);
    this.#subscribe([topic]);
  }

  #receive(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (typeof message !== 'object' || message === null) return;
    const { type, topic: name, seq, data, code } = message as Record<string, unknown>;
    const topic = typeof name === 'string' ? this.#topics.get(name) : undefined;
    if (topic === undefined) return;
    if (type === 'error') {
      topic.store.set({ kind: 'refused', code: typeof code === 'string' ? code : 'refused' });
      return;
    }
    if (typeof seq !== 'number') return;
    if (type === 'snapshot') {
      const value = topic.reader.snapshot(data);
      // A snapshot of a wrong shape will not get better by asking again: show it as refused rather than loop.
      if (value === undefined) topic.store.set({ kind: 'refused', code: 'contract' });
      else {
        topic.seq = seq;
        topic.store.set({ kind: 'live', data: value });
      }
      return;
    }
    if (type !== 'change' || topic.seq === undefined) return;
    if (seq <= topic.seq) return;
    const view = topic.store.get();
    const value = seq === topic.seq + 1 && view.kind === 'live' ? topic.reader.change(view.data, data) : undefined;
    if (value === undefined) {
      this.#resubscribe(topic);
      return;
    }
    topic.seq = seq;
    topic.store.set({ kind: 'live', data: value });
    for (const listener of [...topic.listeners]) listener(data);
  }
}
