import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
  const wav = Buffer.alloc(44 + 2 * samples);
  // RIFF header of PCM, mono, 16 bit (Microsoft Multimedia Programming Interface 1.0, 1991).
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + 2 * samples, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(2 * RATE, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++)
    wav.writeInt16LE(Math.round(AMPLITUDE * Math.sin((2 * Math.PI * hz * i) / RATE)), 44 + 2 * i);
  writeFileSync(`${path}.part`, wav, { mode: 0o644 });
  renameSync(`${path}.part`, path);
  return name;
};
