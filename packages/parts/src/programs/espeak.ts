import { join } from 'node:path';
import { ensureDebianPackages } from '../debian/debian-packages.ts';
import { findLoader, keepOnly, libraryClosure } from '../library-closure.ts';
import { upstreamVersion } from '../version.ts';
import type { EnsureProgramOptions, Program } from './program.ts';

/** espeak-ng of at least 1.52, the first that speaks Chinese right; a private copy. For making prompts, not needed at run time. */
export async function ensureEspeak(options: EnsureProgramOptions): Promise<Program> {
  const { partsDir, onProgress, signal } = options;
  const part = await ensureDebianPackages({
    partsDir,
    name: 'espeak',
    packages: ['espeak-ng'],
    suites: [{ kind: 'named', name: 'testing' }],
    atLeast: '1.52',
    recipe: 'trim-1',
    trim: async (root) => {
      const { libraryDir, ...loader } = await findLoader(root);
      const binary = join(root, 'usr', 'bin', 'espeak-ng');
      const withPulse = {
        libraryDir,
        linker: loader.linker,
        libraryPath: `${loader.libraryPath}:${join(libraryDir, 'pulseaudio')}`,
      };
      await keepOnly(
        root,
        new Set([
          binary,
          join(libraryDir, 'espeak-ng-data'),
          ...(await libraryClosure(root, withPulse, [binary])),
          ...['bin', 'lib', 'lib64', 'sbin'].map((name) => join(root, name)),
        ]),
      );
    },
    onProgress,
    signal,
  });
  const loader = await findLoader(part.root);
  return {
    source: 'private',
    version: upstreamVersion(part.version),
    command: loader.linker,
    args: [
      '--library-path',
      `${loader.libraryPath}:${join(loader.libraryDir, 'pulseaudio')}`,
      join(part.root, 'usr', 'bin', 'espeak-ng'),
    ],
    env: { ESPEAK_DATA_PATH: loader.libraryDir },
  };
}
