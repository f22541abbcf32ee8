import { spawn } from 'node:child_process';
import { mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PartsError } from '../parts-error.ts';
import { writeFileAtomically } from '../private-file.ts';
import type { RunAs } from '../service-account.ts';
import { rotateLog } from './log-file.ts';
import type { LogLimits } from './log-file.ts';
import { formatPidFile, identifyProcess, isAlive, readLivingPidFile } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** A process that is to outlive us. */
export type DetachedSpec = {
  /** For messages: `PostgreSQL`, `Asterisk main`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process; ours, with its secrets, is not handed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The account to run as when we are root. */
  readonly runAs?: RunAs | undefined;
  /** Receives standard output and error, appended; set aside by size at each start. */
  readonly logFile: string;
  readonly logLimits?: LogLimits;
  readonly pidFile: string;
};

/** A step of stopping: a signal and how long to wait for the end after it. */
export type StopStep = { readonly signal: NodeJS.Signals; readonly waitMs: number };

const POLL_MS = 50;

/**
 * Starts a process in a session of its own (setsid), so that neither our end nor a Ctrl-C reaches it, and writes its pid file.
 * Throws `startFailed` when it cannot be started. It may still end right afterwards: callers ask the service itself whether it is up.
 */
export async function startDetached(spec: DetachedSpec): Promise<ProcessIdentity> {
  await mkdir(dirname(spec.logFile), { recursive: true });
  await rotateLog(spec.logFile, 'rename', spec.logLimits);
  const log = await open(spec.logFile, 'a', 0o640);
  try {
    const child = spawn(spec.command, spec.args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      cwd: spec.cwd,
      env: { ...spec.env },
      ...(spec.runAs === undefined ? {} : { uid: spec.runAs.uid, gid: spec.runAs.gid }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) =>
        reject(
          new PartsError({
            code: 'startFailed',
            what: `${spec.name} could not be started: ${cause.message}`,
            where: spec.command,
            mend: 'See that the program exists and that the account of the service may run it.',
            cause,
          }),
        ),
      );
    });
    child.on('error', () => undefined);
    child.unref();
    const identity = child.pid === undefined ? undefined : await identifyProcess(child.pid);
    if (identity === undefined) throw startFailed(spec.name, spec.logFile, 'it ended at once');
    await writeFileAtomically(spec.pidFile, formatPidFile(identity), { mode: 0o644 });
    return identity;
  } finally {
    await log.close();
  }
}

/** The running process that an earlier start left, or undefined. A reused pid is not taken for it. */
export async function adoptDetached(spec: Pick<DetachedSpec, 'pidFile'>): Promise<ProcessIdentity | undefined> {
  return await readLivingPidFile(spec.pidFile);
}

/** The error of a service that does not come up, pointing at its log. */
export function startFailed(name: string, logFile: string, why: string, output?: string): PartsError {
  return new PartsError({
    code: 'startFailed',
    what: `${name} did not come up: ${why}`,
    where: logFile,
    mend: 'The end of its log says why.',
    ...(output === undefined || output === '' ? {} : { output }),
  });
}

/** The last lines of a log, for messages; empty when there is none. */
export async function tailOfFile(file: string, maxBytes = 2000): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, maxBytes);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8').trim();
  } finally {
    await handle.close();
  }
}

/** Waits until a process is gone; whether it went in time. */
export async function waitForEnd(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    if (!(await isAlive(identity))) return true;
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
}

/**
 * Stops a process step by step and removes its pid file. The identity is checked before each signal, so that a stranger who got the
 * number meanwhile is never hit. Throws `stopFailed` when it outlives the last step.
 */
export async function stopProcess(
  name: string,
  identity: ProcessIdentity,
  steps: readonly StopStep[],
  pidFile?: string,
): Promise<void> {
  for (const { signal, waitMs } of steps) {
    if (!(await isAlive(identity))) break;
    try {
      process.kill(identity.pid, signal);
    } catch (cause) {
      if (!(await isAlive(identity))) break;
      throw new PartsError({
        code: 'stopFailed',
        what: `${name} may not be stopped by this account`,
        where: `process ${identity.pid}`,
        mend: 'Run it as the account that started it, or as root.',
        cause,
      });
    }
    if (await waitForEnd(identity, waitMs)) break;
  }
  if (await isAlive(identity)) {
    throw new PartsError({
      code: 'stopFailed',
      what: `${name} does not end`,
      where: `process ${identity.pid}`,
      mend: `Look at process ${identity.pid}; "kill -9 ${identity.pid}" is the last means.`,
    });
  }
  if (pidFile !== undefined) await unlink(pidFile).catch(() => undefined);
}

/** The environment of a service: nothing of ours but what every program may expect. */
export function serviceEnvironment(more: Readonly<Record<string, string>> = {}, homeDir = '/'): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: homeDir,
    ...more,
  };
}
