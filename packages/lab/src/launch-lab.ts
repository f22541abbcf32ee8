import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  adoptDetached,
  isAlive,
  serviceEnvironment,
  startDetached,
  stopProcess,
  writeFileAtomically,
} from '@qianhu/parts';

import { readyFile, type LabConfigInput, type LabReady } from './lab-config.ts';

export type LaunchOptions = {
  readonly config: LabConfigInput;
  /** The program and what comes before the lab's own arguments: `node dist/lab.mjs`, or node with a loader and `main.ts`. */
  readonly command: readonly [string, ...string[]];
  /** Folder of the sounds, when it is not beside the program. */
  readonly assetsDir?: string;
  /** Fetching Asterisk for the first time takes as long as the network does. Default 300 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

const pidFile = (dir: string): string => join(dir, 'lab.pid');

/**
 * Starts a lab that outlives us, or adopts the one that runs in that folder (whose rules stay as they are).
 * Throws when it does not come up; its log is `<dir>/lab.log`.
 */
export const launchLab = async (options: LaunchOptions): Promise<LabReady & { readonly adopted: boolean }> => {
  const { dir } = options.config;
  await mkdir(dir, { recursive: true });
  const living = await adoptDetached({ pidFile: pidFile(dir) });
  const logFile = join(dir, 'lab.log');
  const configFile = join(dir, 'lab-config.json');
  let lab = living;
  if (lab === undefined) {
    await writeFileAtomically(configFile, JSON.stringify(options.config), { mode: 0o600 });
    const [command, ...args] = options.command;
    lab = await startDetached({
      name: 'the lab',
      command,
      args: [
        ...args,
        '--config',
        configFile,
        ...(options.assetsDir === undefined ? [] : ['--assets', options.assetsDir]),
      ],
      env: serviceEnvironment(),
      cwd: dir,
      logFile,
      pidFile: pidFile(dir),
    });
  }
  const giveUpAt = performance.now() + (options.timeoutMs ?? 300_000);
  for (;;) {
    options.signal?.throwIfAborted();
    const ready = readReady(dir, lab.pid);
    if (ready !== undefined) return { ...ready, adopted: living !== undefined };
    if (!(await isAlive(lab))) throw new Error(`The lab did not come up; ${logFile} says why.`);
    if (performance.now() > giveUpAt) throw new Error(`The lab is not ready in time; see ${logFile}.`);
    await sleep(50);
  }
};

/** Ends the lab of a folder with its Asterisk; nothing happens when none runs. */
export const stopLab = async (dir: string): Promise<void> => {
  const lab = await adoptDetached({ pidFile: pidFile(dir) });
  if (lab === undefined) return;
  const steps = [
    { signal: 'SIGTERM', waitMs: 20_000 },
    { signal: 'SIGKILL', waitMs: 5000 },
  ] as const;
  await stopProcess('the lab', lab, steps, pidFile(dir));
};

const readReady = (dir: string, pid: number): LabReady | undefined => {
  try {
    const ready = JSON.parse(readFileSync(readyFile(dir), 'utf8')) as LabReady;
    // A file of an earlier process says nothing about this one.
    return ready.pid === pid ? ready : undefined;
  } catch {
    return undefined;
  }
};
