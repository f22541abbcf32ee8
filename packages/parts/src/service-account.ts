import { chmod, chown, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PartsError } from './parts-error.ts';
import { runCommand } from './process/run-command.ts';

/** The account a service runs under when we are root. Services started by an ordinary user run as that user. */
export type RunAs = { readonly user: string; readonly uid: number; readonly gid: number };

/** The name of the system account made for services. */
export const SERVICE_USER = 'qianhu';

/** Whether this process is root, and may therefore choose the account of its services. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The account for services: `undefined` for an ordinary user (services run as oneself), otherwise the system user
 * `qianhu`, created with `useradd --system` when it is missing.
 * Throws `accountMissing` when it can be neither found nor made.
 */
export async function ensureServiceAccount(): Promise<RunAs | undefined> {
  if (!isRoot()) return undefined;
  const existing = await readAccount(SERVICE_USER);
  if (existing !== undefined) return existing;
  const made = await runCommand('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    SERVICE_USER,
  ]).catch((error: unknown) => ({
    code: 127,
    stdout: '',
    stderr: error instanceof Error ? error.message : String(error),
  }));
  // A second process may have made it between our look and our try, so the look decides and not the exit code.
  const account = await readAccount(SERVICE_USER);
  if (account !== undefined) return account;
  throw new PartsError({
    code: 'accountMissing',
    what: `The system user ${SERVICE_USER} for services does not exist and could not be created`,
    mend: `Run "useradd --system --user-group ${SERVICE_USER}" as root, or start Qianhu as an ordinary user.`,
    output: made.stderr.trim(),
  });
}

/** Reads one line of passwd(5): `name:x:uid:gid:…`. */
export function parseAccount(line: string): RunAs | undefined {
  const [user, , uid, gid] = line.trim().split(':');
  if (user === undefined || user === '' || uid === undefined || gid === undefined) return undefined;
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined;
  return { user, uid: Number(uid), gid: Number(gid) };
}

/** The account of this name, or undefined. */
export async function readAccount(user: string): Promise<RunAs | undefined> {
  const found = await runCommand('getent', ['passwd', user]);
  return found.code === 0 ? parseAccount(found.stdout) : undefined;
}

/** Whether the account may enter (and so use what lies in) a folder; asked of the system itself, so that ACLs count. */
export async function canEnter(folder: string, runAs: RunAs | undefined): Promise<boolean> {
  const answer = await runCommand('/usr/bin/test', ['-x', folder], { runAs, cwd: '/' });
  return answer.code === 0;
}

/**
 * Makes a folder that the services' account can reach, and refuses one that it cannot.
 * The folder itself is opened for passage (mode 0711) when it is ours; folders above it are the user's and are never touched.
 * Throws `homeUnreachable` naming the first folder in the way.
 */
export async function makeReachableFolder(folder: string, runAs: RunAs | undefined): Promise<void> {
  const path = resolve(folder);
  await mkdir(path, { recursive: true });
  if (runAs === undefined || (await canEnter(path, runAs))) return;
  const above = await firstClosedFolder(dirname(path), runAs);
  if (above === undefined) {
    const { mode, uid } = await stat(path);
    if (uid === process.getuid?.()) await chmod(path, (mode & 0o7777) | 0o011);
    if (await canEnter(path, runAs)) return;
  }
  const closed = above ?? path;
  throw new PartsError({
    code: 'homeUnreachable',
    what: `The services run as the user ${runAs.user}, who may not enter ${closed}`,
    where: path,
    mend: `Choose a folder that user can reach (QIANHU_HOME=/var/lib/qianhu), or run "chmod o+x ${closed}".`,
  });
}

async function firstClosedFolder(folder: string, runAs: RunAs): Promise<string | undefined> {
  const steps: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    steps.unshift(at);
    if (at === dirname(at)) break;
  }
  for (const step of steps) if (!(await canEnter(step, runAs))) return step;
  return undefined;
}

/** Makes a folder of the given mode (0700 by default) owned by the services' account. */
export async function makeServiceFolder(folder: string, runAs: RunAs | undefined, mode = 0o700): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, mode);
  if (runAs !== undefined) await chown(folder, runAs.uid, runAs.gid);
}

/** Gives a file or a whole tree to the services' account; does nothing for an ordinary user. Links are not followed. */
export async function giveTo(path: string, runAs: RunAs | undefined): Promise<void> {
  if (runAs === undefined) return;
  const info = await lstat(path);
  if (info.isSymbolicLink()) return;
  await chown(path, runAs.uid, runAs.gid);
  if (!info.isDirectory()) return;
  for (const name of await readdir(path)) await giveTo(join(path, name), runAs);
}
