import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PartsError } from '../parts-error.ts';
import { readIfPresent, writeFileAtomically } from '../private-file.ts';
import { makeReachableFolder, makeServiceFolder } from '../service-account.ts';
import type { RunAs } from '../service-account.ts';
import { asteriskPaths } from './asterisk-spec.ts';
import type { AsteriskSpec } from './asterisk-spec.ts';
import { asteriskConfigFiles, configuredModules } from './config-text.ts';

/**
 * Modules that some builds do not have: res_cdrel_custom came after 22.8, and a build of one's own may lack the opus codec of Debian.
 * Everything else is needed.
 */
const MAY_BE_ABSENT: ReadonlySet<string> = new Set([
  'res_cdrel_custom',
  'codec_opus_open_source',
  'codec_g722',
  'res_pjsip_path',
]);

/** The configuration's files as this program can load them. Throws `configRefused` for a module that it does not have. */
async function configFilesOf(spec: AsteriskSpec): Promise<Readonly<Record<string, string>>> {
  const present = new Set(await readdir(spec.program.modulesDir));
  const absent = configuredModules(spec).filter((name) => !present.has(`${name}.so`));
  const needed = absent.filter((name) => !MAY_BE_ABSENT.has(name));
  if (needed.length > 0) {
    throw new PartsError({
      code: 'configRefused',
      what: `Asterisk ${spec.program.version} lacks the modules ${needed.join(', ')}`,
      where: spec.program.modulesDir,
      mend: 'Use a full build of Asterisk, or let Qianhu fetch its own.',
    });
  }
  return asteriskConfigFiles(spec, new Set(absent));
}

/** Whether the configuration on disk, which is that of a running instance, differs from what a spec asks for. */
export async function differsFromConfig(spec: AsteriskSpec): Promise<boolean> {
  const { etc } = asteriskPaths(spec.dir);
  for (const [name, text] of Object.entries(await configFilesOf(spec)))
    if ((await readIfPresent(join(etc, name))) !== text) return true;
  return false;
}

/**
 * Writes an instance's folders and configuration, readable by the service's account only.
 * Throws `homeUnreachable` when the account cannot reach the folder, `configRefused` for a value that cannot be written down or a module that
 * the program does not have.
 */
export async function writeAsteriskConfig(spec: AsteriskSpec, runAs?: RunAs): Promise<void> {
  const paths = asteriskPaths(spec.dir);
  const files = await configFilesOf(spec);
  await makeReachableFolder(spec.dir, runAs);
  const folders = [
    paths.etc,
    paths.log,
    join(paths.log, 'cel-custom'),
    paths.run,
    paths.spool,
    paths.recordings,
    paths.lib,
    paths.keys,
    paths.emptyMusic,
  ];
  for (const folder of folders) await makeServiceFolder(folder, runAs, 0o750);
  // A class without a file is refused, and a hold without a class is an error: a second of silence, signed linear at 8 kHz.
  await writeFile(join(paths.emptyMusic, 'silence.sln'), Buffer.alloc(16_000), { mode: 0o644 });
  for (const [name, text] of Object.entries(files)) {
    const path = join(paths.etc, name);
    if ((await readIfPresent(path)) !== text) await writeFileAtomically(path, text, { runAs });
  }
}
