import { Store, type Readable } from '../lib/store.ts';
import type { AudioDevice, MicrophoneState } from './port.ts';

/** As much of `navigator.mediaDevices` as the microphone uses. */
export type MediaDevicesLike = Pick<MediaDevices, 'getUserMedia' | 'enumerateDevices'>;

/** Speech in a headset is quieter than line level; echo cancelling and gain control are the browser's. */
const constraints = (deviceId: string | undefined): MediaStreamConstraints => ({
  audio: {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
  },
  video: false,
});

/** Names of DOMException from getUserMedia (W3C Media Capture and Streams, section 10.2) as states for people. */
export const microphoneStateOf = (error: unknown): MicrophoneState => {
  const name = error instanceof Error ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return { kind: 'denied' };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { kind: 'missing' };
    default:
      return { kind: 'busy' };
  }
};

/** Holds the microphone's stream and says in what state it is. */
export class Microphone {
  readonly #devices: MediaDevicesLike | undefined;
  readonly #state = new Store<MicrophoneState>({ kind: 'unknown' });
  readonly #list = new Store<readonly AudioDevice[]>([]);
  /** Invariant: present exactly while the state is `granted`. */
  #stream: MediaStream | undefined;

  /** @param devices absent where the browser offers none, that is on an insecure page. */
  constructor(devices: MediaDevicesLike | undefined) {
    this.#devices = devices;
  }

  get state(): Readable<MicrophoneState> {
    return this.#state;
  }

  get devices(): Readable<readonly AudioDevice[]> {
    return this.#list;
  }

  get stream(): MediaStream | undefined {
    return this.#stream;
  }

  async open(deviceId?: string): Promise<MicrophoneState> {
    if (this.#devices === undefined) {
      this.#state.set({ kind: 'insecure' });
      return this.#state.get();
    }
    if (this.#state.get().kind !== 'granted') this.#state.set({ kind: 'asking' });
    try {
      const stream = await this.#devices.getUserMedia(constraints(deviceId));
      const track = stream.getAudioTracks()[0];
      this.#release();
      this.#stream = stream;
      this.#state.set({
        kind: 'granted',
        deviceLabel: track?.label ?? '',
        deviceId: track?.getSettings().deviceId ?? '',
      });
      // Pulling the headset's plug ends the track without any error.
      track?.addEventListener('ended', () => {
        if (this.#stream === stream) this.#lost();
      });
      const all = await this.#devices.enumerateDevices();
      this.#list.set(
        all
          .filter((device) => device.kind === 'audioinput' && device.deviceId !== '')
          .map(({ deviceId: id, label }) => ({ deviceId: id, label })),
      );
    } catch (error) {
      this.#release();
      this.#state.set(microphoneStateOf(error));
    }
    return this.#state.get();
  }

  close(): void {
    this.#release();
    if (this.#state.get().kind !== 'unknown') this.#state.set({ kind: 'unknown' });
  }

  #lost(): void {
    this.#release();
    this.#state.set({ kind: 'missing' });
  }

  #release(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
  }
}
