import type { Readable } from '../lib/store.ts';

/** What the server hands out for one session's phone. The secret dies with the session. */
export type SoftphoneCredentials = {
  /** SIP user name; also the authorisation user. */
  readonly user: string;
  readonly secret: string;
  /** SIP domain, for the address of record. */
  readonly domain: string;
  /** Path of the SIP WebSocket on this origin, for example `/sip`. */
  readonly wsPath: string;
  readonly iceServers: readonly RTCIceServer[];
};

/**
 * - `off`: not asked for.
 * - `elsewhere`: another tab of this browser has the phone; `start({ takeOver: true })` takes it.
 * - `connecting`: the SIP WebSocket or the registration is under way; `attempt` counts from 1.
 * - `registered`: reachable, no station leg yet.
 * - `up`: the station leg stands; calls are heard through it.
 * - `failed`: will not come back by itself; `reason` is a static code.
 */
export type PhoneState =
  | { readonly kind: 'off' }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'registered' }
  | { readonly kind: 'up'; readonly sinceMs: number }
  | { readonly kind: 'failed'; readonly reason: PhoneFailure };

export type PhoneFailure = 'credentials' | 'noWebRtc' | 'media';

/**
 * The microphone, as a person needs to know it.
 * - `unknown`: not asked yet. - `asking`: the browser's question is open. - `granted`: sound comes in.
 * - `denied`: refused, by the person or by policy. - `missing`: no device. - `busy`: another program holds it.
 * - `insecure`: the page is not served over HTTPS, so the browser gives no microphone at all.
 */
export type MicrophoneState =
  | { readonly kind: 'unknown' | 'asking' | 'denied' | 'missing' | 'busy' | 'insecure' }
  | { readonly kind: 'granted'; readonly deviceLabel: string; readonly deviceId: string };

/** Loudness, 0–1 (square root of the mean square, scaled so that ordinary speech is near 0.5). */
export type Levels = { readonly microphone: number; readonly far: number };

export type AudioDevice = { readonly deviceId: string; readonly label: string };

/**
 * An agent's phone in the browser: one standing leg to the switch, answered by itself, that calls borrow. Hold, DTMF and
 * hang-up of a call are the server's business; here are only sound and reachability.
 */
export interface Softphone {
  readonly state: Readable<PhoneState>;
  readonly microphone: Readable<MicrophoneState>;
  /** Whether the microphone is silenced on purpose. */
  readonly isMuted: Readable<boolean>;
  /** Whether the browser refuses to play sound until somebody clicks (its autoplay rule, after a reload). */
  readonly isSoundBlocked: Readable<boolean>;
  readonly levels: Readable<Levels>;
  readonly devices: Readable<readonly AudioDevice[]>;

  /** Asks for the microphone (shows the browser's question the first time). Never rejects: the state tells. */
  checkMicrophone(deviceId?: string): Promise<MicrophoneState>;
  /** Registers and stays registered, reconnecting by itself, until `stop`. Idempotent while it runs. */
  start(credentials: SoftphoneCredentials, options?: { takeOver?: boolean }): void;
  /** Unregisters and lets go of the microphone. Idempotent. */
  stop(): void;
  setMuted(isMuted: boolean): void;
  /** Starts blocked sound; must run in a click or key handler. */
  unblockSound(): void;
}
