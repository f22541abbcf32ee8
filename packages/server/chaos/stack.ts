import { build } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { labClient, launchLab, stopLab, type LabClient, type LabConfigInput } from '@qianhu/lab';
import {
  ensureAsterisk,
  findRunningAsterisk,
  findRunningPostgres,
  isRoot,
  prepareHome,
  resolveHome,
  stopAsterisk,
  stopPostgres,
  type HomeFolders,
} from '@qianhu/parts';
import { startEmbeddedPostgres } from '../src/platform/services/postgres-service.ts';
import { findAppPaths } from '../src/platform/paths.ts';
import { localTokenFile } from '../src/platform/running-server.ts';
import { createApi, type Api } from './api.ts';

/** A whole Qianhu of its own: home, PostgreSQL, Asterisk, the server as a child process, and a lab beside it. */
export type Stack = {
  readonly folders: HomeFolders;
  readonly port: number;
  readonly lab: LabClient;
  readonly labSipPort: number;
  /** Lines of the server's log, of all its lives. */
  readonly logFile: string;
  /** Connection string of the embedded PostgreSQL. */
  readonly databaseUrl: string;
  /** The migrations that the server carries. */
  readonly migrationsDir: string;
  /** As the administrator of the command line. */
  admin(): Promise<Api>;
  startServer(): Promise<void>;
  /** Resolves when the engine owns its calls again. */
  serverReady(timeoutMs?: number): Promise<void>;
  /** Throws when the server has ended by itself. */
  checkServer(): void;
  /** SIGKILL; resolves when the process is gone. */
  killServer(): Promise<void>;
  killAsterisk(): Promise<boolean>;
  killPostgres(): Promise<boolean>;
  serverPid(): number | undefined;
  readonly profileDir: string;
  /** SIGTERM; resolves when the server is gone. */
  stopServer(): Promise<void>;
  /** Stops the server and everything else. */
  stop(keepFiles: boolean): Promise<void>;
};

export type StackOptions = {
  readonly parts: string | undefined;
  readonly lab: Omit<LabConfigInput, 'dir' | 'partsDir'>;
  readonly announce: (line: string) => void;
  /** Writes a CPU profile of the server into `profileDir` when it ends. */
  readonly profile?: boolean;
  /** Without a lab: the far ends are somebody else's. */
  readonly withoutLab?: boolean;
};

/**
 * Builds the server into the cache of this installation, with the migrations and sounds it reads at its starts beside it,
 * so that an edit during a run changes nothing in it.
 */
const bundleServer = async (root: string): Promise<{ readonly file: string; readonly dir: string }> => {
  const dir = join(root, 'node_modules', '.cache', `qianhu-trial-${process.pid}`);
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'packages/server/src/main.ts', lab: 'packages/lab/src/main.ts' },
    outdir: dir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [
      {
        name: 'installed-stays-outside',
        setup: (setup) => {
          setup.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('@qianhu/') ? undefined : { path, external: true },
          );
        },
      },
    ],
  });
  for (const part of ['migrations', 'assets'])
    await cp(join(root, 'packages', 'server', part), join(dir, 'packages', 'server', part), { recursive: true });
  return { file: join(dir, 'main.js'), dir };
};

const freePort = async (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error()),
      );
    });
  });

/** Makes a stack; the database is up and empty, the lab is up, the server is not started yet. */
export const makeStack = async (options: StackOptions): Promise<Stack> => {
  const { root } = findAppPaths();
  const home = await mkdtemp(join(tmpdir(), 'qianhu-trial-'));
  const folders = resolveHome({
    home,
    parts: options.parts ?? (isRoot() ? '/var/lib/qianhu/parts' : join(root, '.qianhu', 'parts')),
    isRoot: isRoot(),
    cwd: root,
  });
  await prepareHome(folders);
  const program = await bundleServer(root);
  const quiet = (): void => undefined;
  const postgres = await startEmbeddedPostgres(folders, quiet);
  const labDir = join(home, 'lab');
  const ready =
    options.withoutLab === true
      ? undefined
      : await launchLab({
          config: { dir: labDir, partsDir: folders.partsDir, ...options.lab },
          command: [process.execPath, join(program.dir, 'lab.js')],
          assetsDir: join(root, 'packages', 'lab', 'assets'),
        });
  const port = await freePort();
  const logFile = join(home, 'server.log');
  const profileDir = join(home, 'profile');
  let log: WriteStream | undefined;
  let child: ChildProcess | undefined;
  const url = `http://127.0.0.1:${port}`;

  const admin = async (): Promise<Api> =>
    createApi(url, { authorization: `Bearer ${(await readFile(localTokenFile(home), 'utf8')).trim()}` });

  const gone = (process: ChildProcess): Promise<void> =>
    process.exitCode !== null || process.signalCode !== null
      ? Promise.resolve()
      : new Promise((resolve) => process.once('exit', () => resolve()));

  const stopServer = async (): Promise<void> => {
    const server = child;
    if (server === undefined) return;
    server.kill('SIGTERM');
    const kill = setTimeout(() => server.kill('SIGKILL'), 20_000);
    await gone(server);
    clearTimeout(kill);
  };

  let wasKilled = false;
  const checkServer = (): void => {
    if (wasKilled || child === undefined) return;
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The server ended by itself (${child.exitCode ?? child.signalCode ?? ''}); see ${logFile}.`);
  };

  return {
    folders,
    port,
    lab: labClient(ready ?? { controlUrl: '', token: '' }),
    labSipPort: ready?.sipPort ?? 0,
    logFile,
    databaseUrl: postgres.url,
    migrationsDir: findAppPaths(program.file).migrations,
    admin,
    startServer: async () => {
      log ??= createWriteStream(logFile, { flags: 'a' });
      const profiling = options.profile === true ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] : [];
      const started = spawn(process.execPath, [...profiling, '--enable-source-maps', program.file], {
        cwd: home,
        env: {
          PATH: process.env['PATH'] ?? '',
          PORT: String(port),
          QIANHU_HOME: home,
          QIANHU_PARTS: folders.partsDir,
          QIANHU_DEMO: 'off',
          LOG_LEVEL: 'info',
          ...(process.env['HOME'] === undefined ? {} : { HOME: process.env['HOME'] }),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      started.stdout.pipe(log, { end: false });
      started.stderr.pipe(log, { end: false });
      child = started;
      wasKilled = false;
      await new Promise<void>((resolve, reject) => {
        started.once('spawn', resolve);
        started.once('error', reject);
      });
    },
    serverReady: async (timeoutMs = 120_000) => {
      const giveUpAt = performance.now() + timeoutMs;
      for (;;) {
        const role = await admin()
          .then((api) => api.get<{ engine?: { role: string } }>('/health', { anyStatus: true }))
          .then((health) => health.engine?.role)
          .catch(() => undefined);
        if (role === 'owner') return;
        checkServer();
        if (performance.now() > giveUpAt) throw new Error(`The server is not ready in time; see ${logFile}.`);
        await sleep(100);
      }
    },
    checkServer,
    killServer: async () => {
      if (child === undefined) return;
      wasKilled = true;
      child.kill('SIGKILL');
      await gone(child);
    },
    killAsterisk: () => killService(() => findRunningAsterisk(folders.asteriskDir('main'))),
    killPostgres: () => killService(() => findRunningPostgres(folders.postgresDir)),
    serverPid: () => child?.pid,
    profileDir,
    stopServer,
    stop: async (keepFiles) => {
      await stopServer();
      log?.end();
      if (ready !== undefined) await stopLab(labDir).catch((error: unknown) => options.announce(String(error)));
      const asterisk = await ensureAsterisk({ partsDir: folders.partsDir });
      await stopAsterisk({ name: 'main', dir: folders.asteriskDir('main'), program: asterisk }).catch(quiet);
      await stopPostgres({ dir: folders.postgresDir }).catch(quiet);
      await rm(program.dir, { recursive: true, force: true });
      if (!keepFiles) await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

const killService = async (find: () => Promise<{ readonly pid: number } | undefined>): Promise<boolean> => {
  const running = await find();
  if (running === undefined) return false;
  try {
    process.kill(running.pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
};
