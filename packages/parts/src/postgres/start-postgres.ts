import { appendFile, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PartsError } from '../parts-error.ts';
import { requireFreePort } from '../ports.ts';
import { ensureSecretFile, readIfPresent, writeFileAtomically } from '../private-file.ts';
import {
  adoptDetached,
  serviceEnvironment,
  startDetached,
  startFailed,
  stopProcess,
  tailOfFile,
} from '../process/detached-process.ts';
import { rotateLog } from '../process/log-file.ts';
import { withPidLock } from '../process/pid-lock.ts';
import { formatPidFile, identifyProcess, isAlive, readCommandLine } from '../process/process-identity.ts';
import type { ProcessIdentity } from '../process/process-identity.ts';
import { runCommand } from '../process/run-command.ts';
import { ensureServiceAccount, giveTo, makeReachableFolder, makeServiceFolder } from '../service-account.ts';
import type { RunAs } from '../service-account.ts';
import type { PostgresProgram } from './postgres-binaries.ts';
import { parsePostmasterPid, postgresAccessText, postgresConfigText } from './postgres-config.ts';

/** One PostgreSQL server: its folder, its programs, its port. */
export type PostgresSpec = {
  /** The server's own folder, reachable by the services' account. Made when missing. */
  readonly dir: string;
  readonly program: PostgresProgram;
  /** On loopback. */
  readonly port: number;
};

/** A living server. */
export type RunningPostgres = {
  /** `postgres://qianhu:PASSWORD@127.0.0.1:PORT/qianhu`; the database is made at the first start. */
  readonly url: string;
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly process: ProcessIdentity;
  /** Whether it was running already and went on undisturbed. */
  readonly adopted: boolean;
  readonly version: string;
  readonly logFile: string;
};

/** The superuser of the embedded server and the name of its first database. */
export const POSTGRES_USER = 'qianhu';

const START_TIMEOUT_MS = 60_000;

function pathsOf(dir: string): {
  data: string;
  pidFile: string;
  logFile: string;
  passwordFile: string;
  logDir: string;
} {
  return {
    data: join(dir, 'data'),
    pidFile: join(dir, 'postgres.pid'),
    logFile: join(dir, 'log', 'postgres.log'),
    passwordFile: join(dir, 'password'),
    logDir: join(dir, 'log'),
  };
}

/** A socket's whole path is limited to 107 bytes (unix(7)); in a deeper home the server listens on loopback only. */
export function socketDirOf(dir: string): string | undefined {
  const folder = join(resolve(dir), 'run');
  return Buffer.byteLength(join(folder, '.s.PGSQL.65535')) <= 107 ? folder : undefined;
}

/**
 * Starts the server, making its data folder at the first time, or adopts it when it runs; returns once it takes connections.
 * The password is random and kept in `password`, mode 0600. As root the server runs under the services' account.
 * Throws `PartsError`: `startFailed` with the end of the log, `portTaken`, `dataVersionMismatch`, `homeUnreachable`, `diskFull`.
 */
export async function startPostgres(
  spec: PostgresSpec,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
): Promise<RunningPostgres> {
  const runAs = await ensureServiceAccount();
  const paths = pathsOf(spec.dir);
  await makeReachableFolder(spec.dir, runAs);
  await makeServiceFolder(paths.logDir, runAs, 0o750);
  return await withPidLock(join(spec.dir, 'start.lock'), { signal: options.signal }, async () => {
    const password = await ensureSecretFile(paths.passwordFile);
    await ensureDataFolder(spec, password, runAs);
    const living = await findRunningPostgres(spec.dir);
    if (living !== undefined) {
      const { port } = await waitUntilReady(spec, living, options.timeoutMs ?? START_TIMEOUT_MS);
      return describe(spec, { process: living, adopted: true, password, port });
    }
    await requireFreePort('PostgreSQL', spec.port, 'tcp', '127.0.0.1');
    const socketDir = socketDirOf(spec.dir);
    if (socketDir !== undefined) await makeServiceFolder(socketDir, runAs);
    await writeFileAtomically(join(paths.data, 'qianhu.conf'), postgresConfigText({ port: spec.port, socketDir }), {
      runAs,
    });
    await writeFileAtomically(join(paths.data, 'pg_hba.conf'), postgresAccessText(), { runAs });
    const started = await startDetached({
      name: 'PostgreSQL',
      command: spec.program.postgres,
      args: ['-D', paths.data],
      env: serviceEnvironment({}, spec.dir),
      cwd: spec.dir,
      runAs,
      logFile: paths.logFile,
      pidFile: paths.pidFile,
    });
    try {
      await waitUntilReady(spec, started, options.timeoutMs ?? START_TIMEOUT_MS);
    } catch (error) {
      await stopProcess(
        'PostgreSQL',
        started,
        [
          { signal: 'SIGINT', waitMs: 10_000 },
          { signal: 'SIGQUIT', waitMs: 10_000 },
        ],
        paths.pidFile,
      );
      throw error;
    }
    return describe(spec, { process: started, adopted: false, password, port: spec.port });
  });
}

function describe(
  spec: PostgresSpec,
  found: {
    readonly process: ProcessIdentity;
    readonly adopted: boolean;
    readonly password: string;
    readonly port: number;
  },
): RunningPostgres {
  const { port, password } = found;
  return {
    url: `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${port}/${POSTGRES_USER}`,
    host: '127.0.0.1',
    port,
    user: POSTGRES_USER,
    password,
    database: POSTGRES_USER,
    process: found.process,
    adopted: found.adopted,
    version: spec.program.version,
    logFile: pathsOf(spec.dir).logFile,
  };
}

/** Makes the data folder by initdb, whole or not at all, and the first database in it. */
async function ensureDataFolder(spec: PostgresSpec, password: string, runAs: RunAs | undefined): Promise<void> {
  const { data } = pathsOf(spec.dir);
  const major = (await readIfPresent(join(data, 'PG_VERSION')))?.trim();
  if (major !== undefined) {
    if (Number.parseInt(major, 10) === spec.program.major) return;
    throw new PartsError({
      code: 'dataVersionMismatch',
      what: `The data was written by PostgreSQL ${major}, but the server is ${spec.program.version}`,
      where: data,
      mend: `Start the Qianhu that brought PostgreSQL ${major}, make a backup with it, and restore it here; or set DATABASE_URL to a server of version ${major}.`,
    });
  }
  const draft = join(spec.dir, 'data.new');
  await rm(draft, { recursive: true, force: true });
  await makeServiceFolder(draft, runAs);
  const secret = join(spec.dir, 'data.new.password');
  await writeFileAtomically(secret, `${password}\n`, { runAs });
  try {
    const made = await runCommand(
      spec.program.initdb,
      [
        '-D',
        draft,
        '-U',
        POSTGRES_USER,
        '--pwfile',
        secret,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--data-checksums',
      ],
      { env: serviceEnvironment({}, spec.dir), cwd: spec.dir, runAs },
    );
    if (made.code !== 0) throw initError(made.stdout + made.stderr, spec.dir);
    await createDatabase(spec, draft, runAs);
    await appendFile(join(draft, 'postgresql.conf'), "\ninclude 'qianhu.conf'\n");
    await giveTo(draft, runAs);
    // Something may lie there without PG_VERSION: not a data folder, and not ours to delete.
    const leftovers = await readdir(data).catch((): string[] => []);
    if (leftovers.length > 0) {
      throw new PartsError({
        code: 'startFailed',
        what: 'The data folder holds files but is not a PostgreSQL data folder',
        where: data,
        mend: 'Move it away and start again.',
      });
    }
    await rm(data, { recursive: true, force: true });
    await rename(draft, data);
  } finally {
    await rm(secret, { force: true });
  }
}

/** PostgreSQL in single-user mode: the database exists before anybody can connect. */
async function createDatabase(spec: PostgresSpec, data: string, runAs: RunAs | undefined): Promise<void> {
  const made = await runCommand(spec.program.postgres, ['--single', '-D', data, 'postgres'], {
    env: serviceEnvironment({}, spec.dir),
    cwd: spec.dir,
    runAs,
    input: `CREATE DATABASE ${POSTGRES_USER} OWNER ${POSTGRES_USER}\n`,
  });
  if (made.code !== 0) throw initError(made.stdout + made.stderr, spec.dir);
}

function initError(output: string, where: string): PartsError {
  if (/No space left on device/.test(output))
    return new PartsError({
      code: 'diskFull',
      what: 'The disk is full',
      where,
      mend: 'Free some space and start again.',
      retryable: true,
      output,
    });
  return new PartsError({
    code: 'startFailed',
    what: "PostgreSQL's data folder could not be made",
    where,
    mend: 'Its output says why.',
    output: output.slice(-2000),
  });
}

/** The living server of a folder, or undefined; found by our pid file or by PostgreSQL's own. */
export async function findRunningPostgres(dir: string): Promise<ProcessIdentity | undefined> {
  const { data, pidFile } = pathsOf(dir);
  const known = await adoptDetached({ pidFile });
  if (known !== undefined) return known;
  const told = await readPostmaster(dir);
  if (told === undefined) return undefined;
  const args = await readCommandLine(told.pid);
  if (args[args.indexOf('-D') + 1] !== data) return undefined;
  const found = await identifyProcess(told.pid);
  if (found !== undefined) await writeFileAtomically(pidFile, formatPidFile(found), { mode: 0o644 });
  return found;
}

/** What the server of a folder says of itself in postmaster.pid; undefined when there is no such file. */
export async function readPostmaster(dir: string): Promise<ReturnType<typeof parsePostmasterPid>> {
  return parsePostmasterPid(await readFile(join(pathsOf(dir).data, 'postmaster.pid'), 'utf8').catch(() => ''));
}

async function waitUntilReady(
  spec: PostgresSpec,
  living: ProcessIdentity,
  timeoutMs: number,
): Promise<{ readonly port: number }> {
  const { logFile } = pathsOf(spec.dir);
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const told = await readPostmaster(spec.dir);
    // pg_ctl waits for the same word.
    if (told?.pid === living.pid && told.state === 'ready') return { port: told.port };
    if (!(await isAlive(living))) throw startFailed('PostgreSQL', logFile, 'it ended', await tailOfFile(logFile));
    if (performance.now() > deadline)
      throw startFailed(
        'PostgreSQL',
        logFile,
        'it takes too long (a recovery after a crash may need more time)',
        await tailOfFile(logFile),
      );
    await sleep(30);
  }
}

/** Stops the server of a folder: sessions are ended, committed work is safe ("fast" shutdown). Does nothing when none runs. */
export async function stopPostgres(spec: Pick<PostgresSpec, 'dir'>): Promise<void> {
  const living = await findRunningPostgres(spec.dir);
  if (living === undefined) return;
  // Never SIGKILL: the server's other processes would stay behind and block the next start. SIGQUIT recovers at the next start.
  await stopProcess(
    'PostgreSQL',
    living,
    [
      { signal: 'SIGINT', waitMs: 30_000 },
      { signal: 'SIGQUIT', waitMs: 15_000 },
    ],
    pathsOf(spec.dir).pidFile,
  );
}

/** Sets a large log of the running server aside; called from time to time. */
export async function rotatePostgresLog(dir: string): Promise<void> {
  await rotateLog(pathsOf(dir).logFile, 'copy');
}
