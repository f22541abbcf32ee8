import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  adoptDetached,
  isAlive,
  serviceEnvironment,
  startDetached,
  stopProcess,
  writeFileAtomically,
  type HomeFolders,
} from '@qianhu/parts';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { sleep, type Clock } from '../clock.ts';

/** What a running lab says of itself (packages/lab: LabReady; the lab is another program, not a library of ours). */
const labReady = z.object({ ready: z.literal(true), pid: z.number(), sipPort: z.number() });
export type RunningLab = z.infer<typeof labReady>;

const READY_MS = 120_000;

const labDir = (folders: HomeFolders): string => join(folders.home, 'lab');
const pidFile = (folders: HomeFolders): string => join(labDir(folders), 'lab.pid');

/** How the lab is started: the built bundle, or the sources when there is none. */
export const labCommand = (root: string): readonly string[] => {
  const assets = ['--assets', join(root, 'packages', 'lab', 'assets')];
  const bundle = join(root, 'dist', 'lab.js');
  return existsSync(bundle)
    ? [bundle, ...assets]
    : ['--import', 'tsx', join(root, 'packages', 'lab', 'src', 'main.ts'), ...assets];
};

/** Starts (or adopts) the simulated telephone network of a home; it outlives us like the other services. */
export const startLabProcess = async (
  folders: HomeFolders,
  root: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<RunningLab> => {
  const dir = labDir(folders);
  await mkdir(dir, { recursive: true });
  const configFile = join(dir, 'lab-config.json');
  const logFile = join(dir, 'lab.log');
  let lab = await adoptDetached({ pidFile: pidFile(folders) });
  if (lab === undefined) {
    await writeFileAtomically(configFile, JSON.stringify({ dir, partsDir: folders.partsDir }), { mode: 0o600 });
    lab = await startDetached({
      name: 'the lab',
      command: process.execPath,
      args: [...labCommand(root), '--config', configFile],
      env: serviceEnvironment(),
      cwd: root,
      logFile,
      pidFile: pidFile(folders),
    });
  }
  const giveUpAtMs = clock.now() + READY_MS;
  for (;;) {
    signal?.throwIfAborted();
    const text = await readFile(join(dir, 'ready.json'), 'utf8').catch(() => '{}');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    const ready = labReady.safeParse(value);
    // A file of an earlier process says nothing about this one.
    if (ready.success && ready.data.pid === lab.pid) return ready.data;
    if (!(await isAlive(lab)))
      throw new AppError(
        'unavailable',
        `The lab (the simulated telephone network) did not come up; ${logFile} says why.`,
      );
    if (clock.now() > giveUpAtMs) throw new AppError('unavailable', `The lab is not ready in time; see ${logFile}.`);
    await sleep(clock, 100);
  }
};

/** Ends the lab with its Asterisk; nothing happens when none runs. */
export const stopLabProcess = async (folders: HomeFolders): Promise<boolean> => {
  const lab = await adoptDetached({ pidFile: pidFile(folders) });
  if (lab === undefined) return false;
  await stopProcess(
    'the lab',
    lab,
    [
      { signal: 'SIGTERM', waitMs: 20_000 },
      { signal: 'SIGKILL', waitMs: 5000 },
    ],
    pidFile(folders),
  );
  return true;
};
