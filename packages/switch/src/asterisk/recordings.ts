import { existsSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs, LegId, RecordingId } from '@qianhu/core';
import type { Logger } from '../logger.ts';
import { SwitchError, type RecordedPart, type RecordedSide, type StartRecording, type SwitchEvent } from '../port.ts';
import type { AriClient } from './ari-client.ts';
import type { AriChannel } from './ari-events.ts';
import type { ChannelWaits } from './channel-waits.ts';
import type { Scheduling } from './scheduling.ts';

/**
 * Recording by two snoops, `spy=in` on each leg, each recorded to headerless A-law: of the ways tried the only one that
 * keeps both time lines in every case (asterisk-trials, section 1). Names follow from the recording's id alone, because
 * Asterisk lists no live recordings and we must find them again after our restart.
 *
 * A side ends with its leg, or when we take its snoop away. Asterisk then says `RecordingFinished`.
 *
 * A snoop reads by Asterisk's clock from a queue that the phone's packets fill: what a stalled network or a phone with a
 * fast clock puts in too much stays there (Asterisk flushes at 5 s only), and that side is late from then on. So a long
 * recording goes on in a new part from time to time, by new snoops with empty queues, begun while the old ones still record.
 */

export type SideName = 'l' | 'r';

/** The snoop's channel id, which is also the recording's name. Parts count from 1. */
export const snoopIdOf = (recordingId: RecordingId, side: SideName, part = 1): string =>
  `rec-${recordingId}-${side}${part === 1 ? '' : String(part)}`;

/** The recording, side and part a snoop or recording name belongs to; undefined when it is not one of ours. */
export const parseSnoopId = (
  name: string,
): { readonly recordingId: RecordingId; readonly side: SideName; readonly part: number } | undefined => {
  const match = /^rec-(.+)-([lr])(\d*)$/.exec(name);
  if (!match) return undefined;
  return { recordingId: match[1] as RecordingId, side: match[2] as SideName, part: Number(match[3]) || 1 };
};

/** Asterisk writes in blocks of 32 KiB: with less than a few of them free nothing more is written. */
const FULL_BYTES = 1024 * 1024;
/** What may be missing at the end of a whole recording. */
const SLACK_MS = 2_000;

/** A-law at 8 kHz. */
const BYTES_PER_MS = 8;

type Side = {
  /** Undefined when it ended before our time. */
  readonly legId: LegId | undefined;
  state: 'starting' | 'recording' | 'over';
  /** The part that is recorded now. */
  part: number;
  /** When parts ended at the switch. */
  readonly ended: Map<number, EpochMs>;
  /** When parts began, from `RecordingStarted`; those before our time are missing. */
  readonly startedAtMs: Map<number, EpochMs>;
};

const newSide = (legId: LegId | undefined, state: Side['state'], part = 1): Side => ({
  legId,
  state,
  part,
  ended: new Map(),
  startedAtMs: new Map(),
});

type Recording = {
  readonly recordingId: RecordingId;
  readonly sides: Map<SideName, Side>;
  error: string | undefined;
  /** Takes back the timer of the next part. */
  cancelNextPart: (() => void) | undefined;
};

const partsOf = (side: RecordedSide): readonly RecordedPart[] => [side, ...(side.later ?? [])];

/** Whether files end well before the recording did. Not known of parts begun before our time: their length tells their start. */
const isCutShort = (files: RecordedSide, side: Side | undefined): boolean => {
  const endedAtMs = side?.ended.get(side.part);
  if (!side?.startedAtMs.has(side.part) || endedAtMs === undefined) return false;
  const ends = partsOf(files).map(({ path, startedAtMs }) => startedAtMs + statSync(path).size / BYTES_PER_MS);
  return endedAtMs - Math.max(...ends) > SLACK_MS;
};

export type RecordingsDeps = {
  readonly ari: AriClient;
  readonly waits: ChannelWaits;
  readonly app: string;
  readonly spoolDir: string;
  readonly scheduling: Scheduling;
  /** How long a part is. */
  readonly partMs: number;
  readonly emit: (event: SwitchEvent) => void;
  readonly logger: Logger;
};

/** How long the old part goes on beside the new one: whoever joins them finds a pause of the talk there. */
const OVERLAP_MS = 3_000;
const SNOOP_TIMEOUT_MS = 5_000;
/** Finished recordings remembered, so that a repeated start does not begin again. */
const REMEMBERED = 20_000;

export class Recordings {
  readonly #deps: RecordingsDeps;
  /** Recordings with a side that is not over. */
  readonly #active = new Map<RecordingId, Recording>();
  /** Told recordings, oldest first. */
  readonly #told = new Set<RecordingId>();

  constructor(deps: RecordingsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#active.size;
  }

  async start(order: StartRecording): Promise<void> {
    const { recordingId } = order;
    if (this.#told.has(recordingId)) return;
    let recording = this.#active.get(recordingId);
    if (!recording) {
      recording = this.#open(recordingId);
    }
    const wanted: { side: SideName; legId: LegId }[] = [];
    if (!recording.sides.has('l')) wanted.push({ side: 'l', legId: order.leftLegId });
    if (order.rightLegId !== undefined && !recording.sides.has('r'))
      wanted.push({ side: 'r', legId: order.rightLegId });
    const begun = wanted.map(({ side, legId }) => {
      const state = newSide(legId, 'starting');
      recording.sides.set(side, state);
      return { side, legId, state };
    });
    // Both snoops first, then both records together: pairs started so are aligned to the frame.
    const snooped = await Promise.allSettled(begun.map(({ side, legId }) => this.#snoop(recordingId, side, 1, legId)));
    const recorded = await Promise.allSettled(
      begun.map(({ side }, n) => {
        const snoop = snooped[n];
        return snoop?.status === 'fulfilled'
          ? this.#record(recordingId, side, 1)
          : Promise.reject(snoop?.reason as Error);
      }),
    );
    let failure: unknown;
    for (const [n, result] of recorded.entries()) {
      const item = begun[n];
      if (!item || result.status === 'fulfilled') continue;
      failure ??= result.reason;
      // A leg that hung up meanwhile takes its snoop along: that side is simply over.
      if (item.state.state === 'starting') recording.sides.delete(item.side);
      void this.#dropSnoop(recordingId, item.side, 1);
    }
    if (failure !== undefined && recording.sides.size === 0 && this.#active.get(recordingId) === recording) {
      this.#close(recording);
    }
    this.#finishIfOver(recording);
    if (failure !== undefined)
      throw failure instanceof Error ? failure : new SwitchError('refused', 'Recording failed.');
  }

  /** Ends both sides. Of a recording we know nothing of (it ended before our time), what its files hold is told. */
  async stop(recordingId: RecordingId): Promise<void> {
    if (this.#told.has(recordingId)) return;
    let recording = this.#active.get(recordingId);
    if (!recording) {
      recording = this.#open(recordingId);
      for (const name of ['l', 'r'] as const) recording.sides.set(name, newSide(undefined, 'recording'));
    }
    recording.cancelNextPart?.();
    const open = [...recording.sides].filter(([, side]) => side.state !== 'over');
    const found = await Promise.all(
      open.map(async ([name, { part }]) => {
        // While two parts overlap, the older one is taken away too.
        if (part > 1) void this.#dropSnoop(recordingId, name, part - 1);
        return [name, part, await this.#dropSnoop(recordingId, name, part)] as const;
      }),
    );
    for (const [name, part, wasThere] of found) if (!wasThere) this.#partOver(recordingId, name, part);
  }

  /** Lets go of the timers; what is recorded goes on. */
  stopTimers(): void {
    for (const recording of this.#active.values()) {
      recording.cancelNextPart?.();
      recording.cancelNextPart = undefined;
    }
  }

  onStarted(name: string, atMs: EpochMs): void {
    const known = parseSnoopId(name);
    const side = known && this.#active.get(known.recordingId)?.sides.get(known.side);
    if (side) {
      side.startedAtMs.set(known.part, atMs);
      if (side.state === 'starting') side.state = 'recording';
    }
  }

  onFinished(name: string, failure?: string): void {
    const known = parseSnoopId(name);
    if (!known || this.#told.has(known.recordingId)) return;
    let recording = this.#active.get(known.recordingId);
    if (!recording) {
      // Begun before our time, and not in the list we adopted from.
      recording = this.#open(known.recordingId);
      recording.sides.set(known.side, newSide(undefined, 'recording', known.part));
    }
    if (failure !== undefined) recording.error = failure;
    this.#partOver(known.recordingId, known.side, known.part);
    // The recording is over, the snoop need not be (a full disk ends one and not the other).
    void this.#dropSnoop(known.recordingId, known.side, known.part);
  }

  /** A snoop ended: whatever it recorded is over, also when its `RecordingFinished` never came. */
  onSnoopGone(channelId: string): void {
    const known = parseSnoopId(channelId);
    if (!known) return;
    const side = this.#active.get(known.recordingId)?.sides.get(known.side);
    if (side && side.state !== 'starting') this.#partOver(known.recordingId, known.side, known.part);
  }

  /** Takes up what is alive after (re)connecting and ends what is not. */
  adopt(channels: readonly AriChannel[]): void {
    const alive = new Set<string>();
    for (const channel of channels) {
      const known = channel.name.startsWith('Snoop/') ? parseSnoopId(channel.id) : undefined;
      if (!known) continue;
      alive.add(channel.id);
      const { recordingId, part } = known;
      // A snoop is named by the channel it listens to.
      const legId = /^Snoop\/(.+)-[0-9a-f]{8}$/.exec(channel.name)?.[1] as LegId | undefined;
      const recording = this.#active.get(recordingId) ?? this.#open(recordingId);
      this.#told.delete(recordingId);
      const side = recording.sides.get(known.side);
      if (!side) recording.sides.set(known.side, newSide(legId, 'recording', part));
      else side.part = Math.max(side.part, part);
    }
    for (const recording of [...this.#active.values()]) {
      const { recordingId } = recording;
      for (const [name, side] of recording.sides) {
        const { part, state } = side;
        if (state !== 'recording') continue;
        // Two parts overlapped when we were cut off.
        if (part > 1 && alive.has(snoopIdOf(recordingId, name, part - 1)))
          void this.#dropSnoop(recordingId, name, part - 1);
        if (!alive.has(snoopIdOf(recordingId, name, part))) this.#partOver(recordingId, name, part);
      }
      if (this.#active.has(recordingId) && recording.cancelNextPart === undefined) this.#planNextPart(recording);
    }
  }

  #open(recordingId: RecordingId): Recording {
    const recording: Recording = { recordingId, sides: new Map(), error: undefined, cancelNextPart: undefined };
    this.#active.set(recordingId, recording);
    this.#planNextPart(recording);
    return recording;
  }

  #close(recording: Recording): void {
    recording.cancelNextPart?.();
    recording.cancelNextPart = undefined;
    this.#active.delete(recording.recordingId);
  }

  #planNextPart(recording: Recording): void {
    recording.cancelNextPart = this.#deps.scheduling.setTimer(this.#deps.partMs, () => {
      this.#planNextPart(recording);
      void this.#nextPart(recording);
    });
  }

  /** Goes on in new parts, both sides together; a side that cannot stays with its old part. */
  async #nextPart(recording: Recording): Promise<void> {
    const { recordingId } = recording;
    const sides = [...recording.sides].filter(
      ([, { state, ended, part }]) => state === 'recording' && !ended.has(part),
    );
    const snooped = await Promise.all(
      sides.map(([name, side]) => {
        if (side.legId === undefined) return Promise.resolve(false);
        return this.#snoop(recordingId, name, side.part + 1, side.legId).then(
          () => true,
          () => false,
        );
      }),
    );
    const going = sides.filter(([, { state }], n) => snooped[n] === true && state === 'recording');
    await Promise.all(
      going.map(async ([name, side]) => {
        const old = side.part;
        side.part = old + 1;
        try {
          await this.#record(recordingId, name, side.part);
        } catch (error) {
          this.#deps.logger.debug({ recordingId, err: error }, 'could not go on in a new part of a recording');
          void this.#dropSnoop(recordingId, name, side.part);
          side.part = old;
          if (side.ended.has(old)) this.#partOver(recordingId, name, old);
          return;
        }
        // The end of both may have been told before the answer to our request.
        if (side.ended.has(side.part)) this.#partOver(recordingId, name, side.part);
        this.#deps.scheduling.setTimer(OVERLAP_MS, () => void this.#dropSnoop(recordingId, name, old));
      }),
    );
  }

  #partOver(recordingId: RecordingId, name: SideName, part: number): void {
    const side = this.#active.get(recordingId)?.sides.get(name);
    if (side && !side.ended.has(part)) side.ended.set(part, this.#deps.scheduling.now());
    if (side?.part === part) this.#over(recordingId, name);
  }

  #over(recordingId: RecordingId, name: SideName): void {
    const recording = this.#active.get(recordingId);
    const side = recording?.sides.get(name);
    if (!recording || !side || side.state === 'over') return;
    side.state = 'over';
    this.#finishIfOver(recording);
  }

  #finishIfOver(recording: Recording): void {
    if (this.#active.get(recording.recordingId) !== recording || recording.sides.size === 0) return;
    for (const side of recording.sides.values()) if (side.state !== 'over') return;
    this.#close(recording);
    this.#tell(recording.recordingId, recording);
  }

  #tell(recordingId: RecordingId, recording: Recording | undefined): void {
    if (this.#told.has(recordingId)) return;
    this.#told.add(recordingId);
    if (this.#told.size > REMEMBERED) {
      const oldest = this.#told.values().next();
      if (oldest.done !== true) this.#told.delete(oldest.value);
    }
    const left = this.#sideOf(recordingId, 'l', recording?.sides.get('l')?.startedAtMs);
    const right = this.#sideOf(recordingId, 'r', recording?.sides.get('r')?.startedAtMs);
    const atMs = this.#deps.scheduling.now();
    const cutShort = [['l', left] as const, ['r', right] as const].some(
      ([name, side]) => side && isCutShort(side, recording?.sides.get(name)),
    )
      ? this.#whyCutShort()
      : undefined;
    const isEmpty = [left, right].every(
      (side) => !side || partsOf(side).every(({ path }) => statSync(path).size === 0),
    );
    if (recording?.error !== undefined || isEmpty) {
      const reason = recording?.error ?? (left || right ? this.#whyCutShort() : 'The switch has no file of it.');
      this.#deps.emit({ type: 'recordingFailed', recordingId, atMs, reason });
      return;
    }
    this.#deps.emit({
      type: 'recordingFinished',
      recordingId,
      atMs,
      ...(left && { left }),
      ...(right && { right }),
      ...(cutShort !== undefined && { cutShort }),
    });
  }

  #whyCutShort(): string {
    const { bavail, bsize } = statfsSync(this.#deps.spoolDir);
    const inRecordings = statfsSync(join(this.#deps.spoolDir, 'recording'));
    const freeBytes = Math.min(bavail * bsize, inRecordings.bavail * inRecordings.bsize);
    return freeBytes < FULL_BYTES ? 'The disk is full.' : 'The switch stopped writing.';
  }

  #sideOf(
    recordingId: RecordingId,
    side: SideName,
    startedAtMs: ReadonlyMap<number, EpochMs> | undefined,
  ): RecordedSide | undefined {
    const parts: RecordedPart[] = [];
    for (let part = 1; ; part += 1) {
      const path = join(this.#deps.spoolDir, 'recording', `${snoopIdOf(recordingId, side, part)}.alaw`);
      if (!existsSync(path)) break;
      const { size, mtimeMs } = statSync(path);
      // The time line is always kept (silence is written), so length tells the start: the last write is the end.
      parts.push({ path, startedAtMs: startedAtMs?.get(part) ?? Math.round(mtimeMs - size / BYTES_PER_MS) });
    }
    const [first, ...later] = parts;
    return first && { ...first, ...(later.length === 0 ? {} : { later }) };
  }

  async #snoop(recordingId: RecordingId, side: SideName, part: number, legId: LegId): Promise<void> {
    const snoopId = snoopIdOf(recordingId, side, part);
    const entered = this.#deps.waits.begin(snoopId, SNOOP_TIMEOUT_MS);
    try {
      await this.#deps.ari.request({
        method: 'POST',
        path: `channels/${encodeURIComponent(legId)}/snoop/${encodeURIComponent(snoopId)}`,
        query: { spy: 'in', app: this.#deps.app },
      });
    } catch (error) {
      this.#deps.waits.cancel(snoopId);
      throw error;
    }
    await entered;
  }

  async #record(recordingId: RecordingId, side: SideName, part: number): Promise<void> {
    const name = snoopIdOf(recordingId, side, part);
    await this.#deps.ari.request({
      method: 'POST',
      path: `channels/${encodeURIComponent(name)}/record`,
      query: { name, format: 'alaw', ifExists: 'overwrite' },
    });
  }

  /** Whether it was there. */
  async #dropSnoop(recordingId: RecordingId, side: SideName, part: number): Promise<boolean> {
    try {
      const { status } = await this.#deps.ari.request({
        method: 'DELETE',
        path: `channels/${encodeURIComponent(snoopIdOf(recordingId, side, part))}`,
        accept: [404],
      });
      return status !== 404;
    } catch (error) {
      // It ends with its leg in any case.
      this.#deps.logger.debug({ recordingId, err: error }, 'could not take a recording snoop away');
      return true;
    }
  }
}
