import { copyFile, rename, stat, truncate, unlink } from 'node:fs/promises';
import { systemErrorCode } from '../parts-error.ts';

/** When a log is set aside and how many old ones stay. */
export type LogLimits = { readonly maxBytes?: number; readonly keep?: number };

const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
const DEFAULT_KEEP = 5;

/**
 * Sets a log aside when it is larger than `maxBytes` (10 MiB): `x.log` becomes `x.log.1`, and so on up to `keep` (5).
 * - `rename` for files that their writer opens for each entry or reopens when told;
 * - `copy` for files that a living process holds open for appending: the text is copied and the file emptied, and what is written
 *   in between is lost.
 * Returns whether it did. A missing log is no error.
 */
export async function rotateLog(file: string, how: 'rename' | 'copy', limits: LogLimits = {}): Promise<boolean> {
  const keep = limits.keep ?? DEFAULT_KEEP;
  const size = await stat(file).then(
    (info) => info.size,
    () => 0,
  );
  if (size <= (limits.maxBytes ?? DEFAULT_MAX_BYTES)) return false;
  if (keep < 1) {
    await (how === 'copy' ? truncate(file) : unlink(file));
    return true;
  }
  for (let i = keep - 1; i >= 1; i--) await rename(`${file}.${i}`, `${file}.${i + 1}`).catch(ignoreMissing);
  if (how === 'rename') {
    await rename(file, `${file}.1`);
  } else {
    await copyFile(file, `${file}.1`);
    await truncate(file);
  }
  return true;
}

function ignoreMissing(error: unknown): void {
  if (systemErrorCode(error) !== 'ENOENT') throw error;
}
