import { SwitchError } from '../port.ts';
import type { Scheduling } from './scheduling.ts';

/**
 * Holds new calls back so that Asterisk is never asked for more than it can do. Beyond its capacity its goodput falls and
 * its latency goes from 10 ms to seconds (asterisk-trials, section 5), so the ceiling follows the measured latency:
 *
 * - a token bucket of `rate` new calls per second;
 * - every `windowMs` the 90th percentile of the latencies seen (answers to requests, and from dial to the first event of
 *   the dial) is held against `targetMs`: above, the rate falls by `decrease` (additive increase, multiplicative decrease:
 *   Chiu and Jain 1989); below, it grows, but only while it is what limits (somebody was held back, or most of it was used:
 *   who asks `free` first is never held back): by a tenth until the first decrease, then by `increase`;
 * - at most `maxInFlight` dials between their first request and their first event, which bounds the harm of one window.
 *
 * Calls beyond it wait in line, `maxHeld` at most, each `maxWaitMs` at most. Only originates come here: hang-ups, bridges
 * and playbacks are never held back.
 */
export type AdmissionOptions = {
  /** New calls per second at start. Default 40. */
  readonly initialRate?: number;
  /** Default 4 and 500. */
  readonly minRate?: number;
  readonly maxRate?: number;
  /** Default 150 ms: above, queues grow inside Asterisk; below, a busy machine's pauses would count as overload. */
  readonly targetMs?: number;
  /** Default 250 ms. */
  readonly windowMs?: number;
  /** New calls per second added per window. Default 2. */
  readonly increase?: number;
  /** Default 0.8. */
  readonly decrease?: number;
  /** After a decrease what was begun before it must drain before its latency counts again. Default 500 ms. */
  readonly settleMs?: number;
  /** Default 40. */
  readonly maxInFlight?: number;
  /** Default 200. */
  readonly maxHeld?: number;
  /** Default 500 ms. */
  readonly maxWaitMs?: number;
};

type Held = { readonly grant: () => void; readonly reject: (error: Error) => void; readonly cancelTimer: () => void };

const overloaded = (): SwitchError =>
  new SwitchError('overloaded', 'The switch takes no more new calls at this moment.', { retryable: true });

/** At least so many latencies are needed to judge a window; with fewer it is joined with the next. */
const ENOUGH = 5;
/** How many recent latencies `percentiles` looks at. */
const RECENT = 512;
/** A rate of which this share was used is one that limits: its asker takes what is free, and looks again a moment later. */
const USED = 0.6;

export class Admission {
  readonly #scheduling: Scheduling;
  readonly #options: Required<AdmissionOptions>;
  #rate: number;
  /** Between 0 and `#burst()`; as of `#filledAtMs`. */
  #tokens: number;
  #filledAtMs: number;
  #inFlight = 0;
  readonly #held: Held[] = [];
  /** Latencies of this window, in milliseconds. */
  #window: number[] = [];
  #windowFromMs: number;
  /** Somebody was held back in this window: the rate is what limits. */
  #limited = false;
  /** Dials that went out in this window. */
  #taken = 0;
  #wasDecreased = false;
  #cancelWake: (() => void) | undefined;
  /** Ring of recent latencies. */
  readonly #recent: number[] = [];
  #recentAt = 0;

  constructor(scheduling: Scheduling, options: AdmissionOptions = {}) {
    this.#scheduling = scheduling;
    this.#options = {
      initialRate: 40,
      minRate: 4,
      maxRate: 500,
      targetMs: 150,
      windowMs: 250,
      increase: 2,
      decrease: 0.8,
      settleMs: 500,
      maxInFlight: 40,
      maxHeld: 200,
      maxWaitMs: 500,
      ...options,
    };
    this.#rate = this.#options.initialRate;
    this.#filledAtMs = scheduling.now();
    this.#windowFromMs = this.#filledAtMs;
    this.#tokens = this.#burst();
  }

  get newCallsPerSecond(): number {
    return Math.round(this.#rate * 10) / 10;
  }
  get held(): number {
    return this.#held.length;
  }
  get inFlight(): number {
    return this.#inFlight;
  }
  /** New originates that would go out at once. */
  get free(): number {
    this.#fill();
    if (this.#held.length > 0) return 0;
    return Math.max(0, Math.min(Math.floor(this.#tokens), this.#options.maxInFlight - this.#inFlight));
  }

  /**
   * Resolves when a dial may go out, with its `release`, to be called (once or more) at its first event or its failure.
   * @throws SwitchError `overloaded` (retryable).
   */
  acquire(): Promise<() => void> {
    this.#fill();
    if (this.#held.length === 0 && this.#tokens >= 1 && this.#inFlight < this.#options.maxInFlight) {
      return Promise.resolve(this.#take());
    }
    this.#limited = true;
    if (this.#held.length >= this.#options.maxHeld) return Promise.reject(overloaded());
    return new Promise<() => void>((resolve, reject) => {
      const cancelTimer = this.#scheduling.setTimer(this.#options.maxWaitMs, () => {
        const at = this.#held.indexOf(held);
        if (at >= 0) this.#held.splice(at, 1);
        reject(overloaded());
      });
      const held: Held = { grant: () => resolve(this.#take()), reject, cancelTimer };
      this.#held.push(held);
      this.#wake();
    });
  }

  /** A measured latency, in milliseconds. */
  sample(ms: number): void {
    this.#window.push(ms);
    this.#recent[this.#recentAt] = ms;
    this.#recentAt = (this.#recentAt + 1) % RECENT;
    this.#judge();
  }

  /** The connection is gone: who waits is told to try again, and what was measured does not count. */
  reset(): void {
    for (const held of this.#held.splice(0)) {
      held.cancelTimer();
      held.reject(new SwitchError('notConnected', 'No connection to Asterisk.', { retryable: true }));
    }
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#inFlight = 0;
    this.#window = [];
  }

  /** Of recent latencies; undefined before the first. */
  percentiles(): { readonly p50: number; readonly p99: number } | undefined {
    if (this.#recent.length === 0) return undefined;
    const sorted = [...this.#recent].sort((a, b) => a - b);
    return { p50: at(sorted, 0.5), p99: at(sorted, 0.99) };
  }

  #take(): () => void {
    this.#tokens -= 1;
    this.#taken += 1;
    this.#inFlight += 1;
    let isOut = true;
    return () => {
      if (!isOut) return;
      isOut = false;
      this.#inFlight = Math.max(0, this.#inFlight - 1);
      this.#serve();
    };
  }

  #serve(): void {
    this.#fill();
    while (this.#held.length > 0 && this.#tokens >= 1 && this.#inFlight < this.#options.maxInFlight) {
      const held = this.#held.shift();
      held?.cancelTimer();
      held?.grant();
    }
    if (this.#held.length > 0) this.#wake();
  }

  /** Sets the timer for the next token; a full flight is served by `release`. */
  #wake(): void {
    if (this.#cancelWake || this.#inFlight >= this.#options.maxInFlight) return;
    const waitMs = Math.max(1, Math.ceil(((1 - this.#tokens) / this.#rate) * 1000));
    this.#cancelWake = this.#scheduling.setTimer(waitMs, () => {
      this.#cancelWake = undefined;
      this.#serve();
    });
  }

  /** A tenth of a second's calls at once, so that a timer's coarseness does not cost rate. */
  #burst(): number {
    return Math.max(2, this.#rate / 10);
  }

  #fill(): void {
    const now = this.#scheduling.now();
    // A clock that jumped back gives nothing; one that jumped ahead a full bucket.
    const passedMs = Math.max(0, now - this.#filledAtMs);
    this.#filledAtMs = now;
    this.#tokens = Math.min(this.#burst(), this.#tokens + (passedMs / 1000) * this.#rate);
  }

  #judge(): void {
    const now = this.#scheduling.now();
    const { windowMs, targetMs, increase, decrease, settleMs, minRate, maxRate } = this.#options;
    if (now < this.#windowFromMs - settleMs) this.#windowFromMs = now;
    if (now < this.#windowFromMs) {
      this.#window = [];
      this.#taken = 0;
    }
    if (now - this.#windowFromMs < windowMs || this.#window.length < ENOUGH) return;
    const p90 = at(
      this.#window.sort((a, b) => a - b),
      0.9,
    );
    this.#fill();
    if (p90 > targetMs) {
      this.#rate = Math.max(minRate, this.#rate * decrease);
      this.#wasDecreased = true;
    } else if (this.#limited || this.#taken >= (USED * this.#rate * (now - this.#windowFromMs)) / 1000) {
      this.#rate = Math.min(maxRate, this.#wasDecreased ? this.#rate + increase : this.#rate * 1.1);
    }
    this.#limited = this.#held.length > 0;
    this.#taken = 0;
    this.#window = [];
    this.#windowFromMs = p90 > targetMs ? now + settleMs : now;
  }
}

const at = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
