import { z } from 'zod';
import { count } from './common.ts';
import { defineRoute } from './route.ts';

export const demoStatus = z
  .object({
    isLoaded: z.boolean().meta({ description: 'Whether a demonstration is loaded.', examples: [true] }),
    campaigns: count,
    lists: count,
    trunks: count,
    agents: count,
  })
  .meta({
    id: 'DemoStatus',
    description: 'What belongs to the demonstration.',
    examples: [{ isLoaded: true, campaigns: 1, lists: 1, trunks: 1, agents: 4 }],
  });
export type DemoStatus = z.infer<typeof demoStatus>;

export const demoRoutes = {
  getDemo: defineRoute({
    method: 'GET',
    path: '/demo',
    operationId: 'getDemo',
    tag: 'demo',
    summary: 'Whether a demonstration is loaded',
    access: 'session',
    response: demoStatus,
  }),
  removeDemo: defineRoute({
    method: 'DELETE',
    path: '/demo',
    operationId: 'removeDemo',
    tag: 'demo',
    summary: 'Stops and removes the demonstration',
    description:
      'Its campaigns are stopped, its calls hung up, its leads, people and trunk removed. Nothing else is touched.',
    access: ['administrator'],
    response: demoStatus,
    problems: [409, 503],
  }),
} as const;
