import { mkdir, readdir, rename, rm, stat, statfs, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PartsError, refuseWhenAborted, systemErrorCode } from '../parts-error.ts';
import { readIfPresent, writeFileAtomically } from '../private-file.ts';
import { findProcesses } from '../process/process-identity.ts';
import { withPidLock } from '../process/pid-lock.ts';
import { runCommand } from '../process/run-command.ts';
import type { OnProgress } from '../progress.ts';
import { isAtLeast } from '../version.ts';
import { listArchives, openApt } from './apt-session.ts';
import type { AptSession, Suite } from './apt-session.ts';
import { parseArchiveName, parseDownloadStatus, parseWantedFiles } from './apt-output.ts';

/** What is fetched, and how it is kept. */
export type DebianPackagesSpec = {
  /** The folder of all parts; must exist or be creatable. */
  readonly partsDir: string;
  /** The part's name, a folder under `partsDir`. */
  readonly name: string;
  /** Package names; the first one gives the part its version. Their dependencies come along, recommendations do not. */
  readonly packages: readonly string[];
  /** Packages that count as installed, because nothing that stays after `trim` needs them. */
  readonly leaveOut?: readonly string[];
  /** Suites to try in this order. */
  readonly suites: readonly Suite[];
  /** The oldest version of the first package that will do. */
  readonly atLeast?: string;
  /** Takes away from the unpacked tree what is not needed at run time. */
  readonly trim?: (root: string) => Promise<void>;
  /** Change it when `trim` or `packages` change, so that older trees are made again. */
  readonly recipe: string;
  /** A mirror to use instead of the machine's own for a named suite. */
  readonly mirror?: string | undefined;
  /** Look for a newer version although the part is already here. */
  readonly refresh?: boolean;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** A part that lies ready on the disk. */
export type UnpackedPart = {
  /** The folder that holds `usr/`, `lib` and the rest. */
  readonly root: string;
  /** The first package's full Debian version. */
  readonly version: string;
  readonly suite: string;
  /** Package name to version, of every package that was unpacked. */
  readonly versions: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
  /** Bytes that this call fetched, 0 when the part was there already. */
  readonly fetchedBytes: number;
};

/**
 * `dpkg-deb -x` would replace our links of the merged /usr by folders; tar can keep them. The mask makes the files readable to the
 * services' account whatever our own mask is, and without -p no set-user-id bit survives.
 */
const UNPACK_SCRIPT =
  'set -o pipefail; umask 022; dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink --no-same-owner --no-same-permissions';

type Stamp = Omit<UnpackedPart, 'root' | 'fetchedBytes'> & { readonly folder: string };

/** Unpacked size over package size, with room for the packages themselves; seen at most 3.4 for these packages. */
const UNPACK_FACTOR = 5;

/**
 * Brings Debian packages with their dependencies into a private folder: no root, nothing outside `partsDir` touched, the archive's
 * signature verified by the machine's keyring. Quick when the part is already there; an interrupted download goes on where it stopped;
 * concurrent callers wait for each other. Throws a `PartsError` that says what to do.
 */
export async function ensureDebianPackages(spec: DebianPackagesSpec): Promise<UnpackedPart> {
  const present = spec.refresh === true ? undefined : await findUnpackedPart(spec.partsDir, spec.name, spec.recipe);
  if (present !== undefined) return present;
  const home = join(spec.partsDir, spec.name);
  await makePartsFolder(home);
  const lock = {
    signal: spec.signal,
    onWait: (pid: number) =>
      spec.onProgress?.({ step: 'wait', text: `Process ${pid} is already fetching packages; waiting for it` }),
  };
  // One lock for all parts: they share apt's lists and its cache.
  return await withPidLock(join(spec.partsDir, 'packages.lock'), lock, async () => {
    const made = spec.refresh === true ? undefined : await findUnpackedPart(spec.partsDir, spec.name, spec.recipe);
    return made ?? (await fetchFromFirstSuite(spec, home));
  });
}

/** The part as an earlier call left it, or undefined. */
export async function findUnpackedPart(
  partsDir: string,
  name: string,
  recipe: string,
): Promise<UnpackedPart | undefined> {
  const stamp = await readStamp(partsDir, name, recipe);
  if (stamp === undefined) return undefined;
  const root = join(partsDir, name, stamp.folder);
  const there = await stat(root).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (!there) return undefined;
  return {
    root,
    version: stamp.version,
    suite: stamp.suite,
    versions: stamp.versions,
    sizeBytes: stamp.sizeBytes,
    fetchedBytes: 0,
  };
}

/** One stamp for each recipe, so that two releases of Qianhu may share a folder of parts. */
function stampFile(partsDir: string, name: string, recipe: string): string {
  return join(partsDir, name, `${recipe}.json`);
}

async function readStamp(partsDir: string, name: string, recipe: string): Promise<Stamp | undefined> {
  const text = await readIfPresent(stampFile(partsDir, name, recipe));
  if (text === undefined) return undefined;
  try {
    // Written by ourselves; a damaged file means "not there", and the part is made again.
    return JSON.parse(text) as Stamp;
  } catch {
    return undefined;
  }
}

async function makePartsFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new PartsError({
      code: systemErrorCode(error) === 'ENOSPC' ? 'diskFull' : 'homeUnreachable',
      what: `The folder for parts cannot be made: ${error instanceof Error ? error.message : String(error)}`,
      where: folder,
      mend: 'Choose a folder that you may write, with QIANHU_PARTS or QIANHU_HOME.',
      cause: error,
    });
  }
}

async function fetchFromFirstSuite(spec: DebianPackagesSpec, home: string): Promise<UnpackedPart> {
  const refusals: PartsError[] = [];
  for (const suite of spec.suites) {
    // A later release may need, by exact version, what we leave out: then everything comes along.
    for (const leaveOut of spec.leaveOut === undefined ? [[]] : [spec.leaveOut, []]) {
      const session = await openApt(join(spec.partsDir, 'apt'), suite, { mirror: spec.mirror, leaveOut });
      try {
        return await fetchFromSuite(spec, home, session);
      } catch (error) {
        // Only "not in this suite" leads on; no network or a bad signature is the same everywhere.
        if (!(error instanceof PartsError) || (error.code !== 'mirrorMissing' && error.code !== 'packageMissing'))
          throw error;
        refusals.push(error);
        if (error.code === 'mirrorMissing') break;
      }
    }
  }
  const [first] = refusals;
  if (first !== undefined && refusals.length === 1) throw first;
  throw new PartsError({
    code: 'packageMissing',
    what: `No suite of this machine's mirror provides ${spec.packages[0] ?? spec.name}${spec.atLeast === undefined ? '' : ` ${spec.atLeast} or newer`}`,
    where: [...new Set(refusals.map((refusal) => refusal.where ?? ''))].join(', '),
    mend: 'Point apt to a full and current Debian mirror, or install the program yourself so that it is found in PATH.',
    ...(first === undefined
      ? {}
      : {
          output: refusals.map((refusal) => `${refusal.what}\n${refusal.output ?? ''}`.trim()).join('\n'),
          cause: first,
        }),
  });
}

async function fetchFromSuite(spec: DebianPackagesSpec, home: string, apt: AptSession): Promise<UnpackedPart> {
  const { onProgress, signal } = spec;
  const packageName = spec.packages[0] ?? spec.name;
  onProgress?.({ step: 'update', text: `Reading the package lists of ${apt.suiteName}` });
  await apt.update({ signal });
  onProgress?.({ step: 'resolve', text: `Looking for ${packageName} in ${apt.suiteName}` });
  const version = await apt.candidate(packageName);
  if (version === undefined || (spec.atLeast !== undefined && !isAtLeast(version, spec.atLeast))) {
    throw new PartsError({
      code: 'packageMissing',
      what:
        version === undefined
          ? `The suite ${apt.suiteName} has no package ${packageName}`
          : `The suite ${apt.suiteName} has ${packageName} ${version}, but ${spec.atLeast ?? ''} or newer is needed`,
      where: `suite ${apt.suiteName}`,
      mend: 'Install the program yourself so that it is found in PATH, or point apt to a full Debian mirror.',
    });
  }
  const fetchedBytes = await download(spec, apt);
  refuseWhenAborted(signal);
  const folder = `${version}_${spec.recipe}`.replaceAll(/[^A-Za-z0-9.+~-]/g, '_');
  const root = join(home, folder);
  const draft = join(home, `.unpacking-${process.pid}`);
  const wanted = await wantedArchives(spec, apt);
  try {
    await rm(draft, { recursive: true, force: true });
    await unpackAll(spec, apt, wanted, draft);
    if (spec.trim !== undefined) {
      onProgress?.({ step: 'trim', text: 'Taking away what is not needed at run time' });
      await spec.trim(draft);
    }
    const sizeBytes = await treeSize(draft);
    // The same version may lie there from an interrupted run or from a lost stamp.
    await rm(root, { recursive: true, force: true });
    await rename(draft, root);
    const versions = Object.fromEntries(
      wanted.map(parseArchiveName).flatMap((found) => (found === undefined ? [] : [[found.name, found.version]])),
    );
    const stamp: Stamp = { folder, version, suite: apt.suiteName, versions, sizeBytes };
    await writeFileAtomically(
      stampFile(spec.partsDir, spec.name, spec.recipe),
      `${JSON.stringify(stamp, undefined, 2)}\n`,
      { mode: 0o644 },
    );
    await Promise.all(wanted.map((name) => unlink(join(apt.archives, name)).catch(() => undefined)));
    // apt's index of the lists is larger than they are and made again in seconds.
    for (const name of ['pkgcache.bin', 'srcpkgcache.bin']) await rm(join(apt.archives, '..', name), { force: true });
    await removeOlder(home, spec.recipe, folder);
    return { root, version, suite: apt.suiteName, versions, sizeBytes, fetchedBytes };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw diskError(error, home);
  }
}

/** Removes trees of older versions and of interrupted runs, but none that a living process runs from. */
async function removeOlder(home: string, recipe: string, current: string): Promise<void> {
  for (const entry of await readdir(home, { withFileTypes: true })) {
    const isOlder = entry.name.endsWith(`_${recipe}`) && entry.name !== current;
    if (!entry.isDirectory() || (!isOlder && !entry.name.startsWith('.unpacking-'))) continue;
    const folder = join(home, entry.name);
    const users = await findProcesses((args) => args.some((arg) => arg.includes(`${folder}/`)));
    if (users.length === 0) await rm(folder, { recursive: true, force: true });
  }
}

/** Downloads what is not in the cache yet; the number of bytes it had to fetch. */
async function download(spec: DebianPackagesSpec, apt: AptSession): Promise<number> {
  const { onProgress, signal } = spec;
  const printed = await apt.install(['--print-uris', ...spec.packages], { signal });
  const missing = parseWantedFiles(printed.stdout);
  const totalBytes = missing.reduce((sum, file) => sum + file.bytes, 0);
  await refuseWhenDiskIsShort(spec.partsDir, totalBytes * UNPACK_FACTOR);
  if (missing.length === 0) return 0;
  const text = `Downloading ${missing.length} packages`;
  onProgress?.({ step: 'download', doneBytes: 0, totalBytes, text });
  await apt.install(['--download-only', '-o', 'APT::Status-Fd=3', ...spec.packages], {
    signal,
    onStatusLine: (line) => {
      const share = parseDownloadStatus(line);
      if (share !== undefined)
        onProgress?.({ step: 'download', doneBytes: Math.round(share * totalBytes), totalBytes, text });
    },
  });
  return totalBytes;
}

/** The cache may hold packages of other parts or older versions; apt's own answer with an empty cache names exactly ours. */
async function wantedArchives(spec: DebianPackagesSpec, apt: AptSession): Promise<readonly string[]> {
  const printed = await apt.install(['--print-uris', '-o', 'Dir::Cache::archives=/nonexistent/', ...spec.packages], {
    signal: spec.signal,
  });
  const wanted = parseWantedFiles(printed.stdout).map((file) => file.name);
  const present = new Set(await listArchives(apt.archives));
  const absent = wanted.filter((name) => !present.has(name));
  if (wanted.length === 0 || absent.length > 0) {
    throw new PartsError({
      code: 'packageBroken',
      what: `apt said it was done, but ${absent.length === 0 ? 'no package' : (absent[0] ?? '')} is not in its cache`,
      where: apt.archives,
      mend: 'Run it again.',
      retryable: true,
    });
  }
  return wanted;
}

async function unpackAll(
  spec: DebianPackagesSpec,
  apt: AptSession,
  archives: readonly string[],
  root: string,
): Promise<void> {
  // Debian's merged /usr: packages that still ship /lib or /bin land beside the others.
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  let done = 0;
  for (const archive of archives) {
    refuseWhenAborted(spec.signal);
    // A line now and then, for where output is a file each stays.
    if (done++ % 20 === 0)
      spec.onProgress?.({ step: 'unpack', text: `Unpacking ${archives.length} packages, ${done}` });
    const path = join(apt.archives, archive);
    const unpacked = await runCommand('/bin/bash', ['-c', UNPACK_SCRIPT, 'unpack', path, root], {
      signal: spec.signal,
    });
    if (unpacked.code === 0) continue;
    if (/No space left on device/.test(unpacked.stderr))
      throw Object.assign(new Error(unpacked.stderr), { code: 'ENOSPC' });
    // A damaged file must not stop every later try: it is fetched again.
    await unlink(path).catch(() => undefined);
    throw new PartsError({
      code: 'packageBroken',
      what: `The package ${archive} cannot be unpacked`,
      where: path,
      mend: 'Run it again; the package will be fetched anew.',
      retryable: true,
      output: unpacked.stderr,
    });
  }
}

/** Throws `diskFull` when the file system of a folder has less room than this, plus a little for others. */
export async function refuseWhenDiskIsShort(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const wanted = neededBytes + 50 * 1024 * 1024;
  if (freeBytes >= wanted) return;
  const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  throw new PartsError({
    code: 'diskFull',
    what: `The disk has ${mib(freeBytes)} free, but ${mib(wanted)} are needed`,
    where: folder,
    mend: 'Free some space, or choose another folder with QIANHU_PARTS.',
    retryable: true,
  });
}

function diskError(error: unknown, where: string): unknown {
  if (systemErrorCode(error) !== 'ENOSPC') return error;
  return new PartsError({
    code: 'diskFull',
    what: 'The disk became full while unpacking',
    where,
    mend: 'Free some space and run it again; what was downloaded is kept.',
    retryable: true,
    cause: error,
  });
}

/** Bytes on disk of a tree, links not followed. */
export async function treeSize(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sum += await treeSize(path);
    else if (entry.isFile()) sum += (await stat(path)).blocks * 512;
  }
  return sum;
}
