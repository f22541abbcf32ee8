/** A legal window over which dropped calls are counted against people who answered. Successive periods from `anchorMs`. */
export type LegalWindow = {
  readonly name: string;
  readonly lengthMs: number;
  /** Any instant at which a period begins (local midnight for a day, the campaign's first day for 30 days). */
  readonly anchorMs: number;
  /** Greatest share (0–1) of people who answered that may be dropped. */
  readonly limit: number;
};

/** What the supervisor and the rule pack decide. Times in milliseconds, shares 0–1. */
export type RiskPacerSettings = {
  /** Every window counts; the tightest one rules. At least one. */
  readonly windows: readonly LegalWindow[];
  /** Share of the limit that is aimed at; the rest is a margin for chance. */
  readonly aim: number;
  /** From the end of the callee's greeting until the call counts as dropped. */
  readonly graceMs: number;
  readonly ringTimeoutMs: number;
  /** Hang up lines that have rung this long when the risk is high; `undefined` never does. Not under the legal minimum. */
  readonly shedAfterMs?: number;
  /** Least time a callee must be let ring before we hang up. */
  readonly minRingMs: number;
  /** Tested share (0–1) of people who are taken for machines and hung up on; charged to the budget. 0 without detection. */
  readonly falsePositiveRate: number;
  /** What is believed before the first call. */
  readonly prior: {
    readonly answerRate: number;
    readonly talkSec: number;
    readonly wrapUpSec: number;
  };
};

/** Day in milliseconds. */
export const DAY_MS = 86_400_000;

/** Three per cent a day, two seconds, 25 s of ringing, shedding after 15 s (16 CFR 310.4(b)(4) and Ofcom's minimum ring). */
export const defaultRiskPacerSettings: RiskPacerSettings = {
  windows: [{ name: 'day', lengthMs: DAY_MS, anchorMs: 0, limit: 0.03 }],
  aim: 2.8 / 3,
  graceMs: 2000,
  ringTimeoutMs: 25_000,
  shedAfterMs: 15_000,
  minRingMs: 15_000,
  falsePositiveRate: 0,
  prior: { answerRate: 0.3, talkSec: 120, wrapUpSec: 20 },
};

/** Why settings are refused. Codes for messages, with the field at fault. */
export type PacingSettingsProblem = { readonly field: string; readonly code: string; readonly limit?: number };

/** Checks settings; empty when they can be used. Nonsense is refused, never silently mended. */
export const checkRiskPacerSettings = (settings: RiskPacerSettings): readonly PacingSettingsProblem[] => {
  const problems: PacingSettingsProblem[] = [];
  const within = (field: string, value: number, low: number, high: number): void => {
    if (!(value >= low)) problems.push({ field, code: 'tooSmall', limit: low });
    else if (!(value <= high)) problems.push({ field, code: 'tooLarge', limit: high });
  };
  if (settings.windows.length === 0) problems.push({ field: 'windows', code: 'missing' });
  for (const [i, window] of settings.windows.entries()) {
    // Above ten per cent no rule known to us allows a dialer at all; the laws that give a number say three.
    within(`windows.${i}.limit`, window.limit, 0, 0.1);
    within(`windows.${i}.lengthMs`, window.lengthMs, 3_600_000, 366 * DAY_MS);
    if (!Number.isFinite(window.anchorMs)) problems.push({ field: `windows.${i}.anchorMs`, code: 'notANumber' });
  }
  within('aim', settings.aim, 0, 1);
  within('graceMs', settings.graceMs, 0, 10_000);
  within('minRingMs', settings.minRingMs, 0, 60_000);
  within('ringTimeoutMs', settings.ringTimeoutMs, settings.minRingMs, 120_000);
  if (settings.shedAfterMs !== undefined) within('shedAfterMs', settings.shedAfterMs, settings.minRingMs, 120_000);
  within('falsePositiveRate', settings.falsePositiveRate, 0, 1);
  within('prior.answerRate', settings.prior.answerRate, 0.001, 1);
  within('prior.talkSec', settings.prior.talkSec, 1, 7200);
  within('prior.wrapUpSec', settings.prior.wrapUpSec, 0, 3600);
  return problems;
};
