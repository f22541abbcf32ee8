import { listRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute, DONE } from '../../http/route.ts';
import type { ListsService } from './lists-service.ts';

/** Lists and leads. */
export const registerListRoutes = (app: FastifyInstance, { lists }: { readonly lists: ListsService }): void => {
  addRoute(app, listRoutes.listLists, ({ query }) => lists.page(query));
  addRoute(app, listRoutes.createList, async ({ body, audit }) => {
    const list = await lists.create(body);
    audit({
      subjectId: list.listId,
      details: {
        name: list.name,
        isDemo: list.isDemo,
        ...(body.consent === undefined ? {} : { consent: body.consent }),
      },
    });
    return list;
  });
  addRoute(app, listRoutes.getList, ({ params }) => lists.get(params.listId));
  addRoute(app, listRoutes.updateList, ({ params, body, audit }) => {
    audit({
      details: {
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.consent === undefined ? {} : { consent: body.consent ?? 'withdrawn' }),
      },
    });
    return lists.update(params.listId, body);
  });
  addRoute(app, listRoutes.deleteList, async ({ params, audit }) => {
    const { name, leads } = await lists.get(params.listId);
    await lists.remove(params.listId);
    audit({ details: { name, leads } });
    return DONE;
  });
  addRoute(app, listRoutes.listLeads, ({ params, query }) => lists.leads(params.listId, query));
  addRoute(app, listRoutes.getLead, ({ params }) => lists.lead(params.leadId));
};
