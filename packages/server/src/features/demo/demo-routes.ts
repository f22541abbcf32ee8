import { demoRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../../http/route.ts';
import type { DemoService } from './demo-service.ts';

/** The demonstration. */
export const registerDemoRoutes = (app: FastifyInstance, { demo }: { readonly demo: DemoService }): void => {
  addRoute(app, demoRoutes.getDemo, () => demo.status());
  addRoute(app, demoRoutes.removeDemo, () => demo.remove());
};
