import type { Campaign, CampaignCheck, CampaignSettingsPatch, UserId } from '@qianhu/contracts';
import {
  defaultCampaignSettings,
  rulePackAt,
  type AgentId,
  type CampaignId,
  type CampaignSettings,
} from '@qianhu/core';
import type { z } from 'zod';
import type { campaignSummary } from '@qianhu/contracts';
import type { Engine } from '../../engine/port.ts';
import { AppError } from '../../errors.ts';
import type { Viewer } from '../../http/viewer.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Page } from '../../platform/cursor.ts';
import type { IdSource } from '../../platform/ids.ts';
import type { Logger } from '../../platform/log.ts';
import { checkCampaign } from './campaign-checks.ts';
import type { CampaignStore, StoredCampaign } from './campaign-store.ts';

export type CampaignDeps = {
  readonly store: CampaignStore;
  readonly engine: Pick<
    Engine,
    | 'startCampaign'
    | 'pauseCampaign'
    | 'drainCampaign'
    | 'stopCampaign'
    | 'reloadCampaign'
    | 'campaign'
    | 'agent'
    | 'trunkState'
  >;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
};

export type CampaignDraft = {
  readonly name: string;
  readonly settings: CampaignSettingsPatch;
  readonly agentIds?: readonly UserId[];
};

export type CampaignCommand = 'start' | 'pause' | 'drain' | 'stop';

/** Campaigns: settings in the database, life in the engine. */
export interface CampaignService {
  page(query: { readonly cursor?: string; readonly limit: number }): Promise<Page<z.output<typeof campaignSummary>>>;
  get(campaignId: CampaignId): Promise<Campaign>;
  create(draft: CampaignDraft, by: Viewer | undefined): Promise<Campaign>;
  update(campaignId: CampaignId, change: Partial<CampaignDraft>): Promise<Campaign>;
  delete(campaignId: CampaignId): Promise<void>;
  checkDraft(draft: CampaignDraft): Promise<readonly CampaignCheck[]>;
  check(campaignId: CampaignId): Promise<readonly CampaignCheck[]>;
  /** `start` is refused with all problems when an error stands. */
  command(campaignId: CampaignId, command: CampaignCommand): Promise<Campaign>;
}

export const createCampaignService = ({ store, engine, clock, ids, log }: CampaignDeps): CampaignService => {
  const found = async (campaignId: CampaignId): Promise<StoredCampaign> => {
    const campaign = await store.find(campaignId);
    if (campaign === undefined) throw new AppError('notFound', 'There is no such campaign.');
    return campaign;
  };
  const problemsOf = async (
    settings: CampaignSettings,
    agentIds: readonly UserId[],
    ownId: CampaignId | undefined,
  ): Promise<readonly CampaignCheck[]> => {
    const enabled = await store.enabledUsers(agentIds);
    return checkCampaign(settings, {
      pack: rulePackAt(settings.rulePack, clock.now()),
      lists: await store.listFacts(settings.listIds, ownId),
      trunks: await store.trunkFacts(settings.trunkIds),
      trunkState: (trunkId) => engine.trunkState(trunkId),
      agentIds: enabled,
      hasAgentAtWork: enabled.some((userId) => {
        const phase = engine.agent(userId as string as AgentId)?.phase;
        return phase !== undefined && phase !== 'loggedOut' && phase !== 'connecting';
      }),
    });
  };
  const isDemoOf = async (settings: CampaignSettings): Promise<boolean> => {
    const lists = await store.listFacts(settings.listIds, undefined);
    const unknown = settings.listIds.filter((listId) => !lists.some((list) => list.listId === listId));
    if (unknown.length > 0)
      throw new AppError('invalid', 'A list does not exist.', {
        details: { errors: [{ path: 'settings.listIds', message: 'Unknown list.', code: 'unknownList' }] },
      });
    const isDemo = lists.some((list) => list.isDemo);
    if (isDemo && lists.some((list) => !list.isDemo))
      throw new AppError('invalid', 'Lists of the demonstration and others cannot be mixed.', {
        details: { errors: [{ path: 'settings.listIds', message: 'Mixed.', code: 'demoMixed' }] },
      });
    return isDemo;
  };
  const knownAgents = async (agentIds: readonly UserId[]): Promise<void> => {
    const known = await store.enabledUsers(agentIds);
    if (known.length < new Set(agentIds).size)
      throw new AppError('invalid', 'An agent does not exist or may not log in.', {
        details: { errors: [{ path: 'agentIds', message: 'Unknown agent.', code: 'unknownAgent' }] },
      });
  };
  const get = async (campaignId: CampaignId): Promise<Campaign> => {
    const campaign = await found(campaignId);
    const live = engine.campaign(campaignId);
    return live === undefined ? campaign : { ...campaign, phase: live.phase, live };
  };

  return {
    async page(query) {
      const page = await store.page(query);
      const items = await Promise.all(
        page.items.map(async (row) => {
          const live = engine.campaign(row.campaignId);
          const leads = live?.leads ?? (await store.leadTotals(row.campaignId));
          return { ...row, leads, ...(live === undefined ? {} : { phase: live.phase }) };
        }),
      );
      return { ...page, items };
    },
    get,

    async create(draft, by) {
      const settings: CampaignSettings = { ...defaultCampaignSettings, ...draft.settings };
      const isDemo = await isDemoOf(settings);
      const agentIds = draft.agentIds ?? (await store.allAgents(isDemo));
      await knownAgents(agentIds);
      const campaignId = ids.next<CampaignId>();
      await store.insert({ campaignId, name: draft.name, settings, agentIds, isDemo, createdBy: by?.userId });
      await tell(campaignId);
      return get(campaignId);
    },

    async update(campaignId, change) {
      const before = await found(campaignId);
      const settings = change.settings === undefined ? undefined : { ...before.settings, ...change.settings };
      const isDemo = settings === undefined ? undefined : await isDemoOf(settings);
      if (change.agentIds !== undefined) await knownAgents(change.agentIds);
      const isLive = before.phase === 'running' || before.phase === 'paused' || before.phase === 'draining';
      if (isLive && settings !== undefined) {
        const problems = await problemsOf(settings, change.agentIds ?? before.agentIds, campaignId);
        refuseErrors(problems, 'A campaign in progress cannot take these settings.');
      }
      await store.update(campaignId, {
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(settings === undefined ? {} : { settings }),
        ...(change.agentIds === undefined ? {} : { agentIds: change.agentIds }),
        ...(isDemo === undefined ? {} : { isDemo }),
      });
      await tell(campaignId);
      return get(campaignId);
    },

    async delete(campaignId) {
      await found(campaignId);
      if (!(await store.deleteDraft(campaignId)))
        throw new AppError('conflict', 'Only a campaign that never dialled can be removed; its history is kept.');
      await tell(campaignId);
    },

    async checkDraft(draft) {
      const settings: CampaignSettings = { ...defaultCampaignSettings, ...draft.settings };
      const lists = await store.listFacts(settings.listIds, undefined);
      const agentIds = draft.agentIds ?? (await store.allAgents(lists.some((list) => list.isDemo)));
      return problemsOf(settings, agentIds, undefined);
    },

    async check(campaignId) {
      const campaign = await found(campaignId);
      return problemsOf(campaign.settings, campaign.agentIds, campaignId);
    },

    async command(campaignId, command) {
      const campaign = await found(campaignId);
      switch (command) {
        case 'start':
          refuseErrors(
            await problemsOf(campaign.settings, campaign.agentIds, campaignId),
            'The campaign cannot start yet.',
          );
          await engine.startCampaign(campaignId);
          break;
        case 'pause':
          await engine.pauseCampaign(campaignId);
          break;
        case 'drain':
          await engine.drainCampaign(campaignId);
          break;
        case 'stop':
          await engine.stopCampaign(campaignId);
          break;
      }
      return get(campaignId);
    },
  };

  /** The rows are the truth: an engine that is away reads them when it comes. */
  async function tell(campaignId: CampaignId): Promise<void> {
    try {
      await engine.reloadCampaign(campaignId);
    } catch (error) {
      log.warn({ err: error, campaignId }, 'campaign was stored, the engine takes it over later');
    }
  }
};

const refuseErrors = (problems: readonly CampaignCheck[], message: string): void => {
  const errors = problems.filter((problem) => problem.severity === 'error');
  if (errors.length === 0) return;
  throw new AppError('conflict', `${message} ${errors.map((problem) => problem.message).join(' ')}`, {
    details: {
      errors: errors.map((problem) => ({ path: problem.field, message: problem.message, code: problem.code })),
    },
  });
};
