import type { LegId } from '@qianhu/core';
import type { Logger } from '../logger.ts';
import { SwitchError, type Originate } from '../port.ts';
import type { Admission } from './admission.ts';
import { AriError, type AriClient } from './ari-client.ts';
import type { AriChannel } from './ari-events.ts';
import type { ChannelWaits } from './channel-waits.ts';
import { runCommand } from './control-socket.ts';
import { isOurLeg, type LegBook, type LegRecord } from './legs.ts';
import { defaultFromUser, trunkResource } from './pjsip-objects.ts';
import type { Provisioning } from './provisioning.ts';
import type { Scheduling } from './scheduling.ts';
import type { SipTracer } from './sip-trace.ts';

/**
 * Dials: create → `StasisStart` → (into a bridge) → dial. The one-shot `POST /channels` would save a request, but its
 * channel enters our application only after the answer: answered while we are away it is hung up at once, whereas a created
 * channel waits, and can be given a message. It can also not be bridged before it rings.
 */
export type OriginatorDeps = {
  readonly ari: AriClient;
  readonly app: string;
  readonly legs: LegBook;
  readonly waits: ChannelWaits;
  readonly admission: Admission;
  readonly provisioning: Provisioning;
  readonly tracer: SipTracer;
  readonly controlSocket: string | undefined;
  readonly scheduling: Scheduling;
  readonly logger: Logger;
};

const STASIS_TIMEOUT_MS = 5_000;
/** A dial that gave no first event by now no longer counts as under way. */
const FIRST_EVENT_TIMEOUT_MS = 3_000;

/** What a trunk takes as a number: no character that means something in a dial string or a SIP address. */
const DIAL_STRING = /^[+0-9A-Za-z*#._-]{1,64}$/;
const CALLER_NUMBER = /^[+0-9A-Za-z*#._-]{1,64}$/;
const HEADER_NAME = /^[Xx]-[A-Za-z0-9-]{1,60}$/;

/** What is under way of one dial. */
type Flight = { release: () => void; dialledAtMs: number | undefined; cancelTimer: () => void };

export class Originator {
  readonly #deps: OriginatorDeps;
  /** Dials whose promise is not settled, so that a repeated command shares it. */
  readonly #running = new Map<LegId, Promise<void>>();
  /** Dials between their admission and their first event. */
  readonly #flights = new Map<LegId, Flight>();
  /** Timers that hang up at a ring time-out that is no whole second; by leg. */
  readonly #ringTimers = new Map<LegId, () => void>();

  constructor(deps: OriginatorDeps) {
    this.#deps = deps;
  }

  originate(dial: Originate): Promise<void> {
    const { legId } = dial;
    const running = this.#running.get(legId);
    if (running) return running;
    if (this.#deps.legs.get(legId) || this.#deps.legs.hasEnded(legId)) return Promise.resolve();
    const promise = this.#run(dial).finally(() => this.#running.delete(legId));
    this.#running.set(legId, promise);
    return promise;
  }

  /** The first event of a dial. */
  onDialEvent(legId: LegId): void {
    const flight = this.#flights.get(legId);
    if (flight?.dialledAtMs === undefined) return;
    this.#deps.admission.sample(Math.max(0, this.#deps.scheduling.now() - flight.dialledAtMs));
    this.#land(legId);
  }

  onGone(legId: LegId): void {
    this.#land(legId);
    this.#ringTimers.get(legId)?.();
    this.#ringTimers.delete(legId);
  }

  stop(): void {
    for (const legId of [...this.#flights.keys()]) this.#land(legId);
    for (const cancel of this.#ringTimers.values()) cancel();
    this.#ringTimers.clear();
  }

  /**
   * A process that died between create and dial leaves a channel that never rings and never ends. One that was dialled is in
   * Asterisk's invisible dial bridge, which only the control socket shows; one that is in none is taken away.
   */
  adopt(lists: { readonly channels: readonly AriChannel[] }): void {
    for (const channel of lists.channels) {
      if (channel.state !== 'Down' || !isOurLeg(channel, this.#deps.app)) continue;
      if (!this.#running.has(channel.id as LegId)) void this.#endIfNeverDialled(channel);
    }
  }

  async #endIfNeverDialled(channel: AriChannel): Promise<void> {
    const { ari, controlSocket, logger, scheduling } = this.#deps;
    if (controlSocket === undefined) return;
    const legId = channel.id as LegId;
    try {
      const shown = await runCommand(controlSocket, `core show channel ${channel.name}`, scheduling);
      if (!/^\s*Bridge ID: \(Not bridged\)/m.test(shown)) return;
      logger.info({ legId }, 'a leg that was made and never dialled is taken away');
      // Told as what it is: the end that Asterisk tells would look like the carrier's.
      this.#deps.legs.end(legId, scheduling.now(), { cause: 41, by: 'switch', text: 'Made and never dialled.' });
      await ari.request({ method: 'DELETE', path: `channels/${encodeURIComponent(legId)}`, accept: [404] });
    } catch (error) {
      logger.warn({ legId, err: error }, 'could not look at a leg that was perhaps never dialled');
    }
  }

  async #run(dial: Originate): Promise<void> {
    const { legId } = dial;
    const { admission, legs, scheduling, tracer } = this.#deps;
    const create = this.#createRequest(dial);
    const release = await admission.acquire();
    const flight: Flight = { release, dialledAtMs: undefined, cancelTimer: () => undefined };
    flight.cancelTimer = scheduling.setTimer(FIRST_EVENT_TIMEOUT_MS, () => this.#land(legId));
    this.#flights.set(legId, flight);
    const leg = legs.begin(legId, scheduling.now());
    try {
      await this.#create(legId, create);
      if (dial.trace === true) await tracer.begin(legId, () => this.#callIdOf(legId));
      if (dial.earlyMediaBridgeId !== undefined) {
        await this.#deps.ari.request({
          method: 'POST',
          path: `bridges/${encodeURIComponent(dial.earlyMediaBridgeId)}/addChannel`,
          query: { channel: legId, inhibitConnectedLineUpdates: true },
        });
      }
      flight.dialledAtMs = scheduling.now();
      await this.#deps.ari.request({
        method: 'POST',
        path: `channels/${encodeURIComponent(legId)}/dial`,
        // Asterisk counts whole seconds; its timer outlives us, ours below is exact.
        query: { timeout: Math.max(1, Math.ceil(dial.ringTimeoutMs / 1000)) },
      });
    } catch (error) {
      this.#land(legId);
      this.#refuse(leg, error);
      throw asSwitchError(error);
    }
    if (dial.ringTimeoutMs % 1000 !== 0) this.#watchRing(leg, dial.ringTimeoutMs);
    legs.accepted(leg);
  }

  #watchRing(leg: LegRecord, ringTimeoutMs: number): void {
    const { ari, legs, scheduling } = this.#deps;
    const cancel = scheduling.setTimer(ringTimeoutMs, () => {
      this.#ringTimers.delete(leg.legId);
      if (leg.phase === 'up' || legs.get(leg.legId) !== leg) return;
      leg.asked ??= 'noAnswer';
      void ari
        .request({
          method: 'DELETE',
          path: `channels/${encodeURIComponent(leg.legId)}`,
          query: { reason: 'no_answer' },
          accept: [404],
        })
        // Asterisk's own timer follows within the second.
        .catch(() => undefined);
    });
    this.#ringTimers.set(leg.legId, cancel);
  }

  async #create(
    legId: LegId,
    create: { query: Record<string, string>; variables: Record<string, string> },
  ): Promise<void> {
    const { ari, waits } = this.#deps;
    const entered = waits.begin(legId, STASIS_TIMEOUT_MS);
    try {
      await ari.request({
        method: 'POST',
        path: 'channels/create',
        query: create.query,
        ...(Object.keys(create.variables).length === 0 ? {} : { body: { variables: create.variables } }),
      });
    } catch (error) {
      waits.cancel(legId);
      throw error;
    }
    await entered;
  }

  /** Nothing of a refused dial is told. What was perhaps made of it is taken away. */
  #refuse(leg: LegRecord, error: unknown): void {
    const isUnknown = error instanceof SwitchError && (error.code === 'timeout' || error.code === 'notConnected');
    const exists = error instanceof AriError && error.status === 409 && leg.heldBack?.length === 0;
    this.#deps.legs.refused(leg, isUnknown ? false : !exists);
    void this.#deps.ari
      .request({ method: 'DELETE', path: `channels/${encodeURIComponent(leg.legId)}`, accept: [404] })
      .catch(() => undefined);
  }

  async #callIdOf(legId: LegId): Promise<string | undefined> {
    const { body } = await this.#deps.ari.request({
      method: 'GET',
      path: `channels/${encodeURIComponent(legId)}/variable`,
      query: { variable: 'CHANNEL(pjsip,call-id)' },
      accept: [404, 409],
    });
    const value = typeof body === 'object' && body !== null && 'value' in body ? body.value : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  #land(legId: LegId): void {
    const flight = this.#flights.get(legId);
    if (!flight) return;
    this.#flights.delete(legId);
    flight.cancelTimer();
    flight.release();
  }

  /** @throws SwitchError `invalid`, or `notFound` for a trunk or endpoint that was not made known. */
  #createRequest(dial: Originate): { query: Record<string, string>; variables: Record<string, string> } {
    const { app, provisioning } = this.#deps;
    const variables: Record<string, string> = {};
    let endpoint: string;
    let callerNumber = dial.callerId?.number;
    if (dial.target.kind === 'trunk') {
      const { trunkId, dialString } = dial.target;
      const trunk = provisioning.trunk(trunkId);
      if (!trunk) throw new SwitchError('notFound', 'The switch does not know this trunk.');
      if (!DIAL_STRING.test(dialString)) throw new SwitchError('invalid', 'This is not a number that can be dialled.');
      endpoint = `PJSIP/${dialString}@${trunkResource(trunkId)}`;
      if (trunk.callerIdIn === 'diversion') {
        // Diversion carries the number (RFC 5806); From stays the account's.
        if (callerNumber !== undefined) {
          variables['PJSIP_HEADER(add,Diversion)'] =
            `<sip:${callerNumber}@${trunk.fromDomain ?? trunk.host}>;reason=unconditional`;
        }
        callerNumber = undefined;
      }
      callerNumber ??= defaultFromUser(trunk);
    } else {
      const spec = provisioning.endpoint(dial.target.endpointId);
      if (!spec) throw new SwitchError('notFound', 'The switch does not know this endpoint.');
      endpoint = `PJSIP/${spec.username}`;
    }
    for (const number of [callerNumber, dial.callerId?.number]) {
      if (number !== undefined && !CALLER_NUMBER.test(number)) {
        throw new SwitchError('invalid', 'This is not a number that can be shown.');
      }
    }
    if (callerNumber !== undefined) {
      // A created channel takes no caller ID; From and P-Asserted-Identity are written from its connected line.
      variables['CONNECTEDLINE(num)'] = callerNumber;
      variables['CONNECTEDLINE(num-pres)'] = 'allowed';
      const name = dial.callerId?.name?.replace(/[^\p{L}\p{N} .,'&()-]/gu, '').trim();
      if (name !== undefined && name !== '') variables['CONNECTEDLINE(name)'] = name;
    }
    for (const [name, value] of Object.entries(dial.headers ?? {})) {
      const isAnswerMark = /^(Call-Info|Alert-Info)$/i.test(name);
      if ((!HEADER_NAME.test(name) && !isAnswerMark) || /[\r\n\0]/.test(value) || value.length > 512) {
        throw new SwitchError('invalid', 'Only X- headers of one line may be added.');
      }
      variables[`PJSIP_HEADER(add,${name})`] = value;
    }
    return { query: { endpoint, app, channelId: dial.legId }, variables };
  }
}

const asSwitchError = (error: unknown): Error => {
  // An unknown endpoint, a bad codec: Asterisk answers 500 "Allocation failed" to all of them.
  if (error instanceof AriError && error.status >= 500) {
    return new SwitchError(
      'refused',
      'Asterisk could not make the channel (unknown trunk or phone, or no address for it).',
      {
        cause: error,
      },
    );
  }
  return error instanceof Error ? error : new SwitchError('refused', String(error));
};
