import { dncRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute, DONE } from '../../http/route.ts';
import { registerUploads, uploadedFile } from '../../http/uploads.ts';
import type { DncService } from './dnc-service.ts';

/** The do-not-call list. */
export const registerDncRoutes = async (app: FastifyInstance, { dnc }: { readonly dnc: DncService }): Promise<void> => {
  await registerUploads(app);
  addRoute(app, dncRoutes.listDnc, ({ query }) => dnc.page(query));
  addRoute(app, dncRoutes.addDnc, async ({ body, viewer, audit }) => {
    const entry = await dnc.add(body, viewer.userId);
    audit({ subjectId: entry.entryId, details: { campaignId: entry.campaignId ?? null } });
    return entry;
  });
  addRoute(app, dncRoutes.addDncFile, async ({ request, query, viewer, audit }) => {
    const { stream } = await uploadedFile(request);
    const result = await dnc.addFile(stream, query, viewer.userId);
    const { added, existing, rejected } = result;
    audit({ details: { added, existing, rejected, campaignId: query.campaignId ?? null } });
    return result;
  });
  addRoute(app, dncRoutes.removeDnc, async ({ params, body, audit }) => {
    const entry = await dnc.remove(params.entryId);
    // The number stands in the audit: why somebody may be called again must be answerable later.
    audit({ details: { reason: body.reason, number: entry.number, campaignId: entry.campaignId ?? null } });
    return DONE;
  });
};
