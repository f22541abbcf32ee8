import type { CallerIdRestView, UserId } from '@qianhu/contracts';
import type { CampaignId, EpochMs } from '@qianhu/core';
import { AppError } from '../../errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CallerIdStore } from './caller-id-store.ts';

export type CallerIdService = ReturnType<typeof createCallerIdService>;

/** Caller IDs that rest because fewer people answered them than usual. */
export const createCallerIdService = (deps: {
  readonly store: CallerIdStore;
  readonly clock: Clock;
  /** Has the engine read again which caller IDs rest, and look at the campaign's pace. */
  readonly reloadCampaign: (campaignId: CampaignId) => Promise<void>;
}) => ({
  rests: async (): Promise<{ readonly items: readonly CallerIdRestView[] }> => ({
    items: await deps.store.rests(deps.clock.now()),
  }),

  /** Throws `AppError` `notFound` when the number does not rest. */
  endRest: async (number: string, by: UserId | undefined): Promise<void> => {
    const nowMs: EpochMs = deps.clock.now();
    if (!(await deps.store.endRest(number, nowMs, by))) throw new AppError('notFound', 'This caller ID does not rest.');
    for (const campaignId of await deps.store.campaignsShowing(number)) await deps.reloadCampaign(campaignId);
  },
});
