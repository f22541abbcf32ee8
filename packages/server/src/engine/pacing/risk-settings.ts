import {
  DAY_MS,
  defaultRiskPacerSettings,
  localDay,
  startOfDayMs,
  type CampaignSettings,
  type EpochMs,
  type LegalWindow,
  type RiskPacerSettings,
  type RulePack,
} from '@qianhu/core';

/** A shed line has rung at least this long, or longer where the rules say so. */
const SHED_AFTER_MS = 15_000;

/** Answers that an installation must have seen before they say more than the first guess does. */
const TELLING_DIALS = 200;

/**
 * The pacer's settings from a campaign's. Every campaign has a day that begins at its callees' midnight, so that a bad hour
 * is made good before the day ends; a pack with a longer period (the FTC's 30 days, counted from the campaign's first day)
 * adds that one. A period of 24 hours is the day (Ofcom counts from midnight to midnight).
 */
export const riskSettings = (
  settings: CampaignSettings,
  of: {
    readonly pack: RulePack;
    readonly dropLimit: number;
    /** Zone whose midnight ends the day: the callees'. */
    readonly zone: string;
    readonly startedAtMs: EpochMs;
    readonly nowMs: EpochMs;
    /** What this installation's dials came to so far. */
    readonly history: { readonly dials: number; readonly answers: number };
  },
): RiskPacerSettings => {
  const limit = Math.min(of.dropLimit, of.pack.drop.limit);
  const day: LegalWindow = { name: 'day', lengthMs: DAY_MS, anchorMs: dayStart(of.zone, of.nowMs), limit };
  const windows: LegalWindow[] = [day];
  if (of.pack.drop.period === 'rolling30d')
    windows.push({ name: '30days', lengthMs: 30 * DAY_MS, anchorMs: dayStart(of.zone, of.startedAtMs), limit });
  const minRingMs = Math.min(of.pack.minRingMs, settings.ringTimeoutMs);
  const shedAfterMs = Math.max(SHED_AFTER_MS, of.pack.minRingMs);
  const { prior, aim, falsePositiveRate } = defaultRiskPacerSettings;
  return {
    windows,
    aim,
    graceMs: Math.min(settings.agentWaitMs, of.pack.drop.connectWithinMs),
    ringTimeoutMs: settings.ringTimeoutMs,
    minRingMs,
    ...(shedAfterMs < settings.ringTimeoutMs ? { shedAfterMs } : {}),
    falsePositiveRate,
    prior: {
      answerRate: of.history.dials < TELLING_DIALS ? prior.answerRate : of.history.answers / of.history.dials,
      talkSec: prior.talkSec,
      wrapUpSec:
        settings.wrapUp.maxMs === null ? prior.wrapUpSec : Math.min(prior.wrapUpSec, settings.wrapUp.maxMs / 1000),
    },
  };
};

const dayStart = (zone: string, atMs: EpochMs): EpochMs => {
  const day = localDay(zone, atMs);
  return (day === undefined ? undefined : startOfDayMs(zone, day)) ?? Math.floor(atMs / DAY_MS) * DAY_MS;
};
