import type { EndpointId, TrunkId } from '@qianhu/core';

import {
  SwitchError,
  type EndpointSpec,
  type EndpointState,
  type SwitchEvent,
  type TrunkSpec,
  type TrunkState,
} from '../port.ts';
import type { Scheduler } from './virtual-clock.ts';

/** How a carrier behaves as a whole; numbers behave by their callee's script. */
export type TrunkBehaviour = {
  /** `refuses`: originates are refused at once (health check failed); `mute`: INVITEs get no reply. Default `works`. */
  readonly line?: 'works' | 'refuses' | 'mute';
  /** Calls the carrier takes at once; more get 503. */
  readonly maxCalls?: number;
  /** Every call ends with this status, as a blocked account does. */
  readonly rejectAll?: number;
  /** For trunks with registration. Default `registered`. */
  readonly registration?: 'registered' | 'rejected' | 'unregistered';
  readonly rttMs?: number;
};

type Trunk = { spec: TrunkSpec; behaviour: TrunkBehaviour; calls: number };
type Endpoint = { spec: EndpointSpec; registeredAt: string | undefined };

/** Trunks and agents' endpoints that an exchange knows. */
export class VirtualProvisioning {
  readonly #scheduler: Scheduler;
  readonly #emit: (event: SwitchEvent) => void;
  readonly #trunks = new Map<TrunkId, Trunk>();
  readonly #endpoints = new Map<EndpointId, Endpoint>();
  /** Behaviours set before their trunk was put. */
  readonly #behaviours = new Map<TrunkId, TrunkBehaviour>();

  constructor(scheduler: Scheduler, emit: (event: SwitchEvent) => void) {
    this.#scheduler = scheduler;
    this.#emit = emit;
  }

  putTrunk(spec: TrunkSpec): void {
    if (spec.host === '' || spec.port < 1 || spec.port > 65_535)
      throw new SwitchError('invalid', `Trunk ${spec.trunkId} needs a host and a port from 1 to 65535.`);
    const known = this.#trunks.get(spec.trunkId);
    if (known !== undefined) known.spec = spec;
    else this.#trunks.set(spec.trunkId, { spec, behaviour: this.#behaviours.get(spec.trunkId) ?? {}, calls: 0 });
  }

  removeTrunk(trunkId: TrunkId): void {
    this.#trunks.delete(trunkId);
  }

  putEndpoint(spec: EndpointSpec): void {
    if (spec.username === '') throw new SwitchError('invalid', `Endpoint ${spec.endpointId} needs a username.`);
    const known = this.#endpoints.get(spec.endpointId);
    const registeredAt = spec.contact ?? (known?.spec.contact === undefined ? known?.registeredAt : undefined);
    this.#endpoints.set(spec.endpointId, { spec, registeredAt });
  }

  removeEndpoint(endpointId: EndpointId): void {
    this.#endpoints.delete(endpointId);
  }

  /** What a restart of a switch does that keeps run-time objects in memory only. */
  forgetAll(): void {
    this.#trunks.clear();
    this.#endpoints.clear();
  }

  /** A restart of a switch whose objects are put again: registrations are gone until the phones come back. */
  dropRegistrations(): void {
    for (const endpoint of this.#endpoints.values()) endpoint.registeredAt = endpoint.spec.contact;
    for (const trunk of this.#trunks.values()) trunk.calls = 0;
  }

  trunk(trunkId: TrunkId): Trunk {
    const trunk = this.#trunks.get(trunkId);
    if (trunk === undefined) throw new SwitchError('notFound', `No trunk ${trunkId}.`);
    return trunk;
  }

  findTrunk(trunkId: TrunkId): Trunk | undefined {
    return this.#trunks.get(trunkId);
  }

  endpoint(endpointId: EndpointId): Endpoint {
    const endpoint = this.#endpoints.get(endpointId);
    if (endpoint === undefined) throw new SwitchError('notFound', `No endpoint ${endpointId}.`);
    return endpoint;
  }

  /** Sets how the carrier behaves from now on; tells when its state changes by it. */
  setTrunkBehaviour(trunkId: TrunkId, behaviour: TrunkBehaviour): void {
    this.#behaviours.set(trunkId, behaviour);
    const trunk = this.#trunks.get(trunkId);
    if (trunk === undefined) return;
    const before = JSON.stringify(stateOfTrunk(trunk));
    trunk.behaviour = behaviour;
    const state = stateOfTrunk(trunk);
    if (JSON.stringify(state) !== before)
      this.#emit({ type: 'trunkState', trunkId, atMs: this.#scheduler.now(), state });
  }

  /** The phone registers from an address, or (undefined) goes away. */
  register(endpointId: EndpointId, contact: string | undefined): void {
    const endpoint = this.endpoint(endpointId);
    if (endpoint.registeredAt === contact) return;
    endpoint.registeredAt = contact;
    const state = stateOfEndpoint(endpoint);
    this.#emit({ type: 'endpointState', endpointId, atMs: this.#scheduler.now(), state });
  }

  trunkState(trunkId: TrunkId): TrunkState {
    return stateOfTrunk(this.trunk(trunkId));
  }

  endpointState(endpointId: EndpointId): EndpointState {
    return stateOfEndpoint(this.endpoint(endpointId));
  }
}

const stateOfTrunk = ({ spec, behaviour }: Trunk): TrunkState => {
  const works = (behaviour.line ?? 'works') === 'works';
  return {
    reachable: spec.qualifySec === 0 ? 'unknown' : works ? 'reachable' : 'unreachable',
    registration:
      spec.auth.kind !== 'registration' ? 'notUsed' : works ? (behaviour.registration ?? 'registered') : 'unregistered',
    ...(spec.qualifySec > 0 && works ? { rttMs: behaviour.rttMs ?? 1 } : {}),
  };
};

const stateOfEndpoint = ({ registeredAt }: Endpoint): EndpointState =>
  registeredAt === undefined ? { registered: false } : { registered: true, contact: registeredAt, rttMs: 1 };
