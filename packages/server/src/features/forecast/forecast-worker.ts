import { parentPort, workerData } from 'node:worker_threads';
import { runForecast, type ForecastJob } from './forecast-job.ts';

// Entry of the thread that simulates days of a campaign: seconds of computing that must not stop the calls.

parentPort?.postMessage(runForecast(workerData as ForecastJob, () => performance.now()));
parentPort?.close();
