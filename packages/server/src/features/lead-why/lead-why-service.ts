import type { LeadWait, LeadWhy } from '@qianhu/contracts';
import {
  preVerdict,
  rulePackAt,
  tighten,
  type CampaignId,
  type CampaignSettings,
  type EpochMs,
  type ListId,
  type PhoneNumber,
} from '@qianhu/core';
import type { Pool } from 'pg';
import { zonesOf } from '../../engine/campaign-context.ts';
import { readNumberPasts } from '../../engine/number-past.ts';
import type { CampaignPhase, Engine } from '../../engine/port.ts';
import { AppError } from '../../errors.ts';
import { numberFacts } from '../../numbers/number-facts.ts';
import type { Clock } from '../../platform/clock.ts';

export type LeadWhyService = ReturnType<typeof createLeadWhyService>;

type LeadRow = {
  list_id: ListId;
  number: PhoneNumber;
  alt_numbers: PhoneNumber[] | null;
  zone: string;
  state: 'ready' | 'dialing' | 'done';
  done_reason: string | null;
  /** Null: always due. */
  next_at: string | null;
  number_index: number;
  demo: boolean;
  consent_at: Date | null;
};
type CampaignRow = { id: CampaignId; name: string; phase: CampaignPhase; settings: CampaignSettings };
type Wait = { readonly code: LeadWait; readonly detail?: string; readonly atMs?: EpochMs };

/** Most campaigns that are explained; a list that was dialled by more is asked about the newest. */
const MAX_CAMPAIGNS = 20;

/** Why a lead is or is not dialled at this moment. Reads only: it locks nothing that a dialer needs. */
export const createLeadWhyService = ({
  pool,
  engine,
  clock,
}: {
  readonly pool: Pool;
  readonly engine: Pick<Engine, 'campaign'>;
  readonly clock: Clock;
}) => ({
  /** Throws `AppError` `notFound`. */
  explain: async (leadId: string): Promise<LeadWhy> => {
    const nowMs = clock.now();
    const leads = await pool.query<LeadRow>(
      `SELECT d.list_id, d.number, d.alt_numbers, d.zone, d.state, d.done_reason, d.number_index, l.demo, l.consent_at,
              CASE WHEN isfinite(d.next_at) THEN round(extract(epoch FROM d.next_at) * 1000) END AS next_at
       FROM leads d JOIN lists l ON l.id = d.list_id WHERE d.id = $1`,
      [leadId],
    );
    const [lead] = leads.rows;
    if (lead === undefined) throw new AppError('notFound', 'There is no such lead.');
    const campaigns = await pool.query<CampaignRow>(
      `SELECT c.id, c.name, c.phase, c.settings FROM campaign_lists cl JOIN campaigns c ON c.id = cl.campaign_id
       WHERE cl.list_id = $1 ORDER BY c.id DESC LIMIT $2`,
      [lead.list_id, MAX_CAMPAIGNS],
    );
    return {
      atMs: nowMs,
      campaigns: await Promise.all(
        campaigns.rows.map(async (campaign) => {
          const live = engine.campaign(campaign.id);
          const phase = live?.phase ?? campaign.phase;
          return {
            campaignId: campaign.id,
            name: campaign.name,
            phase,
            waits: waitsOf(lead, phase, live?.limitedBy, nowMs),
            numbers: await judge(pool, lead, campaign, nowMs),
          };
        }),
      ),
    };
  },
});

/** Limits that say that lines are dialled as fast as they should be: the lead waits its turn, and nothing is wrong. */
const waitsOf = (lead: LeadRow, phase: CampaignPhase, limitedBy: string | undefined, nowMs: EpochMs): Wait[] => {
  const waits: Wait[] = [];
  const dueAtMs = lead.next_at === null ? undefined : Number(lead.next_at);
  if (lead.state === 'done')
    waits.push({ code: 'leadDone', ...(lead.done_reason === null ? {} : { detail: lead.done_reason }) });
  if (lead.state === 'dialing') waits.push({ code: 'inCall' });
  if (lead.state === 'ready' && dueAtMs !== undefined && dueAtMs > nowMs) waits.push({ code: 'notDue', atMs: dueAtMs });
  if (phase !== 'running') waits.push({ code: 'campaignNotRunning', detail: phase });
  // "No leads" is about leads that are due: of one that is not, the lines above have said so.
  else if (limitedBy !== undefined && limitedBy !== 'noLeads' && limitedBy !== 'windowClosed')
    waits.push({ code: 'campaignLimited', detail: limitedBy });
  return waits;
};

const judge = async (
  pool: Pool,
  lead: LeadRow,
  campaign: CampaignRow,
  nowMs: EpochMs,
): Promise<LeadWhy['campaigns'][number]['numbers']> => {
  const { settings } = campaign;
  const numbers = [lead.number, ...(lead.alt_numbers ?? [])];
  const pasts = await readNumberPasts(pool, numbers, campaign.id);
  const rules = tighten(rulePackAt(settings.rulePack, nowMs), settings);
  return numbers.flatMap((number, index) => {
    const past = pasts.get(number);
    if (past === undefined) return [];
    const facts = numberFacts(number);
    const verdict = preVerdict({
      nowMs,
      number: {
        number,
        country: facts.country,
        kind: facts.kind,
        zones: zonesOf(lead.zone),
        ...(past.invalidSinceMs === undefined ? {} : { invalidSinceMs: past.invalidSinceMs }),
      },
      campaignId: campaign.id,
      list: { listId: lead.list_id, isDemo: lead.demo },
      consent: lead.consent_at === null ? { kind: 'none' } : { kind: 'given', atMs: lead.consent_at.getTime() },
      dnc: past.dnc,
      history: past.history,
      rules,
      voice: settings.voice,
      hasOwnAgent: false,
    });
    return [
      {
        number,
        isNext: index === lead.number_index,
        isInCall: past.hasOpenDial,
        verdict: { ...verdict, rules: verdict.rules.map((rule) => ({ ...rule, input: copied(rule.input) })) },
      },
    ];
  });
};

/** The contract's lists are arrays of their own. */
const copied = (input: Readonly<Record<string, string | number | boolean | null | readonly string[]>>) =>
  Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? [...value] : value,
    ]),
  );
