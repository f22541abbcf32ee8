import type { BridgeId, EpochMs, LegId, PlaybackId } from '@qianhu/core';
import { SwitchError, type SoundSource, type SwitchEvent } from '../port.ts';
import { AriError, type AriClient } from './ari-client.ts';
import type { AriEvent } from './ari-events.ts';
import { mediaOf, type GeneratedSounds } from './sounds.ts';

export type PlaybacksDeps = {
  readonly ari: AriClient;
  readonly sounds: GeneratedSounds;
  readonly now: () => EpochMs;
  readonly emit: (event: SwitchEvent) => void;
};

/** Playbacks under way; each ends with one `playbackFinished`. */
export class Playbacks {
  readonly #deps: PlaybacksDeps;
  /** Whether we stopped it, by id; Asterisk calls a stopped playback finished or failed as it happens. */
  readonly #playing = new Map<PlaybackId, { stopped: boolean }>();

  constructor(deps: PlaybacksDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#playing.size;
  }

  async play(
    playbackId: PlaybackId,
    target: { readonly legId: LegId } | { readonly bridgeId: BridgeId },
    sources: readonly SoundSource[],
  ): Promise<void> {
    if (this.#playing.has(playbackId)) return;
    const media = mediaOf(sources, this.#deps.sounds);
    const place =
      'legId' in target
        ? `channels/${encodeURIComponent(target.legId)}`
        : `bridges/${encodeURIComponent(target.bridgeId)}`;
    this.#playing.set(playbackId, { stopped: false });
    try {
      await this.#deps.ari.request({
        method: 'POST',
        path: `${place}/play/${encodeURIComponent(playbackId)}`,
        query: { media },
      });
    } catch (error) {
      // Lost in between, it may well play: its end is told then.
      if (error instanceof AriError) this.#playing.delete(playbackId);
      throw error;
    }
  }

  async stop(playbackId: PlaybackId): Promise<void> {
    const playing = this.#playing.get(playbackId);
    if (playing) playing.stopped = true;
    const { status } = await this.#deps.ari.request({
      method: 'DELETE',
      path: `playbacks/${encodeURIComponent(playbackId)}`,
      accept: [404, 409],
    });
    if (status === 404 && this.#playing.get(playbackId) === playing && playing) this.#end(playbackId, 'stopped');
  }

  async isPlaying(playbackId: PlaybackId): Promise<boolean> {
    const { status } = await this.#deps.ari.request({
      method: 'GET',
      path: `playbacks/${encodeURIComponent(playbackId)}`,
      accept: [404],
    });
    return status !== 404;
  }

  onFinished(event: Extract<AriEvent, { type: 'PlaybackFinished' }>): void {
    const playbackId = event.playbackId as PlaybackId;
    const playing = this.#playing.get(playbackId);
    const result =
      playing?.stopped === true || event.state === 'canceled'
        ? 'stopped'
        : event.state === 'failed'
          ? 'failed'
          : 'done';
    this.#playing.delete(playbackId);
    this.#deps.emit({ type: 'playbackFinished', playbackId, atMs: event.atMs, result });
  }

  /** After reconnecting: what is gone has finished meanwhile. */
  async adopt(): Promise<void> {
    await Promise.all(
      [...this.#playing.keys()].map(async (playbackId) => {
        try {
          await this.#deps.ari.request({ method: 'GET', path: `playbacks/${encodeURIComponent(playbackId)}` });
        } catch (error) {
          if (error instanceof SwitchError && error.code === 'notFound') this.#end(playbackId, 'done');
        }
      }),
    );
  }

  /** The switch restarted. */
  endAll(): void {
    for (const playbackId of [...this.#playing.keys()]) this.#end(playbackId, 'failed');
  }

  #end(playbackId: PlaybackId, result: 'done' | 'stopped' | 'failed'): void {
    if (!this.#playing.delete(playbackId)) return;
    this.#deps.emit({ type: 'playbackFinished', playbackId, atMs: this.#deps.now(), result });
  }
}
