import { Store, type Readable } from '../lib/store.ts';
import type { Levels } from './port.ts';

/** Speech at a usual distance has a root mean square near 0.05; this puts it near the middle of the meter. */
const SCALE = 3.2;
/** Ten times a second is as much as an eye needs, and costs next to nothing. */
const PERIOD_MS = 100;

/** Loudness of up to two streams, measured by Web Audio while at least one is attached. */
export class LevelMeter {
  readonly #levels = new Store<Levels>({ microphone: 0, far: 0 });
  /** Invariant: an interval runs exactly while a source is attached. */
  #interval: ReturnType<typeof setInterval> | undefined;
  #context: AudioContext | undefined;
  readonly #sources = new Map<keyof Levels, { node: MediaStreamAudioSourceNode; analyser: AnalyserNode }>();

  get levels(): Readable<Levels> {
    return this.#levels;
  }

  /** Measures this stream from now on; undefined detaches. */
  attach(side: keyof Levels, stream: MediaStream | undefined): void {
    this.#sources.get(side)?.node.disconnect();
    this.#sources.delete(side);
    if (stream !== undefined && stream.getAudioTracks().length > 0) {
      this.#context ??= new AudioContext();
      const node = this.#context.createMediaStreamSource(stream);
      const analyser = this.#context.createAnalyser();
      analyser.fftSize = 1024;
      node.connect(analyser);
      this.#sources.set(side, { node, analyser });
    }
    if (this.#sources.size > 0) this.#interval ??= setInterval(() => this.#measure(), PERIOD_MS);
    else this.#stop();
  }

  /** After a click: a context made without one is suspended. */
  resume(): void {
    void this.#context?.resume();
  }

  #measure(): void {
    const read = (side: keyof Levels): number => {
      const source = this.#sources.get(side);
      if (source === undefined) return 0;
      const samples = new Float32Array(source.analyser.fftSize);
      source.analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) sum += sample * sample;
      return Math.min(1, Math.sqrt(Math.sqrt(sum / samples.length) * SCALE));
    };
    this.#levels.set({ microphone: read('microphone'), far: read('far') });
  }

  #stop(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
    void this.#context?.close();
    this.#context = undefined;
    this.#levels.set({ microphone: 0, far: 0 });
  }
}
