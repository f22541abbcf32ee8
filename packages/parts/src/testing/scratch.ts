import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRoot } from '../service-account.ts';

/** The folder of parts that all tests of a machine share, so that packages are fetched once. */
export function testPartsDir(): string {
  return process.env['QIANHU_PARTS'] ?? (isRoot() ? '/var/lib/qianhu/parts' : join(process.cwd(), '.qianhu', 'parts'));
}

/** A folder of one's own for a test, removed by `remove`. */
export async function makeScratch(): Promise<{ readonly dir: string; readonly remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'qianhu-parts-'));
  return { dir, remove: async () => await rm(dir, { recursive: true, force: true, maxRetries: 5 }) };
}
