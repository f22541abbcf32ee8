import { planRetry, type DispositionEffect, type EpochMs, type Outcome } from '@qianhu/core';
import { zonesOf, type CampaignContext } from './campaign-context.ts';
import type { LeadInCall } from './dial-order.ts';
import { iso, type LeadPatch } from './rows.ts';

/** What a person's result says of the lead. */
export type LeadDisposal = {
  readonly code: string;
  readonly effect: DispositionEffect;
  readonly callbackAtMs?: EpochMs;
};

/** The lead's next step by a person's result. `outcome` is counted unless it has been (null). */
export const leadAfterDisposal = (
  context: CampaignContext,
  lead: LeadInCall,
  disposal: LeadDisposal,
  outcome: Outcome | null,
  atMs: EpochMs,
): LeadPatch => {
  const base = {
    id: lead.leadId,
    number_index: lead.numberIndex,
    last_outcome: outcome,
    outcome_counts: outcome === null ? null : counted(lead, outcome),
  };
  const done: LeadPatch = {
    ...base,
    state: 'done',
    done_reason: `disposition:${disposal.code}`,
    next_at: iso(atMs),
    is_callback: false,
  };
  if (disposal.effect === 'done' || disposal.effect === 'optOut') return done;
  const isCallback = disposal.effect === 'callback' && disposal.callbackAtMs !== undefined;
  const plan = planRetry({
    nowMs: atMs,
    // "Try again" after a talk follows the rule for no answer: the person was not there for us.
    outcome: 'noAnswer',
    numberIndex: lead.numberIndex,
    numbers: lead.numbers.map(() => ({ isUsable: true, zones: zonesOf(lead.zone) })),
    attempts: lead.attempts,
    attemptsByOutcome: lead.outcomeCounts,
    policy: context.settings.retry,
    window: context.rules.window,
    ...(isCallback ? { callback: { atMs: disposal.callbackAtMs ?? atMs, numberIndex: lead.numberIndex } } : {}),
  });
  if (plan.kind === 'done') return { ...done, done_reason: plan.reason };
  return {
    ...base,
    state: 'ready',
    done_reason: null,
    next_at: iso(plan.atMs),
    is_callback: isCallback,
    number_index: plan.numberIndex,
  };
};

/** The lead's next step by the campaign's retry rule. A campaign that is gone asks for nothing more. */
export const leadAfterOutcome = (
  context: CampaignContext | undefined,
  lead: LeadInCall,
  outcome: Outcome,
  atMs: EpochMs,
): LeadPatch => {
  const base = { id: lead.leadId, is_callback: false, last_outcome: outcome, outcome_counts: counted(lead, outcome) };
  const done = (reason: string): LeadPatch => ({
    ...base,
    state: 'done',
    done_reason: reason,
    next_at: iso(atMs),
    number_index: lead.numberIndex,
  });
  if (context === undefined) return done('campaignGone');
  const plan = planRetry({
    nowMs: atMs,
    outcome,
    numberIndex: lead.numberIndex,
    numbers: lead.numbers.map((_number, index) => ({
      isUsable: !(index === lead.numberIndex && outcome === 'invalidNumber'),
      zones: zonesOf(lead.zone),
    })),
    attempts: lead.attempts,
    attemptsByOutcome: counted(lead, outcome),
    policy: context.settings.retry,
    window: context.rules.window,
  });
  if (plan.kind === 'done') return done(plan.reason);
  return { ...base, state: 'ready', done_reason: null, next_at: iso(plan.atMs), number_index: plan.numberIndex };
};

const counted = (lead: LeadInCall, outcome: Outcome): Readonly<Record<string, number>> => ({
  ...lead.outcomeCounts,
  [outcome]: (lead.outcomeCounts[outcome] ?? 0) + 1,
});
