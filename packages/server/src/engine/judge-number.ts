import { verdict, type EpochMs, type NumberFacts, type Verdict } from '@qianhu/core';
import { zonesOf, type CampaignContext, type CampaignList } from './campaign-context.ts';
import type { NumberPast } from './number-past.ts';
import type { verdictTrunk } from './trunk-book.ts';

/** The explained verdict for one number through one trunk. */
export const judgeNumber = (
  context: CampaignContext,
  of: {
    readonly nowMs: EpochMs;
    readonly facts: NumberFacts;
    readonly zone: string;
    readonly list: CampaignList;
    readonly past: NumberPast;
    readonly trunk: ReturnType<typeof verdictTrunk>;
  },
): Verdict =>
  verdict({
    nowMs: of.nowMs,
    number: {
      number: of.facts.e164,
      country: of.facts.country,
      kind: of.facts.kind,
      zones: zonesOf(of.zone),
      ...(of.past.invalidSinceMs === undefined ? {} : { invalidSinceMs: of.past.invalidSinceMs }),
    },
    campaignId: context.id,
    list: of.list,
    consent: of.list.consentAtMs === undefined ? { kind: 'none' } : { kind: 'given', atMs: of.list.consentAtMs },
    dnc: of.past.dnc,
    history: of.past.history,
    rules: context.rules,
    voice: context.settings.voice,
    hasOwnAgent: false,
    trunk: of.trunk,
  });
