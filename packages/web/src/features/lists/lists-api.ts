import { buildPath, importRoutes, importView, type ImportView } from '@qianhu/contracts';
import type { TopicReader } from '../../api/live.ts';

/** Where the rows that were handed back, or imported with a remark, can be had as a file. */
export const rejectsPath = (importId: string): string => buildPath(importRoutes.downloadRejects.path, { importId });
export const notesPath = (importId: string): string => buildPath(importRoutes.downloadNotes.path, { importId });

/** Live progress of one import. Every message is the whole view. */
export const importTopic = (id: string): TopicReader<ImportView> => {
  const read = (data: unknown): ImportView | undefined => importView.safeParse(data).data;
  return { topic: `import:${id}`, snapshot: read, change: (_, data) => read(data) };
};
