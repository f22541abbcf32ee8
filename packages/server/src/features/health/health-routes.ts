import { healthRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../../http/route.ts';
import type { HealthService } from './health-service.ts';

/** Health: up or not for everybody, the details for whoever is logged in. */
export const registerHealthRoutes = (app: FastifyInstance, { health }: { readonly health: HealthService }): void => {
  addRoute(app, healthRoutes.getHealth, async ({ viewer, reply }) => {
    const answer = await health.check({ withDetails: viewer !== undefined && viewer.role !== 'agent' });
    if (!answer.isUp) reply.code(503);
    return answer;
  });
};
