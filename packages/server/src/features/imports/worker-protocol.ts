import type { FileFault, ImportPreview, ImportSettings, ImportSourceOptions } from '@qianhu/contracts';
import type { Batch, BatchResult } from './pipeline/batch.ts';

/** What a worker thread is started with. */
export type WorkerJob =
  | {
      readonly job: 'preview';
      readonly path: string;
      readonly source: ImportSourceOptions;
      readonly defaultRegion: string;
    }
  | {
      readonly job: 'import';
      readonly path: string;
      readonly settings: ImportSettings;
      readonly nowMs: number;
      readonly rejectsPath: string;
      readonly notesPath: string;
    };

/** From the worker. A `batch` is answered by a `result` with its number; all others end the job. */
export type WorkerMessage =
  | { readonly type: 'batch'; readonly seq: number; readonly batch: Batch }
  | { readonly type: 'preview'; readonly preview: ImportPreview }
  | { readonly type: 'done'; readonly isComplete: boolean }
  | { readonly type: 'fault'; readonly fault: FileFault; readonly message: string; readonly isOurs: boolean };

/** To the worker. */
export type WorkerAnswer = { readonly type: 'result'; readonly seq: number; readonly result: BatchResult };
