import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders of the installation (the clone), the same for the sources under tsx and for the built bundle. */
export type AppPaths = {
  readonly root: string;
  readonly migrations: string;
  /** Built web pages; may be missing when only the API is wanted. */
  readonly web: string;
  readonly prompts: string;
  /** Built bundles. */
  readonly dist: string;
};

/** Finds the installation by walking up from a file of ours to the folder that holds `packages/server/migrations`. */
export const findAppPaths = (from: string = fileURLToPath(import.meta.url)): AppPaths => {
  let folder = dirname(from);
  while (!existsSync(join(folder, 'packages', 'server', 'migrations'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`The installation folder was not found above ${from}.`);
    folder = parent;
  }
  return {
    root: folder,
    migrations: join(folder, 'packages', 'server', 'migrations'),
    web: join(folder, 'packages', 'web', 'dist'),
    prompts: join(folder, 'packages', 'server', 'assets', 'prompts'),
    dist: join(folder, 'dist'),
  };
};
