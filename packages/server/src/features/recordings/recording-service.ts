import { stat } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import type { Recording } from '@qianhu/contracts';
import type { RecordingId } from '@qianhu/core';
import type { Kysely } from 'kysely';
import { AppError } from '../../errors.ts';
import { personOf, seesAllCalls, type Viewer } from '../../http/viewer.ts';
import type { Schema } from '../../platform/schema.ts';
import { toRecording } from './recording-read-model.ts';

/** A finished recording's file. */
export type RecordingFile = { readonly recording: Recording; readonly path: string; readonly bytes: number };

/** Recordings as each person may hear them: agents hear their own calls. */
export interface RecordingService {
  get(recordingId: RecordingId, viewer: Viewer): Promise<Recording>;
  /** Throws 409 while it is not finished, 404 when the file is gone. */
  file(recordingId: RecordingId, viewer: Viewer): Promise<RecordingFile>;
}

export const createRecordingService = (db: Kysely<Schema>, folder: string): RecordingService => {
  const find = async (recordingId: RecordingId, viewer: Viewer) => {
    const row = await db.selectFrom('recordings').selectAll().where('id', '=', recordingId).executeTakeFirst();
    if (row === undefined || !(seesAllCalls(viewer) || row.agent_id === personOf(viewer)))
      throw new AppError('notFound', 'There is no such recording.');
    return row;
  };
  return {
    get: async (recordingId, viewer) => toRecording(await find(recordingId, viewer)),
    async file(recordingId, viewer) {
      const row = await find(recordingId, viewer);
      if (row.state !== 'done' || row.path === null)
        throw new AppError('conflict', row.error ?? 'The recording is not finished yet.', {
          details: { state: row.state },
        });
      const base = resolve(folder);
      const path = isAbsolute(row.path) ? resolve(row.path) : resolve(base, row.path);
      // A row that points elsewhere would let a changed database read any file.
      if (!path.startsWith(base + sep)) throw new AppError('internal', 'The recording lies outside its folder.');
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) throw new AppError('notFound', 'The recording’s file is no longer there.');
      return { recording: toRecording(row), path, bytes: found.size };
    },
  };
};
