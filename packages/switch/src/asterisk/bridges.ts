import type { BridgeId, EpochMs, LegId } from '@qianhu/core';
import type { Logger } from '../logger.ts';
import { SwitchError } from '../port.ts';
import { AriError, type AriClient } from './ari-client.ts';
import type { AriBridge, AriEvent } from './ari-events.ts';
import { bridgeOfHold, holdBridgeOf, isHoldBridge, type LegBook } from './legs.ts';

const bridgePath = (bridgeId: string): string => `bridges/${encodeURIComponent(bridgeId)}`;
const musicPath = (legId: LegId): string => `channels/${encodeURIComponent(legId)}/moh`;

/**
 * Bridges, and hold: a leg on hold is moved into a holding bridge (music, and its voice goes nowhere) named after the bridge
 * it will come back to, so that a restart of ours finds the way back.
 */
export class Bridges {
  readonly #ari: AriClient;
  readonly #legs: LegBook;
  readonly #logger: Logger;
  readonly #now: () => EpochMs;
  /** Legs in holding bridges, by leg; the bridge they come back to. */
  readonly #held = new Map<LegId, BridgeId | undefined>();

  constructor(ari: AriClient, legs: LegBook, logger: Logger, now: () => EpochMs) {
    this.#now = now;
    this.#ari = ari;
    this.#legs = legs;
    this.#logger = logger;
  }

  async create(bridgeId: BridgeId): Promise<void> {
    if (isHoldBridge(bridgeId)) throw new SwitchError('invalid', 'This bridge name is kept for hold.');
    // `dtmf_events` keeps the media out of native bridging, which swallows DTMF.
    await this.#ari.request({
      method: 'POST',
      path: bridgePath(bridgeId),
      query: { type: 'mixing,dtmf_events' },
      accept: [409],
    });
  }

  async destroy(bridgeId: BridgeId): Promise<void> {
    await this.#ari.request({ method: 'DELETE', path: bridgePath(bridgeId), accept: [404] });
  }

  async add(bridgeId: BridgeId, legIds: readonly LegId[]): Promise<void> {
    if (legIds.length === 0) return;
    for (const legId of legIds) {
      if (!this.#held.has(legId)) continue;
      await this.#stopMusic(legId);
      this.#release(legId);
    }
    const legs = legIds.flatMap((legId) => this.#legs.get(legId) ?? []);
    for (const leg of legs) if (leg.bridgeId !== bridgeId) leg.joining = bridgeId;
    try {
      await this.#join(bridgeId, legIds.join(','));
    } catch (error) {
      for (const leg of legs) leg.joining = undefined;
      throw error;
    }
  }

  async #join(bridgeId: string, channels: string): Promise<void> {
    // Without the inhibition every bridging sends the phones a re-INVITE or UPDATE with the other's number.
    const { status } = await this.#ari.request({
      method: 'POST',
      path: `${bridgePath(bridgeId)}/addChannel`,
      query: { channel: channels, inhibitConnectedLineUpdates: true },
      accept: [400],
    });
    // ARI's word for a channel that does not exist.
    if (status === 400) throw new SwitchError('notFound', 'No such leg.');
  }

  async remove(bridgeId: BridgeId, legIds: readonly LegId[]): Promise<void> {
    await Promise.all(
      legIds.map(async (legId) => {
        const isHeld = this.#held.has(legId);
        const from = isHeld ? holdBridgeOf(bridgeId) : bridgeId;
        if (isHeld) await this.#stopMusic(legId);
        try {
          await this.#ari.request({
            method: 'POST',
            path: `${bridgePath(from)}/removeChannel`,
            query: { channel: legId },
            // Not in it (422), gone with its channel (400, 404, 409): it is out.
            accept: [400, 404, 409, 422],
          });
        } finally {
          this.#release(legId);
        }
        if (isHeld) this.#legs.unbridge(legId, bridgeId, this.#now());
      }),
    );
  }

  async hold(legId: LegId): Promise<void> {
    if (this.#held.has(legId)) return;
    const leg = this.#legs.get(legId);
    if (!leg) throw new SwitchError('notFound', 'No such leg.');
    const home = leg.joining ?? leg.bridgeId;
    const holdBridge = holdBridgeOf(home);
    this.#held.set(legId, home);
    leg.onHold = true;
    try {
      await this.#ari.request({
        method: 'POST',
        path: bridgePath(holdBridge),
        query: { type: 'holding' },
        accept: [409],
      });
      await this.#join(holdBridge, legId);
      // ARI's holding bridges play nothing by themselves (their `idle_mode` is none).
      await this.#ari.request({ method: 'POST', path: musicPath(legId) });
    } catch (error) {
      this.#release(legId);
      throw error;
    }
  }

  async unhold(legId: LegId): Promise<void> {
    if (!this.#held.has(legId)) return;
    const bridgeId = this.#held.get(legId);
    // Music that goes on in a mixing bridge would be written between the others' voices.
    await this.#stopMusic(legId);
    if (bridgeId === undefined) {
      await this.#ari.request({
        method: 'POST',
        path: `${bridgePath(holdBridgeOf(undefined))}/removeChannel`,
        query: { channel: legId },
        accept: [422],
      });
    } else {
      await this.#join(bridgeId, legId);
    }
    this.#release(legId);
  }

  #release(legId: LegId): void {
    this.#held.delete(legId);
    const leg = this.#legs.get(legId);
    if (leg) leg.onHold = false;
  }

  async #stopMusic(legId: LegId): Promise<void> {
    await this.#ari.request({ method: 'DELETE', path: musicPath(legId), accept: [404, 409, 412] });
  }

  /** An empty holding bridge is taken away. */
  onLeft(event: Extract<AriEvent, { type: 'ChannelLeftBridge' }>): void {
    const { bridge, channel } = event;
    if (!isHoldBridge(bridge.id)) return;
    this.#held.delete(channel.id as LegId);
    if (bridge.channelIds.some((id) => id !== channel.id)) return;
    void this.#dropHold(bridge.id);
  }

  /** Legs found in holding bridges after (re)connecting. */
  adopt(bridges: readonly AriBridge[]): void {
    this.#held.clear();
    for (const bridge of bridges) {
      if (!isHoldBridge(bridge.id)) continue;
      if (bridge.channelIds.length === 0) void this.#dropHold(bridge.id);
      for (const channelId of bridge.channelIds) {
        this.#held.set(channelId as LegId, bridgeOfHold(bridge.id));
        const leg = this.#legs.get(channelId as LegId);
        if (leg) leg.onHold = true;
      }
    }
  }

  async #dropHold(bridgeId: string): Promise<void> {
    // Another leg may just be on its way in; then it is left alone.
    if ([...this.#held.values()].some((home) => holdBridgeOf(home) === bridgeId)) return;
    try {
      await this.#ari.request({ method: 'DELETE', path: bridgePath(bridgeId), accept: [404] });
    } catch (error) {
      if (error instanceof AriError) this.#logger.warn({ err: error }, 'could not take an empty holding bridge away');
    }
  }
}
