import { leadWhyRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../../http/route.ts';
import type { LeadWhyService } from './lead-why-service.ts';

/** Why a lead is or is not dialled now. */
export const registerLeadWhyRoutes = (
  app: FastifyInstance,
  { leadWhy }: { readonly leadWhy: LeadWhyService },
): void => {
  addRoute(app, leadWhyRoutes.getLeadWhy, ({ params }) => leadWhy.explain(params.leadId));
};
