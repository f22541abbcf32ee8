import type { EndpointId, EpochMs, TrunkId } from '@qianhu/core';
import type { Logger } from '../logger.ts';
import {
  SwitchError,
  type EndpointSpec,
  type EndpointState,
  type SwitchEvent,
  type TrunkSpec,
  type TrunkState,
} from '../port.ts';
import type { AriClient } from './ari-client.ts';
import { runCommand } from './control-socket.ts';
import { trunkResource } from './pjsip-objects.ts';
import type { Provisioning } from './provisioning.ts';
import type { Scheduling } from './scheduling.ts';

export type ReachabilityDeps = {
  readonly ari: AriClient;
  readonly provisioning: Provisioning;
  readonly controlSocket: string | undefined;
  readonly scheduling: Scheduling;
  readonly everyMs: number;
  readonly emit: (event: SwitchEvent) => void;
  readonly logger: Logger;
};

type Contact = { readonly uri: string; readonly status: string; readonly rttMs: number | undefined };

/**
 * A line of `pjsip show contacts`: `Contact:  name/sip:… hash status rtt`. The name and address are cut to a width only when
 * they are longer than 250 characters.
 */
export const parseContacts = (text: string): ReadonlyMap<string, Contact> => {
  const contacts = new Map<string, Contact>();
  for (const line of text.split('\n')) {
    const match = /^\s*Contact:\s+([^\s/<]+)\/(\S+)\s+\S+\s+(\S+)\s+(\S+)\s*$/.exec(line);
    const [, name, uri, status, rtt] = match ?? [];
    if (name === undefined || uri === undefined || status === undefined) continue;
    const rttMs = Number(rtt);
    const contact = { uri, status, rttMs: Number.isFinite(rttMs) ? rttMs : undefined };
    // A phone may have an old contact beside the present one.
    if (!contacts.has(name) || status === 'Avail') contacts.set(name, contact);
  }
  return contacts;
};

/** Lines of `pjsip show registrations`: ` name/sip:…  auth  Registered (exp. 35s)`. */
export const parseRegistrations = (text: string): ReadonlyMap<string, string> => {
  const states = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([^\s/<]+)\/.*?\s(Registered|Rejected|Unregistered|Stopped)\b/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) states.set(match[1], match[2]);
  }
  return states;
};

const REGISTRATION: Readonly<Record<string, TrunkState['registration']>> = {
  Registered: 'registered',
  Rejected: 'rejected',
  Unregistered: 'unregistered',
  Stopped: 'unregistered',
};

type View = {
  readonly online: ReadonlyMap<string, boolean>;
  readonly contacts: ReadonlyMap<string, Contact> | undefined;
  readonly registrations: ReadonlyMap<string, string> | undefined;
};

/**
 * Who is registered and which carrier answers. Looked at every few seconds in a few requests for all of them: a subscription
 * to an endpoint would bring every event of its calls a second time.
 */
export class Reachability {
  readonly #deps: ReachabilityDeps;
  /** What was told last, by port id. */
  readonly #toldEndpoints = new Map<EndpointId, string>();
  readonly #toldTrunks = new Map<TrunkId, string>();
  #cancel: (() => void) | undefined;
  #looking: Promise<View> | undefined;

  constructor(deps: ReachabilityDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.stop();
    if (this.#deps.everyMs > 0) this.#again(Math.min(200, this.#deps.everyMs));
  }
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
  lookSoon(): void {
    if (this.#cancel) this.#again(20);
  }

  async trunkState(trunkId: TrunkId): Promise<TrunkState> {
    const trunk = this.#deps.provisioning.trunk(trunkId);
    if (!trunk) throw new SwitchError('notFound', 'The switch does not know this trunk.');
    return trunkStateOf(trunk, await this.#look());
  }

  async endpointState(endpointId: EndpointId): Promise<EndpointState> {
    const endpoint = this.#deps.provisioning.endpoint(endpointId);
    if (!endpoint) throw new SwitchError('notFound', 'The switch does not know this endpoint.');
    return endpointStateOf(endpoint, await this.#look());
  }

  #again(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#deps.scheduling.setTimer(ms, () => {
      void this.#round();
    });
  }

  async #round(): Promise<void> {
    const mark = this.#cancel;
    try {
      const view = await this.#look();
      if (this.#cancel === undefined) return;
      this.#tell(view, this.#deps.scheduling.now());
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'could not look at registrations');
    }
    // Stopped, or set anew meanwhile.
    if (this.#cancel === mark && mark !== undefined) this.#again(this.#deps.everyMs);
  }

  #tell(view: View, atMs: EpochMs): void {
    const { provisioning, emit } = this.#deps;
    for (const endpoint of provisioning.endpoints) {
      const { endpointId } = endpoint;
      const state = endpointStateOf(endpoint, view);
      // The round trip alone is no news.
      const key = `${String(state.registered)} ${state.contact ?? ''}`;
      if (this.#toldEndpoints.get(endpointId) === key) continue;
      this.#toldEndpoints.set(endpointId, key);
      emit({ type: 'endpointState', endpointId, atMs, state });
    }
    for (const trunk of provisioning.trunks) {
      const state = trunkStateOf(trunk, view);
      const key = `${state.reachable} ${state.registration}`;
      if (this.#toldTrunks.get(trunk.trunkId) === key) continue;
      this.#toldTrunks.set(trunk.trunkId, key);
      emit({ type: 'trunkState', trunkId: trunk.trunkId, atMs, state });
    }
    for (const endpointId of this.#toldEndpoints.keys()) {
      if (!provisioning.endpoint(endpointId)) this.#toldEndpoints.delete(endpointId);
    }
    for (const trunkId of this.#toldTrunks.keys()) {
      if (!provisioning.trunk(trunkId)) this.#toldTrunks.delete(trunkId);
    }
  }

  /** One look for all who ask at the same time. */
  #look(): Promise<View> {
    this.#looking ??= this.#fetch().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #fetch(): Promise<View> {
    const { ari, controlSocket, scheduling, provisioning } = this.#deps;
    const { body } = await ari.request({ method: 'GET', path: 'endpoints/PJSIP' });
    const online = new Map<string, boolean>();
    for (const item of Array.isArray(body) ? (body as unknown[]) : []) {
      if (typeof item !== 'object' || item === null) continue;
      const { resource, state } = item as { resource?: unknown; state?: unknown };
      if (typeof resource === 'string') online.set(resource, state === 'online');
    }
    if (controlSocket === undefined) return { online, contacts: undefined, registrations: undefined };
    const isRegistering = provisioning.trunks.some((trunk) => trunk.auth.kind === 'registration');
    const [contacts, registrations] = await Promise.all([
      runCommand(controlSocket, 'pjsip show contacts', scheduling),
      isRegistering ? runCommand(controlSocket, 'pjsip show registrations', scheduling) : '',
    ]);
    return { online, contacts: parseContacts(contacts), registrations: parseRegistrations(registrations) };
  }
}

const endpointStateOf = ({ username, contact: fixed }: EndpointSpec, view: View): EndpointState => {
  const contact = view.contacts?.get(username);
  // A fixed address is first checked somewhere within its interval; until then it is taken at its word.
  const isUnchecked = fixed !== undefined && (contact === undefined || contact.status === 'NonQual');
  const registered = view.online.get(username) === true || (isUnchecked && view.online.has(username));
  if (!registered || !contact) return { registered };
  return { registered, contact: contact.uri, ...(contact.rttMs === undefined ? {} : { rttMs: contact.rttMs }) };
};

const trunkStateOf = (trunk: TrunkSpec, view: View): TrunkState => {
  const resource = trunkResource(trunk.trunkId);
  const contact = view.contacts?.get(resource);
  const isOnline = view.online.get(resource);
  const isChecked = trunk.qualifySec > 0;
  // Asterisk calls an unchecked contact online; that says nothing of the carrier.
  const isJudged = isChecked && isOnline !== undefined && contact?.status !== 'NonQual';
  const reachable = !isJudged ? 'unknown' : isOnline ? 'reachable' : 'unreachable';
  const registration =
    trunk.auth.kind === 'registration'
      ? (REGISTRATION[view.registrations?.get(resource) ?? ''] ?? 'unregistered')
      : 'notUsed';
  return {
    reachable,
    registration,
    ...(isChecked && reachable === 'reachable' && contact?.rttMs !== undefined ? { rttMs: contact.rttMs } : {}),
    ...(contact === undefined ? {} : { detail: `${contact.uri} ${contact.status}` }),
  };
};
