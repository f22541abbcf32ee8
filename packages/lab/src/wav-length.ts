import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { WAV_HEADER_BYTES } from '@qianhu/core';

const BYTES_PER_MS = 16;

/** Every wav below a folder: its name without ending, and its length in milliseconds (8 kHz, 16 bit, mono, plain header). */
export const wavLengths = (folder: string): ReadonlyMap<string, number> => {
  const lengths = new Map<string, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.wav')) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path).length - WAV_HEADER_BYTES;
    lengths.set(relative(folder, path).slice(0, -'.wav'.length), Math.round(bytes / BYTES_PER_MS));
  }
  return lengths;
};
