import type { BridgeId } from '@qianhu/core';

import { SwitchError, type SwitchEvent, type SwitchSnapshot } from '../port.ts';
import type { Bridge, Leg } from './exchange-types.ts';
import type { Scheduler } from './virtual-clock.ts';

/** The bridges of an exchange and who is in them. */
export class VirtualBridges {
  readonly #scheduler: Scheduler;
  readonly #emit: (event: SwitchEvent) => void;
  readonly #byId = new Map<BridgeId, Bridge>();

  constructor(scheduler: Scheduler, emit: (event: SwitchEvent) => void) {
    this.#scheduler = scheduler;
    this.#emit = emit;
  }

  create(bridgeId: BridgeId): void {
    if (!this.#byId.has(bridgeId)) this.#byId.set(bridgeId, { bridgeId, legs: new Set() });
  }

  /** @returns whether it existed. */
  destroy(bridgeId: BridgeId): boolean {
    const bridge = this.#byId.get(bridgeId);
    if (bridge === undefined) return false;
    for (const leg of [...bridge.legs]) this.leave(leg);
    return this.#byId.delete(bridgeId);
  }

  destroyAll(): void {
    for (const bridgeId of [...this.#byId.keys()]) this.destroy(bridgeId);
  }

  /** @throws SwitchError `notFound`. */
  get(bridgeId: BridgeId): Bridge {
    const bridge = this.#byId.get(bridgeId);
    if (bridge === undefined) throw new SwitchError('notFound', `No bridge ${bridgeId}.`);
    return bridge;
  }

  /** Moves a leg in, out of the bridge it is in. */
  join(leg: Leg, bridge: Bridge): void {
    if (leg.bridge === bridge) return;
    this.leave(leg);
    leg.bridge = bridge;
    bridge.legs.add(leg);
    this.#emit({ type: 'legBridged', legId: leg.legId, bridgeId: bridge.bridgeId, atMs: this.#scheduler.now() });
  }

  leave(leg: Leg): void {
    const bridge = leg.bridge;
    if (bridge === undefined) return;
    leg.bridge = undefined;
    bridge.legs.delete(leg);
    this.#emit({ type: 'legUnbridged', legId: leg.legId, bridgeId: bridge.bridgeId, atMs: this.#scheduler.now() });
  }

  snapshot(): SwitchSnapshot['bridges'] {
    return [...this.#byId.values()].map(({ bridgeId, legs }) => ({
      bridgeId,
      legIds: [...legs].map((leg) => leg.legId),
    }));
  }
}
