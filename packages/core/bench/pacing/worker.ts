import { parentPort } from 'node:worker_threads';
import type { Job } from './jobs.ts';
import { work } from './jobs.ts';

parentPort?.on('message', (job: Job) => parentPort?.postMessage(work(job)));
