import { z } from 'zod';
import { campaignPhase, verdict } from './campaigns.ts';
import { campaignId, epochMs, leadId, listOf, shownNumber } from './common.ts';
import { defineRoute } from './route.ts';

/** What besides the rules keeps a lead from being dialled now. Shown: never rename, only add. */
export const LEAD_WAITS = ['leadDone', 'inCall', 'notDue', 'campaignNotRunning', 'campaignLimited'] as const;
export type LeadWait = (typeof LEAD_WAITS)[number];

const leadWait = z.object({
  code: z.enum(LEAD_WAITS).meta({ description: 'What keeps it.', examples: ['notDue'] }),
  detail: z.exactOptional(z.string()).meta({
    description: 'leadDone: why; campaignNotRunning: its phase; campaignLimited: why it dials no more lines.',
    examples: ['noAgents'],
  }),
  atMs: z.exactOptional(epochMs).meta({ description: 'notDue: when its time comes.' }),
});

const leadWhyInCampaign = z.object({
  campaignId,
  name: z.string().meta({ description: 'Name.', examples: ['十一月回访'] }),
  phase: campaignPhase,
  waits: listOf(leadWait).meta({ description: 'What keeps it besides the rules; all at once.' }),
  numbers: listOf(
    z.object({
      number: shownNumber,
      isNext: z.boolean().meta({ description: 'Tried next.', examples: [true] }),
      isInCall: z.boolean().meta({ description: 'In a call at this moment, by whomever.', examples: [false] }),
      verdict,
    }),
  ).meta({ description: 'The rules’ answer for each of its numbers, without a trunk.' }),
});

export const leadWhy = z
  .object({
    atMs: epochMs,
    campaigns: listOf(leadWhyInCampaign).meta({ description: 'Each campaign with its list; the newest first.' }),
  })
  .meta({ id: 'LeadWhy', description: 'Why a lead is or is not dialled at this moment.' });
export type LeadWhy = z.infer<typeof leadWhy>;

export const leadWhyRoutes = {
  getLeadWhy: defineRoute({
    method: 'GET',
    path: '/leads/:leadId/why',
    operationId: 'getLeadWhy',
    tag: 'lists',
    summary: 'Why a lead is or is not dialled at this moment',
    access: ['administrator', 'supervisor'],
    params: z.object({ leadId }),
    response: leadWhy,
    problems: [404],
  }),
} as const;
