import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alawToPcm } from '@qianhu/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishRecording, recordingPath } from './recording-finisher.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qianhu-recording-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const T0 = Date.UTC(2026, 2, 3, 2, 0, 0);
/** The A-law bytes of a full and of a middle amplitude, and what they mean. */
const LOUD = 0x2a;
const MIDDLE = 0x95;
const SILENT = 0xd5;

const side = async (name: string, samples: number, code: number, startedAtMs: number) => {
  const path = join(folder, name);
  await writeFile(path, Buffer.alloc(samples, code));
  return { path, startedAtMs };
};

/** The stereo samples of a WAV, as pairs. */
const readWav = async (
  path: string,
): Promise<{
  readonly header: Buffer;
  readonly at: (sample: number) => readonly [number, number];
  readonly samples: number;
}> => {
  const bytes = await readFile(path);
  const header = bytes.subarray(0, 44);
  return {
    header,
    samples: (bytes.length - 44) / 4,
    at: (sample) => [bytes.readInt16LE(44 + sample * 4), bytes.readInt16LE(46 + sample * 4)],
  };
};

describe('a finished recording', () => {
  it('has the callee left and the agent right, padded in front by the difference of their beginnings', async () => {
    const target = join(folder, 'padded', 'a.wav');
    const done = await finishRecording(
      { left: await side('l1', 8_000, LOUD, T0), right: await side('r1', 8_000, MIDDLE, T0 + 250) },
      target,
    );
    const wav = await readWav(target);
    expect(wav.samples).toBe(10_000);
    expect(wav.at(1_999)).toEqual([alawToPcm(LOUD), 0]);
    expect(wav.at(2_000)).toEqual([alawToPcm(LOUD), alawToPcm(MIDDLE)]);
    expect(wav.at(7_999)).toEqual([alawToPcm(LOUD), alawToPcm(MIDDLE)]);
    expect(wav.at(8_000)).toEqual([0, alawToPcm(MIDDLE)]);
    expect(done).toEqual({
      path: target,
      durationMs: 1_250,
      bytes: 44 + 40_000,
      sha256: createHash('sha256')
        .update(await readFile(target))
        .digest('hex'),
    });
  });

  it('is a valid 16-bit stereo WAV at 8 kHz', async () => {
    const target = join(folder, 'header.wav');
    await finishRecording({ left: await side('l2', 80, LOUD, T0), right: await side('r2', 80, LOUD, T0) }, target);
    const { header } = await readWav(target);
    expect(header.toString('latin1', 0, 4) + header.toString('latin1', 8, 16) + header.toString('latin1', 36, 40)).toBe(
      'RIFFWAVEfmt data',
    );
    expect([
      header.readUInt32LE(4),
      header.readUInt16LE(20),
      header.readUInt16LE(22),
      header.readUInt32LE(24),
      header.readUInt32LE(28),
      header.readUInt16LE(32),
      header.readUInt16LE(34),
      header.readUInt32LE(40),
    ]).toEqual([36 + 320, 1, 2, 8_000, 32_000, 4, 16, 320]);
  });

  it('keeps the side that is there when the other is missing, and refuses when none is', async () => {
    const target = join(folder, 'one-sided.wav');
    const right = await side('r3', 400, MIDDLE, T0);
    await finishRecording({ left: { path: join(folder, 'never-written'), startedAtMs: T0 - 5_000 }, right }, target);
    const wav = await readWav(target);
    expect([wav.samples, wav.at(0)]).toEqual([400, [0, alawToPcm(MIDDLE)]]);
    const none = join(folder, 'none.wav');
    await expect(finishRecording({}, none)).rejects.toThrow('Neither side');
    expect(existsSync(none)).toBe(false);
  });

  it('is none when both files are empty, whenever they began', async () => {
    const target = join(folder, 'empty.wav');
    const sides = { left: await side('l0', 0, LOUD, T0), right: await side('r0', 0, LOUD, T0 + 250) };
    expect(await finishRecording(sides, target)).toBeUndefined();
    expect(existsSync(target)).toBe(false);
  });

  it('leaves no half file under its name, and may be made again over an earlier draft', async () => {
    const target = join(folder, 'again.wav');
    await writeFile(`${target}.part`, Buffer.alloc(1_000_000, 1));
    const sides = { left: await side('l4', 800, LOUD, T0), right: await side('r4', 800, MIDDLE, T0 + 10) };
    const first = await finishRecording(sides, target);
    expect(existsSync(`${target}.part`)).toBe(false);
    expect(await finishRecording(sides, target)).toEqual(first);
  });

  it('holds both sides together over half an hour, across every piece in which it is merged', async () => {
    const half = 30 * 60 * 8_000;
    const left = Buffer.alloc(half, 0xd5);
    const right = Buffer.alloc(half - 16_000, 0xd5);
    // A click on both sides at the same instant: soon after the second began, in the middle, and just before the end.
    const clicks = [16_001, half / 2, half - 2];
    for (const at of clicks) {
      left[at] = LOUD;
      right[at - 16_000] = LOUD;
    }
    const l = join(folder, 'l5');
    const r = join(folder, 'r5');
    await writeFile(l, left);
    await writeFile(r, right);
    const target = join(folder, 'long.wav');
    const done = await finishRecording(
      { left: { path: l, startedAtMs: T0 }, right: { path: r, startedAtMs: T0 + 2_000 } },
      target,
    );
    expect(done?.durationMs).toBe(30 * 60 * 1000);
    const wav = await readWav(target);
    expect(wav.samples).toBe(half);
    for (const at of clicks) {
      expect(wav.at(at)).toEqual([alawToPcm(LOUD), alawToPcm(LOUD)]);
      expect(wav.at(at - 1)).toEqual([alawToPcm(0xd5), alawToPcm(0xd5)]);
    }
  }, 60_000);

  it('lies in a folder of its day', () => {
    expect(recordingPath('/data', 'id', T0)).toBe('/data/2026-03/03/id.wav');
  });

  it('joins the parts of a side where nothing is said, and loses nothing of the other side', async () => {
    // The older part is late by 100 ms: what it says at 2,100 ms the newer one says at 2,000 ms.
    const older = Buffer.alloc(3 * 8_000, SILENT);
    const newer = Buffer.alloc(4 * 8_000, SILENT);
    older.fill(LOUD, 1_600 * 8, 2_100 * 8);
    newer.fill(LOUD, 500 * 8, 1_000 * 8);
    newer.fill(MIDDLE, 2_000 * 8, 2_500 * 8);
    await writeFile(join(folder, 'p1'), older);
    await writeFile(join(folder, 'p2'), newer);
    const left = {
      path: join(folder, 'p1'),
      startedAtMs: T0,
      later: [{ path: join(folder, 'p2'), startedAtMs: T0 + 1_000 }],
    };
    const target = join(folder, 'joined.wav');
    const done = await finishRecording({ left, right: await side('r9', 5 * 8_000, MIDDLE, T0) }, target);
    expect(done?.durationMs).toBe(5_000);
    const wav = await readWav(target);
    let loudMs = 0;
    for (let at = 0; at < wav.samples; at += 8) if (wav.at(at)[0] === alawToPcm(LOUD)) loudMs += 1;
    // Said once and whole, whichever part it comes from.
    expect(loudMs).toBe(500);
    expect(wav.at(3_100 * 8)).toEqual([alawToPcm(MIDDLE), alawToPcm(MIDDLE)]);
  });

  it('goes on with the next part after a gap that nobody recorded', async () => {
    const left = {
      ...(await side('g1', 800, LOUD, T0)),
      later: [await side('g2', 800, MIDDLE, T0 + 500)],
    };
    const target = join(folder, 'gap.wav');
    await finishRecording({ left }, target);
    const wav = await readWav(target);
    expect([wav.samples, wav.at(799)[0], wav.at(800)[0], wav.at(4_000)[0]]).toEqual([
      4_800,
      alawToPcm(LOUD),
      0,
      alawToPcm(MIDDLE),
    ]);
  });
});
