import { pacingRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../../http/route.ts';
import type { ForecastService } from './forecast-service.ts';

/** "What if", and forecasts beside what happened. */
export const registerForecastRoutes = (
  app: FastifyInstance,
  { forecasts }: { readonly forecasts: ForecastService },
): void => {
  addRoute(app, pacingRoutes.forecastCampaign, async ({ params, body, viewer, reply }) => {
    const gone = new AbortController();
    const leave = (): void => {
      gone.abort();
    };
    // Closed before the answer was written: nobody waits for it any more.
    reply.raw.on('close', leave);
    try {
      return await forecasts.ask(params.campaignId, body, viewer, gone.signal);
    } finally {
      reply.raw.off('close', leave);
    }
  });
  addRoute(app, pacingRoutes.getForecast, ({ params }) => forecasts.record(params.campaignId));
};
