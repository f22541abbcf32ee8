import { pacingRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../../http/route.ts';
import type { DropLedgerService } from './drop-ledger-service.ts';

/** The drop ledger, to look at and as evidence. */
export const registerDropLedgerRoutes = (
  app: FastifyInstance,
  { drops }: { readonly drops: DropLedgerService },
): void => {
  addRoute(app, pacingRoutes.getDropLedger, ({ params }) => drops.ledger(params.campaignId));
  addRoute(app, pacingRoutes.exportDropLedger, async ({ params, reply }) =>
    reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="drop-ledger-${params.campaignId}.csv"`)
      .send(await drops.csv(params.campaignId)),
  );
};
