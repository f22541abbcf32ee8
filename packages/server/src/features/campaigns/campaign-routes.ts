import { campaignRoutes, type CampaignCheck } from '@qianhu/contracts';
import { defaultCampaignSettings } from '@qianhu/core';
import type { FastifyInstance } from 'fastify';
import { addRoute, DONE } from '../../http/route.ts';
import type { CampaignService } from './campaign-service.ts';

const asChecks = (problems: readonly CampaignCheck[]) => ({
  canStart: problems.every((problem) => problem.severity !== 'error'),
  problems,
});

/** Campaigns. */
export const registerCampaignRoutes = (
  app: FastifyInstance,
  { campaigns }: { readonly campaigns: CampaignService },
): void => {
  addRoute(app, campaignRoutes.listCampaigns, ({ query }) => campaigns.page(query));
  addRoute(app, campaignRoutes.getCampaignDefaults, () => Promise.resolve(defaultCampaignSettings));
  addRoute(app, campaignRoutes.checkNewCampaign, async ({ body }) => asChecks(await campaigns.checkDraft(body)));
  addRoute(app, campaignRoutes.createCampaign, async ({ body, viewer, audit }) => {
    const campaign = await campaigns.create(body, viewer);
    audit({ subjectId: campaign.campaignId, details: { name: campaign.name } });
    return campaign;
  });
  addRoute(app, campaignRoutes.getCampaign, ({ params }) => campaigns.get(params.campaignId));
  addRoute(app, campaignRoutes.updateCampaign, ({ params, body, audit }) => {
    audit({ details: { fields: Object.keys(body), settings: Object.keys(body.settings ?? {}) } });
    return campaigns.update(params.campaignId, body);
  });
  addRoute(app, campaignRoutes.deleteCampaign, async ({ params }) => {
    await campaigns.delete(params.campaignId);
    return DONE;
  });
  addRoute(app, campaignRoutes.checkCampaign, async ({ params }) => asChecks(await campaigns.check(params.campaignId)));
  addRoute(app, campaignRoutes.commandCampaign, ({ params, audit }) => {
    audit({ details: { command: params.command } });
    return campaigns.command(params.campaignId, params.command);
  });
};
