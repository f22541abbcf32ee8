import type {
  BridgeId,
  EndpointId,
  EpochMs,
  HangUpReason,
  LegId,
  PlaybackId,
  RecordingId,
  TrunkId,
} from '@qianhu/core';
import type { Logger } from '../logger.ts';
import {
  SwitchError,
  type EndedLeg,
  type EndpointSpec,
  type EndpointState,
  type Originate,
  type SipMessage,
  type SoundSource,
  type StartRecording,
  type Switch,
  type SwitchAdmission,
  type SwitchCapabilities,
  type SwitchEvent,
  type SwitchHealth,
  type SwitchSnapshot,
  type TrunkSpec,
  type TrunkState,
} from '../port.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import { AriClient } from './ari-client.ts';
import type { AriEvent } from './ari-events.ts';
import { Bridges } from './bridges.ts';
import { ChannelWaits } from './channel-waits.ts';
import { readHistory } from './history.ts';
import { incomingOf } from './incoming.ts';
import { endingWithoutNotice, isIncomingArgs, isLegChannel, LegBook } from './legs.ts';
import { listAll, snapshotOf, takeUp, type SwitchLists } from './lists.ts';
import { Originator } from './originator.ts';
import type { TlsTransports } from './pjsip-objects.ts';
import { Playbacks } from './playbacks.ts';
import { Provisioning } from './provisioning.ts';
import { Reachability } from './reachability.ts';
import { Recordings } from './recordings.ts';
import type { Scheduling } from './scheduling.ts';
import { SipTracer } from './sip-trace.ts';
import { GeneratedSounds } from './sounds.ts';

export type AsteriskSwitchOptions = {
  /** Where Asterisk answers ARI, for example `http://127.0.0.1:8088/ari`. */
  readonly ariUrl: string;
  readonly username: string;
  readonly password: string;
  /** Stasis application; whoever connects with it last owns it. */
  readonly app: string;
  /** Asterisk's `astspooldir`, on the same machine: recordings are written below `recording/`. */
  readonly spoolDir: string;
  /** The channel event log that the private Asterisk writes (see history.ts). Without it `history` is empty and not claimed. */
  readonly celFile?: string;
  /** Asterisk's control socket (`asterisk.ctl`): registration states, round trips and SIP traces need it. */
  readonly controlSocket?: string;
  /** Names of the transports for trunks over TLS. Without it such a trunk uses whichever Asterisk has. */
  readonly tlsTransports?: TlsTransports;
  readonly clock: Scheduling;
  readonly logger: Logger;
  readonly admission?: AdmissionOptions;
  /** `connect` gives up after this time. Default 30,000 ms. */
  readonly connectTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly pingEveryMs?: number;
  readonly backOffMs?: { readonly first: number; readonly longest: number };
  /** How often registrations and reachability are looked at. Default 2,000 ms; 0: never. */
  readonly reachabilityEveryMs?: number;
  /** After how long a recording goes on in a new part, whose two sides are in step again. Default 120,000 ms. */
  readonly recordingPartMs?: number;
};

/** ARI's words for why we hang up; they choose the SIP answer or the Reason of a CANCEL. */
const REASONS: Readonly<Record<HangUpReason, string>> = {
  normal: 'normal',
  busy: 'busy',
  rejected: 'rejected',
  noAnswer: 'no_answer',
  congestion: 'congestion',
};

/** How long `ChannelDestroyed` may come after `StasisEnd`. */
const STASIS_END_GRACE_MS = 300;

const DTMF = /^[0-9A-Da-d*#]{1,100}$/;

/** The `Switch` port on Asterisk 22 (>= 22.8) by ARI. */
export class AsteriskSwitch implements Switch {
  readonly capabilities: SwitchCapabilities;
  readonly #options: AsteriskSwitchOptions;
  readonly #ari: AriClient;
  readonly #legs: LegBook;
  readonly #waits: ChannelWaits;
  readonly #admission: Admission;
  readonly #originator: Originator;
  readonly #bridges: Bridges;
  readonly #playbacks: Playbacks;
  readonly #recordings: Recordings;
  readonly #provisioning: Provisioning;
  readonly #reachability: Reachability;
  readonly #tracer: SipTracer;
  #listeners: readonly ((event: SwitchEvent) => void)[] = [];
  #state: SwitchHealth['state'] = 'down';
  #sinceMs: EpochMs;
  #version: string | undefined;
  /** Asterisk's start time; undefined before the first connection. */
  #incarnation: string | undefined;
  /** Lists fetched while preparing a connection, taken up when it is announced. */
  #lists: SwitchLists | undefined;
  #connecting: { resolve: () => void; reject: (error: Error) => void; cancelTimer: () => void } | undefined;

  constructor(options: AsteriskSwitchOptions) {
    this.#options = options;
    const { clock, logger, app, spoolDir, celFile, controlSocket } = options;
    this.capabilities = {
      name: 'asterisk',
      earlyMedia: true,
      stereoRecording: true,
      history: celFile !== undefined,
      sipTrace: controlSocket !== undefined,
    };
    this.#sinceMs = clock.now();
    this.#ari = new AriClient(
      {
        url: options.ariUrl,
        username: options.username,
        password: options.password,
        app,
        scheduling: clock,
        logger,
        ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
        ...(options.pingEveryMs === undefined ? {} : { pingEveryMs: options.pingEveryMs }),
        ...(options.backOffMs === undefined ? {} : { backOffMs: options.backOffMs }),
      },
      {
        onEvent: (event) => this.#onEvent(event),
        prepare: () => this.#prepare(),
        onRefused: (error) => this.#onRefused(error),
        onUp: () => this.#onUp(),
        onDown: (reason) => this.#onDown(reason),
        onReplaced: () => this.#onReplaced(),
      },
    );
    const ari = this.#ari;
    const emit = (event: SwitchEvent): void => this.#emit(event);
    this.#legs = new LegBook(emit);
    this.#waits = new ChannelWaits(clock);
    this.#admission = new Admission(clock, options.admission);
    this.#provisioning = new Provisioning(ari, logger, options.tlsTransports);
    this.#bridges = new Bridges(ari, this.#legs, logger, () => clock.now());
    this.#playbacks = new Playbacks({ ari, sounds: new GeneratedSounds(spoolDir), now: () => clock.now(), emit });
    this.#recordings = new Recordings({
      ari,
      waits: this.#waits,
      app,
      spoolDir,
      scheduling: clock,
      partMs: options.recordingPartMs ?? 120_000,
      emit,
      logger,
    });
    this.#tracer = new SipTracer({ controlSocket, spoolDir, scheduling: clock, logger });
    this.#reachability = new Reachability({
      ari,
      provisioning: this.#provisioning,
      controlSocket,
      scheduling: clock,
      everyMs: options.reachabilityEveryMs ?? 2_000,
      emit,
      logger,
    });
    this.#originator = new Originator({
      ari,
      app,
      legs: this.#legs,
      waits: this.#waits,
      admission: this.#admission,
      provisioning: this.#provisioning,
      tracer: this.#tracer,
      controlSocket,
      scheduling: clock,
      logger,
    });
    ari.onLatency((ms) => this.#admission.sample(ms));
  }

  connect(): Promise<void> {
    if (this.#state === 'up') return Promise.resolve();
    return new Promise<void>((resolve, reject) => {
      const cancelTimer = this.#options.clock.setTimer(this.#options.connectTimeoutMs ?? 30_000, () => {
        this.#connecting = undefined;
        const why = this.#ari.lastError ?? 'no answer';
        reject(new SwitchError('notConnected', `Asterisk could not be reached: ${why}`, { retryable: true }));
      });
      this.#connecting = { resolve, reject, cancelTimer };
      this.#become('connecting');
      this.#ari.start();
    });
  }

  close(): Promise<void> {
    this.#reachability.stop();
    this.#originator.stop();
    this.#recordings.stopTimers();
    this.#ari.close();
    this.#waits.lost();
    this.#admission.reset();
    this.#become('down');
    const connecting = this.#connecting;
    this.#connecting = undefined;
    connecting?.cancelTimer();
    connecting?.reject(new SwitchError('notConnected', 'The switch was closed.'));
    return this.#tracer.close();
  }

  subscribe(listener: (event: SwitchEvent) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  health(): SwitchHealth {
    const latencyMs = this.#admission.percentiles();
    const lastError = this.#ari.lastError;
    return {
      state: this.#state,
      sinceMs: this.#sinceMs,
      ...(this.#version === undefined ? {} : { version: this.#version }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
      ...(lastError === undefined ? {} : { lastError }),
    };
  }

  admission(): SwitchAdmission {
    const { newCallsPerSecond, free, held } = this.#admission;
    return { newCallsPerSecond, free: this.#state === 'up' ? free : 0, held };
  }

  originate(dial: Originate): Promise<void> {
    return this.#originator.originate(dial);
  }

  async answer(legId: LegId): Promise<void> {
    await this.#ari.request({ method: 'POST', path: `channels/${encodeURIComponent(legId)}/answer` });
  }

  async hangUp(legId: LegId, reason: HangUpReason): Promise<void> {
    const leg = this.#legs.get(legId);
    if (leg) leg.asked ??= reason;
    await this.#ari.request({
      method: 'DELETE',
      path: `channels/${encodeURIComponent(legId)}`,
      query: { reason: REASONS[reason] },
      accept: [404],
    });
  }

  async sendDtmf(legId: LegId, digits: string): Promise<void> {
    if (!DTMF.test(digits)) throw new SwitchError('invalid', 'These are not DTMF digits.');
    await this.#ari.request({
      method: 'POST',
      path: `channels/${encodeURIComponent(legId)}/dtmf`,
      query: { dtmf: digits, duration: 120, between: 80 },
    });
  }

  hold(legId: LegId): Promise<void> {
    return this.#bridges.hold(legId);
  }
  unhold(legId: LegId): Promise<void> {
    return this.#bridges.unhold(legId);
  }

  async mute(legId: LegId, muted: boolean): Promise<void> {
    await this.#ari.request({
      method: muted ? 'POST' : 'DELETE',
      path: `channels/${encodeURIComponent(legId)}/mute`,
      query: { direction: 'in' },
    });
  }

  play(
    playbackId: PlaybackId,
    target: { readonly legId: LegId } | { readonly bridgeId: BridgeId },
    sources: readonly SoundSource[],
  ): Promise<void> {
    return this.#playbacks.play(playbackId, target, sources);
  }
  stopPlay(playbackId: PlaybackId): Promise<void> {
    return this.#playbacks.stop(playbackId);
  }
  isPlaying(playbackId: PlaybackId): Promise<boolean> {
    return this.#playbacks.isPlaying(playbackId);
  }

  createBridge(bridgeId: BridgeId): Promise<void> {
    return this.#bridges.create(bridgeId);
  }
  destroyBridge(bridgeId: BridgeId): Promise<void> {
    return this.#bridges.destroy(bridgeId);
  }
  addToBridge(bridgeId: BridgeId, legIds: readonly LegId[]): Promise<void> {
    return this.#bridges.add(bridgeId, legIds);
  }
  removeFromBridge(bridgeId: BridgeId, legIds: readonly LegId[]): Promise<void> {
    return this.#bridges.remove(bridgeId, legIds);
  }

  startRecording(recording: StartRecording): Promise<void> {
    return this.#recordings.start(recording);
  }
  stopRecording(recordingId: RecordingId): Promise<void> {
    return this.#recordings.stop(recordingId);
  }

  putEndpoint(endpoint: EndpointSpec): Promise<void> {
    return this.#provisioning.putEndpoint(endpoint);
  }
  removeEndpoint(endpointId: EndpointId): Promise<void> {
    return this.#provisioning.removeEndpoint(endpointId);
  }
  putTrunk(trunk: TrunkSpec): Promise<void> {
    return this.#provisioning.putTrunk(trunk);
  }
  removeTrunk(trunkId: TrunkId): Promise<void> {
    return this.#provisioning.removeTrunk(trunkId);
  }
  trunkState(trunkId: TrunkId): Promise<TrunkState> {
    return this.#reachability.trunkState(trunkId);
  }
  endpointState(endpointId: EndpointId): Promise<EndpointState> {
    return this.#reachability.endpointState(endpointId);
  }

  async snapshot(): Promise<SwitchSnapshot> {
    const lists = await listAll(this.#ari);
    return snapshotOf(lists, this.#options.app, this.#options.clock.now(), (legId) => this.#legs.get(legId));
  }

  history(sinceMs: EpochMs): Promise<readonly EndedLeg[]> {
    return this.#options.celFile === undefined ? Promise.resolve([]) : readHistory(this.#options.celFile, sinceMs);
  }

  sipTrace(legId: LegId): Promise<readonly SipMessage[]> {
    return this.#tracer.messages(legId);
  }

  #onEvent(event: AriEvent): void {
    switch (event.type) {
      case 'StasisStart':
        this.#onStasisStart(event);
        return;
      case 'StasisEnd':
        this.#onStasisEnd(event.channel.id as LegId, event.atMs);
        return;
      case 'ChannelDestroyed':
        this.#waits.gone(event.channel.id);
        this.#originator.onGone(event.channel.id as LegId);
        this.#recordings.onSnoopGone(event.channel.id);
        this.#legs.handle(event);
        return;
      case 'Dial':
        // The dial's own first event is the switch's latency, whatever the carrier does afterwards.
        this.#originator.onDialEvent(event.channel.id as LegId);
        this.#legs.handle(event);
        return;
      case 'ChannelLeftBridge':
        this.#legs.handle(event);
        this.#bridges.onLeft(event);
        return;
      case 'PlaybackFinished':
        this.#playbacks.onFinished(event);
        return;
      case 'RecordingStarted':
        this.#recordings.onStarted(event.name, event.atMs);
        return;
      case 'RecordingFinished':
        this.#recordings.onFinished(event.name);
        return;
      case 'RecordingFailed':
        this.#recordings.onFinished(event.name, event.cause === '' ? 'Asterisk could not record.' : event.cause);
        return;
      case 'PeerStatusChange':
      case 'ContactStatusChange':
      case 'EndpointStateChange':
        this.#reachability.lookSoon();
        return;
      case 'ApplicationReplaced':
        return;
      default:
        this.#legs.handle(event);
    }
  }

  #onStasisStart(event: Extract<AriEvent, { type: 'StasisStart' }>): void {
    const { channel, args, atMs } = event;
    this.#waits.entered(channel.id);
    if (!isLegChannel(channel)) return;
    const legId = channel.id as LegId;
    if (this.#legs.get(legId) || this.#legs.hasEnded(legId)) return;
    if (!isIncomingArgs(args)) {
      // Created by us before a restart, and on its way into the application when the lists were made.
      this.#legs.adopt(channel);
      return;
    }
    const incoming = incomingOf(channel, args, this.#provisioning);
    if (!incoming) {
      this.#options.logger.warn({ legId }, 'a call came in from an endpoint that is not ours');
      void this.hangUp(legId, 'rejected').catch(() => undefined);
      return;
    }
    this.#legs.incoming(channel, { type: 'legIncoming', legId, atMs, ...incoming });
    // Asterisk subscribes us to a caller's channel only while it is in our application, and it leaves that before its end.
    void this.#ari
      .request({
        method: 'POST',
        path: `applications/${encodeURIComponent(this.#options.app)}/subscription`,
        query: { eventSource: `channel:${legId}` },
        accept: [404, 422],
      })
      .catch(() => undefined);
    if (channel.state === 'Up') return;
    // The dialplan only brings it here; ringing (180) is ours to say.
    void this.#ari
      .request({ method: 'POST', path: `channels/${encodeURIComponent(legId)}/ring`, accept: [404, 409] })
      .catch(() => undefined);
  }

  /** A caller who hangs up at once is gone before the subscription stands: then this is all we hear. */
  #onStasisEnd(legId: LegId, atMs: EpochMs): void {
    if (this.#legs.get(legId)?.direction !== 'in') return;
    this.#options.clock.setTimer(STASIS_END_GRACE_MS, () => {
      const leg = this.#legs.get(legId);
      if (leg) this.#legs.end(legId, atMs, endingWithoutNotice(leg));
    });
  }

  async #prepare(): Promise<void> {
    this.#lists = await takeUp(this.#ari, this.#options.app);
  }

  #onUp(): void {
    const lists = this.#lists;
    this.#lists = undefined;
    if (!lists) return;
    const atMs = this.#options.clock.now();
    const before = this.#incarnation;
    const sameIncarnation = before === undefined || before === lists.incarnation;
    this.#incarnation = lists.incarnation;
    this.#version = lists.version;
    this.#become('up');
    if (sameIncarnation) this.#reconcile(lists);
    else this.#endAll(atMs);
    this.#originator.adopt(lists);
    this.#bridges.adopt(lists.bridges);
    this.#recordings.adopt(lists.channels);
    void this.#playbacks.adopt();
    this.#reachability.start();
    if (sameIncarnation) this.#announceUp(before !== undefined, atMs, true);
    else {
      // A restarted Asterisk has forgotten what we pushed; nobody should dial before it is back.
      void this.#provisioning.pushAll().then((failed) => {
        if (failed > 0) this.#options.logger.error({ failed }, 'could not make trunks or endpoints known again');
        if (this.#state === 'up') this.#announceUp(true, atMs, false);
      });
    }
  }

  #announceUp(isAgain: boolean, atMs: EpochMs, sameIncarnation: boolean): void {
    const connecting = this.#connecting;
    this.#connecting = undefined;
    connecting?.cancelTimer();
    connecting?.resolve();
    if (isAgain) this.#emit({ type: 'connectionRestored', atMs, sameIncarnation });
  }

  /** What ended while nobody listened is told by `snapshot` and `history`, not by late events. */
  #reconcile(lists: SwitchLists): void {
    const alive = new Map(lists.channels.map((channel) => [channel.id, channel]));
    for (const leg of [...this.#legs.all()]) {
      if (leg.heldBack) continue;
      if (!alive.has(leg.legId)) this.#legs.forget(leg.legId);
    }
    for (const { legId, bridgeId } of snapshotOf(lists, this.#options.app, 0, (id) => this.#legs.get(id)).legs) {
      const channel = alive.get(legId);
      if (!channel || this.#legs.hasEnded(legId)) continue;
      this.#legs.adopt(channel).bridgeId = bridgeId;
    }
  }

  /** Asterisk is another one than before: all its calls died with it. */
  #endAll(atMs: EpochMs): void {
    for (const leg of [...this.#legs.all()]) {
      // Q.850 cause 38, network out of order.
      this.#legs.end(leg.legId, atMs, { cause: 38, by: 'switch', text: 'The switch restarted.' });
    }
    this.#playbacks.endAll();
  }

  /** A wrong password does not mend itself: the first connection fails at once, later ones go on trying. */
  #onRefused(error: SwitchError): void {
    const connecting = this.#connecting;
    if (!connecting) return;
    this.#connecting = undefined;
    connecting.cancelTimer();
    this.#ari.close();
    this.#become('down');
    connecting.reject(error);
  }

  #onDown(reason: string): void {
    this.#become('connecting');
    this.#waits.lost();
    this.#admission.reset();
    this.#reachability.stop();
    this.#emit({ type: 'connectionLost', atMs: this.#options.clock.now(), reason });
  }

  #onReplaced(): void {
    this.#become('replaced');
    this.#waits.lost();
    this.#admission.reset();
    this.#reachability.stop();
    this.#emit({ type: 'replaced', atMs: this.#options.clock.now() });
  }

  #become(state: SwitchHealth['state']): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#sinceMs = this.#options.clock.now();
  }

  #emit(event: SwitchEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#options.logger.error({ err: error, event: event.type }, 'a listener of the switch threw');
      }
    }
  }
}
