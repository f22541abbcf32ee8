import { SwitchError } from '../port.ts';
import type { Scheduling } from './scheduling.ts';

type Wait = {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly cancelTimer: () => void;
};

/**
 * Waits for channels to enter our application. `create` and `snoop` answer before the channel is there, and a request on it
 * is then refused with 409 "Channel not in Stasis application" (about half the time).
 */
export class ChannelWaits {
  readonly #scheduling: Scheduling;
  /** By channel id; each is settled once and then gone. */
  readonly #waits = new Map<string, Wait>();

  constructor(scheduling: Scheduling) {
    this.#scheduling = scheduling;
  }

  get size(): number {
    return this.#waits.size;
  }

  /** To be called before the request that makes the channel. The promise may be dropped by `cancel`. */
  begin(channelId: string, timeoutMs: number): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      const cancelTimer = this.#scheduling.setTimer(timeoutMs, () =>
        this.#settle(channelId, (wait) =>
          wait.reject(new SwitchError('timeout', 'The channel did not enter our application in time.')),
        ),
      );
      this.#waits.set(channelId, { resolve, reject, cancelTimer });
    });
    // Whoever asked may have failed before it came to wait.
    promise.catch(() => undefined);
    return promise;
  }

  entered(channelId: string): void {
    this.#settle(channelId, (wait) => wait.resolve());
  }
  gone(channelId: string): void {
    this.#settle(channelId, (wait) => wait.reject(new SwitchError('notFound', 'The channel ended at once.')));
  }
  cancel(channelId: string): void {
    this.#settle(channelId, (wait) => wait.reject(new SwitchError('refused', 'The channel was not made.')));
  }
  /** The connection is lost: what became of the channels is not known. */
  lost(): void {
    for (const channelId of [...this.#waits.keys()]) {
      this.#settle(channelId, (wait) =>
        wait.reject(new SwitchError('notConnected', 'The connection to Asterisk was lost.')),
      );
    }
  }

  #settle(channelId: string, how: (wait: Wait) => void): void {
    const wait = this.#waits.get(channelId);
    if (!wait) return;
    this.#waits.delete(channelId);
    wait.cancelTimer();
    how(wait);
  }
}
