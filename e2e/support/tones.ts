import { WAV_HEADER_BYTES, wavHeader } from '@qianhu/core';

/** Sound as samples in -1…1. */
export type Sound = { readonly rate: number; readonly channels: readonly (readonly number[])[] };

/** Reads a WAV file of 16-bit PCM. Throws on anything else. */
export const readWav = (file: Buffer): Sound => {
  let rate = 0;
  let channelCount = 0;
  for (let at = 12; at + 8 <= file.length;) {
    const name = file.toString('latin1', at, at + 4);
    const bytes = file.readUInt32LE(at + 4);
    const start = at + 8;
    if (name === 'fmt ') {
      if (file.readUInt16LE(start) !== 1 || file.readUInt16LE(start + 14) !== 16) throw new Error('Not 16-bit PCM.');
      channelCount = file.readUInt16LE(start + 2);
      rate = file.readUInt32LE(start + 4);
    }
    if (name === 'data') {
      const frames = Math.floor(Math.min(bytes, file.length - start) / 2 / channelCount);
      const channels = Array.from({ length: channelCount }, (_, channel) =>
        Array.from(
          { length: frames },
          (_each, frame) => file.readInt16LE(start + 2 * (frame * channelCount + channel)) / 32_768,
        ),
      );
      return { rate, channels };
    }
    at = start + bytes + (bytes % 2);
  }
  throw new Error('A WAV file without data.');
};

/**
 * A WAV file (48 kHz, mono) of short beeps. Beeps and not one steady tone: the browser's noise suppression takes whatever
 * never changes for noise.
 */
export const beeps = (hz: number): Buffer => {
  const rate = 48_000;
  const seconds = 6;
  const file = Buffer.alloc(WAV_HEADER_BYTES + 2 * rate * seconds);
  file.set(wavHeader({ frames: rate * seconds, channels: 1, rate }));
  for (let i = 0; i < rate * seconds; i++) {
    const inBeep = (i / rate) % 0.6;
    const shape = inBeep < 0.4 ? Math.sin((Math.PI * inBeep) / 0.4) ** 0.5 : 0;
    file.writeInt16LE(Math.round(16_000 * shape * Math.sin((2 * Math.PI * hz * i) / rate)), WAV_HEADER_BYTES + 2 * i);
  }
  return file;
};

/** Frames quieter than this root mean square count as silence (about -46 dBFS). */
const SILENCE = 0.005;
const FRAME_SEC = 0.04;

/**
 * What is heard of a tone: in which share of the frames of 40 ms anything is heard, and in which share of those the tone is
 * most of it (Goertzel's filter: over 70 % of the energy).
 */
export const toneIn = (
  samples: readonly number[],
  rate: number,
  hz: number,
): { readonly heard: number; readonly pure: number } => {
  const size = Math.round(rate * FRAME_SEC);
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let frames = 0;
  let loud = 0;
  let pure = 0;
  for (let start = 0; start + size <= samples.length; start += size) {
    frames++;
    let energy = 0;
    let before = 0;
    let last = 0;
    for (let i = start; i < start + size; i++) {
      const sample = samples[i] ?? 0;
      energy += sample * sample;
      [before, last] = [last, sample + coefficient * last - before];
    }
    if (Math.sqrt(energy / size) < SILENCE) continue;
    loud++;
    const share = (2 * (before * before + last * last - coefficient * before * last)) / (size * energy);
    if (share > 0.7) pure++;
  }
  return { heard: loud / Math.max(1, frames), pure: pure / Math.max(1, loud) };
};
