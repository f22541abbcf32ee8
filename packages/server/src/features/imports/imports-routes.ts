import { importRoutes } from '@qianhu/contracts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addRoute, DONE } from '../../http/route.ts';
import { registerUploads, uploadedFile } from '../../http/uploads.ts';
import type { ImportsService } from './imports-service.ts';

const sendReport = async (reply: FastifyReply, path: string, name: string): Promise<FastifyReply> => {
  const { size } = await stat(path);
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-length', size)
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(createReadStream(path));
};

/** Uploads, previews, runs and reports of imports. */
export const registerImportRoutes = async (
  app: FastifyInstance,
  { imports }: { readonly imports: ImportsService },
): Promise<void> => {
  await registerUploads(app);
  addRoute(app, importRoutes.uploadImport, async ({ request, viewer, audit }) => {
    const uploaded = await imports.upload({ ...(await uploadedFile(request)), userId: viewer.userId });
    audit({ subjectId: uploaded.import.importId, details: { fileBytes: uploaded.import.fileBytes } });
    return uploaded;
  });
  addRoute(app, importRoutes.listImports, ({ query }) => imports.page(query));
  addRoute(app, importRoutes.getImport, ({ params }) => imports.get(params.importId));
  addRoute(app, importRoutes.previewImport, ({ params, body }) =>
    imports.preview(params.importId, body.source, body.defaultRegion),
  );
  addRoute(app, importRoutes.startImport, ({ params, body, audit }) => {
    audit({ details: { listId: body.listId, ...(body.consent === undefined ? {} : { consent: body.consent }) } });
    return imports.start(params.importId, body);
  });
  addRoute(app, importRoutes.cancelImport, ({ params }) => imports.cancel(params.importId));
  addRoute(app, importRoutes.removeImportedLeads, async ({ params, audit }) => {
    const removed = await imports.removeLeads(params.importId);
    audit({ details: removed });
    return removed;
  });
  addRoute(app, importRoutes.deleteImport, async ({ params }) => {
    await imports.remove(params.importId);
    return DONE;
  });
  addRoute(app, importRoutes.downloadRejects, async ({ params, reply }) =>
    sendReport(reply, await imports.reportPath(params.importId, 'rejects'), 'rejects.csv'),
  );
  addRoute(app, importRoutes.downloadNotes, async ({ params, reply }) =>
    sendReport(reply, await imports.reportPath(params.importId, 'notes'), 'notes.csv'),
  );
};
