import type { HouseSettings } from '@qianhu/contracts';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { PartHealth } from '@qianhu/contracts';
import {
  asteriskPaths,
  findRunningAsterisk,
  findRunningPostgres,
  isRoot,
  prepareHome,
  resolveHome,
  rotateAsteriskLogs,
  rotatePostgresLog,
  watchService,
  type HomeFolders,
  type OnProgress,
  type ServiceWatcher,
} from '@qianhu/parts';
import { AsteriskSwitch, type SoundSource } from '@qianhu/switch';
import type { Config } from './config.ts';
import { LiveEngine } from './engine/live-engine.ts';
import { AppError } from './errors.ts';
import { ensureCertificate, fingerprintOf } from './platform/certificate.ts';
import { every, realClock } from './platform/clock.ts';
import { createDatabase } from './platform/database.ts';
import { createIdSource } from './platform/ids.ts';
import { createLogger } from './platform/log.ts';
import { ensureEventPartitions, migrate, readMigrations } from './platform/migrate.ts';
import { findAppPaths } from './platform/paths.ts';
import { addressFile, localTokenFile, readRunningServer } from './platform/running-server.ts';
import { openSecretBox } from './platform/secret-box.ts';
import {
  privateSipServer,
  promptsFolder,
  startPrivateAsterisk,
  STASIS_APP,
  TLS_TRANSPORTS,
} from './platform/services/asterisk-service.ts';
import { startLabProcess, stopLabProcess } from './platform/services/lab-service.ts';
import type { FloorSnapshot } from './engine/port.ts';
import { startEmbeddedPostgres } from './platform/services/postgres-service.ts';
import { createApiRole } from './roles.ts';
import { VERSION } from './version.ts';

/** What the program says to whoever started it. */
export type Announce = (line: string) => void;

export type RunningServer = {
  readonly url: string;
  /** Ends our work. The calls go on in the switch; the services stay up. Idempotent. */
  close(): Promise<void>;
  /** Somebody is in a call or logged in, other than the demonstration: stopping the services would cut them off. */
  isInUse(): boolean;
  /** Resolves with the reason when the server must end by itself (another process took over). */
  readonly lost: Promise<string>;
};

const HOUR_MS = 3_600_000;
const PRUNE_MS = 10 * 60_000;

/** Folders of this configuration. */
export const foldersOf = (config: Config): HomeFolders =>
  resolveHome({ home: config.home, parts: config.parts, isRoot: isRoot(), cwd: process.cwd() });

/** Starts everything, in the order in which each needs the other. Throws `AppError` or `PartsError` with what to mend. */
export const startServer = async (config: Config, announce: Announce): Promise<RunningServer> => {
  const paths = findAppPaths();
  const folders = foldersOf(config);
  const clock = realClock();
  await prepareHome(folders);
  await refuseSecondServer(folders.home);
  await mkdir(join(folders.home, 'recordings'), { recursive: true, mode: 0o750 });
  const log = createLogger({ level: config.logLevel });
  const ids = createIdSource(() => clock.now());
  const abort = new AbortController();
  const closers: (() => Promise<void> | void)[] = [];
  const watchers: ServiceWatcher[] = [];
  const timers = { now: () => clock.now(), after: (ms: number, fn: () => void) => clock.setTimer(ms, fn) };
  const onProgress: OnProgress = progressLines(announce);
  const watch = (name: string, isUp: () => Promise<boolean>, start: () => Promise<unknown>): void => {
    const watcher = watchService(
      { name, isUp, start: async () => void (await start()) },
      { timers, onChange: (status) => log.warn({ status }, 'service state changed') },
    );
    watcher.start();
    watchers.push(watcher);
  };
  let isClosing = false;
  const close = async (): Promise<void> => {
    if (isClosing) return;
    isClosing = true;
    abort.abort();
    for (const watcher of watchers) await watcher.stop();
    for (const closer of closers.reverse()) {
      try {
        await closer();
      } catch (error) {
        log.error({ err: error }, 'closing a part failed');
      }
    }
  };

  try {
    // The database.
    let connectionString = config.databaseUrl;
    if (connectionString === undefined) {
      announce('Starting PostgreSQL …');
      const postgres = await startEmbeddedPostgres(folders, onProgress, abort.signal);
      connectionString = postgres.url;
      watch(
        'postgres',
        async () => (await findRunningPostgres(folders.postgresDir)) !== undefined,
        () => startEmbeddedPostgres(folders, onProgress, abort.signal),
      );
    }
    const database = createDatabase({
      connectionString,
      max: 12,
      onConnectionError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
    });
    closers.push(() => database.close());
    const { applied } = await migrate(database.pool, await readMigrations(paths.migrations));
    if (applied.length > 0) announce(`The database is at schema ${applied.at(-1) ?? ''}.`);
    await ensureEventPartitions(database.pool, clock.now());

    // The switch.
    const asterisk = await openSwitch(config, folders, paths.prompts, announce, onProgress, abort.signal, watch, () =>
      clock.now(),
    );
    let tellLost: (reason: string) => void = () => undefined;
    const lost = new Promise<string>((resolve) => {
      tellLost = resolve;
    });
    const telephone = new AsteriskSwitch({ ...asterisk.options, app: STASIS_APP, clock, logger: log });
    closers.push(() => telephone.close());
    const secrets = await openSecretBox(join(folders.home, 'secret-key'));
    // Known once the door is open; followed from then on.
    let promptLocale: HouseSettings['promptLocale'] = 'zh';
    const engine = new LiveEngine({
      pool: database.pool,
      switch: telephone,
      clock,
      log,
      ids,
      openSecret: (sealed) => secrets.open(sealed),
      prompt: promptSources(folders.home, () => promptLocale),
      recordingsFolder: join(folders.home, 'recordings'),
      holder: await holderOf(folders.home),
      onLost: (reason) => {
        tellLost(reason);
      },
    });
    closers.push(() => engine.stop());

    // The door.
    const localToken = randomBytes(32).toString('base64url');
    const tls =
      config.tls ??
      (config.network === undefined
        ? undefined
        : await ensureCertificate(folders.home, config.network.publicAddress, clock.now()));
    const api = await createApiRole({
      database,
      engine,
      clock,
      ids,
      log,
      secrets,
      random: () => Math.random(),
      home: folders.home,
      version: VERSION,
      cookieName: `qianhu_session_${config.port}`,
      localToken,
      ...(tls === undefined ? {} : { tls }),
      webFolder: paths.web,
      iceServers: config.network?.stunServer === undefined ? [] : [{ urls: [`stun:${config.network.stunServer}`] }],
      switchSipUrl: () => asterisk.sipUrl,
      sipServer: asterisk.sipServer,
      stopLab: async () => void (await stopLabProcess(folders)),
      watchedParts: () => watchers.map((watcher) => partOf(watcher)),
    });
    promptLocale = (await api.settings.get()).promptLocale;
    api.settings.subscribe((house) => (promptLocale = house.promptLocale));
    closers.push(() => api.app.close());
    closers.push(() => {
      api.demo.stop();
    });
    const first = await api.identity.ensureAdministrator();
    await listen(api.app, config);
    const url = `${tls === undefined ? 'http' : 'https'}://${shownHost(config)}:${config.port}`;
    await writePrivate(localTokenFile(folders.home), localToken);
    await writePrivate(
      addressFile(folders.home),
      JSON.stringify({
        pid: process.pid,
        url: localUrl(config, tls !== undefined),
        ...(tls === undefined ? {} : { certificate: await fingerprintOf(tls.certFile) }),
      }),
    );
    announce(`Qianhu 千呼 is at ${url}`);
    if (first !== undefined) {
      announce('');
      announce(`  The first administrator:  ${first.login}`);
      announce(`  Password (shown once):    ${first.password}`);
      announce('');
    }

    // The calls. The pages are up already: they say what is still missing.
    closers.push(
      every(
        clock,
        PRUNE_MS,
        () =>
          void api.identity
            .pruneSessions()
            .catch((error: unknown) => log.warn({ err: error }, 'sessions were not pruned')),
      ),
    );
    closers.push(
      every(clock, HOUR_MS, () => {
        upkeep(database.pool, folders, config, clock.now(), asterisk.rotateLogs).catch((error: unknown) =>
          log.warn({ err: error }, 'upkeep failed'),
        );
      }),
    );
    await engine.start(abort.signal);
    if (config.demo === 'auto' && (await api.demo.isWanted())) {
      announce('Starting the lab: a telephone network of simulated people …');
      const startLab = () => startLabProcess(folders, paths.root, clock, abort.signal);
      const { visitor } = await api.demo.start(await startLab());
      announce(
        'A demonstration runs: simulated people are called, nobody outside is. Remove it with one click on its banner.',
      );
      if (visitor !== undefined)
        announce(`  Take its calls in your browser as:  ${visitor.login}  password  ${visitor.password}`);
    }
    announce('Ready.');
    return { url, close, lost, isInUse: () => isInUse(engine.floor()) };
  } catch (error) {
    await close();
    throw error;
  }
};

const isInUse = ({ campaigns, agents }: FloorSnapshot): boolean =>
  agents.some((agent) => !agent.demo && agent.phase !== 'loggedOut') ||
  campaigns.some((campaign) => !campaign.demo && Object.values(campaign.calls).some((calls) => calls > 0));

/** One server a home: a second would fight the first for its switch. */
const refuseSecondServer = async (home: string): Promise<void> => {
  const running = await readRunningServer(home);
  if (running === undefined) return;
  throw new AppError(
    'conflict',
    `Qianhu already runs from this home at ${running.url} (process ${running.pid}). For a second copy choose another QIANHU_HOME and PORT.`,
  );
};

type Watch = (name: string, isUp: () => Promise<boolean>, start: () => Promise<unknown>) => void;

type SwitchAccess = {
  readonly options: Pick<
    ConstructorParameters<typeof AsteriskSwitch>[0],
    'ariUrl' | 'username' | 'password' | 'spoolDir' | 'celFile' | 'controlSocket' | 'tlsTransports'
  >;
  readonly sipUrl: string;
  /** Where SIP phones register, `host:port`. */
  readonly sipServer: string;
  readonly rotateLogs: () => Promise<void>;
};

/** SIP over WebSocket is on the port of ARI. */
const sipUrlOf = (ariUrl: string): string => ariUrl.replace(/^http/, 'ws').replace(/\/ari$/, '/ws');

const openSwitch = async (
  config: Config,
  folders: HomeFolders,
  prompts: string,
  announce: Announce,
  onProgress: OnProgress,
  signal: AbortSignal,
  watch: Watch,
  nowMs: () => number,
): Promise<SwitchAccess> => {
  if (config.asterisk !== undefined) {
    // Somebody else's: its folders are Debian's, and nothing of it is started, stopped or configured by us.
    return {
      options: { ...config.asterisk, spoolDir: '/var/spool/asterisk' },
      sipUrl: sipUrlOf(config.asterisk.ariUrl),
      sipServer: `${new URL(config.asterisk.ariUrl).hostname}:5060`,
      rotateLogs: () => Promise.resolve(),
    };
  }
  announce('Starting Asterisk …');
  const start = () =>
    startPrivateAsterisk({ folders, prompts, network: config.network, nowMs: nowMs(), onProgress, signal });
  const asterisk = await start();
  if (asterisk.restartNeeded)
    announce('Asterisk runs with an older configuration; `npx qianhu stop` and a new start apply the present one.');
  const dir = folders.asteriskDir('main');
  watch('asterisk', async () => (await findRunningAsterisk(dir)) !== undefined, start);
  const { username, password, ariUrl } = asterisk;
  const { spool, celFile, run } = asteriskPaths(dir);
  return {
    options: {
      ariUrl,
      username,
      password,
      spoolDir: spool,
      celFile,
      controlSocket: `${run}/asterisk.ctl`,
      tlsTransports: TLS_TRANSPORTS,
    },
    sipUrl: sipUrlOf(ariUrl),
    sipServer: await privateSipServer(folders, config.network),
    rotateLogs: () => rotateAsteriskLogs(asterisk),
  };
};

/** What a prompt's name plays, in the house's language of the moment: `hold` and `ringing` are long, the others are short. */
const promptSources =
  (home: string, locale: () => string) =>
  (name: string): readonly SoundSource[] => [
    { kind: 'file', path: join(promptsFolder(home), locale(), name.replace(/[^A-Za-z0-9_-]/g, '')) },
  ];

/** The lease knows this home by name, so that a server that was killed takes its own lease back at once. */
const holderOf = async (home: string): Promise<string> => {
  const file = join(home, 'instance-id');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known !== '') return `${hostname()}:${known}`;
  const fresh = randomUUID();
  await writePrivate(file, fresh);
  return `${hostname()}:${fresh}`;
};

const writePrivate = async (file: string, text: string): Promise<void> => {
  await writeFile(file, text, { mode: 0o600 });
  await chmod(file, 0o600);
};

const shownHost = (config: Config): string => {
  if (config.network !== undefined) return config.network.publicAddress;
  return config.host === '127.0.0.1' ? 'localhost' : config.host;
};

const localUrl = (config: Config, isTls: boolean): string => {
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host;
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${config.port}`;
};

const listen = async (
  app: { listen: (options: { port: number; host: string }) => Promise<string> },
  config: Config,
): Promise<void> => {
  try {
    await app.listen({ port: config.port, host: config.host });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new AppError(
        'conflict',
        `Port ${config.port} is taken by another program (or another Qianhu). Choose another: PORT=${config.port + 1} npm start.`,
        { cause: error },
      );
    if (code === 'EACCES')
      throw new AppError('forbidden', `Port ${config.port} may not be opened by this account; choose one above 1023.`, {
        cause: error,
      });
    throw error;
  }
};

/** Progress as lines for a terminal: each step once, downloads every few megabytes. */
const progressLines = (announce: Announce): OnProgress => {
  let last = '';
  let lastBytes = 0;
  return ({ step, text, doneBytes, totalBytes }) => {
    if (step === 'download' && doneBytes !== undefined && totalBytes !== undefined && totalBytes > 0) {
      if (doneBytes - lastBytes < 4 * 1024 * 1024 && doneBytes < totalBytes && doneBytes >= lastBytes) return;
      lastBytes = doneBytes;
      const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
      announce(`  ${text} ${mb(doneBytes)} of ${mb(totalBytes)} MB`);
      return;
    }
    if (text === last) return;
    last = text;
    announce(`  ${text}`);
  };
};

const partOf = (watcher: ServiceWatcher): PartHealth => {
  const { name, state, sinceMs, lastError, restarts } = watcher.status();
  return {
    part: name,
    isUp: state === 'up',
    detail: lastError?.message ?? (restarts === 0 ? state : `${state}, restarted ${restarts} times`),
    sinceMs,
  };
};

/** What is done now and then: partitions ahead, logs turned over. */
const upkeep = async (
  pool: Parameters<typeof ensureEventPartitions>[0],
  folders: HomeFolders,
  config: Config,
  nowMs: number,
  rotateLogs: () => Promise<void>,
): Promise<void> => {
  await ensureEventPartitions(pool, nowMs);
  if (config.databaseUrl === undefined) await rotatePostgresLog(folders.postgresDir);
  await rotateLogs();
};
