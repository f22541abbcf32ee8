import type { EndpointId, TrunkId } from '@qianhu/core';
import type { Logger } from '../logger.ts';
import type { EndpointSpec, TrunkSpec } from '../port.ts';
import { AriError, type AriClient } from './ari-client.ts';
import { endpointObjects, trunkObjects, trunkResource, type PjsipObject, type TlsTransports } from './pjsip-objects.ts';

/** Object types in the order they are taken away: those that refer to others first. */
const REMOVAL: readonly PjsipObject['type'][] = ['registration', 'identify', 'endpoint', 'aor', 'auth'];

/**
 * Endpoints and trunks, pushed into Asterisk's memory at run time (sorcery's `memory` wizard; `sorcery.conf` of the private
 * Asterisk lists it for each type). Nothing is reloaded, so living calls are not touched. A restarted Asterisk has
 * forgotten them: `pushAll`.
 */
export class Provisioning {
  readonly #ari: AriClient;
  readonly #logger: Logger;
  readonly #tls: TlsTransports | undefined;
  readonly #trunks = new Map<TrunkId, TrunkSpec>();
  readonly #endpoints = new Map<EndpointId, EndpointSpec>();
  /** What this run of Asterisk was given, by resource name; what has not changed is not pushed again. */
  readonly #pushed = new Map<string, string>();
  /** One change after another: two changes of one trunk must not mix. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(ari: AriClient, logger: Logger, tls?: TlsTransports) {
    this.#ari = ari;
    this.#tls = tls;
    this.#logger = logger;
  }

  trunk(trunkId: TrunkId): TrunkSpec | undefined {
    return this.#trunks.get(trunkId);
  }
  endpoint(endpointId: EndpointId): EndpointSpec | undefined {
    return this.#endpoints.get(endpointId);
  }
  trunkByResource(resource: string): TrunkSpec | undefined {
    for (const trunk of this.#trunks.values()) if (trunkResource(trunk.trunkId) === resource) return trunk;
    return undefined;
  }
  endpointByResource(resource: string): EndpointSpec | undefined {
    for (const endpoint of this.#endpoints.values()) if (endpoint.username === resource) return endpoint;
    return undefined;
  }
  get endpoints(): readonly EndpointSpec[] {
    return [...this.#endpoints.values()];
  }
  get trunks(): readonly TrunkSpec[] {
    return [...this.#trunks.values()];
  }

  putTrunk(trunk: TrunkSpec): Promise<void> {
    const objects = trunkObjects(trunk, this.#tls);
    return this.#inTurn(async () => {
      await this.#push(trunkResource(trunk.trunkId), objects);
      this.#trunks.set(trunk.trunkId, trunk);
    });
  }

  removeTrunk(trunkId: TrunkId): Promise<void> {
    return this.#inTurn(async () => {
      this.#trunks.delete(trunkId);
      await this.#remove(trunkResource(trunkId), REMOVAL);
    });
  }

  putEndpoint(endpoint: EndpointSpec): Promise<void> {
    const objects = endpointObjects(endpoint);
    return this.#inTurn(async () => {
      const before = this.#endpoints.get(endpoint.endpointId);
      if (before && before.username !== endpoint.username) await this.#remove(before.username, REMOVAL);
      await this.#push(endpoint.username, objects);
      this.#endpoints.set(endpoint.endpointId, endpoint);
    });
  }

  removeEndpoint(endpointId: EndpointId): Promise<void> {
    return this.#inTurn(async () => {
      const endpoint = this.#endpoints.get(endpointId);
      if (!endpoint) return;
      this.#endpoints.delete(endpointId);
      await this.#remove(endpoint.username, REMOVAL);
    });
  }

  /** After Asterisk restarted. Resolves with how many could not be pushed. */
  async pushAll(): Promise<number> {
    this.#pushed.clear();
    const orders = [
      ...this.trunks.map((trunk) => [trunkResource(trunk.trunkId), trunkObjects(trunk, this.#tls)] as const),
      ...this.endpoints.map((endpoint) => [endpoint.username, endpointObjects(endpoint)] as const),
    ];
    const results = await Promise.allSettled(orders.map(([id, objects]) => this.#push(id, objects)));
    return results.filter((result) => result.status === 'rejected').length;
  }

  async #push(id: string, objects: readonly PjsipObject[]): Promise<void> {
    const wanted = JSON.stringify(objects);
    if (this.#pushed.get(id) === wanted) return;
    this.#pushed.delete(id);
    const types = new Set(objects.map((object) => object.type));
    // What the new form lacks (a registration that became an address) must not linger.
    await this.#remove(
      id,
      REMOVAL.filter((type) => !types.has(type)),
    );
    for (const { type, fields } of objects) {
      // An update of these adds to their addresses instead of replacing them, so the old one goes first; a registration that
      // was rejected would wait out its time although the password is another now.
      if (type === 'identify' || type === 'registration' || (type === 'aor' && fields['contact'] !== undefined))
        await this.#remove(id, [type]);
      await this.#put(type, id, fields);
    }
    this.#pushed.set(id, wanted);
  }

  async #put(type: PjsipObject['type'], id: string, fields: PjsipObject['fields']): Promise<void> {
    const body = { fields: Object.entries(fields).map(([attribute, value]) => ({ attribute, value })) };
    try {
      await this.#ari.request({ method: 'PUT', path: pathOf(type, id), body });
    } catch (error) {
      if (type !== 'identify' || !(error instanceof AriError)) throw error;
      // A host name that does not resolve now must not cost the trunk: only addresses are left to recognise its calls by.
      const match = (fields['match'] ?? '').split(',').filter((host) => /^[\d.:/[\]]+$|^[0-9a-f:]+$/i.test(host));
      if (match.length === (fields['match'] ?? '').split(',').length) throw error;
      this.#logger.warn(
        { resource: id },
        "a carrier's host name does not resolve: its incoming calls are not recognised",
      );
      if (match.length > 0) await this.#put(type, id, { ...fields, match: match.join(',') });
    }
  }

  async #remove(id: string, types: readonly PjsipObject['type'][]): Promise<void> {
    if (types === REMOVAL) this.#pushed.delete(id);
    for (const type of types) {
      try {
        await this.#ari.request({ method: 'DELETE', path: pathOf(type, id), accept: [404] });
      } catch (error) {
        // 403: an object of a configuration file; 404 is accepted above.
        if (!(error instanceof AriError)) throw error;
      }
    }
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(run);
    this.#tail = done.catch(() => undefined);
    return done;
  }
}

const pathOf = (type: string, id: string): string =>
  `asterisk/config/dynamic/res_pjsip/${type}/${encodeURIComponent(id)}`;
