import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs, LegId, RecordingId } from '@qianhu/core';
import type { Logger } from '../logger.ts';
import { SwitchError, type RecordedSide, type StartRecording, type SwitchEvent } from '../port.ts';
import type { AriClient } from './ari-client.ts';
import type { AriChannel } from './ari-events.ts';
import type { ChannelWaits } from './channel-waits.ts';

/**
 * Recording by two snoops, `spy=in` on each leg, each recorded to headerless A-law: of the ways tried the only one that
 * keeps both time lines in every case (asterisk-trials, section 1). Names follow from the recording's id alone, because
 * Asterisk lists no live recordings and we must find them again after our restart.
 *
 * A side ends with its leg, or when we take its snoop away. Asterisk then says `RecordingFinished`.
 */

export type SideName = 'l' | 'r';

/** The snoop's channel id, which is also the recording's name. */
export const snoopIdOf = (recordingId: RecordingId, side: SideName): string => `rec-${recordingId}-${side}`;

/** The recording and side a snoop or recording name belongs to; undefined when it is not one of ours. */
export const parseSnoopId = (name: string): { recordingId: RecordingId; side: SideName } | undefined => {
  const match = /^rec-(.+)-([lr])$/.exec(name);
  if (!match) return undefined;
  return { recordingId: match[1] as RecordingId, side: match[2] as SideName };
};

/** A-law at 8 kHz. */
const BYTES_PER_MS = 8;

type Side = {
  readonly legId: LegId | undefined;
  state: 'starting' | 'recording' | 'over';
  /** From `RecordingStarted`; undefined when that was before our time. */
  startedAtMs: EpochMs | undefined;
};

type Recording = { readonly recordingId: RecordingId; readonly sides: Map<SideName, Side>; error: string | undefined };

export type RecordingsDeps = {
  readonly ari: AriClient;
  readonly waits: ChannelWaits;
  readonly app: string;
  readonly spoolDir: string;
  readonly now: () => EpochMs;
  readonly emit: (event: SwitchEvent) => void;
  readonly logger: Logger;
};

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
      recording = { recordingId, sides: new Map(), error: undefined };
      this.#active.set(recordingId, recording);
    }
    const wanted: { side: SideName; legId: LegId }[] = [];
    if (!recording.sides.has('l')) wanted.push({ side: 'l', legId: order.leftLegId });
    if (order.rightLegId !== undefined && !recording.sides.has('r'))
      wanted.push({ side: 'r', legId: order.rightLegId });
    const begun = wanted.map(({ side, legId }) => {
      const state: Side = { legId, state: 'starting', startedAtMs: undefined };
      recording.sides.set(side, state);
      return { side, legId, state };
    });
    // Both snoops first, then both records together: pairs started so are aligned to the frame.
    const snooped = await Promise.allSettled(begun.map(({ side, legId }) => this.#snoop(recordingId, side, legId)));
    const recorded = await Promise.allSettled(
      begun.map(({ side }, n) => {
        const snoop = snooped[n];
        return snoop?.status === 'fulfilled' ? this.#record(recordingId, side) : Promise.reject(snoop?.reason as Error);
      }),
    );
    let failure: unknown;
    for (const [n, result] of recorded.entries()) {
      const item = begun[n];
      if (!item || result.status === 'fulfilled') continue;
      failure ??= result.reason;
      // A leg that hung up meanwhile takes its snoop along: that side is simply over.
      if (item.state.state === 'starting') recording.sides.delete(item.side);
      void this.#dropSnoop(recordingId, item.side);
    }
    if (failure !== undefined && recording.sides.size === 0 && this.#active.get(recordingId) === recording) {
      this.#active.delete(recordingId);
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
      recording = { recordingId, sides: new Map(), error: undefined };
      for (const name of ['l', 'r'] as const) {
        recording.sides.set(name, { legId: undefined, state: 'recording', startedAtMs: undefined });
      }
      this.#active.set(recordingId, recording);
    }
    const open = [...recording.sides].filter(([, side]) => side.state !== 'over');
    const found = await Promise.all(
      open.map(async ([name]) => [name, await this.#dropSnoop(recordingId, name)] as const),
    );
    for (const [name, wasThere] of found) if (!wasThere) this.#over(recordingId, name);
  }

  onStarted(name: string, atMs: EpochMs): void {
    const known = parseSnoopId(name);
    const side = known && this.#active.get(known.recordingId)?.sides.get(known.side);
    if (side) {
      side.startedAtMs = atMs;
      side.state = 'recording';
    }
  }

  onFinished(name: string, failure?: string): void {
    const known = parseSnoopId(name);
    if (!known || this.#told.has(known.recordingId)) return;
    let recording = this.#active.get(known.recordingId);
    if (!recording) {
      // Begun before our time, and not in the list we adopted from.
      recording = { recordingId: known.recordingId, sides: new Map(), error: undefined };
      this.#active.set(known.recordingId, recording);
      recording.sides.set(known.side, { legId: undefined, state: 'recording', startedAtMs: undefined });
    }
    if (failure !== undefined) recording.error = failure;
    this.#over(known.recordingId, known.side);
    // The recording is over, the snoop need not be (a full disk ends one and not the other).
    void this.#dropSnoop(known.recordingId, known.side);
  }

  /** A snoop ended: whatever it recorded is over, also when its `RecordingFinished` never came. */
  onSnoopGone(channelId: string): void {
    const known = parseSnoopId(channelId);
    if (!known) return;
    const side = this.#active.get(known.recordingId)?.sides.get(known.side);
    if (side?.state === 'recording') this.#over(known.recordingId, known.side);
  }

  /** Takes up what is alive after (re)connecting and ends what is not. */
  adopt(channels: readonly AriChannel[]): void {
    const alive = new Set<string>();
    for (const channel of channels) {
      const known = channel.name.startsWith('Snoop/') ? parseSnoopId(channel.id) : undefined;
      if (!known) continue;
      alive.add(channel.id);
      let recording = this.#active.get(known.recordingId);
      if (!recording) {
        recording = { recordingId: known.recordingId, sides: new Map(), error: undefined };
        this.#active.set(known.recordingId, recording);
        this.#told.delete(known.recordingId);
      }
      if (!recording.sides.has(known.side)) {
        recording.sides.set(known.side, { legId: undefined, state: 'recording', startedAtMs: undefined });
      }
    }
    for (const recording of [...this.#active.values()]) {
      for (const [name, side] of recording.sides) {
        if (side.state === 'recording' && !alive.has(snoopIdOf(recording.recordingId, name))) {
          this.#over(recording.recordingId, name);
        }
      }
    }
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
    this.#active.delete(recording.recordingId);
    this.#tell(recording.recordingId, recording);
  }

  #tell(recordingId: RecordingId, recording: Recording | undefined): void {
    if (this.#told.has(recordingId)) return;
    this.#told.add(recordingId);
    if (this.#told.size > REMEMBERED) {
      const oldest = this.#told.values().next();
      if (oldest.done !== true) this.#told.delete(oldest.value);
    }
    const left = this.#fileOf(recordingId, 'l', recording?.sides.get('l')?.startedAtMs);
    const right = this.#fileOf(recordingId, 'r', recording?.sides.get('r')?.startedAtMs);
    const atMs = this.#deps.now();
    if (recording?.error !== undefined || (!left && !right)) {
      const reason = recording?.error ?? 'The switch has no file of it.';
      this.#deps.emit({ type: 'recordingFailed', recordingId, atMs, reason });
      return;
    }
    this.#deps.emit({ type: 'recordingFinished', recordingId, atMs, ...(left && { left }), ...(right && { right }) });
  }

  #fileOf(recordingId: RecordingId, side: SideName, startedAtMs: EpochMs | undefined): RecordedSide | undefined {
    const path = join(this.#deps.spoolDir, 'recording', `${snoopIdOf(recordingId, side)}.alaw`);
    if (!existsSync(path)) return undefined;
    const { size, mtimeMs } = statSync(path);
    // The time line is always kept (silence is written), so length tells the start: the last write is the end.
    return { path, startedAtMs: startedAtMs ?? Math.round(mtimeMs - size / BYTES_PER_MS) };
  }

  async #snoop(recordingId: RecordingId, side: SideName, legId: LegId): Promise<void> {
    const snoopId = snoopIdOf(recordingId, side);
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

  async #record(recordingId: RecordingId, side: SideName): Promise<void> {
    const name = snoopIdOf(recordingId, side);
    await this.#deps.ari.request({
      method: 'POST',
      path: `channels/${encodeURIComponent(name)}/record`,
      query: { name, format: 'alaw', ifExists: 'overwrite' },
    });
  }

  /** Whether it was there. */
  async #dropSnoop(recordingId: RecordingId, side: SideName): Promise<boolean> {
    try {
      const { status } = await this.#deps.ari.request({
        method: 'DELETE',
        path: `channels/${encodeURIComponent(snoopIdOf(recordingId, side))}`,
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
