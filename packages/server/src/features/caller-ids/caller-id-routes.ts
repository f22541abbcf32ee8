import { callerIdRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute, DONE } from '../../http/route.ts';
import type { CallerIdService } from './caller-id-service.ts';

/** Caller IDs that rest. */
export const registerCallerIdRoutes = (
  app: FastifyInstance,
  { callerIds }: { readonly callerIds: CallerIdService },
): void => {
  addRoute(app, callerIdRoutes.listCallerIdRests, () => callerIds.rests());
  addRoute(app, callerIdRoutes.endCallerIdRest, async ({ params, viewer, audit }) => {
    audit({ details: { number: params.number } });
    await callerIds.endRest(params.number, viewer.userId);
    return DONE;
  });
};
