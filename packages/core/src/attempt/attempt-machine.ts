import type { AgentId, EpochMs } from '../ids.ts';
import { ignored, type Transition } from '../machine.ts';
import type { Outcome } from '../call/outcome.ts';

/**
 * One try to reach one lead: what the machine saw (outcome), then what the person says (disposition).
 *
 * ```
 *   open ──settled──► settled ──disposed──► disposed
 *     │                                        ▲ │ disposed again (a correction)
 *     └──disposed──► open with disposition     └─┘
 * ```
 */
export type AttemptState =
  /** Calls are out. A disposition may be written while the talk still goes on. */
  | { readonly kind: 'open'; readonly disposition?: AttemptDisposition }
  /** Over, and nobody has written a result (nobody may have to). */
  | { readonly kind: 'settled'; readonly outcome: Outcome; readonly settledAtMs: EpochMs }
  /** Over, with a person's result. */
  | {
      readonly kind: 'disposed';
      readonly outcome: Outcome;
      readonly settledAtMs: EpochMs;
      readonly disposition: AttemptDisposition;
    };

/** What a disposition code does to the lead. */
export type DispositionEffect = 'done' | 'retry' | 'callback' | 'optOut';

export type AttemptDisposition = {
  readonly code: string;
  readonly effect: DispositionEffect;
  readonly by: AgentId;
  readonly atMs: EpochMs;
  /** For `callback`: when the person asked to be called. */
  readonly callbackAtMs?: EpochMs;
};

export type AttemptEvent =
  | { readonly type: 'settled'; readonly atMs: EpochMs; readonly outcome: Outcome }
  | { readonly type: 'disposed'; readonly disposition: AttemptDisposition };

export type AttemptEffect =
  /** Decide what becomes of the lead by the retry rule. */
  | { readonly type: 'leadByOutcome'; readonly outcome: Outcome; readonly atMs: EpochMs }
  | { readonly type: 'leadByDisposition'; readonly disposition: AttemptDisposition };

/** Pure and total. */
export const attemptTransition = (
  state: AttemptState,
  event: AttemptEvent,
): Transition<AttemptState, AttemptEffect> => {
  switch (event.type) {
    case 'settled': {
      if (state.kind !== 'open') return ignored('alreadySettled');
      const settled = { outcome: event.outcome, settledAtMs: event.atMs };
      if (state.disposition === undefined) {
        return {
          state: { kind: 'settled', ...settled },
          effects: [{ type: 'leadByOutcome', outcome: event.outcome, atMs: event.atMs }],
        };
      }
      return {
        state: { kind: 'disposed', ...settled, disposition: state.disposition },
        effects: [{ type: 'leadByDisposition', disposition: state.disposition }],
      };
    }
    case 'disposed':
      if (state.kind === 'open') return { state: { kind: 'open', disposition: event.disposition }, effects: [] };
      return {
        state: {
          kind: 'disposed',
          outcome: state.outcome,
          settledAtMs: state.settledAtMs,
          disposition: event.disposition,
        },
        effects: [{ type: 'leadByDisposition', disposition: event.disposition }],
      };
  }
};
