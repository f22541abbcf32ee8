import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PartsError, refuseWhenAborted, systemErrorCode } from '../parts-error.ts';
import { formatPidFile, identifyProcess, isAlive, parsePidFile } from './process-identity.ts';

/** How a lock is waited for. */
export type LockOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Called once when another living process holds the lock. */
  readonly onWait?: (holderPid: number) => void;
  /** Give up after so long (10 minutes by default). */
  readonly timeoutMs?: number;
};

const POLL_MS = 200;

/**
 * Runs `work` while holding a lock file that names this process. A lock whose process is gone is taken over.
 * Several calls within one process exclude each other too. Throws `lockTimeout` or `aborted` when the wait ends first.
 */
export async function withPidLock<T>(lockFile: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await takeLock(lockFile, options);
  try {
    return await work();
  } finally {
    await unlink(lockFile).catch(() => undefined);
  }
}

async function takeLock(lockFile: string, options: LockOptions): Promise<void> {
  await mkdir(dirname(lockFile), { recursive: true });
  const self = await identifyProcess(process.pid);
  if (self === undefined)
    throw new PartsError({
      code: 'unsupportedMachine',
      what: 'This machine has no /proc file system',
      mend: 'Run on Linux with /proc mounted.',
    });
  const deadline = performance.now() + (options.timeoutMs ?? 600_000);
  let told = false;
  // Link makes the lock appear with its content in one step; a plain exclusive create would show an empty file for a moment.
  const draft = `${lockFile}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, formatPidFile(self), { mode: 0o600 });
  try {
    for (;;) {
      refuseWhenAborted(options.signal);
      try {
        await link(draft, lockFile);
        return;
      } catch (error) {
        if (systemErrorCode(error) !== 'EEXIST') throw error;
      }
      const text = await readFile(lockFile, 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      const holder = parsePidFile(text);
      if (holder === undefined || !(await isAlive(holder))) {
        await removeStaleLock(lockFile, text, `${draft}.stale`);
        continue;
      }
      if (!told) options.onWait?.(holder.pid);
      told = true;
      if (performance.now() > deadline) {
        throw new PartsError({
          code: 'lockTimeout',
          what: `Process ${holder.pid} has held the lock for too long`,
          where: lockFile,
          mend: `Wait for it, or stop process ${holder.pid}.`,
          retryable: true,
        });
      }
      await sleep(POLL_MS);
    }
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** Between our read and our rename another process may have replaced the stale lock by its own: then it is put back. */
async function removeStaleLock(lockFile: string, staleText: string, aside: string): Promise<void> {
  try {
    await rename(lockFile, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  const taken = await readFile(aside, 'utf8').catch(() => '');
  if (taken !== staleText) await link(aside, lockFile).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}
