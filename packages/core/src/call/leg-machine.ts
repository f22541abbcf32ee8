import type { EpochMs } from '../ids.ts';
import { ignored, type Transition } from '../machine.ts';
import type { LegEnding } from './hangup.ts';

/**
 * One party's connection, as far as the switch has told.
 *
 * ```
 *  dialing ──► ringing ──► early ──► up ──► ended
 *     │           │          │               ▲
 *     └───────────┴──────────┴───────────────┘
 * ```
 * Phases only move to the right: events of a switch may be late, doubled or out of order.
 */
export type LegState =
  /** INVITE sent or about to be; nothing heard. */
  | { readonly phase: 'dialing' }
  /** 180: the far end's phone rings. */
  | { readonly phase: 'ringing'; readonly ringingAtMs: EpochMs }
  /** 183 with media: ring-back, an announcement or music from the carrier. `ringingAtMs` when it rang before. */
  | { readonly phase: 'early'; readonly earlyAtMs: EpochMs; readonly ringingAtMs?: EpochMs }
  /** Answered. `progressAtMs` is the first sign of life before the answer. */
  | { readonly phase: 'up'; readonly answeredAtMs: EpochMs; readonly progressAtMs?: EpochMs }
  /** Gone. Absorbs everything. */
  | {
      readonly phase: 'ended';
      readonly endedAtMs: EpochMs;
      readonly ending: LegEnding;
      readonly answeredAtMs?: EpochMs;
      readonly progressAtMs?: EpochMs;
    };

/** What the switch says of a leg. */
export type LegEvent =
  | { readonly type: 'legRinging'; readonly atMs: EpochMs }
  | { readonly type: 'legProgress'; readonly atMs: EpochMs }
  | { readonly type: 'legAnswered'; readonly atMs: EpochMs }
  | { readonly type: 'legEnded'; readonly atMs: EpochMs; readonly ending: LegEnding };

/** Legal moves, for tests and documentation. */
export const LEG_MOVES = {
  dialing: ['ringing', 'early', 'up', 'ended'],
  ringing: ['early', 'up', 'ended'],
  early: ['up', 'ended'],
  up: ['ended'],
  ended: [],
} satisfies Record<LegState['phase'], readonly LegState['phase'][]>;

/** When the far end gave its first sign of life (180 or 183), if it did. */
export const progressAt = (leg: LegState): EpochMs | undefined => {
  switch (leg.phase) {
    case 'dialing':
      return undefined;
    case 'ringing':
      return leg.ringingAtMs;
    case 'early':
      return leg.ringingAtMs ?? leg.earlyAtMs;
    case 'up':
    case 'ended':
      return leg.progressAtMs;
  }
};

/** Pure and total; a leg has no effects of its own. */
export const legTransition = (leg: LegState, event: LegEvent): Transition<LegState, never> => {
  if (leg.phase === 'ended') return ignored('legAlreadyEnded');
  const progressAtMs = progressAt(leg);
  const progress = progressAtMs === undefined ? {} : { progressAtMs };
  switch (event.type) {
    case 'legRinging':
      if (leg.phase !== 'dialing') return ignored('lateRinging');
      return { state: { phase: 'ringing', ringingAtMs: event.atMs }, effects: [] };
    case 'legProgress':
      if (leg.phase === 'up' || leg.phase === 'early') return ignored('lateProgress');
      return {
        state: {
          phase: 'early',
          earlyAtMs: event.atMs,
          ...(leg.phase === 'ringing' ? { ringingAtMs: leg.ringingAtMs } : {}),
        },
        effects: [],
      };
    case 'legAnswered':
      if (leg.phase === 'up') return ignored('doubledAnswer');
      return { state: { phase: 'up', answeredAtMs: event.atMs, ...progress }, effects: [] };
    case 'legEnded':
      return {
        state: {
          phase: 'ended',
          endedAtMs: event.atMs,
          ending: event.ending,
          ...progress,
          ...(leg.phase === 'up' ? { answeredAtMs: leg.answeredAtMs } : {}),
        },
        effects: [],
      };
  }
};
