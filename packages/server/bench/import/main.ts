import {
  ensurePostgres,
  findRunningPostgres,
  isRoot,
  openPortBook,
  prepareHome,
  resolveHome,
  startPostgres,
  stopPostgres,
} from '@qianhu/parts';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { createDatabase } from '../../src/platform/database.ts';
import { migrate, readMigrations } from '../../src/platform/migrate.ts';
import { findAppPaths } from '../../src/platform/paths.ts';
import { generateFile } from './generate-file.ts';

// npm run bench:import [-- --rows 1000000 --rounds 2 --seed 1]
// A file of raw rows through the real import service, against a bare COPY of the leads that come out of it, into the same
// table with the same indexes, in turns on the embedded PostgreSQL with its usual settings (fsync on).

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
});
const rows = Number(values.rows);
const rounds = Number(values.rounds);
const COLUMNS = 'list_id, number, alt_numbers, region, zone, name, fields, priority, next_at, is_callback';

type ImportResult = {
  listId: string;
  importMs: number;
  uploadMs: number;
  state: string;
  rowsRead: number;
  imported: number;
  rejected: number;
  duplicate: number;
  reasons: Record<string, number>;
  peakRssMb: number;
};

/** Every round starts alike: empty tables, nothing left to write for the server. */
const reset = async (pool: pg.Pool): Promise<void> => {
  await pool.query('TRUNCATE leads, imports, lists CASCADE');
  await pool.query('CHECKPOINT');
};

/** Bundles what is measured as the product is bundled, so that no loader of sources counts in its memory. */
const bundle = async (): Promise<string> => {
  const { root } = findAppPaths();
  const outdir = join(root, 'node_modules', '.cache', `qianhu-bench-import-${process.pid}`);
  const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  await build({
    entryPoints: {
      'import-once': here('./import-once.ts'),
      'import-worker': here('../../src/features/imports/import-worker.ts'),
    },
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    // Packages of this repository are sources too.
    alias: Object.fromEntries(
      ['contracts', 'core', 'parts', 'switch'].map((name) => [
        `@qianhu/${name}`,
        join(root, 'packages', name, 'src', 'index.ts'),
      ]),
    ),
  });
  return outdir;
};

const importOnce = async (code: string, url: string, file: string, folder: string): Promise<ImportResult> => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(code, 'import-once.js'), url, file, folder]);
  const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as ImportResult;
  if (result.state !== 'done') throw new Error(`The import ended as ${result.state}.`);
  return result;
};

const copyOnce = async (pool: pg.Pool, file: string): Promise<number> => {
  const client = await pool.connect();
  try {
    const from = performance.now();
    await pipeline(
      createReadStream(file, { highWaterMark: 1 << 18 }),
      client.query(copyFrom(`COPY leads (${COLUMNS}) FROM STDIN`)),
    );
    return performance.now() - from;
  } finally {
    client.release();
  }
};

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const mid = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[mid] ?? 0) : ((sorted[mid - 1] ?? 0) + (sorted[mid] ?? 0)) / 2;
};

const code = await bundle();
const home = await mkdtemp(join(tmpdir(), 'qianhu-bench-import-'));
const folders = resolveHome({ home, isRoot: isRoot(), cwd: process.cwd() });
await prepareHome(folders);
try {
  const ports = openPortBook(folders.home);
  const postgres = await startPostgres({
    dir: folders.postgresDir,
    program: await ensurePostgres({ partsDir: folders.partsDir }),
    port: await ports.port('postgres', { inUseByUs: (await findRunningPostgres(folders.postgresDir)) !== undefined }),
  });
  const db = createDatabase({ connectionString: postgres.url, max: 4 });
  await migrate(db.pool, await readMigrations(findAppPaths().migrations));
  const work = join(home, 'work');
  await mkdir(work, { recursive: true });
  const raw = join(work, 'raw.csv');
  const normalised = join(work, 'leads.copy');
  await generateFile(raw, rows, Number(values.seed));
  const fileMb = Math.round((await stat(raw)).size / 1e6);
  console.log(
    `${rows} rows, ${fileMb} MB, ${cpus().length} cores (${cpus()[0]?.model ?? ''}), ${Math.round(totalmem() / 2 ** 30)} GB`,
  );

  const imports: ImportResult[] = [];
  const copies: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    await reset(db.pool);
    const result = await importOnce(code, postgres.url, raw, join(work, 'imports'));
    imports.push(result);
    if (round === 1) {
      const client = await db.pool.connect();
      const dump = client.query(copyTo(`COPY (SELECT ${COLUMNS} FROM leads ORDER BY id) TO STDOUT`));
      await pipeline(dump, createWriteStream(normalised));
      client.release();
    }
    await reset(db.pool);
    const copyMs = await copyOnce(db.pool, normalised);
    copies.push(copyMs);
    console.log(
      `round ${round}: import ${(result.importMs / 1000).toFixed(1)} s (upload ${(result.uploadMs / 1000).toFixed(1)} s before it), ` +
        `bare COPY ${(copyMs / 1000).toFixed(1)} s, ratio ${(result.importMs / copyMs).toFixed(2)}, peak RSS ${result.peakRssMb} MB`,
    );
  }
  await db.close();
  const first = imports[0];
  console.log(
    `imported ${first?.imported ?? 0}, rejected ${first?.rejected ?? 0}, duplicates ${first?.duplicate ?? 0}`,
  );
  console.log(
    JSON.stringify({
      rows,
      ratioToCopy: Number((median(imports.map((i) => i.importMs)) / median(copies)).toFixed(3)),
      peakRssMb: Math.max(...imports.map((i) => i.peakRssMb)),
      importMs: Math.round(median(imports.map((i) => i.importMs))),
      copyMs: Math.round(median(copies)),
      uploadMs: Math.round(median(imports.map((i) => i.uploadMs))),
      imported: first?.imported,
      rejected: first?.rejected,
      duplicate: first?.duplicate,
      reasons: first?.reasons,
      rounds,
      cores: cpus().length,
    }),
  );
} finally {
  await stopPostgres({ dir: folders.postgresDir });
  await rm(home, { recursive: true, force: true });
  await rm(code, { recursive: true, force: true });
}
