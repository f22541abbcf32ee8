import { Worker } from 'node:worker_threads';
import { AppError } from '../../errors.ts';
import { workerEntry } from '../../platform/worker-entry.ts';
import type { ForecastEnd, ForecastJob } from './forecast-job.ts';

/** A thousand agents need a few dozen megabytes. */
const HEAP_MB = 256;

/** Runs a job in a thread of its own, which `signal` ends. Throws the signal's reason, or what the thread threw. */
export const forecastInThread = async (job: ForecastJob, signal: AbortSignal): Promise<ForecastEnd> => {
  signal.throwIfAborted();
  const worker = new Worker(workerEntry('forecast-worker', new URL('./forecast-worker.ts', import.meta.url)), {
    workerData: job,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  let leave = (): void => undefined;
  try {
    return await new Promise<ForecastEnd>((resolve, reject) => {
      leave = () => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave);
      worker.on('message', (end: ForecastEnd) => {
        resolve(end);
      });
      worker.on('error', reject);
      worker.on('exit', (code) => {
        reject(new AppError('internal', `The forecasting thread ended with code ${code} before it was done.`));
      });
    });
  } finally {
    signal.removeEventListener('abort', leave);
    await worker.terminate();
  }
};
