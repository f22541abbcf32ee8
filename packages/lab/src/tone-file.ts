import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WAV_HEADER_BYTES, wavHeader } from '@qianhu/core';

const RATE = 8000;
/** Whole seconds of whole hertz: the end meets the beginning without a click. */
const SECONDS = 30;
const AMPLITUDE = 8000;

/**
 * Makes (once) the sound of a steady tone in a folder of sounds and returns its name there, without ending. A file rather
 * than the switch's own tone generator: while that one runs, nobody hears what comes in on its channel.
 */
export const toneSound = (soundsDir: string, hz: number): string => {
  const name = `tone-${hz}`;
  const path = join(soundsDir, `${name}.wav`);
  if (existsSync(path)) return name;
  const samples = RATE * SECONDS;
  const wav = Buffer.alloc(WAV_HEADER_BYTES + 2 * samples);
  wav.set(wavHeader({ frames: samples, channels: 1, rate: RATE }));
  for (let i = 0; i < samples; i++)
    wav.writeInt16LE(Math.round(AMPLITUDE * Math.sin((2 * Math.PI * hz * i) / RATE)), WAV_HEADER_BYTES + 2 * i);
  writeFileSync(`${path}.part`, wav, { mode: 0o644 });
  renameSync(`${path}.part`, path);
  return name;
};
