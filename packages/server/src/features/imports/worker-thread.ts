import { Worker } from 'node:worker_threads';
import { workerEntry } from '../../platform/worker-entry.ts';
import { FileError } from './pipeline/file-error.ts';
import type { Batch, BatchResult } from './pipeline/batch.ts';
import type { WorkerJob, WorkerMessage } from './worker-protocol.ts';

/** The result of a job in a worker thread. */
export type WorkerEnd = Exclude<WorkerMessage, { type: 'batch' | 'fault' }>;

/** A thread's heap ends here: a file built to burst it takes the thread, not the server. */
const HEAP_MB = 192;
const YOUNG_HEAP_MB = 12;

/**
 * Runs a job in a thread of its own. `onBatch` writes a batch; when it throws the thread is ended and the error passed on.
 * Throws `FileError` for what is wrong with the file.
 */
export const runInThread = async (
  job: WorkerJob,
  onBatch: (batch: Batch) => Promise<BatchResult>,
): Promise<WorkerEnd> => {
  const worker = new Worker(workerEntry('import-worker', new URL('./import-worker.ts', import.meta.url)), {
    workerData: job,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
  });
  /** Batches are written one after another, in the order in which they came. */
  let writing: Promise<void> = Promise.resolve();
  try {
    return await new Promise<WorkerEnd>((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.type === 'batch') {
          const { seq, batch } = message;
          writing = writing.then(async () => {
            worker.postMessage({ type: 'result', seq, result: await onBatch(batch) });
          });
          writing.catch(reject);
        } else if (message.type === 'fault') {
          const { fault, message: text, isOurs } = message;
          reject(isOurs ? new Error(`The reading thread failed: ${text}`) : new FileError(fault, text));
        } else resolve(message);
      });
      worker.on('error', (error) => {
        reject('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new FileError('fileTooLarge') : error);
      });
      worker.on('exit', (code) => {
        reject(new Error(`The reading thread ended with code ${code} before it was done.`));
      });
    });
  } finally {
    await worker.terminate();
  }
};
