import { join } from 'node:path';
import { ensureDebianPackages, findUnpackedPart } from '../debian/debian-packages.ts';
import type { UnpackedPart } from '../debian/debian-packages.ts';
import { findLoader, keepOnly, libraryClosure } from '../library-closure.ts';
import { findProgram, runCommand } from '../process/run-command.ts';
import { upstreamVersion } from '../version.ts';
import type { EnsureProgramOptions, Program } from './program.ts';

const RECIPE = 'trim-1';

/** sipp for load and odd signalling in tests: the machine's own, else a private copy (Debian's package sip-tester). */
export async function ensureSipp(options: EnsureProgramOptions): Promise<Program> {
  const found = await findSipp(options);
  if (found !== undefined) return found;
  const { partsDir, onProgress, signal } = options;
  const part = await ensureDebianPackages({
    partsDir,
    name: 'sipp',
    packages: ['sip-tester'],
    suites: [{ kind: 'named', name: 'testing' }, { kind: 'native' }],
    recipe: RECIPE,
    trim: async (root) => {
      const binary = join(root, 'usr', 'bin', 'sipp');
      await keepOnly(
        root,
        new Set([
          binary,
          ...(await libraryClosure(root, await findLoader(root), [binary])),
          ...['bin', 'lib', 'lib64', 'sbin'].map((name) => join(root, name)),
        ]),
      );
    },
    onProgress,
    signal,
  });
  return await describe(part);
}

/** The sipp that `ensureSipp` would use without fetching anything, or undefined. */
export async function findSipp(
  options: Pick<EnsureProgramOptions, 'partsDir' | 'useSystem'>,
): Promise<Program | undefined> {
  const command = options.useSystem === false ? undefined : await findProgram('sipp');
  if (command !== undefined) {
    // sipp -v ends with code 99.
    const told = await runCommand(command, ['-v'], { timeoutMs: 10_000 });
    return {
      source: 'system',
      version: upstreamVersion(/SIPp v(\S+)/.exec(told.stdout)?.[1] ?? ''),
      command,
      args: [],
      env: {},
    };
  }
  const part = await findUnpackedPart(options.partsDir, 'sipp', RECIPE);
  return part === undefined ? undefined : await describe(part);
}

async function describe(part: UnpackedPart): Promise<Program> {
  const loader = await findLoader(part.root);
  return {
    source: 'private',
    version: upstreamVersion(part.version),
    command: loader.linker,
    args: ['--library-path', loader.libraryPath, join(part.root, 'usr', 'bin', 'sipp')],
    env: {},
  };
}
