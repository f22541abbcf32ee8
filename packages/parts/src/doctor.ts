import { statfs } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { readMachineSources } from './debian/apt-session.ts';
import { mirrorsOf } from './debian/apt-config.ts';
import { resolveHome } from './home.ts';
import { PartsError } from './parts-error.ts';
import { isPortFree, parsePortFile } from './ports.ts';
import { findPostgres } from './postgres/postgres-binaries.ts';
import { findRunningPostgres, readPostmaster } from './postgres/start-postgres.ts';
import { readIfPresent } from './private-file.ts';
import { asteriskPaths } from './private-asterisk/asterisk-spec.ts';
import { ASTERISK_AT_LEAST, findAsterisk } from './private-asterisk/ensure-asterisk.ts';
import { findRunningAsterisk, pingAri, readAccess } from './private-asterisk/start-asterisk.ts';
import { runCommand } from './process/run-command.ts';
import { findChromium } from './programs/chromium.ts';
import { findSipp } from './programs/sipp.ts';
import { SERVICE_USER, canEnter, isRoot, readAccount } from './service-account.ts';

/** What is known of one part. */
export type Diagnosis = {
  /** `apt`, `disk`, `account`, `home`, `asterisk`, `asterisk:main`, `postgres`, `postgres:server`, `ports`, `chromium`, `sipp`. */
  readonly part: string;
  readonly found: boolean;
  readonly version?: string;
  readonly healthy: boolean;
  /** Qianhu runs without it; needed for tests only. */
  readonly optional: boolean;
  /** One sentence for a person. */
  readonly detail: string;
  /** What to do, when there is something to do. */
  readonly mend?: string;
};

/** What to look at. */
export type DiagnoseOptions = {
  readonly home: string;
  readonly partsDir: string;
  /** Instances of Asterisk in this home; `main` by default. */
  readonly instances?: readonly string[];
};

/** Asterisk, PostgreSQL and what they unpack to, with room for a first day of recordings. */
const DISK_WANTED_BYTES = 1024 ** 3;

/** Looks at every part without changing anything and without fetching. Never throws for a sick part: that is what it reports. */
export async function diagnose(options: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  const looks: readonly (() => Promise<readonly Diagnosis[]>)[] = [
    () => diagnoseHome(options),
    () => diagnoseDisk(options),
    () => diagnoseApt(options),
    () => diagnoseAsterisk(options),
    () => diagnosePostgres(options),
    () => diagnosePorts(options),
    () => diagnoseTestPrograms(options),
  ];
  const found: Diagnosis[] = [];
  for (const look of looks) {
    try {
      found.push(...(await look()));
    } catch (error) {
      found.push({
        part: 'doctor',
        found: false,
        healthy: false,
        optional: false,
        detail: error instanceof Error ? error.message : String(error),
        ...(error instanceof PartsError ? { mend: error.mend } : {}),
      });
    }
  }
  return found;
}

async function diagnoseHome({ home }: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  if (!isRoot()) return [];
  const account = await readAccount(SERVICE_USER);
  if (account === undefined) {
    return [
      {
        part: 'account',
        found: false,
        healthy: true,
        optional: false,
        detail: `The system user ${SERVICE_USER} will be created at the first start.`,
      },
    ];
  }
  const reachable = await canEnter(home, account);
  return [
    {
      part: 'account',
      found: true,
      healthy: true,
      optional: false,
      detail: `Services run as ${account.user} (uid ${account.uid}).`,
    },
    {
      part: 'home',
      found: true,
      healthy: reachable,
      optional: false,
      detail: reachable
        ? `${home} can be entered by ${account.user}.`
        : `${home} cannot be entered by ${account.user}, or does not exist yet.`,
      ...(reachable
        ? {}
        : { mend: `If it exists, run "chmod o+x" on it and the folders above, or set QIANHU_HOME=/var/lib/qianhu.` }),
    },
  ];
}

async function diagnoseDisk({ home, partsDir }: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  const looked: Diagnosis[] = [];
  for (const [part, folder] of [
    ['disk', home],
    ['disk:parts', partsDir],
  ] as const) {
    const info = await statfs(folder).catch(() => undefined);
    if (info === undefined) {
      looked.push({ part, found: false, healthy: true, optional: false, detail: `${folder} does not exist yet.` });
      continue;
    }
    const freeBytes = info.bavail * info.bsize;
    const healthy = freeBytes >= DISK_WANTED_BYTES;
    looked.push({
      part,
      found: true,
      healthy,
      optional: false,
      detail: `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free for ${folder}.`,
      ...(healthy ? {} : { mend: 'Free some space: recordings and the database stop when the disk is full.' }),
    });
  }
  return looked;
}

async function diagnoseApt({ partsDir }: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  const isHere = (await findAsterisk({ partsDir })) !== undefined;
  try {
    const machine = await readMachineSources();
    const [mirror] = mirrorsOf(machine.sources, machine.codename);
    if (mirror !== undefined)
      return [{ part: 'apt', found: true, healthy: true, optional: isHere, detail: `Packages come from ${mirror}.` }];
    return [
      {
        part: 'apt',
        found: true,
        healthy: isHere,
        optional: isHere,
        detail: 'apt names no Debian mirror.',
        mend: 'Add a Debian mirror to /etc/apt/sources.list.d.',
      },
    ];
  } catch (error) {
    if (!(error instanceof PartsError)) throw error;
    return [
      { part: 'apt', found: false, healthy: isHere, optional: isHere, detail: `${error.what}.`, mend: error.mend },
    ];
  }
}

async function diagnoseAsterisk({
  home,
  partsDir,
  instances = ['main'],
}: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  const program = await findAsterisk({ partsDir });
  if (program === undefined) {
    return [
      {
        part: 'asterisk',
        found: false,
        healthy: false,
        optional: false,
        detail: `No Asterisk ${ASTERISK_AT_LEAST} or newer was found.`,
        mend: 'Start Qianhu once with a network: it fetches its own; or install Asterisk so that it is found in PATH.',
      },
    ];
  }
  const told = await runCommand(program.command, [...program.args, '-V'], { timeoutMs: 10_000 });
  const healthy = told.code === 0;
  const size = program.source === 'private' ? `, ${Math.round(program.sizeBytes / 1024 ** 2)} MiB` : '';
  const found: Diagnosis[] = [
    {
      part: 'asterisk',
      found: true,
      version: program.version,
      healthy,
      optional: false,
      detail: healthy
        ? `The ${program.source} copy starts${size}.`
        : `It does not start: ${told.stderr.trim().slice(0, 200)}`,
      ...(healthy ? {} : { mend: `Remove ${join(partsDir, 'asterisk')} and start Qianhu: it fetches Asterisk anew.` }),
    },
  ];
  for (const name of instances) found.push(await diagnoseInstance(home, name));
  return found;
}

async function diagnoseInstance(home: string, name: string): Promise<Diagnosis> {
  const dir = join(home, `asterisk-${name}`);
  const paths = asteriskPaths(dir);
  const part = `asterisk:${name}`;
  const living = await findRunningAsterisk(dir);
  if (living === undefined) return { part, found: false, healthy: true, optional: true, detail: 'It is not running.' };
  const access = await readAccess(dir);
  const answer = access === undefined ? 'silent' : await pingAri(access.ariUrl, access.username, access.password);
  const where = access?.ariUrl ?? 'an unknown port';
  const healthy = answer === 'up';
  return {
    part,
    found: true,
    healthy,
    optional: false,
    detail: healthy
      ? `It runs as process ${living.pid} and answers at ${where}.`
      : `It runs as process ${living.pid} but does not answer at ${where}.`,
    ...(healthy
      ? {}
      : { mend: `Read ${paths.messagesLog}; "qianhu stop" and a new start end its calls and begin afresh.` }),
  };
}

async function diagnosePostgres({ home, partsDir }: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  const { postgresDir } = resolveHome({ home, isRoot: isRoot(), cwd: '/' });
  const program = await findPostgres(partsDir);
  const programLine: Diagnosis =
    program === undefined
      ? {
          part: 'postgres',
          found: false,
          healthy: true,
          optional: false,
          detail: 'It will be copied from node_modules at the first start.',
        }
      : {
          part: 'postgres',
          found: true,
          version: program.version,
          healthy: true,
          optional: false,
          detail: 'The programs start.',
        };
  const dataMajor = (await readIfPresent(join(postgresDir, 'data', 'PG_VERSION')))?.trim();
  if (program !== undefined && dataMajor !== undefined && Number(dataMajor) !== program.major) {
    return [
      programLine,
      {
        part: 'postgres:server',
        found: true,
        version: dataMajor,
        healthy: false,
        optional: false,
        detail: `The data was written by PostgreSQL ${dataMajor}, the program is ${program.version}.`,
        mend: `Make a backup with the Qianhu that brought PostgreSQL ${dataMajor} and restore it here, or set DATABASE_URL.`,
      },
    ];
  }
  const living = await findRunningPostgres(postgresDir);
  if (living === undefined)
    return [
      programLine,
      {
        part: 'postgres:server',
        found: false,
        healthy: true,
        optional: true,
        detail: 'It is not running (or DATABASE_URL names another).',
      },
    ];
  const told = await readPostmaster(postgresDir);
  const healthy = told !== undefined && told.state === 'ready' && (await answersTcp(told.port));
  return [
    programLine,
    {
      part: 'postgres:server',
      found: true,
      healthy,
      optional: false,
      detail: healthy
        ? `It runs as process ${living.pid} and answers on port ${told.port}.`
        : `It runs as process ${living.pid} but takes no connections (${told?.state ?? 'no state'}).`,
      ...(healthy
        ? {}
        : { mend: `Read ${join(postgresDir, 'log', 'postgres.log')}; after a crash it may still be recovering.` }),
    },
  ];
}

async function answersTcp(port: number): Promise<boolean> {
  return await new Promise((settle) => {
    const socket = createConnection({ port, host: '127.0.0.1', timeout: 2000 });
    const end = (answers: boolean): void => {
      socket.destroy();
      settle(answers);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

async function diagnosePorts({ home }: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  const kept = parsePortFile((await readIfPresent(join(home, 'ports.json'))) ?? '');
  const names = Object.entries(kept.ports);
  if (names.length === 0)
    return [
      {
        part: 'ports',
        found: false,
        healthy: true,
        optional: false,
        detail: 'Ports will be chosen at the first start.',
      },
    ];
  const used: string[] = [];
  for (const [name, port] of names) if (!(await isPortFree(port, 'both'))) used.push(`${name} ${port}`);
  return [
    {
      part: 'ports',
      found: true,
      healthy: true,
      optional: false,
      detail:
        used.length === 0
          ? `All ${names.length} kept ports are free.`
          : `In use, by us if we run: ${used.join(', ')}. A port taken by another program is replaced at the next start.`,
    },
  ];
}

async function diagnoseTestPrograms({ partsDir }: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  const looks = [
    ['chromium', await findChromium({ partsDir })],
    ['sipp', await findSipp({ partsDir })],
  ] as const;
  return looks.map(([part, program]) =>
    program === undefined
      ? { part, found: false, healthy: true, optional: true, detail: 'Not here; the tests fetch it.' }
      : {
          part,
          found: true,
          version: program.version,
          healthy: true,
          optional: true,
          detail: `The ${program.source} copy will be used.`,
        },
  );
}
