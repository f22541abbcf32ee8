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
import type { ExchangeOptions, ExchangeSink } from './exchange-types.ts';
import { VirtualExchange } from './virtual-exchange.ts';
import { NO_FAULTS, type CommandName, type SwitchFaults } from './virtual-faults.ts';

/**
 * The `Switch` port on a virtual exchange. Several may be made for one exchange: connecting one replaces the other, as
 * with two processes that use the same application name. `faults` may be set at any time.
 */
export class VirtualSwitch implements Switch {
  readonly capabilities: SwitchCapabilities = {
    name: 'virtual',
    earlyMedia: true,
    stereoRecording: true,
    history: true,
    sipTrace: true,
  };
  readonly exchange: VirtualExchange;
  faults: SwitchFaults = NO_FAULTS;
  #listeners: readonly ((event: SwitchEvent) => void)[] = [];
  #state: SwitchHealth['state'] = 'down';
  #sinceMs: EpochMs;
  #lastError: string | undefined;
  /** Grows whenever the connection comes or goes; what was on the wire before belongs to a dead connection. */
  #epoch = 0;
  #cancelRestore: (() => void) | undefined;
  /** The run of the exchange that this client last saw. */
  #incarnation: string;
  #listenerErrors = 0;
  readonly #sink: ExchangeSink;

  constructor(exchange: VirtualExchange) {
    this.exchange = exchange;
    this.#sinceMs = this.#now();
    this.#incarnation = exchange.incarnation;
    this.#sink = {
      onEvent: (event) => this.#receive(event),
      onReplaced: () => {
        this.#become('replaced');
        this.#deliver({ type: 'replaced', atMs: this.#now() });
      },
      onDown: (reason) => {
        this.#lose(reason);
        const epoch = this.#epoch;
        this.exchange.whenUp(() => {
          if (epoch === this.#epoch) this.restoreConnection();
        });
      },
    };
  }

  /** Listeners that threw; they disturb nobody. */
  get listenerErrors(): number {
    return this.#listenerErrors;
  }

  connect(): Promise<void> {
    if (this.#state === 'up') return Promise.resolve();
    if (this.#state !== 'connecting') this.#become('connecting');
    const epoch = this.#epoch;
    return new Promise((resolve, reject) => {
      this.exchange.whenUp(() => {
        if (epoch === this.#epoch) this.#attach();
        if (this.#state === 'up') resolve();
        else reject(new SwitchError('notConnected', 'The switch was closed while it connected.'));
      });
    });
  }

  close(): Promise<void> {
    this.#cancelRestore?.();
    this.#cancelRestore = undefined;
    this.exchange.detach(this.#sink);
    this.#become('down');
    this.#listeners = [];
    return Promise.resolve();
  }

  subscribe(listener: (event: SwitchEvent) => void): () => void {
    // A wrapper of its own, so that one function may listen twice and each remover removes its own.
    const own = (event: SwitchEvent): void => listener(event);
    this.#listeners = [...this.#listeners, own];
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== own);
    };
  }

  health(): SwitchHealth {
    const [min, max] = this.faults.commandMs ?? [0, 0];
    return {
      state: this.#state,
      sinceMs: this.#sinceMs,
      version: 'virtual',
      latencyMs: { p50: (min + max) / 2, p99: max },
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  admission(): SwitchAdmission {
    const isUp = this.#state === 'up';
    return {
      newCallsPerSecond: this.exchange.newCallsPerSecond,
      free: isUp ? this.exchange.freeCalls() : 0,
      held: 0,
    };
  }

  /** Cuts the control connection for `ms` (absent: until `restoreConnection`). Calls go on; their events are lost. */
  loseConnection(ms?: number, reason = 'The connection was cut.'): void {
    if (this.#state !== 'up') return;
    this.exchange.detach(this.#sink);
    this.#lose(reason);
    if (ms !== undefined)
      this.#cancelRestore = this.exchange.options.scheduler.setTimer(ms, () => this.restoreConnection());
  }

  /** Ends a cut. A switch that died meanwhile is found as another incarnation. */
  restoreConnection(): void {
    this.#cancelRestore?.();
    this.#cancelRestore = undefined;
    if (this.#state !== 'connecting') return;
    if (this.exchange.isDown) return this.exchange.whenUp(() => this.restoreConnection());
    const isSame = this.#incarnation === this.exchange.incarnation;
    this.#become('up');
    const epoch = this.#epoch;
    if (!isSame) for (const event of this.exchange.lastEndings) this.#deliver(event);
    this.#deliver({ type: 'connectionRestored', atMs: this.#now(), sameIncarnation: isSame });
    // A listener may have closed us.
    if (epoch === this.#epoch) this.#attach();
  }

  originate(dial: Originate): Promise<void> {
    return this.#command('originate', dial.legId, () => this.exchange.originate(dial));
  }
  answer(legId: LegId): Promise<void> {
    return this.#command('answer', legId, () => this.exchange.answer(legId));
  }
  hangUp(legId: LegId, reason: HangUpReason): Promise<void> {
    return this.#command('hangUp', legId, () => this.exchange.hangUp(legId, reason));
  }
  sendDtmf(legId: LegId, digits: string): Promise<void> {
    return this.#command('sendDtmf', legId, () => this.exchange.sendDtmf(legId, digits));
  }
  hold(legId: LegId): Promise<void> {
    return this.#command('hold', legId, () => this.exchange.setHeld(legId, true));
  }
  unhold(legId: LegId): Promise<void> {
    return this.#command('unhold', legId, () => this.exchange.setHeld(legId, false));
  }
  mute(legId: LegId, muted: boolean): Promise<void> {
    return this.#command('mute', legId, () => this.exchange.setMuted(legId, muted));
  }
  play(
    playbackId: PlaybackId,
    target: { readonly legId: LegId } | { readonly bridgeId: BridgeId },
    sources: readonly SoundSource[],
  ): Promise<void> {
    return this.#command('play', playbackId, () => this.exchange.play(playbackId, target, sources));
  }
  stopPlay(playbackId: PlaybackId): Promise<void> {
    return this.#command('stopPlay', playbackId, () => this.exchange.playbacks.stop(playbackId));
  }
  isPlaying(playbackId: PlaybackId): Promise<boolean> {
    return this.#command('isPlaying', playbackId, () => this.exchange.playbacks.has(playbackId));
  }
  createBridge(bridgeId: BridgeId): Promise<void> {
    return this.#command('createBridge', bridgeId, () => this.exchange.createBridge(bridgeId));
  }
  destroyBridge(bridgeId: BridgeId): Promise<void> {
    return this.#command('destroyBridge', bridgeId, () => this.exchange.destroyBridge(bridgeId));
  }
  addToBridge(bridgeId: BridgeId, legIds: readonly LegId[]): Promise<void> {
    return this.#command('addToBridge', bridgeId, () => this.exchange.addToBridge(bridgeId, legIds));
  }
  removeFromBridge(bridgeId: BridgeId, legIds: readonly LegId[]): Promise<void> {
    return this.#command('removeFromBridge', bridgeId, () => this.exchange.removeFromBridge(bridgeId, legIds));
  }
  startRecording(recording: StartRecording): Promise<void> {
    return this.#command('startRecording', recording.recordingId, () => this.exchange.recordings.start(recording));
  }
  stopRecording(recordingId: RecordingId): Promise<void> {
    return this.#command('stopRecording', recordingId, () => this.exchange.recordings.stop(recordingId));
  }
  putEndpoint(endpoint: EndpointSpec): Promise<void> {
    return this.#command('putEndpoint', endpoint.endpointId, () => this.exchange.provisioning.putEndpoint(endpoint));
  }
  removeEndpoint(endpointId: EndpointId): Promise<void> {
    return this.#command('removeEndpoint', endpointId, () => this.exchange.provisioning.removeEndpoint(endpointId));
  }
  putTrunk(trunk: TrunkSpec): Promise<void> {
    return this.#command('putTrunk', trunk.trunkId, () => this.exchange.provisioning.putTrunk(trunk));
  }
  removeTrunk(trunkId: TrunkId): Promise<void> {
    return this.#command('removeTrunk', trunkId, () => this.exchange.provisioning.removeTrunk(trunkId));
  }
  trunkState(trunkId: TrunkId): Promise<TrunkState> {
    return this.#command('trunkState', trunkId, () => this.exchange.provisioning.trunkState(trunkId));
  }
  endpointState(endpointId: EndpointId): Promise<EndpointState> {
    return this.#command('endpointState', endpointId, () => this.exchange.provisioning.endpointState(endpointId));
  }
  snapshot(): Promise<SwitchSnapshot> {
    return this.#command('snapshot', '', () => this.exchange.snapshot());
  }
  history(sinceMs: EpochMs): Promise<readonly EndedLeg[]> {
    return this.#command('history', '', () => this.exchange.history(sinceMs));
  }
  sipTrace(legId: LegId): Promise<readonly SipMessage[]> {
    return this.#command('sipTrace', legId, () => this.exchange.sipTrace(legId));
  }

  /** The command arrives after half its latency and its answer after the rest. */
  #command<T>(name: CommandName, id: string, run: () => T): Promise<T> {
    if (this.#state !== 'up')
      return Promise.reject(new SwitchError('notConnected', 'No connection to the switch.', { retryable: true }));
    const fault = this.faults.refuse?.(name, id);
    const act = (): T => {
      if (fault === undefined) return run();
      if (fault.done === true) run();
      throw new SwitchError(fault.code, fault.message ?? `The switch refused ${name}.`, {
        retryable: fault.retryable ?? false,
      });
    };
    const [min, max] = this.faults.commandMs ?? [0, 0];
    if (max <= 0) {
      // Promise constructors turn a throw into a rejection.
      return new Promise((resolve) => resolve(act()));
    }
    const { random, scheduler } = this.exchange.options;
    const ms = min + (max - min) * random();
    const epoch = this.#epoch;
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new SwitchError('notConnected', `The connection was lost during ${name}.`));
      scheduler.setTimer(ms / 2, () => {
        if (epoch !== this.#epoch) return lost();
        let answer: () => void;
        try {
          const value = act();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error instanceof Error ? error : new Error(String(error)));
        }
        scheduler.setTimer(ms / 2, () => (epoch === this.#epoch ? answer() : lost()));
      });
    });
  }

  #receive(event: SwitchEvent): void {
    const { eventMs = 0, doubled = 0, late = 0, lateMs = 500 } = this.faults;
    const { random } = this.exchange.options;
    if (doubled > 0 && random() < doubled) this.#deliverAfter(event, eventMs + random() * lateMs);
    if (late > 0 && random() < late) this.#deliverAfter(event, eventMs + random() * lateMs);
    else if (eventMs > 0) this.#deliverAfter(event, eventMs);
    else this.#deliver(event);
  }

  #deliverAfter(event: SwitchEvent, ms: number): void {
    const epoch = this.#epoch;
    this.exchange.options.scheduler.setTimer(ms, () => {
      if (epoch === this.#epoch) this.#deliver(event);
      else this.exchange.undelivered(event);
    });
  }

  #deliver(event: SwitchEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        this.#listenerErrors++;
      }
    }
  }

  #attach(): void {
    if (this.#state !== 'up') this.#become('up');
    this.#incarnation = this.exchange.incarnation;
    this.exchange.attach(this.#sink);
  }

  #lose(reason: string): void {
    if (this.#state === 'connecting') return;
    this.#lastError = reason;
    this.#become('connecting');
    this.#deliver({ type: 'connectionLost', atMs: this.#now(), reason });
  }

  #become(state: SwitchHealth['state']): void {
    this.#epoch++;
    if (this.#state === state) return;
    this.#state = state;
    this.#sinceMs = this.#now();
  }

  #now(): EpochMs {
    return this.exchange.options.scheduler.now();
  }
}

/** A virtual switch with an exchange of its own. Call `connect` before use, as with any switch. */
export const createVirtualSwitch = (options: ExchangeOptions): VirtualSwitch =>
  new VirtualSwitch(new VirtualExchange(options));
