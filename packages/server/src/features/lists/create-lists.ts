import type { CampaignId } from '@qianhu/core';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database.ts';
import type { IdSource } from '../../platform/ids.ts';
import { createListsService, type ListsService } from './lists-service.ts';
import { createListsStore } from './lists-store.ts';

/** Builds the lists over a database. */
export const createLists = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly reloadCampaign?: (campaignId: CampaignId) => Promise<void>;
}): ListsService =>
  createListsService({
    store: createListsStore(deps.db, () => deps.clock.now()),
    ids: deps.ids,
    ...(deps.reloadCampaign === undefined ? {} : { reloadCampaign: deps.reloadCampaign }),
  });
