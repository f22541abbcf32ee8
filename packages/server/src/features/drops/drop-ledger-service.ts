import type { DropLedger, LedgerRow } from '@qianhu/contracts';
import {
  DAY_MS,
  evidence,
  evidenceCsv,
  localDay,
  rulePackAt,
  startOfDayMs,
  type CampaignId,
  type EpochMs,
  type EvidenceRow,
  type LedgerSpan,
  type LedgerTally,
  type RulePack,
} from '@qianhu/core';
import type { Clock } from '../../platform/clock.ts';
import type { CampaignService } from '../campaigns/campaign-service.ts';

export type LedgerStore = {
  /** When the first call of a campaign was answered. */
  firstAnswer(campaignId: CampaignId): Promise<EpochMs | undefined>;
  /** Answered calls that are judged, in as many tallies as there are quarters of an hour with any, each within one period of `anchorMs`. */
  tallies(campaignId: CampaignId, anchorMs: EpochMs, graceMs: number): Promise<readonly LedgerTally[]>;
  /** The zone of most of the campaign's callees; undefined when none is known. */
  zone(campaignId: CampaignId): Promise<string | undefined>;
};

/** The drop ledger of a campaign, from its calls: nothing is kept beside them that could differ. */
export interface DropLedgerService {
  ledger(campaignId: CampaignId): Promise<DropLedger>;
  /** RFC 4180, periods oldest first; instants in UTC. */
  csv(campaignId: CampaignId): Promise<string>;
}

const dayStartIn =
  (zone: string) =>
  (atMs: EpochMs): EpochMs => {
    const day = localDay(zone, atMs);
    return (day === undefined ? undefined : startOfDayMs(zone, day)) ?? Math.floor(atMs / DAY_MS) * DAY_MS;
  };

const RULING: Readonly<Record<RulePack['drop']['period'], DropLedger['ruling']>> = {
  day: 'day',
  // Ofcom's 24 hours run from midnight to midnight.
  rolling24h: 'day',
  rolling30d: '30days',
};

export const createDropLedgerService = (deps: {
  readonly store: LedgerStore;
  readonly campaigns: Pick<CampaignService, 'get'>;
  readonly clock: Clock;
}): DropLedgerService => {
  const evidenceOf = async (campaignId: CampaignId) => {
    const campaign = await deps.campaigns.get(campaignId);
    const { drop } = rulePackAt(campaign.settings.rulePack, deps.clock.now());
    const graceMs = drop.connectWithinMs;
    const firstMs = campaign.startedAtMs ?? (await deps.store.firstAnswer(campaignId)) ?? deps.clock.now();
    const [tallies, zone = 'UTC'] = await Promise.all([
      deps.store.tallies(campaignId, firstMs, graceMs),
      deps.store.zone(campaignId),
    ]);
    const dayStartOf = dayStartIn(zone);
    const spans: readonly LedgerSpan[] = [
      { kind: 'periods', name: '30days', anchorMs: dayStartOf(firstMs), lengthMs: 30 * DAY_MS },
      { kind: 'periods', name: '24hours', anchorMs: firstMs, lengthMs: DAY_MS },
      { kind: 'days', name: 'day', dayStartOf },
    ];
    const { mode } = campaign.settings;
    const limit = mode.kind === 'predictive' ? Math.min(mode.dropLimit, drop.limit) : drop.limit;
    // Nothing that answers is hung up on as a machine: there are no people to be mistaken for one.
    const rows = evidence(tallies, spans, { limit, errors: { falsePositives: 0 } });
    return { rows, zone, limit, graceMs, dayStartOf, ruling: RULING[drop.period] };
  };

  return {
    async ledger(campaignId) {
      const { rows, zone, limit, graceMs, dayStartOf, ruling } = await evidenceOf(campaignId);
      const endOf = ({ span, fromMs }: EvidenceRow): EpochMs =>
        span === '30days'
          ? fromMs + 30 * DAY_MS
          : // A civil day may have 23 or 25 hours: noon of the next is in the next in any case.
            span === 'day'
            ? dayStartOf(fromMs + 1.5 * DAY_MS)
            : fromMs + DAY_MS;
      return {
        limit,
        graceMs,
        ruling,
        zone,
        rows: [...rows].reverse().map((row) => ({
          span: row.span as LedgerRow['span'],
          fromMs: row.fromMs,
          toMs: endOf(row),
          ...row.counts,
          ftc: row.rates.ftc,
          ofcom: row.rates.ofcom,
          callLoss: row.rates.callLoss,
          likelyLow: row.rates.ftcInterval.low,
          likelyHigh: row.rates.ftcInterval.high,
          isWithinLimit: row.isWithinLimit,
        })),
      };
    },
    async csv(campaignId) {
      return evidenceCsv((await evidenceOf(campaignId)).rows);
    },
  };
};
