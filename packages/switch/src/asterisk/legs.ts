import type { BridgeId, EpochMs, HangUpReason, LegEnding, LegId } from '@qianhu/core';
import type { LegPhase, SwitchEvent } from '../port.ts';
import type { AriChannel, AriEvent } from './ari-events.ts';

/** What we know of a living leg. */
export type LegRecord = {
  readonly legId: LegId;
  readonly direction: 'out' | 'in';
  readonly createdAtMs: EpochMs;
  phase: LegPhase;
  /** Each is told once, whichever event brings it first. */
  rang: boolean;
  progressed: boolean;
  /** The bridge it is in, as the port sees it: a leg on hold stays in the bridge it will come back to. */
  bridgeId: BridgeId | undefined;
  /** The bridge it was sent into; its event may come after the next command. */
  joining: BridgeId | undefined;
  /** It is (or is on its way to be) in a holding bridge of ours. */
  onHold: boolean;
  /** The first hang-up request seen; it tells who ended the leg. */
  hangup:
    { readonly soft: boolean; readonly cause: number | undefined; readonly techCause: number | undefined } | undefined;
  /** We asked for its end. */
  asked: HangUpReason | undefined;
  /**
   * Events of a dial that the switch has not accepted yet: told when it has, thrown away when it refuses. Undefined from
   * then on.
   */
  heldBack: SwitchEvent[] | undefined;
};

/** Legs are PJSIP channels; snoops, announcers, recorders and media sockets are ours alone and never show. */
export const isLegChannel = (channel: AriChannel): boolean => channel.name.startsWith('PJSIP/');

/** An inbound call still in the dialplan is not a leg before it has entered our application. */
export const isOurLeg = (channel: AriChannel, app: string): boolean =>
  isLegChannel(channel) &&
  channel.appName === 'Stasis' &&
  (channel.appData === app || channel.appData.startsWith(`${app},`));

/** The dialplan hands incoming calls over with the name of its context; channels that we create come without arguments. */
export const isIncomingArgs = (args: readonly string[]): boolean =>
  args[0] === 'from-trunk' || args[0] === 'from-agent';

export const phaseOfChannel = (channel: AriChannel): LegPhase => {
  if (channel.state === 'Up') return 'up';
  return channel.state === 'Ringing' || channel.state === 'Ring' ? 'ringing' : 'dialing';
};

/**
 * Who ended it, and how. Asterisk writes a made-up SIP status into `ChannelDestroyed` for its own time-outs and hang-ups,
 * so the hang-up request decides: ours is soft, the carrier's carries its SIP status (asterisk-trials, section 2).
 */
export const endingOf = (
  leg: Pick<LegRecord, 'hangup' | 'asked'>,
  destroyed: { readonly cause: number; readonly causeText: string; readonly techCause?: number },
): LegEnding => {
  const text = destroyed.causeText === '' ? {} : { text: destroyed.causeText };
  const hangup = leg.hangup;
  if (hangup) {
    if (hangup.soft) return { cause: destroyed.cause, by: 'us', ...text };
    const status = hangup.techCause;
    return { cause: destroyed.cause, by: 'them', ...(status === undefined ? {} : { sipStatus: status }), ...text };
  }
  return { cause: destroyed.cause, by: leg.asked === undefined ? 'switch' : 'us', ...text };
};

const HOLD_PREFIX = 'hold:';
/** The holding bridge of the legs that were in `bridgeId` (or in none); its name brings them back after our restart. */
export const holdBridgeOf = (bridgeId: BridgeId | undefined): string => `${HOLD_PREFIX}${bridgeId ?? ''}`;
export const isHoldBridge = (bridgeId: string): boolean => bridgeId.startsWith(HOLD_PREFIX);
/** The bridge a holding bridge belongs to; undefined: none. */
export const bridgeOfHold = (holdBridgeId: string): BridgeId | undefined => {
  const bridgeId = holdBridgeId.slice(HOLD_PREFIX.length);
  return bridgeId === '' ? undefined : (bridgeId as BridgeId);
};

const CAUSES: Readonly<Record<HangUpReason, number>> = {
  normal: 16,
  busy: 17,
  rejected: 21,
  noAnswer: 19,
  congestion: 34,
};

/** The ending of a leg whose `ChannelDestroyed` did not reach us, from its hang-up request or our own command. */
export const endingWithoutNotice = (leg: Pick<LegRecord, 'hangup' | 'asked'>): LegEnding => {
  const ours = leg.hangup === undefined || leg.hangup.soft;
  const cause = ours ? CAUSES[leg.asked ?? 'normal'] : (leg.hangup?.cause ?? 16);
  return endingOf(leg, { cause, causeText: '' });
};

/** How many ended legs are remembered, so that a late event or a repeated command does not bring one back. */
const REMEMBERED = 200_000;

/** The living legs, and the translation of the switch's channel events into the port's. */
export class LegBook {
  readonly #legs = new Map<LegId, LegRecord>();
  /** Ended legs, oldest first. */
  readonly #ended = new Set<LegId>();
  readonly #emit: (event: SwitchEvent) => void;
  /** Events that told nothing new, by type. */
  readonly ignored = new Map<string, number>();

  constructor(emit: (event: SwitchEvent) => void) {
    this.#emit = emit;
  }

  get(legId: LegId): LegRecord | undefined {
    return this.#legs.get(legId);
  }
  all(): IterableIterator<LegRecord> {
    return this.#legs.values();
  }
  get size(): number {
    return this.#legs.size;
  }
  hasEnded(legId: LegId): boolean {
    return this.#ended.has(legId);
  }

  /** A leg about to be dialled; its events are held back until `accepted`. */
  begin(legId: LegId, atMs: EpochMs): LegRecord {
    return this.#add(legId, 'out', 'dialing', atMs, []);
  }

  /** A living channel found in a list. */
  adopt(channel: AriChannel): LegRecord {
    const known = this.#legs.get(channel.id as LegId);
    if (known) {
      known.phase = phaseOfChannel(channel);
      if (known.phase !== 'dialing') known.rang = true;
      return known;
    }
    const incoming = isIncomingArgs(channel.appData.split(',').slice(1));
    const phase = phaseOfChannel(channel);
    const leg = this.#add(channel.id as LegId, incoming ? 'in' : 'out', phase, channel.createdAtMs, undefined);
    leg.rang = phase !== 'dialing';
    return leg;
  }

  incoming(channel: AriChannel, event: Extract<SwitchEvent, { type: 'legIncoming' }>): LegRecord {
    const leg = this.#add(channel.id as LegId, 'in', 'ringing', channel.createdAtMs, undefined);
    leg.rang = true;
    this.#emit(event);
    return leg;
  }

  /** The switch took the dial: what happened meanwhile is told. */
  accepted(leg: LegRecord): void {
    const held = leg.heldBack;
    leg.heldBack = undefined;
    for (const event of held ?? []) this.#emit(event);
  }

  /** The switch refused the dial: nothing of it is ever told, and its id may be used again when `again`. */
  refused(leg: LegRecord, again: boolean): void {
    if (this.#legs.get(leg.legId) === leg) this.#legs.delete(leg.legId);
    leg.heldBack = [];
    if (again) this.#ended.delete(leg.legId);
    else this.#remember(leg.legId);
  }

  /** Ends a leg without telling anyone: it ended while nobody listened. */
  forget(legId: LegId): void {
    this.#legs.delete(legId);
    this.#remember(legId);
  }

  /** Ends a leg, once. */
  end(legId: LegId, atMs: EpochMs, ending: LegEnding): void {
    const leg = this.#legs.get(legId);
    if (!leg) {
      this.#count('ended');
      return;
    }
    this.#legs.delete(legId);
    this.#remember(legId);
    this.#tell(leg, { type: 'legEnded', legId, atMs, ending });
  }

  /** A leg on hold was taken out of the bridge it would have come back to, which no event of the switch tells. */
  unbridge(legId: LegId, bridgeId: BridgeId, atMs: EpochMs): void {
    const leg = this.#legs.get(legId);
    if (leg?.bridgeId !== bridgeId) return;
    leg.bridgeId = undefined;
    this.#tell(leg, { type: 'legUnbridged', legId, bridgeId, atMs });
  }

  /** Translates a channel event. Unknown, late and repeated ones are counted and ignored. */
  handle(event: Exclude<AriEvent, { type: 'ApplicationReplaced' }>): void {
    if (!('channel' in event) || !isLegChannel(event.channel)) return;
    const legId = event.channel.id as LegId;
    const leg = this.#legs.get(legId);
    if (!leg) {
      this.#count(event.type);
      return;
    }
    const { atMs } = event;
    switch (event.type) {
      case 'Dial':
        if (event.status === 'RINGING') this.#ringing(leg, atMs);
        else if (event.status === 'PROGRESS') this.#progress(leg, atMs);
        else if (event.status === 'ANSWER') this.#answered(leg, atMs);
        return;
      case 'ChannelStateChange':
        // Either this or `Dial` ANSWER may be missing or late; whichever comes first counts.
        if (event.channel.state === 'Up') this.#answered(leg, atMs);
        else if (event.channel.state === 'Ringing') this.#ringing(leg, atMs);
        return;
      case 'ChannelHangupRequest':
        leg.hangup ??= { soft: event.soft, cause: event.cause, techCause: event.techCause };
        return;
      case 'ChannelDestroyed':
        this.end(legId, atMs, endingOf(leg, event));
        return;
      case 'ChannelDtmfReceived':
        this.#tell(leg, { type: 'legDtmf', legId, atMs, digit: event.digit, durationMs: event.durationMs });
        return;
      case 'ChannelEnteredBridge': {
        const bridgeId = event.bridge.id as BridgeId;
        if (leg.joining === bridgeId) leg.joining = undefined;
        // The port does not know of holding bridges; coming back from one tells nothing new.
        if (isHoldBridge(bridgeId) || leg.bridgeId === bridgeId) return this.#count(event.type);
        leg.onHold = false;
        leg.bridgeId = bridgeId;
        this.#tell(leg, { type: 'legBridged', legId, bridgeId, atMs });
        return;
      }
      case 'ChannelLeftBridge': {
        const bridgeId = event.bridge.id as BridgeId;
        if (isHoldBridge(bridgeId) || leg.bridgeId !== bridgeId || leg.onHold) return this.#count(event.type);
        leg.bridgeId = undefined;
        this.#tell(leg, { type: 'legUnbridged', legId, bridgeId, atMs });
        return;
      }
      case 'StasisStart':
      case 'StasisEnd':
        return;
    }
  }

  #ringing(leg: LegRecord, atMs: EpochMs): void {
    if (leg.direction === 'in' || leg.rang || leg.phase === 'up') return this.#count('ringing');
    leg.rang = true;
    if (leg.phase === 'dialing') leg.phase = 'ringing';
    this.#tell(leg, { type: 'legRinging', legId: leg.legId, atMs });
  }

  #progress(leg: LegRecord, atMs: EpochMs): void {
    if (leg.progressed || leg.phase === 'up') return this.#count('progress');
    leg.progressed = true;
    leg.phase = 'early';
    this.#tell(leg, { type: 'legProgress', legId: leg.legId, atMs });
  }

  #answered(leg: LegRecord, atMs: EpochMs): void {
    if (leg.phase === 'up') return this.#count('answered');
    leg.phase = 'up';
    this.#tell(leg, { type: 'legAnswered', legId: leg.legId, atMs });
  }

  #tell(leg: LegRecord, event: SwitchEvent): void {
    if (leg.heldBack) leg.heldBack.push(event);
    else this.#emit(event);
  }

  #add(
    legId: LegId,
    direction: LegRecord['direction'],
    phase: LegPhase,
    createdAtMs: EpochMs,
    heldBack: SwitchEvent[] | undefined,
  ): LegRecord {
    const leg: LegRecord = {
      legId,
      direction,
      createdAtMs,
      phase,
      rang: false,
      progressed: false,
      bridgeId: undefined,
      joining: undefined,
      onHold: false,
      hangup: undefined,
      asked: undefined,
      heldBack,
    };
    this.#legs.set(legId, leg);
    return leg;
  }

  #remember(legId: LegId): void {
    this.#ended.add(legId);
    if (this.#ended.size <= REMEMBERED) return;
    const oldest = this.#ended.values().next();
    if (oldest.done !== true) this.#ended.delete(oldest.value);
  }

  #count(what: string): void {
    this.ignored.set(what, (this.ignored.get(what) ?? 0) + 1);
  }
}
