import { diagnose } from '@qianhu/parts';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { readRunningServer } from '../platform/running-server.ts';
import { stopServices, type HomeService } from '../platform/services/stop-services.ts';
import { foldersOf } from '../start-server.ts';
import { connectToServer } from './api-client.ts';
import { table, type Output } from './output.ts';

/** `qianhu doctor`: every part by itself, and the running server's own view. Resolves whether all that is needed is well. */
export const runDoctor = async (config: Config, output: Output): Promise<boolean> => {
  const folders = foldersOf(config);
  const parts = await diagnose({ home: folders.home, partsDir: folders.partsDir, instances: ['main'] });
  const server = await readRunningServer(folders.home);
  const isUp =
    server !== undefined &&
    (await connectToServer(folders.home)
      .then((client) => client.request('GET', '/health', z.object({ isUp: z.boolean() })))
      .then((health) => health.isUp)
      .catch(() => false));
  const report = [
    ...parts,
    {
      part: 'server',
      found: server !== undefined,
      healthy: server === undefined || isUp,
      optional: true,
      detail:
        server === undefined
          ? 'Not running.'
          : isUp
            ? `Up at ${server.url}.`
            : `${server.url} says that a part is down.`,
      ...(server === undefined ? { mend: 'npm start' } : {}),
    },
  ];
  const rows = report.map((part) => [
    part.healthy ? 'ok' : part.optional ? 'missing' : 'BAD',
    part.part,
    ('version' in part ? part.version : undefined) ?? (part.found ? '' : 'not found'),
    part.detail,
    part.healthy ? '' : (part.mend ?? ''),
  ]);
  output.result({ home: folders.home, parts: report }, table([['', 'PART', 'VERSION', 'STATE', 'MEND'], ...rows]));
  return report.every((part) => part.healthy || part.optional);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const STOPPING: Readonly<Record<HomeService, string>> = {
  lab: 'Stopping the lab …',
  asterisk: 'Stopping Asterisk …',
  postgres: 'Stopping PostgreSQL …',
};

/** `qianhu stop`: the server first, so that it writes what it knows; then the lab, Asterisk, PostgreSQL. */
export const stopEverything = async (config: Config, output: Output): Promise<void> => {
  const folders = foldersOf(config);
  const stopped: string[] = [];
  const server = await readRunningServer(folders.home);
  if (server !== undefined) {
    output.note('Stopping the server …');
    process.kill(server.pid, 'SIGTERM');
    for (let i = 0; i < 200 && isAlive(server.pid); i++) await sleep(100);
    if (isAlive(server.pid)) process.kill(server.pid, 'SIGKILL');
    stopped.push('server');
  }
  stopped.push(...(await stopServices(config, folders, (service) => output.note(STOPPING[service]))));
  output.result({ stopped }, 'Everything of this home is stopped.');
};
