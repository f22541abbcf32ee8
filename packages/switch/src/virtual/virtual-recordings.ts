import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { EpochMs, LegId, RecordingId } from '@qianhu/core';

import { SwitchError, type RecordedSide, type StartRecording, type SwitchEvent } from '../port.ts';
import type { Scheduler } from './virtual-clock.ts';

type Side = { readonly legId: LegId; readonly startedAtMs: EpochMs; endedAtMs: EpochMs | undefined };

type Recording = {
  readonly recordingId: RecordingId;
  readonly left: Side;
  right: Side | undefined;
  /** Set when both sides are over. */
  result: SwitchEvent | undefined;
  /** Whether a connected client was told the result. */
  told: boolean;
};

export type RecordingsDeps = {
  readonly scheduler: Scheduler;
  /** Returns whether anyone was there to hear it. */
  readonly tell: (event: SwitchEvent) => boolean;
  readonly isAlive: (legId: LegId) => boolean;
  readonly recordingDir: string | undefined;
  /** Finished recordings remembered, so that a repeated stop stays quiet. */
  readonly remembered: number;
};

/** A-law silence (ITU-T G.711, zero with even bits inverted). */
const ALAW_SILENCE = 0xd5;
const BYTES_PER_MS = 8;

/** The recordings of an exchange: pairs of sides, each as long as its leg lives or until stopped. */
export class VirtualRecordings {
  readonly #deps: RecordingsDeps;
  readonly #byId = new Map<RecordingId, Recording>();
  readonly #byLeg = new Map<LegId, Set<Recording>>();
  #diskFull = false;

  constructor(deps: RecordingsDeps) {
    this.#deps = deps;
  }

  /** A full disk: recordings are accepted and fail at once. */
  setDiskFull(diskFull: boolean): void {
    this.#diskFull = diskFull;
  }

  start(order: StartRecording): void {
    const existing = this.#byId.get(order.recordingId);
    if (existing !== undefined) return this.#addRight(existing, order);
    this.#mustLive(order.leftLegId);
    if (order.rightLegId !== undefined) this.#mustLive(order.rightLegId);
    const now = this.#deps.scheduler.now();
    const recording: Recording = {
      recordingId: order.recordingId,
      left: { legId: order.leftLegId, startedAtMs: now, endedAtMs: undefined },
      right: undefined,
      result: undefined,
      told: false,
    };
    this.#byId.set(order.recordingId, recording);
    this.#forgetOldest();
    if (this.#diskFull) return this.#fail(recording, 'No space left on device.');
    this.#link(order.leftLegId, recording);
    if (order.rightLegId !== undefined) this.#addRight(recording, order);
  }

  /** Resolves also when it is over or was never known; a result that nobody heard is told again. */
  stop(recordingId: RecordingId): void {
    const recording = this.#byId.get(recordingId);
    if (recording === undefined) return;
    if (recording.result !== undefined) return this.#tellOnce(recording);
    this.#endSide(recording, recording.left);
    if (recording.right !== undefined) this.#endSide(recording, recording.right);
    this.#finishIfOver(recording);
  }

  /** Fails a running recording, as a disk that fills up does. */
  fail(recordingId: RecordingId, reason: string): void {
    const recording = this.#byId.get(recordingId);
    if (recording !== undefined && recording.result === undefined) this.#fail(recording, reason);
  }

  legEnded(legId: LegId): void {
    const recordings = this.#byLeg.get(legId);
    if (recordings === undefined) return;
    for (const recording of [...recordings]) {
      if (recording.left.legId === legId) this.#endSide(recording, recording.left);
      if (recording.right?.legId === legId) this.#endSide(recording, recording.right);
      this.#finishIfOver(recording);
    }
  }

  running(): readonly RecordingId[] {
    return [...this.#byId.values()].filter((one) => one.result === undefined).map((one) => one.recordingId);
  }

  /** Whether a finished side's file holds that leg. */
  wasSide(path: string, legId: LegId): boolean {
    for (const { left, right, result } of this.#byId.values()) {
      if (result?.type !== 'recordingFinished') continue;
      if (result.left?.path === path) return left.legId === legId;
      if (result.right?.path === path) return right?.legId === legId;
    }
    return false;
  }

  /** The telling was lost on its way. */
  untell(recordingId: RecordingId): void {
    const recording = this.#byId.get(recordingId);
    if (recording !== undefined) recording.told = false;
  }

  /** Tells what ended while nobody listened. */
  tellUntold(): void {
    for (const recording of [...this.#byId.values()])
      if (recording.result !== undefined && !recording.told) this.#tellOnce(recording);
  }

  #addRight(recording: Recording, order: StartRecording): void {
    if (order.rightLegId === undefined || recording.right !== undefined) return;
    if (recording.result !== undefined)
      throw new SwitchError('notFound', `Recording ${order.recordingId} is already over.`);
    this.#mustLive(order.rightLegId);
    recording.right = { legId: order.rightLegId, startedAtMs: this.#deps.scheduler.now(), endedAtMs: undefined };
    this.#link(order.rightLegId, recording);
  }

  #mustLive(legId: LegId): void {
    if (!this.#deps.isAlive(legId)) throw new SwitchError('notFound', `No leg ${legId} to record.`);
  }

  #link(legId: LegId, recording: Recording): void {
    const recordings = this.#byLeg.get(legId);
    if (recordings === undefined) this.#byLeg.set(legId, new Set([recording]));
    else recordings.add(recording);
  }

  #endSide(recording: Recording, side: Side): void {
    side.endedAtMs ??= this.#deps.scheduler.now();
    const recordings = this.#byLeg.get(side.legId);
    recordings?.delete(recording);
    if (recordings?.size === 0) this.#byLeg.delete(side.legId);
  }

  #finishIfOver(recording: Recording): void {
    if (recording.result !== undefined || recording.left.endedAtMs === undefined) return;
    if (recording.right !== undefined && recording.right.endedAtMs === undefined) return;
    const right = recording.right === undefined ? undefined : this.#file(recording, recording.right, 'right');
    recording.result = {
      type: 'recordingFinished',
      recordingId: recording.recordingId,
      atMs: this.#deps.scheduler.now(),
      left: this.#file(recording, recording.left, 'left'),
      ...(right === undefined ? {} : { right }),
    };
    this.#tellOnce(recording);
  }

  #fail(recording: Recording, reason: string): void {
    this.#endSide(recording, recording.left);
    if (recording.right !== undefined) this.#endSide(recording, recording.right);
    recording.result = {
      type: 'recordingFailed',
      recordingId: recording.recordingId,
      atMs: this.#deps.scheduler.now(),
      reason,
    };
    this.#tellOnce(recording);
  }

  #tellOnce(recording: Recording): void {
    if (recording.told || recording.result === undefined) return;
    recording.told = this.#deps.tell(recording.result);
  }

  #file(recording: Recording, side: Side, name: 'left' | 'right'): RecordedSide {
    const fileName = `${recording.recordingId}-${name}.alaw`;
    const dir = this.#deps.recordingDir;
    if (dir === undefined) return { path: `virtual:/${fileName}`, startedAtMs: side.startedAtMs };
    const path = join(dir, fileName);
    mkdirSync(dir, { recursive: true });
    const ms = Math.max(0, (side.endedAtMs ?? side.startedAtMs) - side.startedAtMs);
    writeFileSync(path, Buffer.alloc(Math.round(ms) * BYTES_PER_MS, ALAW_SILENCE));
    return { path, startedAtMs: side.startedAtMs };
  }

  #forgetOldest(): void {
    if (this.#byId.size <= this.#deps.remembered) return;
    for (const [id, recording] of this.#byId) {
      if (recording.result === undefined) continue;
      this.#byId.delete(id);
      return;
    }
  }
}
