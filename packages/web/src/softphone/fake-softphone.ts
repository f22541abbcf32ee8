import { Store } from '../lib/store.ts';
import type { AudioDevice, Levels, MicrophoneState, PhoneState, Softphone, SoftphoneCredentials } from './port.ts';

/** A softphone without sound: every state can be set, every request is remembered. */
export class FakeSoftphone implements Softphone {
  readonly state = new Store<PhoneState>({ kind: 'off' });
  readonly microphone = new Store<MicrophoneState>({ kind: 'unknown' });
  readonly isMuted = new Store(false);
  readonly isSoundBlocked = new Store(false);
  readonly levels = new Store<Levels>({ microphone: 0, far: 0 });
  readonly devices = new Store<readonly AudioDevice[]>([]);
  readonly started: SoftphoneCredentials[] = [];
  /** What the next microphone check finds. */
  nextMicrophone: MicrophoneState = { kind: 'granted', deviceLabel: 'Headset', deviceId: 'headset' };

  checkMicrophone(): Promise<MicrophoneState> {
    this.microphone.set(this.nextMicrophone);
    return Promise.resolve(this.nextMicrophone);
  }

  start(credentials: SoftphoneCredentials): void {
    this.started.push(credentials);
    this.state.set({ kind: 'registered' });
  }

  stop(): void {
    this.state.set({ kind: 'off' });
    this.microphone.set({ kind: 'unknown' });
  }

  setMuted(isMuted: boolean): void {
    this.isMuted.set(isMuted);
  }

  unblockSound(): void {
    this.isSoundBlocked.set(false);
  }
}
