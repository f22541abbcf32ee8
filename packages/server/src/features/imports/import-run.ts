import type { FileFault, ImportSettings } from '@qianhu/contracts';
import { stat } from 'node:fs/promises';
import { AppError } from '../../errors.ts';
import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import { ImportBatches, tryLockImport, tryLockList } from './import-batches.ts';
import type { ImportEnd, ImportsStore } from './imports-store.ts';
import { FileError, FILE_FAULT_TEXTS } from './pipeline/file-error.ts';
import { runInThread } from './worker-thread.ts';

export type ImportRunOptions = {
  readonly importId: string;
  readonly listId: string;
  readonly path: string;
  readonly settings: ImportSettings;
  readonly nowMs: number;
  readonly rejectsPath: string;
  readonly notesPath: string;
};

/** One import on its way. */
export interface ImportRun {
  readonly importId: string;
  /** Stops after the batch that is being written. `interrupted`: because the program ends, not because somebody asked. */
  stop(why: 'cancelled' | 'interrupted'): void;
  /** Settles when it has ended, whatever way; never rejects. */
  readonly ended: Promise<void>;
}

type Deps = {
  readonly db: Database;
  readonly store: ImportsStore;
  readonly log: Logger;
  /** A batch was committed, or the state changed. */
  readonly onProgress: (importId: string) => void;
  /** The import is over, but its row does not say so yet (the database is away). */
  readonly onEndNotStored: (importId: string, end: ImportEnd) => void;
};

/** The reports that an import has made so far. */
export const findReports = async (paths: {
  readonly rejectsPath: string;
  readonly notesPath: string;
}): Promise<Pick<ImportEnd, 'rejectsPath' | 'notesPath'>> => {
  const exists = (path: string): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  const { rejectsPath, notesPath } = paths;
  return {
    ...((await exists(rejectsPath)) ? { rejectsPath } : {}),
    ...((await exists(notesPath)) ? { notesPath } : {}),
  };
};

const errorOf = (code: FileFault, message = FILE_FAULT_TEXTS[code].en): { code: FileFault; message: string } => ({
  code,
  message,
});

/** PostgreSQL's classes of errors that mean the connection or the server is gone (08, 57P) or its disk is full (53100). */
const faultOf = (error: unknown): { code: FileFault; message: string } => {
  if (error instanceof FileError) return errorOf(error.fault, error.message);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : '';
  if (code === '53100') return errorOf('diskFull');
  if (
    /^(?:08|57P)/.test(code) ||
    /^E(?:CONN|PIPE)/.test(code) ||
    /connection (?:terminated|ended)|not queryable/i.test(text)
  )
    return errorOf('databaseLost');
  return errorOf('internal');
};

/**
 * Starts an import whose row is `running` already. It holds one connection to its end, with a lock that tells other
 * programs that it lives. Rejects with `AppError` `conflict` while another import runs into the list.
 */
export const startImportRun = async (deps: Deps, options: ImportRunOptions): Promise<ImportRun> => {
  const { db, store, log } = deps;
  const { importId, listId } = options;
  const client = await db.pool.connect();
  // A lost connection shows in the query that is running; without a listener it would end the process.
  let lost: Error | undefined;
  const onLost = (error: Error): void => {
    lost = error;
  };
  client.on('error', onLost);
  const batches = new ImportBatches(client, importId, listId, options.settings.options);
  try {
    if (!(await tryLockList(client, listId)) || !(await tryLockImport(client, importId)))
      throw new AppError('conflict', 'Another import into this list is running. Wait for it or cancel it.');
    await batches.prepare();
  } catch (error) {
    client.release(true);
    throw error;
  }

  let stopped: 'cancelled' | 'interrupted' | undefined;
  const run = async (): Promise<ImportEnd> => {
    try {
      const end = await runInThread({ job: 'import', ...pickJob(options) }, async (batch) => {
        const committed = await batches.write(batch);
        deps.onProgress(importId);
        return { ...committed, isStopped: stopped !== undefined };
      });
      await batches.finish();
      client.off('error', onLost);
      client.release();
      if (end.type === 'done' && end.isComplete) return { state: 'done' };
      if (stopped === 'interrupted') return { state: 'failed', error: errorOf('interrupted') };
      return { state: 'cancelled' };
    } catch (error) {
      client.release(true);
      const fault = lost === undefined ? faultOf(error) : errorOf('databaseLost');
      if (fault.code === 'internal') log.error({ err: error, importId }, 'import failed');
      else log.warn({ importId, fault: fault.code }, 'import ended early');
      return { state: 'failed', error: fault };
    }
  };
  const ended = (async () => {
    const end = await run();
    try {
      await store.end(importId, { ...end, ...(await findReports(options)) });
    } catch (error) {
      // The row stays `running` without a lock: whoever started the import stores its end later, or the next start of the
      // server finds it as an orphan.
      log.warn({ err: error, importId }, 'the end of an import could not be stored');
      deps.onEndNotStored(importId, end);
    }
    deps.onProgress(importId);
  })();
  return {
    importId,
    stop: (why) => {
      stopped ??= why;
    },
    ended,
  };
};

const pickJob = (options: ImportRunOptions) => ({
  path: options.path,
  settings: options.settings,
  nowMs: options.nowMs,
  rejectsPath: options.rejectsPath,
  notesPath: options.notesPath,
});
