import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidStateError } from '@qianhu/core';
import { PartsError } from '@qianhu/parts';
import { ZodError } from 'zod';
import { processConfig } from '../config.ts';
import { AppError } from '../errors.ts';
import { foldersOf } from '../start-server.ts';
import { ApiRefusal, connectToServer } from './api-client.ts';
import { createProgram } from './commands.ts';
import { createOutput } from './output.ts';
import { runDoctor, stopEverything } from './services.ts';

// Exit codes: 0 done, 1 refused or not well, 2 wrong use, 3 no server runs, 70 a fault of ours (sysexits.h: EX_SOFTWARE).
const exitCodeOf = (error: unknown): number => {
  if (error instanceof AppError) return error.code === 'unavailable' ? 3 : 1;
  if (error instanceof ApiRefusal || error instanceof PartsError || error instanceof InvalidStateError) return 1;
  if (error instanceof ZodError) return 2;
  return typeof error === 'object' && error !== null && 'code' in error && FILE_REFUSED.has(String(error.code))
    ? 1
    : 70;
};

/** A file that was named cannot be read or written: for the one who named it to mend. */
const FILE_REFUSED: ReadonlySet<string> = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'EISDIR',
  'ENOTDIR',
  'EROFS',
  'ENOSPC',
]);

const textOf = (error: unknown): string => {
  if (error instanceof ZodError)
    return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n');
  if (error instanceof Error) return exitCodeOf(error) === 70 ? (error.stack ?? error.message) : error.message;
  return String(error);
};

const run = async (): Promise<void> => {
  const output = createOutput(() => program.opts<{ json?: boolean }>().json === true, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  });
  const program = createProgram({
    output,
    api: () => connectToServer(foldersOf(processConfig()).home),
    doctor: () => runDoctor(processConfig(), output),
    stop: () => stopEverything(processConfig(), output),
    sleep: (ms) => sleep(ms),
  });
  const strict = (command: typeof program): void => {
    command.exitOverride((error) => {
      if (error.exitCode !== 0 && process.argv.includes('--json'))
        process.stdout.write(`${JSON.stringify({ error: { code: 'usage', detail: error.message } })}\n`);
      process.exit(error.exitCode === 0 ? 0 : 2);
    });
    for (const child of command.commands) strict(child as typeof program);
  };
  strict(program);
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    const isJson = program.opts<{ json?: boolean }>().json === true;
    if (isJson) {
      const fault =
        error instanceof ApiRefusal
          ? error.problem
          : { code: error instanceof AppError ? error.code : 'failed', detail: textOf(error) };
      process.stdout.write(`${JSON.stringify({ error: fault })}\n`);
    } else process.stderr.write(`${textOf(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
};

await run();
