import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { alawToPcm, wavHeader } from '@qianhu/core';
import type { RecordedPart, RecordedSide } from '@qianhu/switch';

/** Headerless A-law at 8 kHz: one byte a sample. */
const RATE = 8_000;
/** A-law of zero. */
const SILENCE = 0xd5;
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
 * 8 kHz. The side that began later is padded in front by the difference, the shorter one at its end; the parts of a side
 * are joined where least is said. Streams in bounded memory, writes beside the target and renames, so that a half file is
 * never taken for a whole one; safe to run again.
 *
 * @returns Undefined when the files have not a single sample: there is nothing to write.
 * @throws when neither side has a file, or the disk is full.
 */
export const finishRecording = async (
  sides: { readonly left?: RecordedSide; readonly right?: RecordedSide },
  target: string,
): Promise<FinishedRecording | undefined> => {
  const files: OpenFile[] = [];
  try {
    const leftFiles = await openSide(sides.left, files);
    const rightFiles = await openSide(sides.right, files);
    if (files.length === 0) throw new Error('Neither side of the recording has a file.');
    if (files.every(({ samples }) => samples === 0)) return undefined;
    const originMs = Math.min(...files.map(({ startedAtMs }) => startedAtMs));
    const left = await joinParts(leftFiles, originMs);
    const right = await joinParts(rightFiles, originMs);
    const samples = Math.max(0, ...[...left, ...right].map(({ to }) => to));
    await mkdir(dirname(target), { recursive: true });
    const draft = `${target}.part`;
    const out = await open(draft, 'w', 0o640);
    try {
      await out.write(wavHeader({ frames: samples, channels: 2, rate: RATE }));
      for (let at = 0; at < samples; at += CHUNK) {
        const frame = Buffer.alloc(Math.min(CHUNK, samples - at) * 4);
        await mixIn(frame, left, at, 0);
        await mixIn(frame, right, at, 2);
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
    for (const { file } of files) await file.close();
  }
};

/** Where a call's recording lives: by day, so that no folder grows without end. */
export const recordingPath = (folder: string, recordingId: string, startedAtMs: number): string => {
  const day = new Date(startedAtMs).toISOString().slice(0, 10);
  return join(folder, day.slice(0, 7), day.slice(8), `${recordingId}.wav`);
};

type OpenFile = { readonly file: FileHandle; readonly startedAtMs: number; readonly samples: number };
/** `from`: where its first sample is on the recording's time line, samples. */
type Part = { readonly file: FileHandle; readonly from: number; readonly samples: number };
/** A part as far as it is used: samples `[from, to)` of the time line. */
type Piece = { readonly part: Part; readonly from: number; readonly to: number };

/** Opens what is there of a side; each file is in `all` as soon as it is open, for the one who closes them. */
const openSide = async (side: RecordedSide | undefined, all: OpenFile[]): Promise<readonly OpenFile[]> => {
  const parts: readonly RecordedPart[] = side === undefined ? [] : [side, ...(side.later ?? [])];
  const opened: OpenFile[] = [];
  for (const { path, startedAtMs } of parts) {
    const file = await openIfThere(path);
    if (file === undefined) continue;
    const one = { file, startedAtMs, samples: (await file.stat()).size };
    opened.push(one);
    all.push(one);
  }
  return opened;
};

const openIfThere = async (path: string): Promise<FileHandle | undefined> => {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const joinParts = async (files: readonly OpenFile[], originMs: number): Promise<readonly Piece[]> => {
  const parts = files.map(({ file, samples, startedAtMs }): Part => {
    const from = Math.round(((startedAtMs - originMs) * RATE) / 1000);
    return { file, samples, from };
  });
  const pieces: Piece[] = [];
  for (const [n, part] of parts.entries()) {
    const next = parts[n + 1];
    const from = Math.max(pieces.at(-1)?.to ?? 0, part.from);
    pieces.push({ part, from, to: next === undefined ? part.from + part.samples : await joinOf(part, next) });
  }
  return pieces;
};

/** A new part's first sounds come a little after its beginning. */
const SETTLE = RATE / 5;
/** What must be quiet around a join: the older part may be late by this much, and a join skips it. */
const AROUND = RATE / 5;
const STEP = RATE / 50;

/** Where on the time line the older part gives way to the newer: where both are quietest while they overlap. */
const joinOf = async (older: Part, newer: Part): Promise<number> => {
  const end = older.from + older.samples;
  const first = newer.from + SETTLE + AROUND;
  const last = Math.min(end, newer.from + newer.samples) - AROUND;
  if (end <= newer.from) return end;
  // No time to choose: the older as long as it lasts.
  if (last < first) return Math.min(end, newer.from + newer.samples);
  const count = Math.min(last - first, OVERLAP) + 2 * AROUND;
  const sound = await readPart(older, first - AROUND, count);
  const next = await readPart(newer, first - AROUND, count);
  let best = { at: first, energy: Infinity };
  for (let at = 0; at + 2 * AROUND <= count; at += STEP) {
    const energy = energyOf(sound.subarray(at + AROUND, at + 2 * AROUND)) + energyOf(next.subarray(at, at + AROUND));
    if (energy < best.energy) best = { at: first + at, energy };
  }
  return best.at;
};
/** The longest stretch searched for a join. */
const OVERLAP = 10 * RATE;

const energyOf = (alaw: Uint8Array): number => {
  let energy = 0;
  for (const byte of alaw) energy += alawToPcm(byte) ** 2;
  return energy;
};

/** Bytes of a part from a place on the time line, which lies inside it. */
const readPart = async (part: Part, from: number, count: number): Promise<Uint8Array> => {
  const bytes = Buffer.alloc(count, SILENCE);
  await part.file.read(bytes, 0, count, from - part.from);
  return bytes;
};

/** Decodes samples of one side from `from` on the time line into one channel of an interleaved frame. */
const mixIn = async (frame: Buffer, pieces: readonly Piece[], from: number, offset: 0 | 2): Promise<void> => {
  for (const piece of pieces) {
    const begin = Math.max(from, piece.from);
    const count = Math.min(from + frame.length / 4, piece.to) - begin;
    if (count <= 0) continue;
    const bytes = await readPart(piece.part, begin, count);
    for (let i = 0; i < count; i++) frame.writeInt16LE(alawToPcm(bytes[i] ?? SILENCE), (begin - from + i) * 4 + offset);
  }
};

const sha256 = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};
