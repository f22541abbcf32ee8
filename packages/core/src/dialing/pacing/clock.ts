import type { EpochMs } from '../../ids.ts';

/** A jump of the wall clock: what was stamped up to `fromMs` by the old clock is `byMs` earlier than it says (by the new). */
export type ClockJump = { readonly fromMs: EpochMs; readonly byMs: number };

/** A decision comes each second; a longer gap is a jump (or a pause, for which the same correction is harmless). */
const LONGEST_STEP_MS = 5000;
const LONGEST_STEP_BACK_MS = 1000;
const KEPT_MS = 600_000;

/** The jump between two decisions, if there was one. */
export const jumpBetween = (beforeMs: EpochMs, nowMs: EpochMs): ClockJump | undefined => {
  const step = nowMs - beforeMs;
  return step > LONGEST_STEP_MS || step < -LONGEST_STEP_BACK_MS
    ? { fromMs: beforeMs, byMs: step - Math.sign(step) * 1000 }
    : undefined;
};

/** Jumps that may still matter, with a new one; at most three. */
export const keepJumps = (
  jumps: readonly ClockJump[],
  jump: ClockJump | undefined,
  nowMs: EpochMs,
): readonly ClockJump[] => {
  if (jumps.length === 0 && jump === undefined) return jumps;
  const kept = jumps.filter(({ fromMs, byMs }) =>
    byMs > 0 ? nowMs < fromMs + byMs + KEPT_MS : nowMs < fromMs + KEPT_MS,
  );
  return (jump === undefined ? kept : [...kept, jump]).slice(-3);
};

/** A stamp as the present clock would have written it. */
export const byPresentClock = (stampMs: EpochMs, jumps: readonly ClockJump[], nowMs: EpochMs): EpochMs => {
  if (jumps.length === 0) return stampMs;
  let ms = stampMs;
  for (const { fromMs, byMs } of jumps) {
    if (byMs > 0) {
      if (ms <= fromMs) ms += byMs;
    } else if (ms > nowMs || ms < fromMs + byMs) {
      // Stamps between the new start and now could be either clock's; they are taken as new.
      ms += byMs;
    }
  }
  return ms;
};
