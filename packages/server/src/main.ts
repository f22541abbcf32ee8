import { PartsError } from '@qianhu/parts';
import { processConfig } from './config.ts';
import { AppError } from './errors.ts';
import { stopServices } from './platform/services/stop-services.ts';
import { foldersOf, startServer } from './start-server.ts';

const announce = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const fail = (error: unknown): never => {
  const isExpected = error instanceof AppError || error instanceof PartsError;
  const text = isExpected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`\nQianhu could not go on.\n${text}\n`);
  process.exit(1);
};

const run = async (): Promise<void> => {
  const config = processConfig();
  const server = await startServer(config, announce);
  const end = (code: number): void => {
    server.close().then(
      () => process.exit(code),
      (error: unknown) => fail(error),
    );
  };
  /** A clean exit takes the services along, unless that would cut somebody off. */
  const leave = async (): Promise<void> => {
    if (server.isInUse()) {
      announce(
        'Stopping. Calls and phones stay up in the switch for the next start; `npx qianhu stop` ends them as well.',
      );
      return server.close();
    }
    announce('Stopping, with all services: nobody is at work.');
    await server.close();
    await stopServices(config, foldersOf(config), () => undefined);
  };
  let leaving: Promise<void> | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      leaving ??= leave().then(() => process.exit(0), fail);
    });
  void server.lost.then((reason) => {
    announce(`This process must end: ${reason}.`);
    end(3);
  });
};

run().catch(fail);
