import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDebianPackages, findUnpackedPart } from '../debian/debian-packages.ts';
import type { UnpackedPart } from '../debian/debian-packages.ts';
import { findLoader, keepOnly, libraryClosure } from '../library-closure.ts';
import { PartsError } from '../parts-error.ts';
import { findProgram, runCommand } from '../process/run-command.ts';
import { isRoot } from '../service-account.ts';
import { upstreamVersion } from '../version.ts';
import { ensureFonts } from './fonts.ts';
import type { EnsureProgramOptions, Program } from './program.ts';

const RECIPE = 'trim-1';
const SYSTEM_NAMES: readonly string[] = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Desktop helpers, the GTK that only windows need, and the GPU drivers that a headless run replaces by its own software renderer. */
const LEAVE_OUT: readonly string[] = [
  'libgtk-3-0',
  'libgtk-3-0t64',
  'xdg-utils',
  'x11-utils',
  'xdg-desktop-portal',
  'libgl1-mesa-dri',
];

/** Loaded by name at run time, so that no list of libraries shows them: the TLS library's cryptography and its certificates. */
const LOADED_BY_NAME = /^lib(softokn3|freebl3|freeblpriv3|nssckbi|nssdbm3)\.(so|chk)$/;

/**
 * Chromium for tests: the machine's own, else a private copy of this release's (with its security archive), and fonts that show Chinese.
 * It runs on the machine's C library, which is of the same release, because Chromium starts itself again and a linker of its own would get
 * lost. `env` sets LD_LIBRARY_PATH and FONTCONFIG_FILE; `args` says --no-sandbox where the kernel offers no sandbox to this account.
 */
export async function ensureChromium(options: EnsureProgramOptions): Promise<Program> {
  const args = (await canUseSandbox()) ? [] : ['--no-sandbox'];
  const system = options.useSystem === false ? undefined : await findSystemChromium();
  if (system !== undefined) {
    // Without a network the machine's Chromium still serves, with the machine's fonts.
    const fonts = await ensureFonts(options).catch((error: unknown) => {
      if (error instanceof PartsError && error.code !== 'aborted') return undefined;
      throw error;
    });
    return { ...system, args, env: fonts === undefined ? {} : { FONTCONFIG_FILE: fonts } };
  }
  const FONTCONFIG_FILE = await ensureFonts(options);
  const { partsDir, onProgress, signal } = options;
  const part = await ensureDebianPackages({
    partsDir,
    name: 'chromium',
    packages: ['chromium'],
    leaveOut: LEAVE_OUT,
    suites: [{ kind: 'native' }],
    recipe: RECIPE,
    trim: trimChromium,
    onProgress,
    signal,
  });
  const program = await describe(part);
  return { ...program, args, env: { ...program.env, FONTCONFIG_FILE } };
}

/** The Chromium that `ensureChromium` would use without fetching anything, or undefined. */
export async function findChromium(
  options: Pick<EnsureProgramOptions, 'partsDir' | 'useSystem'>,
): Promise<Program | undefined> {
  const system = options.useSystem === false ? undefined : await findSystemChromium();
  if (system !== undefined) return system;
  const part = await findUnpackedPart(options.partsDir, 'chromium', RECIPE);
  return part === undefined ? undefined : await describe(part);
}

async function describe(part: UnpackedPart): Promise<Program> {
  const { libraryPath } = await findLibraries(part.root);
  return {
    source: 'private',
    version: upstreamVersion(part.version),
    command: join(part.root, 'usr', 'lib', 'chromium', 'chromium'),
    args: [],
    env: { LD_LIBRARY_PATH: libraryPath },
  };
}

/** The C library was trimmed away, so the folder is found by its name alone. */
async function findLibraries(root: string): Promise<{ readonly libraryPath: string }> {
  const lib = join(root, 'usr', 'lib');
  const folders = (await readdir(lib))
    .filter((name) => /-linux-gnu/.test(name))
    .flatMap((name) => [join(lib, name), join(lib, name, 'nss')]);
  return { libraryPath: [...folders, join(lib, 'chromium')].join(':') };
}

async function findSystemChromium(): Promise<Program | undefined> {
  for (const name of SYSTEM_NAMES) {
    const command = await findProgram(name);
    if (command === undefined) continue;
    const told = await runCommand(command, ['--version'], { timeoutMs: 20_000 });
    if (told.code === 0) return { source: 'system', version: upstreamVersion(told.stdout), command, args: [], env: {} };
  }
  return undefined;
}

/** Chromium's sandbox needs user namespaces, and refuses to work for root at all. */
async function canUseSandbox(): Promise<boolean> {
  if (isRoot()) return false;
  const tried = await runCommand('unshare', ['--user', '--map-root-user', 'true'], { timeoutMs: 5000 }).catch(
    () => undefined,
  );
  return tried?.code === 0;
}

/** Files of the C library itself (Debian's libc6), which come from the machine. */
const C_LIBRARY =
  /^(ld-linux.*|lib(c|m|mvec|pthread|dl|rt|util|anl|resolv|nsl|nss_\w+|thread_db|BrokenLocale|c_malloc_debug|memusage|pcprofile))\.so(\.\d+)*$/;

async function trimChromium(root: string): Promise<void> {
  const loader = await findLoader(root);
  const home = join(root, 'usr', 'lib', 'chromium');
  const binaries = (await readdir(home))
    .filter((name) => name === 'chromium' || name === 'chrome_crashpad_handler' || /\.so(\.\d+)?$/.test(name))
    .map((name) => join(home, name));
  const byName: string[] = [];
  for (const folder of [loader.libraryDir, join(loader.libraryDir, 'nss')]) {
    for (const name of await readdir(folder).catch((): string[] => []))
      if (LOADED_BY_NAME.test(name)) byName.push(join(folder, name));
  }
  const libraries = await libraryClosure(root, { ...loader, libraryPath: `${loader.libraryPath}:${home}` }, [
    ...binaries,
    ...byName.filter((path) => path.endsWith('.so')),
  ]);
  const needed = [...libraries].filter((path) => !C_LIBRARY.test(path.slice(path.lastIndexOf('/') + 1)));
  await keepOnly(
    root,
    new Set([
      home,
      ...needed,
      ...byName,
      ...['bin', 'lib', 'lib64', 'sbin'].map((name) => join(root, name)),
      join(root, 'usr', 'share', 'doc', 'chromium', 'copyright'),
    ]),
  );
  const locales = join(home, 'locales');
  for (const name of await readdir(locales).catch((): string[] => []))
    if (!/^(en-US|zh-CN|zh-TW)\.pak/.test(name)) await rm(join(locales, name), { recursive: true });
}
