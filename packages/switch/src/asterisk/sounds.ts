import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavHeader } from '@qianhu/core';
import { SwitchError, type SoundSource } from '../port.ts';

const RATE = 8000;

/** A RIFF header and 16 bit mono samples at 8 kHz. */
const wav = (samples: Int16Array): Buffer => {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const header = wavHeader({ frames: samples.length, channels: 1, rate: RATE });
  return Buffer.concat([header, data]);
};

const tone = (hz: number, ms: number): Int16Array =>
  Int16Array.from({ length: (RATE * ms) / 1000 }, (_, n) => Math.round(8000 * Math.sin((2 * Math.PI * hz * n) / RATE)));

/** A folder of small generated sounds that Asterisk can read: it has no silence of given length and no beep that ends. */
export class GeneratedSounds {
  readonly #dir: string;
  constructor(spoolDir: string) {
    this.#dir = join(spoolDir, 'generated-sounds');
  }

  /** Path without extension. */
  beep(): string {
    return this.#make('beep', () => tone(1000, 300));
  }
  /** @param ms Rounded to 20 ms, a minute at most. */
  silence(ms: number): string {
    const length = Math.min(60_000, Math.max(20, Math.round(ms / 20) * 20));
    return this.#make(`silence-${String(length)}`, () => new Int16Array((RATE * length) / 1000));
  }

  #make(name: string, samples: () => Int16Array): string {
    const path = join(this.#dir, name);
    if (existsSync(`${path}.wav`)) return path;
    mkdirSync(this.#dir, { recursive: true, mode: 0o755 });
    // Written aside and renamed, so that Asterisk never reads half a file.
    writeFileSync(`${path}.part`, wav(samples()), { mode: 0o644 });
    renameSync(`${path}.part`, `${path}.wav`);
    return path;
  }
}

const TONES: Readonly<Record<'ringback' | 'busy' | 'congestion', string>> = {
  ringback: 'tone:ring;tonezone=cn',
  busy: 'tone:busy;tonezone=cn',
  congestion: 'tone:congestion;tonezone=cn',
};

/**
 * The `media` of an ARI playback.
 * @throws SwitchError `invalid` for an empty list, or a path that is not absolute or holds a comma (ARI splits there).
 */
export const mediaOf = (sources: readonly SoundSource[], generated: GeneratedSounds): string => {
  if (sources.length === 0) throw new SwitchError('invalid', 'Nothing to play.');
  return sources
    .map((source) => {
      switch (source.kind) {
        case 'file':
          if (!source.path.startsWith('/') || /[,\n\r]/.test(source.path)) {
            throw new SwitchError('invalid', 'A sound file needs an absolute path without a comma.');
          }
          return `sound:${source.path}`;
        case 'tone':
          return source.tone === 'beep' ? `sound:${generated.beep()}` : TONES[source.tone];
        case 'silence':
          return `sound:${generated.silence(source.ms)}`;
      }
    })
    .join(',');
};
