import {
  createList,
  defineRoute,
  done,
  importPage,
  importPreview,
  importQuery,
  importSourceOptions,
  importView,
  leadDetail,
  leadPage,
  leadQuery,
  listPage,
  listQuery,
  listView,
  startImport,
  updateList,
  type ImportView,
} from '@qianhu/contracts';
import { z } from 'zod';
import type { TopicReader } from '../../api/live.ts';

const staff = ['administrator', 'supervisor'] as const;
const listParams = z.object({ listId: z.string() });
const importParams = z.object({ importId: z.string() });
const common = { tag: 'lists', summary: '', access: staff } as const;

/** Endpoints of lists, leads and imports. */
export const listRoutes = {
  page: defineRoute({ ...common, method: 'GET', path: '/lists', operationId: 'listLists', query: listQuery, response: listPage }),
  one: defineRoute({ ...common, method: 'GET', path: '/lists/:listId', operationId: 'getList', params: listParams, response: listView }),
  create: defineRoute({ ...common, method: 'POST', path: '/lists', operationId: 'createList', body: createList, response: listView }),
  update: defineRoute({
    ...common,
    method: 'PATCH',
    path: '/lists/:listId',
    operationId: 'updateList',
    params: listParams,
    body: updateList,
    response: listView,
  }),
  remove: defineRoute({ ...common, method: 'DELETE', path: '/lists/:listId', operationId: 'deleteList', params: listParams, response: done }),
  leads: defineRoute({
    ...common,
    method: 'GET',
    path: '/lists/:listId/leads',
    operationId: 'listLeads',
    params: listParams,
    query: leadQuery,
    response: leadPage,
  }),
  lead: defineRoute({
    ...common,
    method: 'GET',
    path: '/lists/:listId/leads/:leadId',
    operationId: 'getLead',
    params: z.object({ listId: z.string(), leadId: z.string() }),
    response: leadDetail,
  }),
  imports: defineRoute({ ...common, method: 'GET', path: '/imports', operationId: 'listImports', query: importQuery, response: importPage }),
  import: defineRoute({
    ...common,
    method: 'GET',
    path: '/imports/:importId',
    operationId: 'getImport',
    params: importParams,
    response: importView,
  }),
  preview: defineRoute({
    ...common,
    method: 'POST',
    path: '/imports/:importId/preview',
    operationId: 'previewImport',
    params: importParams,
    body: importSourceOptions,
    response: importPreview,
  }),
  start: defineRoute({
    ...common,
    method: 'POST',
    path: '/imports/:importId/start',
    operationId: 'startImport',
    params: importParams,
    body: startImport,
    response: importView,
  }),
  cancel: defineRoute({
    ...common,
    method: 'POST',
    path: '/imports/:importId/cancel',
    operationId: 'cancelImport',
    params: importParams,
    response: importView,
  }),
} as const;

/** Where the rows that were handed back, or imported with a remark, can be had as a file. */
export const rejectsPath = (importId: string): string => `/imports/${importId}/rejects`;
export const notesPath = (importId: string): string => `/imports/${importId}/notes`;

/** Live progress of one import. Every message is the whole view. */
export const importTopic = (id: string): TopicReader<ImportView> => {
  const read = (data: unknown): ImportView | undefined => importView.safeParse(data).data;
  return { topic: `import:${id}`, snapshot: read, change: (_, data) => read(data) };
};
