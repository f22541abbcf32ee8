import { randomUUID } from 'node:crypto';
import { AriClient, silentLogger, type AriEvent } from '@qianhu/switch';
import { realClock } from '../../src/platform/clock.ts';

/** What one stretch of calls came to. */
export type Stretch = {
  readonly offered: number;
  /** Calls per second that went the whole way: answered, bridged and recorded (or, hang-up only: answered and ended). */
  readonly goodput: number;
  readonly failed: number;
  readonly p50AnswerToBridgeMs: number;
  readonly p99AnswerToBridgeMs: number;
};

export type BareLoopOptions = {
  readonly ariUrl: string;
  readonly username: string;
  readonly password: string;
  /** PJSIP endpoint that both callees and agents are dialled through, with the address of each. */
  readonly endpoint: string;
  readonly calleePort: number;
  readonly agentPort: number;
};

type Call = {
  readonly id: string;
  readonly full: boolean;
  answeredAtMs: number | undefined;
  agent: Agent | undefined;
  isGood: boolean;
};
type Agent = { readonly channelId: string; readonly bridgeId: string };

export const quantile = (values: readonly number[], q: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
};

/**
 * A loop over ARI without rules, rows, machines or limits: the same requests to the same switch as ours makes for a call
 * (create, dial, into the standing leg's bridge, a snoop on each side, both recorded, the agent's snoop away at the end).
 * It speaks through the same client of ARI, so that only what stands above it is compared.
 */
export class BareLoop {
  readonly #options: BareLoopOptions;
  readonly #ari: AriClient;
  readonly #calls = new Map<string, Call>();
  readonly #entered = new Map<string, () => void>();
  #free: Agent[] = [];
  readonly #agents: Agent[] = [];
  #delays: number[] = [];
  #good = 0;
  #failed = 0;

  constructor(options: BareLoopOptions) {
    this.#options = options;
    this.#ari = new AriClient(
      {
        url: options.ariUrl,
        username: options.username,
        password: options.password,
        app: 'bare',
        scheduling: realClock(),
        logger: silentLogger,
      },
      {
        onEvent: (event) => this.#onEvent(event),
        prepare: () => Promise.resolve(),
        onRefused: (error) => {
          throw error;
        },
        onUp: () => this.#onUp(),
        onDown: () => undefined,
        onReplaced: () => undefined,
      },
    );
  }
  #onUp: () => void = () => undefined;

  async open(agents: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onUp = resolve;
      this.#ari.start();
    });
    for (let i = 0; i < agents; i++) {
      const channelId = randomUUID();
      const bridgeId = randomUUID();
      await this.#dial(channelId, this.#options.agentPort, `agent${i}`);
      await this.#ari.request({ method: 'POST', path: 'bridges', query: { bridgeId, type: 'mixing' } });
      await this.#ari.request({
        method: 'POST',
        path: `bridges/${bridgeId}/addChannel`,
        query: { channel: channelId },
      });
      this.#agents.push({ channelId, bridgeId });
    }
    this.#free = [...this.#agents];
  }

  async close(): Promise<void> {
    for (const { channelId, bridgeId } of this.#agents.splice(0)) {
      await this.#ari.request({ method: 'DELETE', path: `channels/${channelId}`, accept: [404] });
      await this.#ari.request({ method: 'DELETE', path: `bridges/${bridgeId}`, accept: [404] });
    }
    this.#ari.close();
  }

  /** Offers `rate` calls a second for `seconds`, after two seconds of the same that do not count. */
  async run(rate: number, seconds: number, full: boolean): Promise<Stretch> {
    const startedAt = performance.now();
    let offered = 0;
    let countedFrom: number | undefined;
    const lastsMs = (seconds + 2) * 1000;
    for (let nowMs = 0; nowMs < lastsMs; nowMs = performance.now() - startedAt) {
      if (countedFrom === undefined && nowMs >= 2_000) {
        countedFrom = performance.now();
        this.#good = 0;
        this.#failed = 0;
        this.#delays = [];
      }
      for (const due = Math.floor((nowMs / 1000) * rate); offered < due; offered++) void this.#call(full);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const tookSec = (performance.now() - (countedFrom ?? startedAt)) / 1000;
    const result: Stretch = {
      offered: rate,
      goodput: this.#good / tookSec,
      failed: this.#failed,
      p50AnswerToBridgeMs: quantile(this.#delays, 0.5),
      p99AnswerToBridgeMs: quantile(this.#delays, 0.99),
    };
    for (const until = performance.now() + 10_000; this.#calls.size > 0 && performance.now() < until;)
      await new Promise((resolve) => setTimeout(resolve, 50));
    this.#calls.clear();
    this.#free = [...this.#agents];
    return result;
  }

  async #call(full: boolean): Promise<void> {
    const call: Call = {
      id: randomUUID(),
      full,
      answeredAtMs: undefined,
      agent: undefined,
      isGood: false,
    };
    this.#calls.set(call.id, call);
    try {
      await this.#dial(call.id, this.#options.calleePort, '8610000000000');
    } catch {
      this.#failed += 1;
      this.#calls.delete(call.id);
    }
  }

  async #dial(channelId: string, port: number, user: string): Promise<void> {
    const entered = this.#waitFor(channelId);
    await this.#ari.request({
      method: 'POST',
      path: 'channels/create',
      query: {
        endpoint: `PJSIP/${this.#options.endpoint}/sip:${user}@127.0.0.1:${port}`,
        app: 'bare',
        channelId,
      },
    });
    await entered;
    await this.#ari.request({ method: 'POST', path: `channels/${channelId}/dial`, query: { timeout: 30 } });
  }

  #waitFor(channelId: string): Promise<void> {
    const entered = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#entered.delete(channelId);
        reject(new Error('The channel did not come in time.'));
      }, 10_000);
      this.#entered.set(channelId, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    // Nobody waits for it any more when the request before it was refused.
    entered.catch(() => undefined);
    return entered;
  }

  #onEvent(event: AriEvent): void {
    if (event.type === 'StasisStart') {
      this.#entered.get(event.channel.id)?.();
      this.#entered.delete(event.channel.id);
      return;
    }
    const isAnswer =
      (event.type === 'Dial' && event.status === 'ANSWER') ||
      (event.type === 'ChannelStateChange' && event.channel.state === 'Up');
    if (isAnswer) {
      const call = this.#calls.get(event.channel.id);
      if (call === undefined || call.answeredAtMs !== undefined) return;
      call.answeredAtMs = event.atMs;
      void this.#answered(call).catch(() => undefined);
      return;
    }
    if (event.type === 'ChannelDestroyed') this.#ended(event.channel.id);
  }

  async #answered(call: Call): Promise<void> {
    if (!call.full) {
      // Its end may be told before the request is answered.
      call.isGood = true;
      await this.#ari.request({ method: 'DELETE', path: `channels/${call.id}`, accept: [404] });
      return;
    }
    const agent = this.#free.shift();
    if (agent === undefined) {
      await this.#ari.request({ method: 'DELETE', path: `channels/${call.id}`, accept: [404] });
      return;
    }
    call.agent = agent;
    const recorded = this.#record(call, agent);
    recorded.catch(() => undefined);
    await this.#ari.request({
      method: 'POST',
      path: `bridges/${agent.bridgeId}/addChannel`,
      query: { channel: call.id },
    });
    this.#delays.push(Date.now() - (call.answeredAtMs ?? 0));
    await recorded;
    call.isGood = true;
  }

  async #record(call: Call, agent: Agent): Promise<void> {
    const sides = [
      { snoop: `rec-${call.id}-l`, of: call.id },
      { snoop: `rec-${call.id}-r`, of: agent.channelId },
    ];
    await Promise.all(
      sides.map(async ({ snoop, of }) => {
        const entered = this.#waitFor(snoop);
        await this.#ari.request({
          method: 'POST',
          path: `channels/${of}/snoop/${snoop}`,
          query: { spy: 'in', app: 'bare' },
        });
        await entered;
      }),
    );
    await Promise.all(
      sides.map(({ snoop }) =>
        this.#ari.request({
          method: 'POST',
          path: `channels/${snoop}/record`,
          query: { name: snoop, format: 'alaw', ifExists: 'overwrite' },
        }),
      ),
    );
  }

  #ended(channelId: string): void {
    const call = this.#calls.get(channelId);
    if (call === undefined) return;
    this.#calls.delete(channelId);
    if (call.isGood) this.#good += 1;
    else this.#failed += 1;
    if (call.agent === undefined) return;
    this.#free.push(call.agent);
    void this.#ari
      .request({ method: 'DELETE', path: `channels/rec-${call.id}-r`, accept: [404] })
      .catch(() => undefined);
  }
}
