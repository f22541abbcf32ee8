import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { createPhoneParser } from '../../numbers/phone-parser.ts';
import { loadPhoneZones } from '../../numbers/phone-zones.ts';
import type { BatchResult } from './pipeline/batch.ts';
import { FileError } from './pipeline/file-error.ts';
import { previewFile } from './pipeline/preview-file.ts';
import { openRowSource } from './pipeline/row-source.ts';
import { runPipeline } from './pipeline/run-pipeline.ts';
import type { WorkerAnswer, WorkerJob, WorkerMessage } from './worker-protocol.ts';

// Entry of the thread that reads files: decoding, cutting, unpacking and the checking of a million numbers stay off the
// thread that runs the calls.

const run = async (job: WorkerJob, port: MessagePort): Promise<WorkerMessage> => {
  if (job.job === 'preview') {
    const preview = await previewFile(job.path, job.source, createPhoneParser(job.defaultRegion));
    return { type: 'preview', preview };
  }
  const waiting = new Map<number, (result: BatchResult) => void>();
  let seq = 0;
  port.on('message', (answer: WorkerAnswer) => {
    const resolve = waiting.get(answer.seq);
    waiting.delete(answer.seq);
    resolve?.(answer.result);
  });
  const source = await openRowSource(job.path, job.settings.source);
  try {
    const { isComplete } = await runPipeline({
      source,
      settings: job.settings,
      parser: createPhoneParser(job.settings.options.defaultRegion),
      zones: loadPhoneZones(),
      nowMs: job.nowMs,
      rejectsPath: job.rejectsPath,
      notesPath: job.notesPath,
      send: (batch) =>
        new Promise((resolve) => {
          seq += 1;
          waiting.set(seq, resolve);
          const message: WorkerMessage = { type: 'batch', seq, batch };
          port.postMessage(message, [batch.copy.buffer as ArrayBuffer]);
        }),
    });
    return { type: 'done', isComplete };
  } finally {
    await source.close();
  }
};

const asFault = (error: unknown): WorkerMessage => {
  if (error instanceof FileError) return { type: 'fault', fault: error.fault, message: error.message, isOurs: false };
  const isFull = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  if (isFull) return { type: 'fault', fault: 'diskFull', message: new FileError('diskFull').message, isOurs: false };
  return {
    type: 'fault',
    fault: 'internal',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    isOurs: true,
  };
};

const port = parentPort;
if (port !== null) {
  run(workerData as WorkerJob, port)
    .catch(asFault)
    .then(
      (last) => {
        port.postMessage(last);
        port.close();
      },
      () => undefined,
    );
}
