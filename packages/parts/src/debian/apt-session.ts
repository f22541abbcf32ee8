import { access, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PartsError } from '../parts-error.ts';
import { runCommand } from '../process/run-command.ts';
import type { CommandOptions, CommandResult } from '../process/run-command.ts';
import {
  aptConfigText,
  mirrorsOf,
  nativeSources,
  parseMachineSources,
  parseOsRelease,
  statusFileText,
  sourceListText,
} from './apt-config.ts';
import type { AptSource } from './apt-config.ts';
import { aptError, parseCandidate } from './apt-output.ts';

/** Where packages may come from: a suite of the machine's own mirror (`testing`), or the machine's own release with its security archive. */
export type Suite = { readonly kind: 'named'; readonly name: string } | { readonly kind: 'native' };

/** An apt that works in private folders on one suite. */
export type AptSession = {
  readonly suiteName: string;
  readonly archives: string;
  /** Fetches and verifies the lists. */
  readonly update: (options?: CommandOptions) => Promise<void>;
  /** The version that would be installed, undefined when the suite has no such package. */
  readonly candidate: (packageName: string) => Promise<string | undefined>;
  /** Runs `apt-get install` with these arguments; throws a `PartsError` when it fails. */
  readonly install: (args: readonly string[], options?: CommandOptions) => Promise<CommandResult>;
};

const KEYRINGS = ['/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/debian-archive-keyring.pgp'];

/** apt in the C locale, whose words `aptError` knows; everything else of the environment (proxies) is inherited. */
async function apt(
  tool: 'apt-get' | 'apt-cache',
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return await runCommand('/usr/bin/env', ['LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive', tool, ...args], options);
}

/** Whether this machine has the apt and dpkg tools at all. */
export async function hasApt(): Promise<boolean> {
  return await Promise.all(['/usr/bin/apt-get', '/usr/bin/dpkg-deb'].map((path) => access(path))).then(
    () => true,
    () => false,
  );
}

/** What the machine's own apt is set to. Throws `notDebian` where there is no apt. */
export async function readMachineSources(): Promise<{
  readonly codename: string;
  readonly sources: readonly AptSource[];
}> {
  if (!(await hasApt())) {
    throw new PartsError({
      code: 'notDebian',
      what: 'This machine has no apt, so Debian packages cannot be fetched',
      mend: 'Run on Debian 12 or newer, or install Asterisk 22.8 or newer yourself so that it is found in PATH.',
    });
  }
  const release = parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  const printed = await apt('apt-get', ['update', '--print-uris']);
  return { codename: release.codename, sources: parseMachineSources(printed.stdout) };
}

/**
 * Opens a private apt for a suite. `mirror` replaces the machine's own mirror for a named suite; packages in `leaveOut` count as installed.
 * Throws `notDebian` without apt, and `mirrorMissing` when the machine's apt names no Debian mirror.
 */
export async function openApt(
  folder: string,
  suite: Suite,
  options: { readonly mirror?: string | undefined; readonly leaveOut?: readonly string[] | undefined } = {},
): Promise<AptSession> {
  const { mirror, leaveOut = [] } = options;
  const machine = await readMachineSources();
  const sources =
    suite.kind === 'native'
      ? nativeSources(machine.sources, machine.codename)
      : (mirror === undefined ? mirrorsOf(machine.sources, machine.codename) : [mirror])
          .slice(0, 1)
          .map((uri) => ({ uri, suite: suite.name }));
  const suiteName = suite.kind === 'native' ? machine.codename : suite.name;
  if (sources.length === 0) {
    throw new PartsError({
      code: 'mirrorMissing',
      what: "This machine's apt names no mirror to take packages from",
      where: '/etc/apt/sources.list.d',
      mend: 'Add a Debian mirror to the sources of apt, or install the program yourself so that it is found in PATH.',
    });
  }
  const state = join(folder, suiteName);
  const cache = join(state, 'cache');
  const archives = join(cache, 'archives');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(archives, 'partial'), { recursive: true });
  const architecture = await readArchitecture();
  await writeFile(join(state, 'status'), statusFileText(leaveOut, architecture));
  await writeFile(join(state, 'sources.list'), sourceListText(sources, await findKeyring()));
  const config = join(state, 'apt.conf');
  await writeFile(config, aptConfigText({ state, cache, sourceList: join(state, 'sources.list'), architecture }));
  return {
    suiteName,
    archives,
    update: async (options) => {
      const done = await apt('apt-get', ['-c', config, 'update', '-q', '-o', 'APT::Status-Fd=3'], options);
      if (done.code !== 0) throw aptError(`${done.stdout}\n${done.stderr}`, `suite ${suiteName}`);
    },
    candidate: async (packageName) =>
      parseCandidate((await apt('apt-cache', ['-c', config, 'policy', packageName])).stdout),
    install: async (args, options) => {
      const done = await apt(
        'apt-get',
        ['-c', config, 'install', '-y', '-q', '--no-install-recommends', ...args],
        options,
      );
      if (done.code !== 0) throw aptError(`${done.stdout}\n${done.stderr}`, `suite ${suiteName}`);
      return done;
    },
  };
}

async function findKeyring(): Promise<string | undefined> {
  for (const path of KEYRINGS) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}

/** Complete package files that lie in a cache folder. */
export async function listArchives(archives: string): Promise<readonly string[]> {
  return (await readdir(archives).catch(() => [])).filter((name) => name.endsWith('.deb')).sort();
}

/** The machine's architecture as dpkg names it: `amd64`, `arm64`. */
export async function readArchitecture(): Promise<string> {
  return (await runCommand('/usr/bin/dpkg', ['--print-architecture'])).stdout.trim();
}
