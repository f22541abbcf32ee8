import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { EpochMs, LegEnding, LegId } from '@qianhu/core';
import { celFiles, parseCelLine, type CelEvent } from '@qianhu/parts';
import type { EndedLeg } from '../port.ts';

/**
 * How legs ended, from the channel event log (CEL) that Asterisk writes whether or not we listen. The log has the cause and who
 * hung up; it has no SIP status.
 */

/** Before `sinceMs` a leg may have begun that ended after it; its beginning is looked for this far back. */
const LONGEST_CALL_MS = 4 * 3_600_000;

/** The start of the first whole line at or after `offset`. */
const lineAfter = async (file: FileHandle, offset: number, size: number): Promise<number> => {
  if (offset === 0) return 0;
  const buffer = Buffer.alloc(4096);
  for (let at = offset - 1; at < size;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return size;
    const newline = buffer.subarray(0, bytesRead).indexOf(10);
    if (newline >= 0) return at + newline + 1;
    at += bytesRead;
  }
  return size;
};

/** The time of the first readable line from `offset` on, looking at 64 KiB at most. */
const timeAt = async (file: FileHandle, offset: number): Promise<EpochMs | undefined> => {
  const buffer = Buffer.alloc(65_536);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
  for (const line of buffer.toString('utf8', 0, bytesRead).split('\n')) {
    const event = parseCelLine(line);
    if (event) return event.atMs;
  }
  return undefined;
};

/** A byte offset at or before the first line of `sinceMs`: lines are in order of time but for a few milliseconds. */
export const offsetOf = async (file: FileHandle, sinceMs: EpochMs): Promise<number> => {
  const { size } = await file.stat();
  let low = 0;
  let high = size;
  while (high - low > 262_144) {
    const middle = await lineAfter(file, Math.floor((low + high) / 2), size);
    const atMs = middle >= high ? undefined : await timeAt(file, middle);
    if (atMs === undefined || atMs >= sinceMs - 2_000) high = Math.floor((low + high) / 2);
    else low = middle;
  }
  return lineAfter(file, low, size);
};

async function* eventsSince(celFile: string, sinceMs: EpochMs): AsyncGenerator<CelEvent> {
  for (const path of await celFiles(celFile)) {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch {
      // Rotated away between the listing and now; its lines are in the file after it.
      continue;
    }
    try {
      const { mtimeMs } = await file.stat();
      if (mtimeMs < sinceMs - 2_000) continue;
      const stream = file.createReadStream({
        encoding: 'utf8',
        start: await offsetOf(file, sinceMs),
        autoClose: false,
      });
      for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
        // Half a line (the switch died while writing) is no event.
        const event = parseCelLine(line);
        if (event) yield event;
      }
    } finally {
      await file.close();
    }
  }
}

/** A HANGUP event's ending. The far end is named by the channel itself; ARI and time-outs are ours. */
const endingOf = (event: CelEvent): LegEnding => ({
  cause: event.hangupCause ?? 0,
  by: event.hangupSource !== undefined && event.hangupSource === event.channelName ? 'them' : 'us',
});

/**
 * Legs that ended since `sinceMs`, oldest first. A leg whose beginning is more than four hours back has no start time.
 * @param celFile The present file; rotated ones (`….1`, `….2`) beside it are read too.
 */
export const readHistory = async (celFile: string, sinceMs: EpochMs): Promise<readonly EndedLeg[]> => {
  type Begun = { startedAtMs?: EpochMs; answeredAtMs?: EpochMs };
  const open = new Map<string, Begun>();
  const ended = new Map<string, EndedLeg>();
  for await (const event of eventsSince(celFile, sinceMs - LONGEST_CALL_MS)) {
    if (!event.channelName.startsWith('PJSIP/')) continue;
    const begun = open.get(event.channelId) ?? {};
    switch (event.kind) {
      case 'CHAN_START':
        // An id is used again only after a restart of a switch whose clock went back; the later one counts.
        ended.delete(event.channelId);
        open.set(event.channelId, { startedAtMs: event.atMs });
        break;
      case 'ANSWER':
        begun.answeredAtMs ??= event.atMs;
        open.set(event.channelId, begun);
        break;
      case 'HANGUP':
        open.delete(event.channelId);
        if (event.atMs < sinceMs) break;
        ended.set(event.channelId, {
          legId: event.channelId as LegId,
          ...begun,
          endedAtMs: event.atMs,
          ending: endingOf(event),
        });
        break;
      case 'CHAN_END':
      case 'BRIDGE_ENTER':
      case 'BRIDGE_EXIT':
        break;
    }
  }
  return [...ended.values()];
};
