import { UA, WebSocketInterface } from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession.js';
import type { RTCSessionEvent } from 'jssip/lib/UA.js';
import { Store } from '../lib/store.ts';
import type { TabLock } from './tab-lock.ts';
import { LevelMeter } from './level-meter.ts';
import type { Microphone } from './microphone.ts';
import type { MicrophoneState, PhoneState, Softphone, SoftphoneCredentials } from './port.ts';

/** Set by the engine on the INVITE that opens a station; anything else that rings this endpoint is declined. */
const STATION_HEADER = 'X-Qianhu-Station';
/** SIP 486: the station stands already. SIP 603: not a call of ours. */
const BUSY = 486;
const DECLINE = 603;

export type JsSipOptions = {
  readonly microphone: Microphone;
  readonly lock: TabLock;
  /** The page's own address, for the WebSocket on the same origin. */
  readonly origin: string;
  readonly now: () => number;
  /** Where the far side is heard. Made once, lives as long as the page. */
  readonly audio: HTMLAudioElement;
};

/** The softphone on JsSIP. JsSIP reconnects its WebSocket by itself (2–30 s) and registers anew each time. */
export class JsSipSoftphone implements Softphone {
  readonly #options: JsSipOptions;
  readonly #meter = new LevelMeter();
  readonly state = new Store<PhoneState>({ kind: 'off' });
  readonly isMuted = new Store(false);
  readonly isSoundBlocked = new Store(false);
  readonly levels = this.#meter.levels;
  readonly microphone;
  readonly devices;
  /** Invariant: present from `start` to `stop`, except while another tab has the phone. */
  #agent: UA | undefined;
  /** Invariant: the standing leg, present from its INVITE to its end. */
  #station: RTCSession | undefined;
  #attempt = 0;
  #isStarted = false;
  #iceServers: RTCIceServer[] = [];

  constructor(options: JsSipOptions) {
    this.#options = options;
    this.microphone = options.microphone.state;
    this.devices = options.microphone.devices;
    options.microphone.state.subscribe(() => this.#useMicrophone());
  }

  checkMicrophone(deviceId?: string): Promise<MicrophoneState> {
    return this.#options.microphone.open(deviceId);
  }

  start(credentials: SoftphoneCredentials, options: { takeOver?: boolean } = {}): void {
    if (this.#isStarted && options.takeOver !== true) return;
    if (typeof RTCPeerConnection === 'undefined') {
      this.state.set({ kind: 'failed', reason: 'noWebRtc' });
      return;
    }
    this.#isStarted = true;
    this.state.set({ kind: 'connecting', attempt: 1 });
    this.#options.lock.acquire({
      steal: options.takeOver === true,
      onHeld: () => {
        if (this.#isStarted) this.#open(credentials);
      },
      onRefused: () => {
        this.#closeAgent();
        this.#isStarted = false;
        this.state.set({ kind: 'elsewhere' });
      },
    });
  }

  stop(): void {
    this.#isStarted = false;
    // First of all, so that whoever hears of what follows finds the phone off.
    this.state.set({ kind: 'off' });
    this.#closeAgent();
    this.#options.lock.release();
    this.#options.microphone.close();
    this.#meter.attach('microphone', undefined);
    this.isMuted.set(false);
  }

  setMuted(isMuted: boolean): void {
    this.isMuted.set(isMuted);
    this.#applyMute();
  }

  unblockSound(): void {
    this.#meter.resume();
    this.#play();
  }

  #open(credentials: SoftphoneCredentials): void {
    this.#closeAgent();
    this.#iceServers = [...credentials.iceServers];
    const url = new URL(credentials.wsPath, this.#options.origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const agent = new UA({
      sockets: [new WebSocketInterface(url.href)],
      uri: `sip:${credentials.user}@${credentials.domain}`,
      authorization_user: credentials.user,
      password: credentials.secret,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 15,
      user_agent: 'Qianhu',
    });
    this.#agent = agent;
    this.#attempt = 0;
    agent.on('connecting', () => {
      this.#attempt += 1;
      if (this.#station === undefined) this.state.set({ kind: 'connecting', attempt: this.#attempt });
    });
    agent.on('registered', () => {
      this.#attempt = 0;
      if (this.#station === undefined) this.state.set({ kind: 'registered' });
    });
    agent.on('disconnected', () => {
      // The station's sound is UDP straight to the switch: it may well go on while signalling is made again.
      if (this.#station === undefined) this.state.set({ kind: 'connecting', attempt: this.#attempt + 1 });
    });
    agent.on('registrationFailed', (event) => {
      const status: number | undefined = event.response?.status_code;
      if (status === 401 || status === 403 || status === 404) {
        this.#closeAgent();
        this.#isStarted = false;
        this.#options.lock.release();
        this.state.set({ kind: 'failed', reason: 'credentials' });
      }
    });
    agent.on('newRTCSession', (event: RTCSessionEvent) => this.#invited(event));
    agent.start();
  }

  #invited(event: RTCSessionEvent): void {
    const { session, request } = event;
    // Only the far side calls here; our own INVITEs do not exist.
    if (String(event.originator) !== 'remote') return;
    if (request.getHeader(STATION_HEADER) !== '1') {
      session.terminate({ status_code: DECLINE });
      return;
    }
    // After a reload the switch may still hold the old leg of ours for a moment; a second one on this page is refused.
    if (this.#station !== undefined) {
      session.terminate({ status_code: BUSY });
      return;
    }
    this.#station = session;
    session.on('peerconnection', ({ peerconnection }) => {
      peerconnection.addEventListener('track', (track) => {
        this.#hear(track.streams[0] ?? new MediaStream([track.track]));
      });
    });
    session.on('confirmed', () => {
      if (this.#station === session) this.state.set({ kind: 'up', sinceMs: this.#options.now() });
    });
    session.on('ended', () => this.#stationEnded(session));
    session.on('failed', () => this.#stationEnded(session));
    void this.#answer(session);
  }

  async #answer(session: RTCSession): Promise<void> {
    const { microphone } = this.#options;
    if (microphone.stream === undefined) await microphone.open();
    if (this.#station !== session) return;
    const stream = microphone.stream;
    if (stream === undefined) {
      // 480 tells the engine that this station cannot be had now; the desk shows why.
      session.terminate({ status_code: 480 });
      return;
    }
    session.answer({ mediaStream: stream, pcConfig: { iceServers: this.#iceServers } });
    this.#applyMute();
  }

  #stationEnded(session: RTCSession): void {
    if (this.#station !== session) return;
    this.#station = undefined;
    this.#options.audio.srcObject = null;
    this.#meter.attach('far', undefined);
    if (this.#agent === undefined) return;
    this.state.set(this.#agent.isRegistered() ? { kind: 'registered' } : { kind: 'connecting', attempt: 1 });
  }

  #hear(stream: MediaStream): void {
    this.#options.audio.srcObject = stream;
    this.#meter.attach('far', stream);
    this.#play();
  }

  #play(): void {
    const { audio } = this.#options;
    if (audio.srcObject === null) {
      this.isSoundBlocked.set(false);
      return;
    }
    audio.play().then(
      () => this.isSoundBlocked.set(false),
      (error: unknown) => {
        // A stream replaced while starting gives AbortError, which is no block.
        if (error instanceof Error && error.name === 'NotAllowedError') this.isSoundBlocked.set(true);
      },
    );
  }

  /** A microphone that was changed or came back goes into the standing leg without a new call. */
  #useMicrophone(): void {
    const stream = this.#options.microphone.stream;
    this.#meter.attach('microphone', stream);
    const track = stream?.getAudioTracks()[0] ?? null;
    const connection = this.#station?.connection;
    if (connection === undefined || connection === null) return;
    const sender = connection.getSenders()[0];
    void sender?.replaceTrack(track).catch(() => {
      this.state.set({ kind: 'failed', reason: 'media' });
    });
    this.#applyMute();
  }

  #applyMute(): void {
    for (const track of this.#options.microphone.stream?.getAudioTracks() ?? []) track.enabled = !this.isMuted.get();
  }

  #closeAgent(): void {
    const agent = this.#agent;
    this.#agent = undefined;
    this.#station = undefined;
    this.#options.audio.srcObject = null;
    this.#meter.attach('far', undefined);
    agent?.stop();
  }
}
