import {
  createRiskPacer,
  progressivePacer,
  ratioPacer,
  restoreWindows,
  type EpochMs,
  type Pacer,
  type PacingDecision,
  type PacingEvent,
  type PacingView,
  type RiskPacerSettings,
  type RiskPacerState,
} from '@qianhu/core';
import type { WindowCounts } from './drop-counts.ts';

/** A campaign's pacer together with what it has learned. */
export type Pace = {
  observe(event: PacingEvent): void;
  decide(view: PacingView): PacingDecision;
  /** What is worth keeping over a restart; undefined for pacers that learn nothing. */
  kept(): RiskPacerState | undefined;
};

/** How a campaign is paced: its mode with everything that follows from its settings, rules and ledger. */
export type PacePlan =
  | { readonly kind: 'progressive' }
  | { readonly kind: 'ratio'; readonly linesPerAgent: number }
  | {
      readonly kind: 'predictive';
      readonly settings: RiskPacerSettings;
      /** People and drops of each window's present period, from the database: the truth that a checkpoint may lag behind. */
      readonly counts: readonly WindowCounts[];
      /** As it was last saved, if ever. */
      readonly saved?: RiskPacerState;
    };

const run = <State>(pacer: Pacer<State>, start: State, kept: (state: State) => RiskPacerState | undefined): Pace => {
  let state = start;
  return {
    observe: (event) => {
      state = pacer.observe(state, event);
    },
    decide: (view) => {
      const result = pacer.decide(state, view);
      state = result.state;
      return result.decision;
    },
    kept: () => kept(state),
  };
};

const nothing = (): undefined => undefined;

/** @param before The pace in use until now: what it has learned is newer than any checkpoint. */
export const paceOf = (plan: PacePlan, nowMs: EpochMs, before?: Pace): Pace => {
  switch (plan.kind) {
    case 'progressive': {
      const pacer = progressivePacer();
      return run(pacer, pacer.initial(nowMs), nothing);
    }
    case 'ratio': {
      const pacer = ratioPacer(plan.linesPerAgent);
      return run(pacer, pacer.initial(nowMs), nothing);
    }
    case 'predictive': {
      const pacer = createRiskPacer(plan.settings);
      const learned = before?.kept() ?? plan.saved;
      // The time that we were away is no jump of the clock.
      const state = learned !== undefined ? { ...learned, nowMs, jumps: [], shedding: [] } : pacer.initial(nowMs);
      return run(pacer, restoreWindows(state, plan.settings.windows, plan.counts, nowMs), (kept) => kept);
    }
  }
};
