import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Logger } from '@qianhu/switch';

import { startLab } from './lab.ts';
import { labConfigSchema } from './lab-config.ts';

/**
 * The lab as a process of its own: `main.ts --config FILE`, `--config '{…}'`, or the JSON on standard input with `--config -`.
 * Prints one JSON line (`LabReady`) when calls are taken; log lines go to standard error. SIGTERM and SIGINT end it with its
 * Asterisk; killed, it leaves Asterisk and its calls to the next start.
 */
const readConfig = (argv: readonly string[]): unknown => {
  const given = argv[argv.indexOf('--config') + 1];
  if (!argv.includes('--config') || given === undefined) throw new Error('Usage: --config FILE | JSON | -');
  const text =
    given === '-' ? readFileSync(0, 'utf8') : given.trimStart().startsWith('{') ? given : readFileSync(given, 'utf8');
  return JSON.parse(text) as unknown;
};

const log =
  (level: string): Logger['info'] =>
  (fields, msg) =>
    void process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, msg, ...fields })}\n`);
const logger: Logger = { debug: () => undefined, info: log('info'), warn: log('warn'), error: log('error') };

/** Beside the sources in a clone (`src/..`), beside the bundle in a build. */
const assetsDir = (): string => {
  const at = process.argv.indexOf('--assets');
  return process.argv[at > 0 ? at + 1 : -1] ?? join(dirname(fileURLToPath(import.meta.url)), '..', 'assets');
};

const main = async (): Promise<void> => {
  const config = labConfigSchema.parse(readConfig(process.argv));
  const lab = await startLab(config, {
    assetsDir: assetsDir(),
    logger,
    onProgress: ({ text }) => logger.info({ text }, 'parts'),
  });
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    lab.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error: String(error) }, 'the lab did not end cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.stdout.write(`${JSON.stringify(lab.ready)}\n`);
};

main().catch((error: unknown) => {
  logger.error({ error: error instanceof Error ? error.message : String(error) }, 'the lab could not start');
  process.exit(1);
});
