import { resolve } from 'node:path';
import { ensureServiceAccount, makeReachableFolder } from './service-account.ts';
import type { RunAs } from './service-account.ts';

/** What the two folders depend on; values are passed in, nothing is read from the environment here. */
export type HomeInput = {
  /** The value of QIANHU_HOME, undefined or empty when unset. */
  readonly home?: string | undefined;
  /** The value of QIANHU_PARTS, undefined or empty when unset. */
  readonly parts?: string | undefined;
  readonly isRoot: boolean;
  /** The working folder, which relative values and the default of an ordinary user start from. */
  readonly cwd: string;
};

/** Where everything of one copy of Qianhu lies, as absolute paths. */
export type HomeFolders = {
  readonly home: string;
  /** Programs; may be shared by several homes. */
  readonly partsDir: string;
  readonly postgresDir: string;
  /** The folder of an Asterisk instance: `main`, `lab`. */
  readonly asteriskDir: (name: string) => string;
};

/** The system folder of root's services. */
export const SYSTEM_HOME = '/var/lib/qianhu';

/**
 * `QIANHU_HOME`, or /var/lib/qianhu for root and ./.qianhu for an ordinary user; parts in `QIANHU_PARTS` or below the home.
 */
export function resolveHome(input: HomeInput): HomeFolders {
  const given = input.home === undefined || input.home === '' ? undefined : input.home;
  const home = resolve(input.cwd, given ?? (input.isRoot ? SYSTEM_HOME : '.qianhu'));
  const partsDir =
    input.parts === undefined || input.parts === '' ? resolve(home, 'parts') : resolve(input.cwd, input.parts);
  return {
    home,
    partsDir,
    postgresDir: resolve(home, 'postgres'),
    asteriskDir: (name) => resolve(home, `asterisk-${name}`),
  };
}

/**
 * Makes the home and the folder of parts, and sees that the services' account can reach them; that account, or undefined for an ordinary user.
 * To be called once before anything is started. A home of one's own that is closed to others (a `mktemp -d`) is opened for passage
 * (mode 0711; what lies in it keeps its own modes). Throws `homeUnreachable` when a folder above it is closed, and `accountMissing`.
 */
export async function prepareHome(folders: Pick<HomeFolders, 'home' | 'partsDir'>): Promise<RunAs | undefined> {
  const account = await ensureServiceAccount();
  await makeReachableFolder(folders.home, account);
  await makeReachableFolder(folders.partsDir, account);
  return account;
}
