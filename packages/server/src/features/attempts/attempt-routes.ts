import { Readable } from 'node:stream';
import { attemptRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../../http/route.ts';
import { csvHead, csvRows } from './attempt-csv.ts';
import type { AttemptService } from './attempt-service.ts';

/** Attempts. */
export const registerAttemptRoutes = (
  app: FastifyInstance,
  { attempts }: { readonly attempts: AttemptService },
): void => {
  addRoute(app, attemptRoutes.listAttempts, ({ query, viewer }) => attempts.page(query, viewer));
  addRoute(app, attemptRoutes.exportAttempts, async ({ query, viewer, reply }) => {
    // Personal data leave the house: this read is written down like a change.
    await app.audit.record({
      viewer,
      action: 'exportAttempts',
      subjectType: 'attempts',
      details: { filter: Object.keys(query) },
    });
    const lines = async function* (): AsyncGenerator<string> {
      yield csvHead();
      for await (const batch of attempts.stream(query)) yield csvRows(batch);
    };
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="attempts.csv"')
      .send(Readable.from(lines()));
  });
  addRoute(app, attemptRoutes.getAttempt, ({ params, viewer }) => attempts.story(params.attemptId, viewer));
};
