import type { EpochMs } from '../ids.ts';
import { ignored, InvalidStateError, type Transition } from '../machine.ts';

/**
 * A campaign's life.
 *
 * ```
 *   draft ──start──► running ◄──start── paused
 *                     │ │ ▲ ▲            ▲
 *                     │ │ │ └──pause─────┘
 *                     │ │ start (more leads were added)
 *                     │ │ │
 *     drain ──────────┘ └─┼── no leads left, no call open ──► finished
 *       ▼                 │
 *     draining ──no call open──► stopped ◄── stop ── running | paused | draining
 * ```
 */
export type CampaignState =
  /** Never started. */
  | { readonly kind: 'draft' }
  /** Dials whenever the rules allow it. */
  | { readonly kind: 'running'; readonly sinceMs: EpochMs }
  /** No new dials; calls that are out go on. */
  | { readonly kind: 'paused'; readonly sinceMs: EpochMs; readonly reason: PauseCause }
  /** No new dials; stopped when the last call is over. */
  | { readonly kind: 'draining'; readonly sinceMs: EpochMs }
  /** Ended by a person. */
  | { readonly kind: 'stopped'; readonly sinceMs: EpochMs }
  /** Ended by itself: every lead is done. */
  | { readonly kind: 'finished'; readonly sinceMs: EpochMs };

/** Who paused it: a person, or the engine because its settings no longer make sense. */
export type PauseCause = 'person' | 'invalidSettings';

export type CampaignEvent =
  | { readonly type: 'start'; readonly atMs: EpochMs }
  | { readonly type: 'pause'; readonly atMs: EpochMs; readonly cause: PauseCause }
  | { readonly type: 'drain'; readonly atMs: EpochMs; readonly openCalls: number }
  | { readonly type: 'stop'; readonly atMs: EpochMs }
  /** Counted by the engine after a call ended or the hopper came back empty. `openLeads`: leads not done, now or later. */
  | { readonly type: 'counted'; readonly atMs: EpochMs; readonly openCalls: number; readonly openLeads: number };

export type CampaignEffect =
  | { readonly type: 'dial' }
  | { readonly type: 'hold' }
  /** Hang up what rings; talks go on. */
  | { readonly type: 'hangUpUnanswered' };

/** Legal moves between kinds (staying is always legal). */
export const CAMPAIGN_MOVES = {
  draft: ['running'],
  running: ['paused', 'draining', 'stopped', 'finished'],
  paused: ['running', 'draining', 'stopped'],
  draining: ['running', 'stopped'],
  stopped: ['running'],
  finished: ['running'],
} satisfies Record<CampaignState['kind'], readonly CampaignState['kind'][]>;

/** One event, one step. Commands in a wrong state throw `InvalidStateError`. */
export const campaignTransition = (
  state: CampaignState,
  event: CampaignEvent,
): Transition<CampaignState, CampaignEffect> => {
  switch (event.type) {
    case 'start':
      if (state.kind === 'running') return ignored('alreadyRunning');
      return { state: { kind: 'running', sinceMs: event.atMs }, effects: [{ type: 'dial' }] };
    case 'pause':
      if (state.kind === 'paused') return ignored('alreadyPaused');
      if (state.kind !== 'running') throw new InvalidStateError('campaign', state.kind, 'pause');
      return { state: { kind: 'paused', sinceMs: event.atMs, reason: event.cause }, effects: [{ type: 'hold' }] };
    case 'drain':
      if (state.kind === 'draining') return ignored('alreadyDraining');
      if (state.kind !== 'running' && state.kind !== 'paused')
        throw new InvalidStateError('campaign', state.kind, 'drain');
      return {
        state: { kind: event.openCalls === 0 ? 'stopped' : 'draining', sinceMs: event.atMs },
        effects: [{ type: 'hold' }],
      };
    case 'stop':
      if (state.kind === 'stopped') return ignored('alreadyStopped');
      if (state.kind === 'draft' || state.kind === 'finished')
        throw new InvalidStateError('campaign', state.kind, 'stop');
      return {
        state: { kind: 'stopped', sinceMs: event.atMs },
        effects: [{ type: 'hold' }, { type: 'hangUpUnanswered' }],
      };
    case 'counted':
      if (event.openCalls > 0) return ignored('callsOpen');
      if (state.kind === 'draining') return { state: { kind: 'stopped', sinceMs: event.atMs }, effects: [] };
      if (state.kind !== 'running' || event.openLeads > 0) return ignored('leadsLeft');
      return { state: { kind: 'finished', sinceMs: event.atMs }, effects: [{ type: 'hold' }] };
  }
};
