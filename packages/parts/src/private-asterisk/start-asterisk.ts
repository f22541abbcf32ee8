import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PartsError, refuseWhenAborted } from '../parts-error.ts';
import { ensureSecretFile, readIfPresent, writeFileAtomically } from '../private-file.ts';
import {
  adoptDetached,
  serviceEnvironment,
  startDetached,
  startFailed,
  stopProcess,
  tailOfFile,
} from '../process/detached-process.ts';
import type { StopStep } from '../process/detached-process.ts';
import { rotateLog } from '../process/log-file.ts';
import type { LogLimits } from '../process/log-file.ts';
import { requireFreePort } from '../ports.ts';
import { findProcesses, formatPidFile, isAlive } from '../process/process-identity.ts';
import type { ProcessIdentity } from '../process/process-identity.ts';
import { withPidLock } from '../process/pid-lock.ts';
import { runCommand } from '../process/run-command.ts';
import { ensureServiceAccount, makeReachableFolder } from '../service-account.ts';
import type { RunAs } from '../service-account.ts';
import { asteriskPaths } from './asterisk-spec.ts';
import type { AsteriskPaths, AsteriskSpec } from './asterisk-spec.ts';
import { hostPort } from './config-text.ts';
import { differsFromConfig, writeAsteriskConfig } from './write-config.ts';

/** A living instance. */
export type RunningAsterisk = {
  readonly name: string;
  /** Base of ARI, without a slash at its end: `http://127.0.0.1:8088/ari`. Media sockets are at the same host under `/media`, SIP under `/ws`. */
  readonly ariUrl: string;
  readonly username: string;
  readonly password: string;
  readonly process: ProcessIdentity;
  /** Whether it was running already and went on undisturbed. */
  readonly adopted: boolean;
  /** The spec asks for another configuration than the running one: drain and restart to apply it. */
  readonly restartNeeded: boolean;
  readonly paths: AsteriskPaths;
};

/** How starting is watched. */
export type StartOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** An instance that lives but does not answer in time is killed, with its calls, and started afresh. For a watcher; off by default. */
  readonly replaceSilent?: boolean;
};

const START_TIMEOUT_MS = 30_000;
const PING_EVERY_MS = 50;
const STOP_STEPS: readonly StopStep[] = [
  { signal: 'SIGTERM', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** The instance's ARI password, kept in its folder and made at the first call. */
export async function ensureAriPassword(dir: string): Promise<string> {
  await makeReachableFolder(dir, await ensureServiceAccount());
  return await ensureSecretFile(join(dir, 'ari-password'));
}

/**
 * Writes the configuration and starts the instance, or adopts it when it runs already; returns once ARI answers with our password.
 * As root it runs under the services' account. Two processes that call at once get the same instance.
 * Throws `PartsError`: `startFailed` with the end of the log, `portTaken`, `homeUnreachable`, `configRefused`.
 */
export async function startAsterisk(spec: AsteriskSpec, options: StartOptions = {}): Promise<RunningAsterisk> {
  const runAs = await ensureServiceAccount();
  await makeReachableFolder(spec.dir, runAs);
  return await withPidLock(join(spec.dir, 'start.lock'), { signal: options.signal }, async () => {
    const living = await findRunningAsterisk(spec.dir);
    const adopted = living === undefined ? undefined : await adopt(spec, living, options);
    return adopted ?? (await startAnew(spec, runAs, options));
  });
}

/** The living instance as it is, or undefined when it was silent and has been killed. Its configuration on disk stays that of the running one. */
async function adopt(
  spec: AsteriskSpec,
  living: ProcessIdentity,
  options: StartOptions,
): Promise<RunningAsterisk | undefined> {
  const access = (await readAccess(spec.dir)) ?? accessOf(spec);
  const running: RunningAsterisk = {
    name: spec.name,
    ...access,
    process: living,
    adopted: true,
    restartNeeded: await differsFromConfig(spec),
    paths: asteriskPaths(spec.dir),
  };
  try {
    await waitForAri(running, options);
    return running;
  } catch (error) {
    const isSilent = error instanceof PartsError && error.code === 'startFailed';
    if (options.replaceSilent !== true || !isSilent) throw error;
    await stopProcess(`Asterisk ${spec.name}`, living, STOP_STEPS, running.paths.pidFile);
    return undefined;
  }
}

async function startAnew(
  spec: AsteriskSpec,
  runAs: RunAs | undefined,
  options: StartOptions,
): Promise<RunningAsterisk> {
  const paths = asteriskPaths(spec.dir);
  await writeAsteriskConfig(spec, runAs);
  await requireFreePorts(spec);
  await rotateLog(paths.messagesLog, 'rename');
  // Written before the start: whoever adopts after our crash must know where to ask.
  await writeFileAtomically(accessFile(spec.dir), `${JSON.stringify(accessOf(spec))}\n`);
  const started = await startDetached({
    name: `Asterisk ${spec.name}`,
    command: spec.program.command,
    // -f: stay in the foreground of our detached session; -p is left out, since real-time priority needs root.
    args: [...spec.program.args, '-f', '-C', paths.asteriskConf],
    env: serviceEnvironment(spec.program.env, paths.lib),
    cwd: spec.dir,
    runAs,
    logFile: paths.processLog,
    pidFile: paths.pidFile,
  });
  const running: RunningAsterisk = {
    name: spec.name,
    ...accessOf(spec),
    process: started,
    adopted: false,
    restartNeeded: false,
    paths,
  };
  try {
    await waitForAri(running, options);
  } catch (error) {
    await stopProcess(`Asterisk ${spec.name}`, started, STOP_STEPS, paths.pidFile);
    throw error;
  }
  return running;
}

/** Asterisk would start without the listeners it cannot bind, and only its log would say so. */
async function requireFreePorts(spec: AsteriskSpec): Promise<void> {
  await requireFreePort('HTTP of Asterisk', spec.http.port, 'tcp', spec.http.address);
  for (const transport of spec.sip.transports) {
    if (transport.kind === 'ws') continue;
    await requireFreePort(
      `SIP over ${transport.kind}`,
      transport.port,
      transport.kind === 'udp' ? 'udp' : 'tcp',
      transport.address,
    );
  }
}

type Access = Pick<RunningAsterisk, 'ariUrl' | 'username' | 'password'>;

function accessOf(spec: AsteriskSpec): Access {
  return {
    ariUrl: `http://${hostPort(spec.http.address, spec.http.port)}/ari`,
    username: spec.ari.username,
    password: spec.ari.password,
  };
}

function accessFile(dir: string): string {
  return join(dir, 'access.json');
}

/** Where the instance of a folder was told to listen at its start; undefined when it was never started. */
export async function readAccess(dir: string): Promise<Access | undefined> {
  const text = await readIfPresent(accessFile(dir));
  try {
    // Written by ourselves, readable by us alone.
    return text === undefined ? undefined : (JSON.parse(text) as Access);
  } catch {
    return undefined;
  }
}

/** The living instance of a folder, or undefined. Found by its pid file, or by its own configuration file among the arguments of all processes. */
export async function findRunningAsterisk(dir: string): Promise<ProcessIdentity | undefined> {
  const paths = asteriskPaths(dir);
  const known = await adoptDetached(paths);
  if (known !== undefined) return known;
  const [found] = await findProcesses(
    (args) => args.includes('-f') && args[args.indexOf('-C') + 1] === paths.asteriskConf,
  );
  if (found !== undefined) await writeFileAtomically(paths.pidFile, formatPidFile(found), { mode: 0o644 });
  return found;
}

/** Whether ARI answers with these credentials: `up`, `refused` (another password, so another's server), or `silent`. */
export async function pingAri(
  ariUrl: string,
  username: string,
  password: string,
  timeoutMs = 2000,
): Promise<'up' | 'refused' | 'silent'> {
  try {
    const answer = await fetch(`${ariUrl}/asterisk/ping`, {
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.arrayBuffer();
    if (answer.ok) return 'up';
    // 404 and 503 are its own while modules are still loading.
    return answer.status === 401 || answer.status === 403 ? 'refused' : 'silent';
  } catch {
    return 'silent';
  }
}

async function waitForAri(running: RunningAsterisk, options: StartOptions): Promise<void> {
  const { ariUrl, paths } = running;
  const name = `Asterisk ${running.name}`;
  const log = async (): Promise<string> =>
    `${await tailOfFile(paths.processLog)}\n${await tailOfFile(paths.messagesLog)}`.trim();
  const deadline = performance.now() + (options.timeoutMs ?? START_TIMEOUT_MS);
  for (;;) {
    refuseWhenAborted(options.signal);
    const answer = await pingAri(ariUrl, running.username, running.password);
    const alive = await isAlive(running.process);
    if (answer === 'up' && alive) return;
    if (!alive) throw startFailed(name, paths.processLog, 'it ended', await log());
    if (answer === 'refused') {
      throw new PartsError({
        code: 'portTaken',
        what: 'Another server answers in its place, or the running Asterisk has another password',
        where: ariUrl,
        mend: 'Stop the other server, or run "qianhu stop" and start again.',
      });
    }
    if (performance.now() > deadline) throw startFailed(name, paths.messagesLog, 'ARI does not answer', await log());
    await sleep(PING_EVERY_MS);
  }
}

/** How an instance is stopped. */
export type StopAsteriskOptions = {
  /** Refuse new calls and wait so long for the living ones to end; 0 (the default) ends them at once. */
  readonly drainMs?: number;
};

/** Stops the instance of a folder; calls that still live end with it. Does nothing when none runs. */
export async function stopAsterisk(
  spec: Pick<AsteriskSpec, 'name' | 'dir' | 'program'>,
  options: StopAsteriskOptions = {},
): Promise<void> {
  const living = await findRunningAsterisk(spec.dir);
  if (living === undefined) return;
  const paths = asteriskPaths(spec.dir);
  const drainMs = options.drainMs ?? 0;
  if (drainMs > 0) {
    await asteriskCommand(spec, 'core stop gracefully');
    const deadline = performance.now() + drainMs;
    while (performance.now() < deadline && (await isAlive(living))) await sleep(200);
  }
  await stopProcess(`Asterisk ${spec.name}`, living, STOP_STEPS, paths.pidFile);
}

/** Runs one command of Asterisk's own command line on the running instance; its output. For people and diagnosis, not for calls. */
export async function asteriskCommand(spec: Pick<AsteriskSpec, 'dir' | 'program'>, command: string): Promise<string> {
  const runAs = await ensureServiceAccount();
  const { asteriskConf } = asteriskPaths(spec.dir);
  const done = await runCommand(spec.program.command, [...spec.program.args, '-C', asteriskConf, '-rx', command], {
    runAs,
    cwd: '/',
    env: serviceEnvironment(spec.program.env),
    timeoutMs: 10_000,
  });
  return done.stdout;
}

/** Sets large logs of a running instance aside; called from time to time. */
export async function rotateAsteriskLogs(
  running: Pick<RunningAsterisk, 'ariUrl' | 'username' | 'password' | 'paths'>,
  limits?: LogLimits,
): Promise<void> {
  await rotateLog(running.paths.processLog, 'copy', limits);
  if (!(await rotateLog(running.paths.messagesLog, 'rename', limits))) return;
  // Asterisk holds the file open until it is told. Our rotatestrategy is "none", so this only closes and opens.
  await fetch(`${running.ariUrl}/asterisk/logging/messages.log/rotate`, {
    method: 'PUT',
    headers: { authorization: `Basic ${Buffer.from(`${running.username}:${running.password}`).toString('base64')}` },
    signal: AbortSignal.timeout(5000),
  });
}
