import { PartsError } from '@qianhu/parts';
import { processConfig } from './config.ts';
import { AppError } from './errors.ts';
import { startServer } from './start-server.ts';

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
  const server = await startServer(processConfig(), announce);
  const end = (code: number): void => {
    server.close().then(
      () => process.exit(code),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', () => {
    announce('Stopping. Calls in progress go on in the switch; `npx qianhu stop` ends everything.');
    end(0);
  });
  process.on('SIGTERM', () => {
    end(0);
  });
  void server.lost.then((reason) => {
    announce(`This process must end: ${reason}.`);
    end(3);
  });
};

run().catch(fail);
