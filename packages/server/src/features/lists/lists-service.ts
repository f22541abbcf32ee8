import type { CreateList, LeadDetail, LeadsQuery, LeadView, ListsQuery, ListView, UpdateList } from '@qianhu/contracts';
import type { CampaignId, ListId } from '@qianhu/core';
import { rm } from 'node:fs/promises';
import { AppError } from '../../errors.ts';
import { isRegion } from '../../numbers/numbering-plan.ts';
import { numberPrefixes } from '../../numbers/number-search.ts';
import type { Page } from '../../platform/cursor.ts';
import type { IdSource } from '../../platform/ids.ts';
import type { ListInUse, ListsStore } from './lists-store.ts';

export type ListsService = ReturnType<typeof createListsService>;

const whyInUse = (inUse: ListInUse): AppError => {
  switch (inUse.kind) {
    case 'campaigns':
      return new AppError('conflict', `The list is in use by ${inUse.names.join(', ')}. Stop the campaign first.`, {
        details: { reason: 'campaigns', campaigns: inUse.names },
      });
    case 'calls':
      return new AppError('conflict', 'A lead of this list is in a call. Wait until it has ended.', {
        details: { reason: 'calls' },
      });
    case 'import':
      return new AppError('conflict', 'An import into this list is running. Cancel it first.', {
        details: { reason: 'import' },
      });
  }
};

/** Lists and the leads in them. */
export const createListsService = (deps: {
  readonly store: ListsStore;
  readonly ids: IdSource;
  /** Has a campaign read its lists anew, so that a withdrawn consent holds from the next dial on. */
  readonly reloadCampaign?: (campaignId: CampaignId) => Promise<void>;
}) => {
  const { store } = deps;
  const need = async (listId: string): Promise<ListView> => {
    const list = await store.find(listId);
    if (list === undefined) throw new AppError('notFound', 'There is no such list.');
    return list;
  };
  const putConsent = async (listId: string, evidence: string | undefined): Promise<void> => {
    if (!(await store.putConsent(listId, evidence))) throw new AppError('notFound', 'There is no such list.');
    for (const campaignId of await store.campaignsOf(listId)) await deps.reloadCampaign?.(campaignId);
  };
  return {
    create: async (list: CreateList): Promise<ListView> => {
      if (!isRegion(list.defaultRegion))
        throw new AppError(
          'invalid',
          `The region ${list.defaultRegion} is not known. Give an ISO 3166 code such as CN or US.`,
        );
      const listId = deps.ids.next<ListId>();
      await store.insert(listId, list);
      return need(listId);
    },

    get: need,
    page: (query: ListsQuery): Promise<Page<ListView>> => store.page(query),

    update: async (listId: string, change: UpdateList): Promise<ListView> => {
      await need(listId);
      if (change.name !== undefined) await store.rename(listId, change.name);
      if (change.consent !== undefined) await putConsent(listId, change.consent?.evidence);
      return need(listId);
    },

    /** As an import says it. Throws `AppError` `notFound`. */
    putConsent,

    /** Throws `AppError` `conflict` while a campaign, a call or an import uses the list. */
    remove: async (listId: string): Promise<void> => {
      const result = await store.remove(listId);
      if (result === undefined) throw new AppError('notFound', 'There is no such list.');
      if ('inUse' in result) throw whyInUse(result.inUse);
      await Promise.all(result.files.map((file) => rm(file, { force: true })));
    },

    leads: async (listId: string, query: LeadsQuery): Promise<Page<LeadView>> => {
      const list = await need(listId);
      const prefixes = query.number === undefined ? undefined : numberPrefixes(query.number, list.defaultRegion);
      return store.leads(listId, query, prefixes);
    },

    lead: async (leadId: string): Promise<LeadDetail> => {
      const lead = await store.lead(leadId);
      if (lead === undefined) throw new AppError('notFound', 'There is no such lead.');
      return lead;
    },
  };
};
