import { z } from 'zod';
import { agentView } from './agent.ts';
import { campaignView } from './campaigns.ts';
import { listOf } from './common.ts';
import { defineRoute } from './route.ts';

export const floor = z
  .object({
    campaigns: listOf(campaignView).meta({ description: 'Campaigns that are not over.' }),
    agents: listOf(agentView).meta({ description: 'Agents.' }),
  })
  .meta({ id: 'Floor', description: 'Everything at this moment.', examples: [{ campaigns: [], agents: [] }] });
export type Floor = z.infer<typeof floor>;

export const floorRoutes = {
  getFloor: defineRoute({
    method: 'GET',
    path: '/floor',
    operationId: 'getFloor',
    tag: 'floor',
    summary: 'All campaigns and agents at this moment',
    access: ['administrator', 'supervisor'],
    response: floor,
  }),
} as const;
