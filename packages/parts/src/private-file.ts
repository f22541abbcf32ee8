import { randomBytes } from 'node:crypto';
import { chown, open, readFile, rename, unlink } from 'node:fs/promises';
import type { RunAs } from './service-account.ts';

/**
 * Writes a file whole or not at all: temporary file, fsync, rename. Mode 0600 unless told otherwise, owned by `runAs` when given.
 */
export async function writeFileAtomically(
  path: string,
  text: string,
  options: { readonly mode?: number; readonly runAs?: RunAs | undefined } = {},
): Promise<void> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', options.mode ?? 0o600);
    try {
      await file.chmod(options.mode ?? 0o600);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.runAs !== undefined) await chown(draft, options.runAs.uid, options.runAs.gid);
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

/** The text of a file, or undefined when there is none. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** A random secret of 192 bits, safe in URLs, configuration files and shells. */
export function randomSecret(): string {
  return randomBytes(24).toString('hex');
}

/** The secret kept in a file that only its owner can read; made at the first call. */
export async function ensureSecretFile(path: string, runAs?: RunAs): Promise<string> {
  const kept = (await readIfPresent(path))?.trim();
  if (kept !== undefined && kept !== '') return kept;
  const secret = randomSecret();
  await writeFileAtomically(path, `${secret}\n`, { runAs });
  return secret;
}
