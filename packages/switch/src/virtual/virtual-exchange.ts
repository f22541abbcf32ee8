import type { BridgeId, EndpointId, EpochMs, HangUpReason, LegEnding, LegId } from '@qianhu/core';

import {
  SwitchError,
  type DialTarget,
  type EndedLeg,
  type IncomingFrom,
  type Originate,
  type SipMessage,
  type SwitchEvent,
  type SwitchSnapshot,
} from '../port.ts';
import { answers, autoAnswers, type CalleeScript } from './callee-script.ts';
import type { ExchangeOptions, ExchangeSink, Leg } from './exchange-types.ts';
import { FarEndPlayer, traceLine } from './far-end-player.ts';
import { causeOfReason, causeOfSipStatus } from './sip-causes.ts';
import { VirtualBridges } from './virtual-bridges.ts';
import { VirtualPlaybacks } from './virtual-playbacks.ts';
import { VirtualProvisioning } from './virtual-provisioning.ts';
import { VirtualRecordings } from './virtual-recordings.ts';

const NO_CALLEE: CalleeScript = answers({ answerAfterMs: 2000 });
const AUTO_ANSWER: CalleeScript = autoAnswers();

/**
 * A telephone switch that exists only in memory: legs, bridges, playbacks and recordings on a scheduler, far ends that
 * follow scripts. It knows nothing of the port's connection; `VirtualSwitch` is a client of it, and calls outlive clients.
 * Commands act at once or throw `SwitchError`.
 */
export class VirtualExchange {
  readonly playbacks: VirtualPlaybacks;
  readonly recordings: VirtualRecordings;
  readonly provisioning: VirtualProvisioning;
  readonly options: ExchangeOptions;
  readonly #legs = new Map<LegId, Leg>();
  readonly #bridges: VirtualBridges;
  readonly #farEnds: FarEndPlayer;
  /**
   * Ended legs in the order they ended; also the memory that refuses to dial a leg id twice. Undefined: it died with the
   * exchange, whose log then holds nothing of it.
   */
  readonly #ended = new Map<LegId, EndedLeg | undefined>();
  /** Traces of ended legs are kept with the leg's id; only those that asked for one. */
  readonly #traces = new Map<LegId, SipMessage[]>();
  /** Incoming calls that came while nobody listened; told on attach while they still ring. */
  readonly #unannounced = new Map<LegId, SwitchEvent>();
  #sink: ExchangeSink | undefined;
  /** Events told in the order they happened, also when a listener's command makes new ones. */
  readonly #outbox: SwitchEvent[] = [];
  #telling = false;
  #incarnation = 1;
  #down = false;
  #whenUp: (() => void)[] = [];
  /** What the last death ended, for clients of the incarnation before. */
  #lastEndings: readonly SwitchEvent[] = [];
  /** While set, events are collected there instead of being told. */
  #collect: SwitchEvent[] | undefined;
  #tokens: number;
  #tokensAtMs: EpochMs;
  #invites = 0;

  constructor(options: ExchangeOptions) {
    this.options = options;
    const emit = (event: SwitchEvent): void => this.#emit(event);
    this.playbacks = new VirtualPlaybacks({
      scheduler: options.scheduler,
      emit,
      soundMs: options.soundMs ?? (() => 2000),
    });
    this.provisioning = new VirtualProvisioning(options.scheduler, emit);
    this.recordings = new VirtualRecordings({
      scheduler: options.scheduler,
      tell: (event) => {
        if (this.#sink === undefined) return false;
        emit(event);
        return true;
      },
      isAlive: (legId) => this.#legs.has(legId),
      recordingDir: options.recordingDir,
      remembered: options.historyLegs ?? 100_000,
    });
    this.#bridges = new VirtualBridges(options.scheduler, emit);
    this.#farEnds = new FarEndPlayer({
      scheduler: options.scheduler,
      emit,
      isAlive: (leg) => this.#legs.get(leg.legId) === leg,
      answered: (leg) => this.#answered(leg),
      end: (leg, ending) => this.#end(leg, ending),
      rtpTimeoutMs: options.rtpTimeoutMs ?? 30_000,
    });
    this.#tokens = this.newCallsPerSecond;
    this.#tokensAtMs = options.scheduler.now();
  }

  get newCallsPerSecond(): number {
    return this.options.newCallsPerSecond ?? 10_000;
  }

  /** INVITEs sent in this exchange's life (what a carrier would have counted). */
  get invites(): number {
    return this.#invites;
  }

  get legCount(): number {
    return this.#legs.size;
  }

  get isDown(): boolean {
    return this.#down;
  }

  /** Identity of this run; a restart changes it. */
  get incarnation(): string {
    return `virtual-${this.#incarnation}`;
  }

  /** The ends of all that died with the incarnation before (legs, playbacks), in order. */
  get lastEndings(): readonly SwitchEvent[] {
    return this.#lastEndings;
  }

  /** Runs `fn` when the exchange is up: at once, or when it has come back. */
  whenUp(fn: () => void): void {
    if (this.#down) this.#whenUp.push(fn);
    else fn();
  }

  attach(sink: ExchangeSink): void {
    const before = this.#sink;
    this.#sink = sink;
    if (before !== undefined && before !== sink) before.onReplaced();
    this.flushUntold();
  }

  /** Tells what waits for a listener: incoming calls that still ring, recordings that ended meanwhile. */
  flushUntold(): void {
    if (this.#sink === undefined) return;
    for (const [legId, event] of [...this.#unannounced]) {
      this.#unannounced.delete(legId);
      if (this.#legs.has(legId)) this.#emit(event);
    }
    this.recordings.tellUntold();
  }

  detach(sink: ExchangeSink): void {
    if (this.#sink === sink) this.#sink = undefined;
  }

  /** How many new legs would be accepted now. */
  freeCalls(): number {
    const now = this.options.scheduler.now();
    const perSecond = this.newCallsPerSecond;
    // A clock that is set back gives nothing, and takes nothing either.
    this.#tokens = Math.min(perSecond, this.#tokens + (Math.max(0, now - this.#tokensAtMs) / 1000) * perSecond);
    this.#tokensAtMs = now;
    return Math.max(0, Math.floor(Math.min(this.#tokens, (this.options.maxLegs ?? Infinity) - this.#legs.size)));
  }

  originate(dial: Originate): void {
    if (this.#legs.has(dial.legId) || this.#ended.has(dial.legId)) return;
    checkDial(dial);
    const bridge = dial.earlyMediaBridgeId === undefined ? undefined : this.#bridges.get(dial.earlyMediaBridgeId);
    const { script, rejected, mute } = this.#farEnd(dial.target, dial.legId);
    if (this.freeCalls() < 1)
      throw new SwitchError('overloaded', 'The switch takes no more new calls now.', { retryable: true });
    this.#tokens--;
    this.#invites++;
    const leg = this.#addLeg(dial.legId, dial, undefined, mute ? { steps: [] } : (rejected ?? script));
    if (dial.target.kind === 'trunk') {
      const trunk = this.provisioning.findTrunk(dial.target.trunkId);
      if (trunk !== undefined) trunk.calls++;
    }
    this.#traceLine(leg, 'sent', 'INVITE');
    leg.cancelTimeout = this.options.scheduler.setTimer(Math.min(dial.ringTimeoutMs, 2_000_000_000), () =>
      this.#end(leg, { ...causeOfReason('noAnswer'), by: 'us' }),
    );
    if (bridge !== undefined) this.#bridges.join(leg, bridge);
    if (!mute) return this.#farEnds.play(leg, leg.script);
    if (this.#legs.get(dial.legId) !== leg) return;
    leg.cancelStep = this.options.scheduler.setTimer(this.options.noReplyMs ?? 32_000, () =>
      this.#end(leg, { ...causeOfSipStatus(408), by: 'switch' }),
    );
  }

  /** A call comes in. Its script is the caller's. @throws SwitchError `invalid` when the id is taken. */
  incoming(call: {
    readonly legId: LegId;
    readonly from: IncomingFrom;
    readonly dialled: string;
    readonly callerNumber?: string;
    readonly script?: CalleeScript;
  }): void {
    if (this.#down) throw new SwitchError('notConnected', 'The switch is down.');
    if (this.#legs.has(call.legId) || this.#ended.has(call.legId))
      throw new SwitchError('invalid', `Leg ${call.legId} is or was alive.`);
    const leg = this.#addLeg(call.legId, undefined, call.from, call.script ?? { steps: [] });
    leg.phase = 'ringing';
    const event: SwitchEvent = {
      type: 'legIncoming',
      legId: call.legId,
      atMs: leg.createdAtMs,
      from: call.from,
      dialled: call.dialled,
      ...(call.callerNumber === undefined ? {} : { callerNumber: call.callerNumber }),
    };
    if (this.#sink === undefined) this.#unannounced.set(call.legId, event);
    else this.#emit(event);
    this.#farEnds.play(leg, leg.script);
  }

  /** The event did not reach the client; what is told again after a reconnect (new calls, recordings) waits for it. */
  undelivered(event: SwitchEvent): void {
    if (event.type === 'legIncoming') this.#unannounced.set(event.legId, event);
    else if (event.type === 'recordingFinished' || event.type === 'recordingFailed')
      this.recordings.untell(event.recordingId);
  }

  answer(legId: LegId): void {
    const leg = this.#leg(legId);
    if (leg.from === undefined) throw new SwitchError('invalid', `Leg ${legId} is not incoming.`);
    this.#answered(leg);
  }

  hangUp(legId: LegId, reason: HangUpReason): void {
    const leg = this.#legs.get(legId);
    if (leg === undefined) return;
    if (leg.phase !== 'up' && leg.dial !== undefined && leg.script.onCancel === 'answer') this.#answered(leg);
    if (this.#legs.get(legId) !== leg) return;
    this.#traceLine(leg, 'sent', leg.phase === 'up' ? 'BYE' : 'CANCEL');
    this.#end(leg, { ...causeOfReason(reason), by: 'us' });
  }

  sendDtmf(legId: LegId, digits: string): void {
    const leg = this.#leg(legId);
    if (!/^[0-9A-D*#]+$/.test(digits)) throw new SwitchError('invalid', 'DTMF digits are 0-9, A-D, * and #.');
    leg.dtmfReceived += digits;
  }

  setHeld(legId: LegId, held: boolean): void {
    this.#leg(legId).held = held;
  }

  setMuted(legId: LegId, muted: boolean): void {
    this.#leg(legId).muted = muted;
  }

  /** The leg as it is, for tests and simulations. */
  peek(legId: LegId): Readonly<Leg> | undefined {
    return this.#legs.get(legId);
  }

  /** Gives a living leg's far end a new script from now on. */
  direct(legId: LegId, script: CalleeScript): void {
    this.#farEnds.play(this.#leg(legId), script);
  }

  /**
   * What reaches a leg's far end now: `leg:<id>` for each party it hears (`leg:<id>:<says>` when that one says something),
   * `file:…` and `tone:…` of playbacks, `music` on hold.
   */
  audibleTo(legId: LegId): readonly string[] {
    const leg = this.#legs.get(legId);
    if (leg === undefined) return [];
    if (leg.held) return ['music'];
    const heard = [...this.playbacks.heardBy({ legId })];
    if (leg.bridge === undefined) return heard;
    heard.push(...this.playbacks.heardBy({ bridgeId: leg.bridge.bridgeId }));
    for (const other of leg.bridge.legs) {
      if (other === leg || other.held || other.muted || (other.phase !== 'up' && other.phase !== 'early')) continue;
      heard.push(other.says === undefined ? `leg:${other.legId}` : `leg:${other.legId}:${other.says}`);
    }
    return heard;
  }

  play(...args: Parameters<VirtualPlaybacks['start']>): void {
    const target = args[1];
    if ('legId' in target) this.#leg(target.legId);
    else this.#bridges.get(target.bridgeId);
    this.playbacks.start(...args);
  }

  createBridge(bridgeId: BridgeId): void {
    this.#bridges.create(bridgeId);
  }

  destroyBridge(bridgeId: BridgeId): void {
    if (this.#bridges.destroy(bridgeId)) this.playbacks.targetGone({ bridgeId });
  }

  addToBridge(bridgeId: BridgeId, legIds: readonly LegId[]): void {
    const bridge = this.#bridges.get(bridgeId);
    const legs = legIds.map((legId) => this.#leg(legId));
    for (const leg of legs) this.#bridges.join(leg, bridge);
  }

  removeFromBridge(bridgeId: BridgeId, legIds: readonly LegId[]): void {
    const bridge = this.#bridges.get(bridgeId);
    for (const legId of legIds) {
      const leg = this.#legs.get(legId);
      if (leg?.bridge === bridge) this.#bridges.leave(leg);
    }
  }

  snapshot(): SwitchSnapshot {
    const legs = [...this.#legs.values()].filter((leg) => !this.#unannounced.has(leg.legId));
    return {
      takenAtMs: this.options.scheduler.now(),
      incarnation: this.incarnation,
      legs: legs.map((leg) => ({
        legId: leg.legId,
        phase: leg.phase,
        createdAtMs: leg.createdAtMs,
        ...(leg.bridge === undefined ? {} : { bridgeId: leg.bridge.bridgeId }),
      })),
      bridges: this.#bridges.snapshot(),
      recordings: this.recordings.running(),
    };
  }

  history(sinceMs: EpochMs): readonly EndedLeg[] {
    return [...this.#ended.values()].filter((ended) => ended !== undefined && ended.endedAtMs >= sinceMs) as EndedLeg[];
  }

  sipTrace(legId: LegId): readonly SipMessage[] {
    return this.#traces.get(legId) ?? [];
  }

  /**
   * The switch dies with all its calls and comes back after `downMs` as a new incarnation. Who listens hears of each end
   * once it is back. As with a real switch that is killed, its own log holds nothing of the calls that died with it.
   * @param forgetsProvisioning Whether trunks and endpoints must be put again. Default false: the adapter puts them.
   */
  restart(downMs: number, forgetsProvisioning = false): void {
    if (this.#down) return;
    const sink = this.#sink;
    this.#down = true;
    this.#sink = undefined;
    sink?.onDown('The switch died.');
    // Nobody can be told while it is down; what the ends emit is kept for those who come back.
    const endings: SwitchEvent[] = [];
    this.#collect = endings;
    for (const leg of [...this.#legs.values()])
      this.#end(leg, { cause: 41, text: 'Temporary failure', by: 'switch' }, false);
    this.#bridges.destroyAll();
    this.#collect = undefined;
    this.#lastEndings = endings.filter((event) => event.type !== 'legUnbridged');
    this.#unannounced.clear();
    this.#incarnation++;
    if (forgetsProvisioning) this.provisioning.forgetAll();
    else this.provisioning.dropRegistrations();
    this.options.scheduler.setTimer(downMs, () => {
      this.#down = false;
      for (const fn of this.#whenUp.splice(0)) fn();
    });
  }

  #emit(event: SwitchEvent): void {
    if (this.#collect !== undefined) {
      this.#collect.push(event);
      return;
    }
    if (this.#sink === undefined) return;
    this.#outbox.push(event);
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let at = 0; at < this.#outbox.length; at++) this.#sink?.onEvent(this.#outbox[at] as SwitchEvent);
    } finally {
      this.#outbox.length = 0;
      this.#telling = false;
    }
  }

  #leg(legId: LegId): Leg {
    const leg = this.#legs.get(legId);
    if (leg === undefined) throw new SwitchError('notFound', `No leg ${legId}.`);
    return leg;
  }

  /** Who will be at the other end. @throws SwitchError when the target is unknown or refuses at once. */
  #farEnd(target: DialTarget, legId: LegId): { script: CalleeScript; rejected?: CalleeScript; mute: boolean } {
    if (target.kind === 'endpoint') return { script: this.#phone(target.endpointId, legId), mute: false };
    const { behaviour, calls } = this.provisioning.trunk(target.trunkId);
    if (behaviour.line === 'refuses') throw new SwitchError('refused', `Trunk ${target.trunkId} is unreachable.`);
    const status = behaviour.rejectAll ?? (calls >= (behaviour.maxCalls ?? Infinity) ? 503 : undefined);
    const script = this.options.calleeFor?.(target.dialString, legId) ?? NO_CALLEE;
    const mute = behaviour.line === 'mute';
    return status === undefined
      ? { script, mute }
      : { script, mute, rejected: { steps: [{ afterMs: 50, do: 'reject', sipStatus: status }] } };
  }

  #phone(endpointId: EndpointId, legId: LegId): CalleeScript {
    if (!this.provisioning.endpointState(endpointId).registered)
      throw new SwitchError('refused', `Endpoint ${endpointId} is not registered.`);
    return this.options.phoneFor?.(endpointId, legId) ?? AUTO_ANSWER;
  }

  #addLeg(legId: LegId, dial: Originate | undefined, from: IncomingFrom | undefined, script: CalleeScript): Leg {
    const leg: Leg = {
      legId,
      createdAtMs: this.options.scheduler.now(),
      dial,
      from,
      phase: 'dialing',
      answeredAtMs: undefined,
      bridge: undefined,
      script,
      step: 0,
      waitsForAnswer: false,
      cancelStep: undefined,
      cancelTimeout: undefined,
      muted: false,
      held: false,
      says: undefined,
      dtmfReceived: '',
      trace: dial?.trace === true ? [] : undefined,
    };
    this.#legs.set(legId, leg);
    if (leg.trace !== undefined) this.#traces.set(legId, leg.trace);
    return leg;
  }

  #answered(leg: Leg): void {
    if (leg.phase === 'up') return;
    this.#traceLine(leg, leg.dial === undefined ? 'sent' : 'received', 'SIP/2.0 200 OK');
    leg.phase = 'up';
    leg.says = undefined;
    leg.answeredAtMs = this.options.scheduler.now();
    leg.cancelTimeout?.();
    leg.cancelTimeout = undefined;
    this.#emit({ type: 'legAnswered', legId: leg.legId, atMs: leg.answeredAtMs });
    this.#farEnds.resume(leg);
  }

  /** @param isLogged False: the exchange's own log does not hold this end. */
  #end(leg: Leg, ending: LegEnding, isLogged = true): void {
    if (this.#legs.get(leg.legId) !== leg) return;
    leg.cancelStep?.();
    leg.cancelTimeout?.();
    this.#legs.delete(leg.legId);
    if (leg.dial?.target.kind === 'trunk') {
      const trunk = this.provisioning.findTrunk(leg.dial.target.trunkId);
      if (trunk !== undefined) trunk.calls = Math.max(0, trunk.calls - 1);
    }
    const endedAtMs = this.options.scheduler.now();
    const ended: EndedLeg = {
      legId: leg.legId,
      startedAtMs: leg.createdAtMs,
      ...(leg.answeredAtMs === undefined ? {} : { answeredAtMs: leg.answeredAtMs }),
      endedAtMs,
      ending,
    };
    this.#ended.set(leg.legId, isLogged ? ended : undefined);
    this.#forgetOldest();
    this.#bridges.leave(leg);
    this.playbacks.targetGone({ legId: leg.legId });
    this.#emit({ type: 'legEnded', legId: leg.legId, atMs: endedAtMs, ending });
    this.recordings.legEnded(leg.legId);
  }

  #forgetOldest(): void {
    if (this.#ended.size <= (this.options.historyLegs ?? 100_000)) return;
    const oldest = this.#ended.keys().next();
    if (oldest.done === true) return;
    this.#ended.delete(oldest.value);
    this.#traces.delete(oldest.value);
  }

  #traceLine(leg: Leg, direction: SipMessage['direction'], text: string): void {
    traceLine(leg, this.options.scheduler.now(), direction, text);
  }
}

const checkDial = (dial: Originate): void => {
  if (!(dial.ringTimeoutMs > 0)) throw new SwitchError('invalid', 'The ring time-out must be above zero.');
  if (dial.target.kind === 'trunk' && !/^[0-9*#+A-Za-z._-]+$/.test(dial.target.dialString))
    throw new SwitchError('invalid', 'The dial string holds characters that no trunk takes.');
  for (const name of Object.keys(dial.headers ?? {}))
    if (!/^X-[A-Za-z0-9-]+$/.test(name)) throw new SwitchError('invalid', `Header ${name} is not an X- header.`);
};
