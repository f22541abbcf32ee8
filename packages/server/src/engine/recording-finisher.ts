import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { alawToPcm } from '@qianhu/core';
import type { RecordedSide } from '@qianhu/switch';

/** Headerless A-law at 8 kHz: one byte a sample. */
const RATE = 8_000;
const HEADER_BYTES = 44;
/** Samples merged at a time; bounds the memory. */
const CHUNK = 64 * 1024;

export type FinishedRecording = {
  readonly path: string;
  readonly durationMs: number;
  readonly bytes: number;
  readonly sha256: string;
};

/**
 * Merges the two sides of a call (A-law, each on its own time line) into one stereo WAV, callee left, agent right, 16 bit
 * 8 kHz. The side that began later is padded in front by the difference, the shorter one at its end. Streams in bounded
 * memory, writes beside the target and renames, so that a half file is never taken for a whole one; safe to run again.
 *
 * @throws when neither side has a file, or the disk is full.
 */
export const finishRecording = async (
  sides: { readonly left?: RecordedSide; readonly right?: RecordedSide },
  target: string,
): Promise<FinishedRecording> => {
  const left = await openSide(sides.left);
  const right = await openSide(sides.right);
  try {
    if (left === undefined && right === undefined) throw new Error('Neither side of the recording has a file.');
    const startedAtMs = Math.min(left?.startedAtMs ?? Infinity, right?.startedAtMs ?? Infinity);
    const leads = { left: leadSamples(left, startedAtMs), right: leadSamples(right, startedAtMs) };
    const samples = Math.max(leads.left + (left?.samples ?? 0), leads.right + (right?.samples ?? 0));
    await mkdir(dirname(target), { recursive: true });
    const draft = `${target}.part`;
    const out = await open(draft, 'w', 0o640);
    try {
      await out.write(wavHeader(samples));
      for (let at = 0; at < samples; at += CHUNK) {
        const frame = Buffer.alloc(Math.min(CHUNK, samples - at) * 4);
        await mixIn(frame, left, at - leads.left, 0);
        await mixIn(frame, right, at - leads.right, 2);
        await out.write(frame);
      }
      await out.sync();
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    } finally {
      await out.close();
    }
    await rename(draft, target);
    return {
      path: target,
      durationMs: Math.round((samples / RATE) * 1000),
      bytes: (await stat(target)).size,
      sha256: await sha256(target),
    };
  } finally {
    await left?.file.close();
    await right?.file.close();
  }
};

/** Where a call's recording lives: by day, so that no folder grows without end. */
export const recordingPath = (folder: string, recordingId: string, startedAtMs: number): string => {
  const day = new Date(startedAtMs).toISOString().slice(0, 10);
  return join(folder, day.slice(0, 7), day.slice(8), `${recordingId}.wav`);
};

type Side = { readonly file: Awaited<ReturnType<typeof open>>; readonly samples: number; readonly startedAtMs: number };

const openSide = async (side: RecordedSide | undefined): Promise<Side | undefined> => {
  if (side === undefined) return undefined;
  try {
    const file = await open(side.path, 'r');
    return { file, samples: (await file.stat()).size, startedAtMs: side.startedAtMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const leadSamples = (side: Side | undefined, startedAtMs: number): number =>
  side === undefined ? 0 : Math.max(0, Math.round(((side.startedAtMs - startedAtMs) * RATE) / 1000));

/** Decodes samples of one side from `from` (negative: before its beginning) into one channel of an interleaved frame. */
const mixIn = async (frame: Buffer, side: Side | undefined, from: number, offset: 0 | 2): Promise<void> => {
  if (side === undefined) return;
  const skip = Math.max(0, -from);
  const wanted = Math.min(frame.length / 4 - skip, side.samples - Math.max(0, from));
  if (wanted <= 0) return;
  const bytes = Buffer.alloc(wanted);
  const { bytesRead } = await side.file.read(bytes, 0, wanted, Math.max(0, from));
  for (let i = 0; i < bytesRead; i++) frame.writeInt16LE(alawToPcm(bytes[i] ?? 0xd5), (skip + i) * 4 + offset);
};

/** RIFF header of 16-bit stereo PCM at 8 kHz. */
const wavHeader = (samples: number): Buffer => {
  const dataBytes = samples * 4;
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0);
  header.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 4, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(dataBytes, 40);
  return header;
};

const sha256 = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};
