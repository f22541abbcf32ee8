import { ALWAYS_OPEN, defaultCampaignSettings, type ListId, type PhoneNumber } from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import type { CampaignContext } from './campaign-context.ts';
import type { LeadInCall } from './dial-order.ts';
import { leadAfterDisposal, type LeadDisposal } from './lead-plan.ts';

const NOW = Date.UTC(2026, 2, 3, 2, 0, 0);
const HOUR = 3_600_000;

const context = (maxAttempts: number): CampaignContext => {
  const settings = { ...defaultCampaignSettings, retry: { ...defaultCampaignSettings.retry, maxAttempts } };
  return { settings, rules: { window: ALWAYS_OPEN } } as unknown as CampaignContext;
};
const lead = (attempts = 1): LeadInCall => ({
  leadId: '7',
  listId: 'list' as ListId,
  numbers: ['+8613900000001', '+8613900000002'] as PhoneNumber[],
  numberIndex: 1,
  zone: 'Asia/Shanghai',
  attempts,
  outcomeCounts: {},
});
const after = (disposal: LeadDisposal, attempts = 1, maxAttempts = 5) =>
  leadAfterDisposal(context(maxAttempts), lead(attempts), disposal, 'answered', NOW);

describe('a lead after a person’s result', () => {
  it.each(['done', 'optOut'] as const)('is done when the result is %s', (effect) => {
    expect(after({ code: 'sale', effect })).toEqual({
      id: '7',
      state: 'done',
      done_reason: 'disposition:sale',
      next_at: new Date(NOW).toISOString(),
      is_callback: false,
      number_index: 1,
      last_outcome: 'answered',
      outcome_counts: { answered: 1 },
    });
  });

  it('is called again on the same number when the person asked for it', () => {
    const at = NOW + 26 * HOUR;
    expect(after({ code: 'later', effect: 'callback', callbackAtMs: at })).toMatchObject({
      state: 'ready',
      is_callback: true,
      number_index: 1,
      next_at: new Date(at).toISOString(),
      done_reason: null,
    });
  });

  it('is tried again later, and never before now', () => {
    const patch = after({ code: 'again', effect: 'retry' });
    expect(patch).toMatchObject({ state: 'ready', is_callback: false });
    expect(Date.parse(patch.next_at)).toBeGreaterThan(NOW);
  });

  it('is done with the reason when its attempts are used up, whatever the person wishes', () => {
    expect(after({ code: 'again', effect: 'retry' }, 3, 3)).toMatchObject({ state: 'done', is_callback: false });
  });

  it('counts an outcome only when it is given one', () => {
    expect(leadAfterDisposal(context(5), lead(), { code: 'sale', effect: 'done' }, null, NOW).last_outcome).toBeNull();
  });
});
