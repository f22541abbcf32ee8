import {
  importOptions,
  type ColumnTarget,
  type FileFault,
  type ImportId,
  type ImportPreview,
  type ImportQuery,
  type ImportSettings,
  type ImportSourceOptions,
  type ImportView,
  type StartImport,
  type UserId,
} from '@qianhu/contracts';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Page } from '../../platform/cursor.ts';
import type { Database } from '../../platform/database.ts';
import type { IdSource } from '../../platform/ids.ts';
import type { Logger } from '../../platform/log.ts';
import { findReports, startImportRun, type ImportRun } from './import-run.ts';
import type { ImportEnd, ImportsStore, StoredImport } from './imports-store.ts';
import { FileError, FILE_FAULT_TEXTS } from './pipeline/file-error.ts';
import { runInThread } from './worker-thread.ts';

export type ImportsServiceDeps = {
  readonly db: Database;
  readonly store: ImportsStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  /** Where uploads and reports lie: `<home>/imports`. */
  readonly folder: string;
  /** Finds a list's default region; undefined when there is no such list. */
  readonly findList: (
    listId: string,
  ) => Promise<{ readonly defaultRegion: string; readonly hasConsent: boolean } | undefined>;
  /** Puts the consent of a list's people on record. */
  readonly putConsent: (listId: string, evidence: string) => Promise<void>;
};

/** What an upload looks like: a preview, or why there is none. */
export type Uploaded = {
  readonly import: ImportView;
  readonly preview?: ImportPreview;
  readonly fault?: { readonly code: FileFault; readonly message: string };
};

/** Imports that run at once; each is a thread and a connection. */
const MAX_RUNNING = 2;
/** Each holds a few hundred cells. */
const MAX_PREVIEWS = 20;
/** Progress is told at most this often. */
const PROGRESS_MS = 200;
/** How often the end of an import is offered again to a database that did not take it. */
const END_LATER_MS = 2_000;

export type ImportsService = ReturnType<typeof createImportsService>;

const asAppError = (error: unknown): unknown =>
  error instanceof FileError
    ? new AppError('invalid', error.message, { details: { code: error.fault, zh: FILE_FAULT_TEXTS[error.fault].zh } })
    : error;

/** Uploads, previews and runs imports. Rows and progress are in the database; files are in one folder. */
export const createImportsService = (deps: ImportsServiceDeps) => {
  const { store, folder, clock, log } = deps;
  /** Invariant: holds an import from its start until its end is stored. */
  const running = new Map<string, ImportRun>();
  const listeners = new Set<(view: ImportView) => void>();
  /** Imports whose progress is to be told when the timer fires. */
  const dirty = new Set<string>();
  let cancelTimer: (() => void) | undefined;
  let isClosed = false;

  const tell = async (importId: string): Promise<void> => {
    const found = await store.find(importId);
    if (found) for (const listener of listeners) listener(found.view);
  };
  const flush = (): void => {
    cancelTimer = undefined;
    for (const importId of dirty)
      tell(importId).catch((err: unknown) => log.warn({ err, importId }, 'progress not told'));
    dirty.clear();
  };
  const onProgress = (importId: string): void => {
    if (listeners.size === 0) return;
    dirty.add(importId);
    cancelTimer ??= clock.setTimer(PROGRESS_MS, flush);
  };

  /** Personal data is kept no longer than it is needed; an import that may be started again needs its file. */
  const removeUploadOfDone = async (importId: string): Promise<void> => {
    const ended = await store.find(importId);
    if (ended?.view.state === 'done') await rm(ended.filePath, { force: true });
  };

  /** Ends that the database did not take, to be stored when it is back; their rows still say `running`. */
  const lateEnds = new Set<() => void>();
  const endLater = (importId: string, end: ImportEnd): void => {
    if (isClosed) return;
    const cancel = clock.setTimer(END_LATER_MS, () => {
      lateEnds.delete(cancel);
      void (async () => {
        try {
          await store.end(importId, { ...end, ...(await findReports(reportPaths(importId))) });
          await removeUploadOfDone(importId);
          onProgress(importId);
        } catch (err) {
          log.debug({ err, importId }, 'the end of an import could still not be stored');
          endLater(importId, end);
        }
      })();
    });
    lateEnds.add(cancel);
  };

  const need = async (importId: string): Promise<StoredImport> => {
    const found = await store.find(importId);
    if (found === undefined) throw new AppError('notFound', 'There is no such import.');
    return found;
  };

  const reportPaths = (importId: string): { rejectsPath: string; notesPath: string } => ({
    rejectsPath: join(folder, `${importId}.rejects.csv`),
    notesPath: join(folder, `${importId}.notes.csv`),
  });

  /** The last few previews, so that starting does not read the file's head a third time. Uploads never change. */
  const previews = new Map<string, ImportPreview>();
  const previewPath = async (
    path: string,
    source: ImportSourceOptions,
    defaultRegion: string,
  ): Promise<ImportPreview> => {
    const key = JSON.stringify([path, source, defaultRegion]);
    const known = previews.get(key);
    if (known !== undefined) return known;
    const end = await runInThread({ job: 'preview', path, source, defaultRegion }, () =>
      Promise.reject(new Error('A preview writes nothing.')),
    );
    if (end.type !== 'preview') throw new Error('The reading thread gave no preview.');
    if (previews.size >= MAX_PREVIEWS) previews.clear();
    previews.set(key, end.preview);
    return end.preview;
  };

  /** Settings from what was asked and what the file shows. Throws `AppError` `invalid` for a mapping that cannot be. */
  const settle = (asked: StartImport, preview: ImportPreview, defaultRegion: string): ImportSettings => {
    if (preview.faults.includes('noRows')) throw new FileError('noRows');
    const given = asked.columns ?? preview.columns.map((c) => c.suggested);
    if (given.length > preview.columns.length) throw new FileError('columnsDoNotMatch');
    const columns: ColumnTarget[] = [...given];
    while (columns.length < preview.columns.length) columns.push({ to: 'ignore' });
    if (!columns.some((c) => c.to === 'phone')) throw new FileError('noPhoneColumn');
    for (const to of ['priority', 'callbackAt', 'zone'] as const)
      if (columns.filter((c) => c.to === to).length > 1)
        throw new AppError('invalid', `Only one column can be ${to}.`, { details: { column: to } });
    const keys = columns.flatMap((c) => (c.to === 'field' ? [c.key] : []));
    if (new Set(keys).size < keys.length)
      throw new AppError('invalid', 'Two columns are mapped to the same field. Give one of them another name.');
    const { format, encoding, delimiter, hasHeader, sheet } = preview.source;
    return {
      source: { format, encoding, delimiter, hasHeader, sheet },
      columns,
      options: importOptions.parse({ defaultRegion, ...asked.options }),
    };
  };

  return {
    /**
     * Stores an upload and looks at it. The file stays even when no table can be read from it, so that another encoding
     * can be tried. Throws `AppError` `tooLarge` when the stream was cut at the server's limit (`truncated`).
     */
    upload: async (file: {
      readonly stream: Readable & { readonly truncated?: boolean };
      readonly fileName: string;
      readonly userId?: UserId | undefined;
    }): Promise<Uploaded> => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const id = deps.ids.next<ImportId>();
      const path = join(folder, `${id}.upload`);
      const out = createWriteStream(path, { mode: 0o600 });
      try {
        await pipeline(file.stream, out);
        if (file.stream.truncated === true)
          throw new AppError('tooLarge', 'The file is larger than this server takes. Split it.');
        await store.insert({
          id,
          userId: file.userId,
          fileName: file.fileName.slice(0, 255),
          filePath: path,
          fileBytes: out.bytesWritten,
        });
      } catch (error) {
        await rm(path, { force: true });
        if (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
          throw new AppError('unavailable', 'The disk is full: the file was not kept. Make room and upload it again.');
        throw error;
      }
      const { view } = await need(id);
      try {
        return { import: view, preview: await previewPath(path, {}, 'CN') };
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        return { import: view, fault: { code: error.fault, message: error.message } };
      }
    },

    preview: async (importId: string, source: ImportSourceOptions, defaultRegion: string): Promise<ImportPreview> => {
      const { view, filePath } = await need(importId);
      if (!view.canStart) throw new AppError('conflict', 'This import is running or done; its file is not read again.');
      try {
        return await previewPath(filePath, source, defaultRegion);
      } catch (error) {
        throw asAppError(error);
      }
    },

    /**
     * Starts an import, or starts one again that failed or was cancelled: then rows that are in the list already count as
     * duplicates and the rest is imported. Resolves when it runs.
     */
    start: async (importId: string, asked: StartImport): Promise<ImportView> => {
      if (isClosed) throw new AppError('unavailable', 'The server is stopping.', { retryable: true });
      const { view, filePath } = await need(importId);
      if (!view.canStart || running.has(importId)) throw new AppError('conflict', 'This import is running or done.');
      if (running.size >= MAX_RUNNING)
        throw new AppError('conflict', 'Two imports are running already. Wait for one of them.', { retryable: true });
      const list = await deps.findList(asked.listId);
      if (list === undefined) throw new AppError('notFound', 'There is no such list.');
      // Consent is of the list: people who never gave it must not slip under that of others.
      if (list.hasConsent && asked.consent === undefined && view.listId !== asked.listId)
        throw new AppError(
          'conflict',
          'The list has consent on record. Say that the people of this file agreed too, or import them into another list.',
          { details: { reason: 'consentNeeded' } },
        );
      const defaultRegion = asked.options.defaultRegion ?? list.defaultRegion;
      let settings: ImportSettings;
      try {
        settings = settle(asked, await previewPath(filePath, asked.source, defaultRegion), defaultRegion);
      } catch (error) {
        throw asAppError(error);
      }
      const reports = reportPaths(importId);
      await Promise.all([rm(reports.rejectsPath, { force: true }), rm(reports.notesPath, { force: true })]);
      if (!(await store.begin(importId, asked.listId, settings)))
        throw new AppError('conflict', 'This import is running or done.');
      let run: ImportRun;
      try {
        await store.addFieldDefs(
          asked.listId,
          settings.columns.flatMap((c) => (c.to === 'field' ? [c.key] : [])),
        );
        run = await startImportRun(
          { db: deps.db, store, log, onProgress, onEndNotStored: endLater },
          { importId, listId: asked.listId, path: filePath, settings, nowMs: clock.now(), ...reports },
        );
      } catch (error) {
        const message = error instanceof AppError ? error.message : FILE_FAULT_TEXTS.internal.en;
        await store.end(importId, { state: 'failed', error: { code: 'internal', message } });
        throw error;
      }
      running.set(importId, run);
      if (asked.consent !== undefined) await deps.putConsent(asked.listId, asked.consent.evidence);
      run.ended
        .then(async () => {
          running.delete(importId);
          await removeUploadOfDone(importId);
        })
        .catch((err: unknown) => log.warn({ err, importId }, 'upload not removed'));
      return (await need(importId)).view;
    },

    /** Stops an import; resolves when it has stopped. What is imported stays. */
    cancel: async (importId: string): Promise<ImportView> => {
      const run = running.get(importId);
      if (run === undefined) {
        await need(importId);
        throw new AppError('conflict', 'This import is not running.');
      }
      run.stop('cancelled');
      await run.ended;
      return (await need(importId)).view;
    },

    /** Resolves when the import has ended; at once when it does not run here. */
    waitFor: async (importId: string): Promise<ImportView> => {
      await running.get(importId)?.ended;
      return (await need(importId)).view;
    },

    removeLeads: async (importId: string): Promise<{ removed: number; kept: number }> => {
      const { view } = await need(importId);
      if (view.state === 'running') throw new AppError('conflict', 'Cancel the import first.');
      return store.removeLeads(importId);
    },

    remove: async (importId: string): Promise<void> => {
      const found = await need(importId);
      if (!(await store.remove(importId))) throw new AppError('conflict', 'Cancel the import first.');
      for (const path of [found.filePath, found.rejectsPath, found.notesPath])
        if (path !== undefined) await rm(path, { force: true });
    },

    get: async (importId: string): Promise<ImportView> => (await need(importId)).view,
    page: (query: ImportQuery): Promise<Page<ImportView>> => store.page(query),

    /** Where a report lies. Throws `AppError` `notFound` when there is none. */
    reportPath: async (importId: string, which: 'rejects' | 'notes'): Promise<string> => {
      const found = await need(importId);
      const path = which === 'rejects' ? found.rejectsPath : found.notesPath;
      if (path === undefined) throw new AppError('notFound', 'This import has no such report.');
      return path;
    },

    /**
     * To be called once the server starts: imports whose program is gone become `failed`, with how far they got, and can be
     * started again. Returns how many there were.
     */
    recover: async (): Promise<number> => {
      const orphans = (await store.findOrphans()).filter((id) => !running.has(id));
      for (const id of orphans) {
        await store.end(id, {
          state: 'failed',
          error: { code: 'interrupted', message: FILE_FAULT_TEXTS.interrupted.en },
          ...(await findReports(reportPaths(id))),
        });
        log.warn({ importId: id }, 'import was interrupted');
      }
      return orphans.length;
    },

    /** Told of progress (a few times a second) and of every end. Returns its cancel. */
    subscribe: (listener: (view: ImportView) => void): (() => void) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },

    /** Stops what runs (`interrupted`, can be started again) and waits for it. Idempotent. */
    close: async (): Promise<void> => {
      isClosed = true;
      for (const cancel of lateEnds) cancel();
      lateEnds.clear();
      for (const run of running.values()) run.stop('interrupted');
      await Promise.all([...running.values()].map((run) => run.ended));
      cancelTimer?.();
      cancelTimer = undefined;
      listeners.clear();
    },
  };
};
