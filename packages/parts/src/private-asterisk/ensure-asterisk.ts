import { access, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDebianPackages, findUnpackedPart } from '../debian/debian-packages.ts';
import type { UnpackedPart } from '../debian/debian-packages.ts';
import { findLoader, keepOnly, libraryClosure } from '../library-closure.ts';
import { PartsError } from '../parts-error.ts';
import { findProgram, runCommand } from '../process/run-command.ts';
import type { OnProgress } from '../progress.ts';
import { isAtLeast, upstreamVersion } from '../version.ts';
import { ASTERISK_MODULES, SPARE_MODULES } from './modules.ts';

/** The oldest Asterisk that will do: JSON control and marks of chan_websocket came with 22.8. */
export const ASTERISK_AT_LEAST = '22.8';

/** An Asterisk that can be started: a private copy or the machine's own program, never the machine's own daemon. */
export type AsteriskProgram = {
  readonly source: 'private' | 'system';
  /** Upstream version, such as `22.10.1`. */
  readonly version: string;
  readonly command: string;
  /** Arguments that come before Asterisk's own. */
  readonly args: readonly string[];
  /** Environment that the program needs beside PATH and the like. */
  readonly env: Readonly<Record<string, string>>;
  readonly modulesDir: string;
  /** Holds `documentation/`, without which Stasis refuses to start. */
  readonly dataDir: string;
  /** Bytes on disk of a private copy, 0 for the machine's own. */
  readonly sizeBytes: number;
};

/** Where to look for Asterisk, and whom to tell. */
export type EnsureAsteriskOptions = {
  readonly partsDir: string;
  /** A system binary to use instead of looking in PATH; `false` means: private copy only. */
  readonly systemBinary?: string | false;
  /** A Debian mirror instead of the machine's own. */
  readonly mirror?: string | undefined;
  /** Look for a newer private copy. */
  readonly refresh?: boolean;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
};

const RECIPE = 'trim-1';

/** Sounds, and libraries of modules that we do not keep (SNMP brings Perl, MIME brings GnuPG): a third of the download. */
const LEAVE_OUT: readonly string[] = [
  ...[
    'adduser',
    'asterisk-core-sounds-en',
    'libsnmp45',
    'libgmime-3.0-0t64',
    'libcodec2-1.2',
    'libical3t64',
    'libjack-jackd2-0',
    'libportaudio2',
  ],
  ...[
    'libpq5',
    'libsybdb5',
    'libldap2',
    'libneon27t64',
    'libiksemel3',
    'libradcli4',
    'liblua5.1-0',
    'libvo-amrwbenc0',
    'libopusenc0',
  ],
];

/**
 * An Asterisk of at least 22.8: the private copy when it is there, else a suitable system binary, else a private copy from the Debian
 * mirror of this machine (testing, then sid), trimmed to what runs. Throws a `PartsError` that says what to do.
 */
export async function ensureAsterisk(options: EnsureAsteriskOptions): Promise<AsteriskProgram> {
  const { partsDir, onProgress, signal, mirror } = options;
  if (typeof options.systemBinary === 'string') {
    const given = await inspectSystemAsterisk(options.systemBinary);
    if (typeof given !== 'string') return given;
    throw new PartsError({
      code: 'packageMissing',
      what: `The Asterisk that was named does not serve: ${given}`,
      where: options.systemBinary,
      mend: `Name an Asterisk ${ASTERISK_AT_LEAST} or newer, or none for a private copy.`,
    });
  }
  const found = options.refresh === true ? undefined : await findAsterisk(options);
  if (found !== undefined) return found;
  const part = await ensureDebianPackages({
    partsDir,
    name: 'asterisk',
    packages: ['asterisk'],
    leaveOut: LEAVE_OUT,
    suites: [
      { kind: 'named', name: 'testing' },
      { kind: 'named', name: 'sid' },
    ],
    atLeast: ASTERISK_AT_LEAST,
    recipe: RECIPE,
    trim: trimAsterisk,
    mirror,
    refresh: options.refresh ?? false,
    onProgress,
    signal,
  });
  return await describePrivate(part);
}

/** What `ensureAsterisk` would return without fetching anything, or undefined. */
export async function findAsterisk(
  options: Pick<EnsureAsteriskOptions, 'partsDir' | 'systemBinary'>,
): Promise<AsteriskProgram | undefined> {
  const part = await findUnpackedPart(options.partsDir, 'asterisk', RECIPE);
  if (part !== undefined) return await describePrivate(part);
  if (options.systemBinary === false) return undefined;
  const binary = options.systemBinary ?? (await findProgram('asterisk')) ?? '/usr/sbin/asterisk';
  const system = await inspectSystemAsterisk(binary);
  return typeof system === 'string' ? undefined : system;
}

async function describePrivate(part: UnpackedPart): Promise<AsteriskProgram> {
  const loader = await findLoader(part.root);
  return {
    source: 'private',
    version: upstreamVersion(part.version),
    command: loader.linker,
    args: ['--library-path', loader.libraryPath, join(part.root, 'usr', 'sbin', 'asterisk')],
    env: {},
    modulesDir: join(loader.libraryDir, 'asterisk', 'modules'),
    dataDir: join(part.root, 'usr', 'share', 'asterisk'),
    sizeBytes: part.sizeBytes,
  };
}

/** A system binary with its folders, or the reason why it does not serve. */
async function inspectSystemAsterisk(binary: string): Promise<AsteriskProgram | string> {
  const executable = await stat(binary).then(
    (info) => info.isFile(),
    () => false,
  );
  if (!executable) return 'there is no such program';
  const told = await runCommand(binary, ['-V'], { timeoutMs: 10_000 }).catch((error: unknown) => ({
    code: 1,
    stdout: '',
    stderr: String(error),
  }));
  const version = upstreamVersion(/Asterisk (\S+)/.exec(told.stdout)?.[1] ?? '');
  if (told.code !== 0 || version === '') return 'it does not tell its version';
  if (!isAtLeast(version, ASTERISK_AT_LEAST)) return `it is ${version}`;
  const prefix = dirname(dirname(binary));
  const libs = join(prefix, 'lib');
  const triplets = await readdir(libs).catch((): string[] => []);
  const modulesDir = await firstWithFile(
    [join(libs, 'asterisk', 'modules'), ...triplets.map((name) => join(libs, name, 'asterisk', 'modules'))],
    'chan_websocket.so',
  );
  if (modulesDir === undefined) return 'its modules (chan_websocket.so) were not found';
  const dataDir = await firstWithFile(
    [join(prefix, 'share', 'asterisk'), '/var/lib/asterisk'],
    join('documentation', 'core-en_US.xml'),
  );
  if (dataDir === undefined) return 'its documentation (core-en_US.xml), which Stasis needs, was not found';
  return { source: 'system', version, command: binary, args: [], env: {}, modulesDir, dataDir, sizeBytes: 0 };
}

async function firstWithFile(folders: readonly string[], file: string): Promise<string | undefined> {
  for (const folder of folders) {
    const there = await access(join(folder, file)).then(
      () => true,
      () => false,
    );
    if (there) return folder;
  }
  return undefined;
}

/** Leaves the daemon, our modules with the libraries they need, and the documentation. */
async function trimAsterisk(root: string): Promise<void> {
  const loader = await findLoader(root);
  const modulesDir = join(loader.libraryDir, 'asterisk', 'modules');
  const wanted = [...ASTERISK_MODULES, ...SPARE_MODULES].map((name) => join(modulesDir, `${name}.so`));
  const programs = [join(root, 'usr', 'sbin', 'asterisk'), ...wanted];
  const share = join(root, 'usr', 'share');
  const documentation = join(share, 'asterisk', 'documentation');
  const kept = new Set([
    ...(await libraryClosure(root, loader, programs)),
    ...programs,
    // The merged /usr links, without which a path through /lib would end in nothing.
    ...['bin', 'lib', 'lib64', 'sbin'].map((name) => join(root, name)),
    ...['core-en_US.xml', 'appdocsxml.xslt', 'appdocsxml.dtd'].map((name) => join(documentation, name)),
    join(share, 'asterisk', 'rest-api'),
    join(share, 'doc', 'asterisk', 'copyright'),
  ]);
  await keepOnly(root, kept);
}
