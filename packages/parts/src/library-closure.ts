import { lstat, readdir, readlink, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { PartsError } from './parts-error.ts';
import { runCommand } from './process/run-command.ts';

/** How a program of an unpacked tree is started with the tree's own libraries, whatever the machine has. */
export type Loader = {
  /** The tree's dynamic linker (ld.so(8)). */
  readonly linker: string;
  /** Folders with libraries, for `--library-path`. */
  readonly libraryPath: string;
  /** The folder of libraries of this architecture, such as `…/usr/lib/x86_64-linux-gnu`. */
  readonly libraryDir: string;
};

/** Finds the linker and the library folders of an unpacked tree. Throws `packageBroken` when there are none. */
export async function findLoader(root: string, moreFolders: readonly string[] = []): Promise<Loader> {
  const lib = join(root, 'usr', 'lib');
  const triplet = (await readdir(lib)).find((name) => /^[a-z0-9_]+-linux-gnu/.test(name));
  const libraryDir = triplet === undefined ? undefined : join(lib, triplet);
  const linker =
    libraryDir === undefined
      ? undefined
      : (await readdir(libraryDir)).find((name) => /^ld-linux.*\.so\.\d+$/.test(name));
  if (libraryDir === undefined || linker === undefined) {
    throw new PartsError({
      code: 'packageBroken',
      what: 'The unpacked packages hold no dynamic linker',
      where: root,
      mend: `Remove ${root} and run it again.`,
    });
  }
  return { linker: join(libraryDir, linker), libraryPath: [libraryDir, lib, ...moreFolders].join(':'), libraryDir };
}

/** The libraries in `ld.so --list` output: `name => /path (0x…)` and the linker itself. */
export function parseLibraryList(text: string): {
  readonly paths: readonly string[];
  readonly missing: readonly string[];
} {
  const paths: string[] = [];
  const missing: string[] = [];
  for (const line of text.split('\n')) {
    const found = /^\s*(\S+)(?: => (\S.*?))?(?: \(0x[0-9a-f]+\))?\s*$/.exec(line);
    if (found === null) continue;
    const [, name = '', target = name] = found;
    if (target === 'not found') missing.push(name);
    else if (target.startsWith('/')) paths.push(target);
  }
  return { paths, missing };
}

/**
 * Every library that these programs and modules need, as paths inside `root` (links and what they point to).
 * Throws `packageBroken` when one is missing.
 */
export async function libraryClosure(
  root: string,
  loader: Loader,
  files: readonly string[],
): Promise<ReadonlySet<string>> {
  const kept = new Set<string>();
  for (const file of files) {
    const listed = await runCommand(loader.linker, ['--library-path', loader.libraryPath, '--list', file]);
    const { paths, missing } = parseLibraryList(listed.stdout);
    if (
      missing.length > 0 ||
      (listed.code !== 0 && !/not a dynamic executable|statically linked/.test(listed.stdout + listed.stderr))
    ) {
      throw new PartsError({
        code: 'packageBroken',
        what: `${relative(root, file)} lacks the library ${missing.join(', ')}`,
        where: root,
        mend: 'Run it again.',
        output: listed.stderr,
      });
    }
    for (const path of paths) for (const step of await linkChain(path)) if (step.startsWith(`${root}/`)) kept.add(step);
  }
  for (const step of await linkChain(loader.linker)) kept.add(step);
  return kept;
}

/** A path and, when it is a link, everything it leads through. */
async function linkChain(path: string): Promise<readonly string[]> {
  const chain: string[] = [];
  for (let at = path; ;) {
    chain.push(at);
    const info = await lstat(at).catch(() => undefined);
    if (info === undefined || !info.isSymbolicLink()) return chain;
    at = resolve(dirname(at), await readlink(at));
  }
}

/** Removes from a tree everything but these files, links and whole folders, given as absolute paths; empty folders go too. */
export async function keepOnly(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (kept.has(path)) continue;
    if (!entry.isDirectory()) {
      await rm(path);
      continue;
    }
    await keepOnly(path, kept);
    if ((await readdir(path)).length === 0) await rm(path, { recursive: true });
  }
}
