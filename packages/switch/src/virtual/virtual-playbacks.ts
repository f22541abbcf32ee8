import type { BridgeId, LegId, PlaybackId } from '@qianhu/core';

import { SwitchError, type SoundSource, type SwitchEvent } from '../port.ts';
import type { Scheduler } from './virtual-clock.ts';

type PlayTarget = { readonly legId: LegId } | { readonly bridgeId: BridgeId };

type Playback = {
  readonly playbackId: PlaybackId;
  readonly targetKey: string;
  readonly sources: readonly SoundSource[];
  /** Index of the source that is heard now; -1 while it waits behind another playback of the same target. */
  at: number;
  cancelTimer: (() => void) | undefined;
};

export type PlaybacksDeps = {
  readonly scheduler: Scheduler;
  readonly emit: (event: SwitchEvent) => void;
  readonly soundMs: (path: string) => number | undefined;
};

/** The playbacks of an exchange: those of one target are heard one after another, in the order they were asked for. */
export class VirtualPlaybacks {
  readonly #deps: PlaybacksDeps;
  readonly #byId = new Map<PlaybackId, Playback>();
  /** Playbacks of each target, the first one being heard; no empty queues. */
  readonly #queues = new Map<string, Playback[]>();

  constructor(deps: PlaybacksDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Idempotent while the playback lasts. @throws SwitchError `invalid` for no sources. */
  start(playbackId: PlaybackId, target: PlayTarget, sources: readonly SoundSource[]): void {
    if (this.#byId.has(playbackId)) return;
    if (sources.length === 0) throw new SwitchError('invalid', 'A playback needs at least one source.');
    const targetKey = keyOf(target);
    const playback: Playback = { playbackId, targetKey, sources, at: -1, cancelTimer: undefined };
    this.#byId.set(playbackId, playback);
    const queue = this.#queues.get(targetKey);
    if (queue !== undefined) queue.push(playback);
    else {
      this.#queues.set(targetKey, [playback]);
      this.#next(playback);
    }
  }

  has(playbackId: PlaybackId): boolean {
    return this.#byId.has(playbackId);
  }

  stop(playbackId: PlaybackId): void {
    const playback = this.#byId.get(playbackId);
    if (playback !== undefined) this.#finish(playback, 'stopped');
  }

  /** The leg or the bridge is gone: what it heard or was to hear has failed. */
  targetGone(target: PlayTarget): void {
    if (this.#queues.size === 0) return;
    const queue = this.#queues.get(keyOf(target));
    if (queue === undefined) return;
    for (const playback of [...queue].reverse()) this.#finish(playback, 'failed');
  }

  /** What is heard now by this target, as `file:…`, `tone:…`; empty when nothing (or silence) is played. */
  heardBy(target: PlayTarget): readonly string[] {
    const playback = this.#queues.get(keyOf(target))?.[0];
    const source = playback?.sources[playback.at];
    if (source === undefined || source.kind === 'silence') return [];
    return [source.kind === 'file' ? `file:${source.path}` : `tone:${source.tone}`];
  }

  #next(playback: Playback): void {
    playback.at++;
    const source = playback.sources[playback.at];
    if (source === undefined) return this.#finish(playback, 'done');
    const ms = this.#msOf(source);
    // A missing file is noticed when its turn comes, after the command was accepted.
    playback.cancelTimer = this.#deps.scheduler.setTimer(ms ?? 0, () =>
      ms === undefined ? this.#finish(playback, 'failed') : this.#next(playback),
    );
  }

  #msOf(source: SoundSource): number | undefined {
    switch (source.kind) {
      case 'file':
        return this.#deps.soundMs(source.path);
      case 'silence':
        return source.ms;
      case 'tone':
        // A beep ends; ringback, busy and congestion go on until stopped.
        return source.tone === 'beep' ? 250 : 2_000_000_000;
    }
  }

  #finish(playback: Playback, result: 'done' | 'stopped' | 'failed'): void {
    if (!this.#byId.delete(playback.playbackId)) return;
    playback.cancelTimer?.();
    const queue = this.#queues.get(playback.targetKey) ?? [];
    const wasHeard = queue[0] === playback;
    queue.splice(queue.indexOf(playback), 1);
    const following = queue[0];
    if (following === undefined) this.#queues.delete(playback.targetKey);
    this.#deps.emit({
      type: 'playbackFinished',
      playbackId: playback.playbackId,
      atMs: this.#deps.scheduler.now(),
      result,
    });
    // The listener of the event may have stopped the following one; its place at the head tells.
    if (wasHeard && following !== undefined && this.#byId.has(following.playbackId) && following.at === -1)
      this.#next(following);
  }
}

const keyOf = (target: PlayTarget): string => ('legId' in target ? `leg:${target.legId}` : `bridge:${target.bridgeId}`);
