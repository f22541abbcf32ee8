import type {
  BridgeId,
  EndpointId,
  EpochMs,
  HangUpReason,
  LegEnding,
  LegId,
  PlaybackId,
  RecordingId,
  TrunkId,
} from '@qianhu/core';

/**
 * The switch port: what Qianhu asks of a telephone switch, in our words. Adapters (asterisk/, virtual/) keep their own
 * vendor's words to themselves. One contract suite (contract/) runs against each.
 *
 * Rules every adapter keeps:
 * - Ids are chosen by the caller and reused by the switch; every command is idempotent by id. `originate` with a leg id
 *   that is or was alive is never dialled twice.
 * - A command resolves when the switch has accepted it, rejects with `SwitchError` otherwise. What follows are events.
 * - Every leg that was announced or originated ends with exactly one `legEnded` (also when the switch dies: then with
 *   `by: 'switch'`, once), unless the connection was lost meanwhile: those are told by `snapshot` and `history`.
 * - Events may come late or out of order between kinds; the machines cope.
 * - `originate` resolves after the switch has accepted the dial; a dial that the switch refuses at once rejects AND emits
 *   no event; the caller treats it as `failed`.
 */
export interface Switch {
  readonly capabilities: SwitchCapabilities;

  /** Connects and resolves when events flow; afterwards reconnects by itself with back-off until `close`. */
  connect(): Promise<void>;
  /** Stops listening. Calls go on in the switch. Idempotent. */
  close(): Promise<void>;
  /** Adds a listener; returns its remover. A listener that throws does not disturb others. */
  subscribe(listener: (event: SwitchEvent) => void): () => void;
  health(): SwitchHealth;
  /** How many new calls the switch can take now without collapsing, by measured latency (see `SwitchAdmission`). */
  admission(): SwitchAdmission;

  originate(dial: Originate): Promise<void>;
  /** Answers an incoming leg. */
  answer(legId: LegId): Promise<void>;
  /** Ends a leg. Resolves also when the leg is already gone. */
  hangUp(legId: LegId, reason: HangUpReason): Promise<void>;
  sendDtmf(legId: LegId, digits: string): Promise<void>;
  /** Puts a leg on hold: it hears hold music and its own voice goes nowhere. */
  hold(legId: LegId): Promise<void>;
  unhold(legId: LegId): Promise<void>;
  /** Stops (or lets again) what the leg says from reaching its bridge. */
  mute(legId: LegId, muted: boolean): Promise<void>;

  /** Plays to one leg or to a whole bridge, sources one after another; ends with `playbackFinished`. */
  play(
    playbackId: PlaybackId,
    target: { readonly legId: LegId } | { readonly bridgeId: BridgeId },
    sources: readonly SoundSource[],
  ): Promise<void>;
  /** Resolves also when it is already over. */
  stopPlay(playbackId: PlaybackId): Promise<void>;
  /** Whether a playback is under way (or waits behind another); for those who were away when it may have ended. */
  isPlaying(playbackId: PlaybackId): Promise<boolean>;

  /** Creates a mixing bridge; resolves also when it exists. */
  createBridge(bridgeId: BridgeId): Promise<void>;
  /** Resolves also when it is gone. Legs in it stay alive, unbridged. */
  destroyBridge(bridgeId: BridgeId): Promise<void>;
  /** Moves legs into a bridge (out of the one they are in). */
  addToBridge(bridgeId: BridgeId, legIds: readonly LegId[]): Promise<void>;
  removeFromBridge(bridgeId: BridgeId, legIds: readonly LegId[]): Promise<void>;

  /**
   * Records two legs, left and right, each as said (not mixed). Files keep growing through our own crash. Recording of a
   * side ends with its leg or by `stopRecording`, whichever is first; then one `recordingFinished` for the pair.
   * `rightLegId` may be given later by a second call with the same id (callee recorded from the answer, agent joins later).
   */
  startRecording(recording: StartRecording): Promise<void>;
  /** Resolves also when it is already over; `recordingFinished` follows in any case. */
  stopRecording(recordingId: RecordingId): Promise<void>;

  /** Makes an agent's endpoint known (or changes it) at run time. */
  putEndpoint(endpoint: EndpointSpec): Promise<void>;
  removeEndpoint(endpointId: EndpointId): Promise<void>;
  /** Makes a trunk known (or changes it) at run time. */
  putTrunk(trunk: TrunkSpec): Promise<void>;
  removeTrunk(trunkId: TrunkId): Promise<void>;
  trunkState(trunkId: TrunkId): Promise<TrunkState>;
  endpointState(endpointId: EndpointId): Promise<EndpointState>;

  /** What is alive now; the truth after a restart. */
  snapshot(): Promise<SwitchSnapshot>;
  /** How legs that ended since `sinceMs` ended, from the switch's own log (survives our crash; empty where a switch has none). */
  history(sinceMs: EpochMs): Promise<readonly EndedLeg[]>;
  /** The SIP messages of one leg, when tracing was on (`Originate.trace`); for `qianhu trunk test`. */
  sipTrace(legId: LegId): Promise<readonly SipMessage[]>;
}

export type SwitchCapabilities = {
  readonly name: 'asterisk' | 'virtual' | 'freeswitch';
  readonly earlyMedia: boolean;
  readonly stereoRecording: boolean;
  /** Whether `history` can settle what ended while nobody listened. */
  readonly history: boolean;
  readonly sipTrace: boolean;
};

export type SwitchHealth = {
  readonly state: 'up' | 'connecting' | 'down' | 'replaced';
  readonly sinceMs: EpochMs;
  readonly version?: string;
  /** Median and 99th percentile of recent command latency, in milliseconds. */
  readonly latencyMs?: { readonly p50: number; readonly p99: number };
  readonly lastError?: string;
};

/** `newCallsPerSecond`: present ceiling; `free`: new originates acceptable at this moment; `held`: waiting inside the adapter. */
export type SwitchAdmission = { readonly newCallsPerSecond: number; readonly free: number; readonly held: number };

/** Where a dial goes. */
export type DialTarget =
  /** A number through a trunk; `dialString` is the number as this trunk wants it (already templated). */
  | { readonly kind: 'trunk'; readonly trunkId: TrunkId; readonly dialString: string }
  /** A registered or fixed-address endpoint (an agent's phone). */
  | { readonly kind: 'endpoint'; readonly endpointId: EndpointId };

export type Originate = {
  readonly legId: LegId;
  readonly target: DialTarget;
  readonly ringTimeoutMs: number;
  /** The number shown, as this trunk wants it, and where it goes. Absent for anonymous-to-us endpoints. */
  readonly callerId?: { readonly number: string; readonly name?: string };
  /** When given, the leg is put into this bridge before ringing so that early media is heard there. */
  readonly earlyMediaBridgeId?: BridgeId;
  /** Extra SIP headers (`X-…` only), for example the auto-answer mark of a station. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Keep this leg's SIP messages for `sipTrace`. */
  readonly trace?: boolean;
};

/** A sound: a prompt file (absolute path without extension, 8 kHz wav beside it), a tone, silence, or a recording's file. */
export type SoundSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'tone'; readonly tone: 'ringback' | 'busy' | 'congestion' | 'beep' }
  | { readonly kind: 'silence'; readonly ms: number };

export type StartRecording = {
  readonly recordingId: RecordingId;
  readonly leftLegId: LegId;
  readonly rightLegId?: LegId;
};

/** A file of headerless A-law, 8 kHz; `startedAtMs` aligns it with others (difference = offset). */
export type RecordedPart = { readonly path: string; readonly startedAtMs: EpochMs };

/**
 * One side of a finished recording. `later`: further parts of it, in order; each begins a while before the one before it
 * ends, so that whoever joins them may choose where. A switch whose sides would drift apart begins anew from time to time.
 */
export type RecordedSide = RecordedPart & { readonly later?: readonly RecordedPart[] };

export type EndpointSpec = {
  readonly endpointId: EndpointId;
  /** `webrtc`: a browser over the WebSocket transport with DTLS-SRTP; `sip`: a plain SIP phone. */
  readonly kind: 'webrtc' | 'sip';
  readonly username: string;
  readonly password: string;
  /** A fixed address (`sip:host:port`) instead of registration. */
  readonly contact?: string;
  readonly codecs?: readonly Codec[];
};

export type Codec = 'alaw' | 'ulaw' | 'opus' | 'g722' | 'g729';

/** A trunk as the switch needs it; limits and number templates are core's business. */
export type TrunkSpec = {
  readonly trunkId: TrunkId;
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** Of a trunk over TLS: whether the carrier's certificate must be good for its name. Default `verified`. */
  readonly certificate?: 'verified' | 'unchecked';
  /** `srtp`: the voice is encrypted (SDES), never plain; the keys are as safe as the signalling. Default `rtp`. */
  readonly media?: 'rtp' | 'srtp';
  /** Carrier's host and port. */
  readonly host: string;
  readonly port: number;
  readonly outboundProxy?: string;
  readonly auth:
    | { readonly kind: 'ip' }
    | { readonly kind: 'digest'; readonly username: string; readonly password: string }
    | {
        readonly kind: 'registration';
        readonly username: string;
        readonly password: string;
        readonly expirySec?: number;
      };
  readonly fromDomain?: string;
  readonly fromUser?: string;
  readonly codecs: readonly Codec[];
  readonly dtmf: 'rfc4733' | 'inband' | 'info' | 'auto';
  /** Where the caller ID is written. */
  readonly callerIdIn: 'from' | 'pAssertedIdentity' | 'remotePartyId' | 'diversion';
  /** OPTIONS health check interval; 0 = off. */
  readonly qualifySec: number;
  /** Addresses inbound calls may come from (besides host). */
  readonly inboundFrom?: readonly string[];
};

export type TrunkState = {
  readonly reachable: 'reachable' | 'unreachable' | 'unknown';
  readonly registration: 'registered' | 'rejected' | 'unregistered' | 'notUsed';
  readonly rttMs?: number;
  readonly detail?: string;
};

export type EndpointState = { readonly registered: boolean; readonly contact?: string; readonly rttMs?: number };

export type LegPhase = 'dialing' | 'ringing' | 'early' | 'up';

export type AliveLeg = {
  readonly legId: LegId;
  readonly phase: LegPhase;
  readonly bridgeId?: BridgeId;
  readonly createdAtMs: EpochMs;
};

export type SwitchSnapshot = {
  readonly takenAtMs: EpochMs;
  /** Identity of this run of the switch; changes when it restarts, and then no leg of before is alive. */
  readonly incarnation: string;
  readonly legs: readonly AliveLeg[];
  readonly bridges: readonly { readonly bridgeId: BridgeId; readonly legIds: readonly LegId[] }[];
  /** Recordings with a side that still grows. */
  readonly recordings: readonly RecordingId[];
};

export type EndedLeg = {
  readonly legId: LegId;
  readonly startedAtMs?: EpochMs;
  readonly answeredAtMs?: EpochMs;
  readonly endedAtMs: EpochMs;
  readonly ending: LegEnding;
};

export type SipMessage = {
  readonly atMs: EpochMs;
  readonly direction: 'sent' | 'received';
  readonly peer: string;
  readonly text: string;
};

/** What the switch tells. `atMs` is the switch's own time of the event where it has one. */
export type SwitchEvent =
  | { readonly type: 'legRinging'; readonly legId: LegId; readonly atMs: EpochMs }
  /** 183 with media. */
  | { readonly type: 'legProgress'; readonly legId: LegId; readonly atMs: EpochMs }
  | { readonly type: 'legAnswered'; readonly legId: LegId; readonly atMs: EpochMs }
  | { readonly type: 'legEnded'; readonly legId: LegId; readonly atMs: EpochMs; readonly ending: LegEnding }
  /** A call came in, from a carrier or from an agent's phone; it rings until answered or hung up. */
  | {
      readonly type: 'legIncoming';
      readonly legId: LegId;
      readonly atMs: EpochMs;
      readonly from: IncomingFrom;
      readonly dialled: string;
      readonly callerNumber?: string;
    }
  | {
      readonly type: 'legDtmf';
      readonly legId: LegId;
      readonly atMs: EpochMs;
      readonly digit: string;
      readonly durationMs: number;
    }
  | { readonly type: 'legBridged'; readonly legId: LegId; readonly bridgeId: BridgeId; readonly atMs: EpochMs }
  | { readonly type: 'legUnbridged'; readonly legId: LegId; readonly bridgeId: BridgeId; readonly atMs: EpochMs }
  | {
      readonly type: 'playbackFinished';
      readonly playbackId: PlaybackId;
      readonly atMs: EpochMs;
      readonly result: 'done' | 'stopped' | 'failed';
    }
  | {
      readonly type: 'recordingFinished';
      readonly recordingId: RecordingId;
      readonly atMs: EpochMs;
      readonly left?: RecordedSide;
      readonly right?: RecordedSide;
      /** Why its end is missing, in words: a full disk, mostly. The call is not touched by that. */
      readonly cutShort?: string;
    }
  | {
      readonly type: 'recordingFailed';
      readonly recordingId: RecordingId;
      readonly atMs: EpochMs;
      readonly reason: string;
    }
  | {
      readonly type: 'endpointState';
      readonly endpointId: EndpointId;
      readonly atMs: EpochMs;
      readonly state: EndpointState;
    }
  | { readonly type: 'trunkState'; readonly trunkId: TrunkId; readonly atMs: EpochMs; readonly state: TrunkState }
  /** Control is lost; calls may go on. Followed by `connectionRestored` (rebuild from `snapshot`) or `replaced`. */
  | { readonly type: 'connectionLost'; readonly atMs: EpochMs; readonly reason: string }
  /** Control is back. `sameIncarnation` false: the switch restarted and every leg of before is gone (their `legEnded` were emitted). */
  | { readonly type: 'connectionRestored'; readonly atMs: EpochMs; readonly sameIncarnation: boolean }
  /** Another process took our place: this process must stop controlling. */
  | { readonly type: 'replaced'; readonly atMs: EpochMs };

export type IncomingFrom =
  | { readonly kind: 'trunk'; readonly trunkId: TrunkId }
  | { readonly kind: 'endpoint'; readonly endpointId: EndpointId };

/** A command the switch refused or could not take. `retryable`: nothing happened and the same command may be sent again. */
export class SwitchError extends Error {
  readonly code: 'notConnected' | 'notFound' | 'refused' | 'timeout' | 'overloaded' | 'invalid';
  readonly retryable: boolean;
  constructor(code: SwitchError['code'], message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SwitchError';
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}
