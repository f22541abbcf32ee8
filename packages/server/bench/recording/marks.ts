import { open } from 'node:fs/promises';
import { WAV_HEADER_BYTES } from '@qianhu/core';

const RATE = 8_000;
/** Beeps are of half scale, and nothing else is said. */
const LOUD = 2_000;

/** First loud sample of each channel in `[fromMs, toMs)` of a stereo 16 bit WAV, as milliseconds from its beginning. */
const onsetsIn = async (
  path: string,
  fromMs: number,
  toMs: number,
): Promise<{ readonly left: number | undefined; readonly right: number | undefined }> => {
  const from = Math.max(0, Math.round((fromMs * RATE) / 1000));
  const count = Math.max(0, Math.round((toMs * RATE) / 1000) - from);
  const bytes = Buffer.alloc(count * 4);
  const file = await open(path, 'r');
  try {
    const { bytesRead } = await file.read(bytes, 0, bytes.length, WAV_HEADER_BYTES + from * 4);
    const first = (offset: 0 | 2): number | undefined => {
      for (let at = offset; at + 1 < bytesRead; at += 4) {
        if (Math.abs(bytes.readInt16LE(at)) > LOUD) return ((from + (at - offset) / 4) * 1000) / RATE;
      }
      return undefined;
    };
    return { left: first(0), right: first(2) };
  } finally {
    await file.close();
  }
};

/** How the two channels hold one beep that both far ends sent at the same instant. */
export type Mark = {
  /** From the recording's beginning, milliseconds. */
  readonly atMs: number;
  /** Left minus right, milliseconds; undefined when a channel lacks the beep. */
  readonly skewMs: number | undefined;
  /** How late each channel is, milliseconds. */
  readonly leftLateMs: number | undefined;
  readonly rightLateMs: number | undefined;
};

/** @param beepsMs When the beeps were sent, from the recording's beginning, milliseconds, at least 4 s apart. */
export const readMarks = async (path: string, beepsMs: readonly number[]): Promise<readonly Mark[]> => {
  const marks: Mark[] = [];
  for (const atMs of beepsMs) {
    const { left, right } = await onsetsIn(path, atMs - 1_000, atMs + 2_500);
    marks.push({
      atMs,
      skewMs: left === undefined || right === undefined ? undefined : left - right,
      leftLateMs: left === undefined ? undefined : left - atMs,
      rightLateMs: right === undefined ? undefined : right - atMs,
    });
  }
  return marks;
};
