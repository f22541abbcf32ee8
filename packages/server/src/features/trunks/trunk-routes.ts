import { trunkRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute, DONE } from '../../http/route.ts';
import { maskNumber } from '../../http/viewer.ts';
import type { TrunkService } from './trunk-service.ts';

/** Lines to carriers. */
export const registerTrunkRoutes = (app: FastifyInstance, { trunks }: { readonly trunks: TrunkService }): void => {
  addRoute(app, trunkRoutes.listTrunks, async () => {
    const items = await trunks.list();
    return { items, total: items.length };
  });
  addRoute(app, trunkRoutes.getTrunk, ({ params }) => trunks.get(params.trunkId));
  addRoute(app, trunkRoutes.createTrunk, async ({ body, audit }) => {
    const trunk = await trunks.create(body);
    audit({ subjectId: trunk.trunkId, details: { name: trunk.name, host: trunk.settings.host } });
    return trunk;
  });
  addRoute(app, trunkRoutes.updateTrunk, async ({ params, body, audit }) => {
    audit({ details: { fields: Object.keys(body) } });
    return trunks.update(params.trunkId, body);
  });
  addRoute(app, trunkRoutes.deleteTrunk, async ({ params }) => {
    await trunks.delete(params.trunkId);
    return DONE;
  });
  addRoute(app, trunkRoutes.testTrunk, async ({ params, body, request, audit }) => {
    audit({ details: { number: maskNumber(body.number) } });
    // Whoever closes the page ends the test call.
    const gone = new AbortController();
    request.raw.socket.once('close', () => {
      gone.abort();
    });
    return trunks.test(params.trunkId, body.number, { ringTimeoutMs: body.ringTimeoutMs, signal: gone.signal });
  });
};
