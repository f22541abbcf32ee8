/**
 * The server's time as well as this browser can know it. Times on the screen are the server's; a workstation whose clock is
 * minutes off must still show a call's length right.
 */
export class ServerTime {
  readonly #now: () => number;
  /** Invariant: server minus local, 0 until it was learned or while it is within the header's own coarseness. */
  #offsetMs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Learns from an answer's `Date` header (RFC 9110, section 6.6.1): whole seconds, cut off, hence half a second more. */
  learn(dateHeader: string | null): void {
    if (dateHeader === null) return;
    const at = Date.parse(dateHeader);
    if (Number.isNaN(at)) return;
    const offset = at + 500 - this.#now();
    this.#offsetMs = Math.abs(offset) < 1500 ? 0 : offset;
  }

  readonly now = (): number => this.#now() + this.#offsetMs;
}

/** The tab's own. */
export const serverTime = new ServerTime(() => Date.now());
