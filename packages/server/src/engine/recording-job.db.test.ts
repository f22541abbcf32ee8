import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import { finishRecordingJob } from './recording-job.ts';

let db: TestDatabase;
let folder: string;
beforeAll(async () => {
  db = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'qianhu-recording-job-'));
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the job on a recording with one side of so many bytes; twice, as after a crash before the outbox took note. */
const finished = async (bytes: number, cutShort?: string): Promise<{ state: string; error: string | null }> => {
  const id = randomUUID();
  const path = join(folder, `${id}.alaw`);
  await writeFile(path, Buffer.alloc(bytes, 0xd5));
  const sides = { left: { path, startedAtMs: Date.now() }, ...(cutShort === undefined ? {} : { cutShort }) };
  await db.pool.query(
    `INSERT INTO recordings (id, call_id, state, sides, started_at) VALUES ($1, $2, 'finishing', $3, now())`,
    [id, randomUUID(), sides],
  );
  await finishRecordingJob(db.pool, id, folder);
  await finishRecordingJob(db.pool, id, folder);
  expect(existsSync(path)).toBe(false);
  const { rows } = await db.pool.query<{ state: string; error: string | null }>(
    'SELECT state, error FROM recordings WHERE id = $1',
    [id],
  );
  return rows[0] ?? { state: 'gone', error: null };
};

it('ends as failed with the reason when not a single byte was written', async () => {
  expect(await finished(0, 'No space left on device')).toEqual({ state: 'failed', error: 'No space left on device' });
  expect(await finished(0)).toEqual({ state: 'failed', error: 'Not a single byte of sound was written.' });
});

it('ends as done when anything was written, and says why the end is missing', async () => {
  expect(await finished(800, 'No space left on device')).toEqual({ state: 'done', error: 'No space left on device' });
  expect(await finished(800)).toEqual({ state: 'done', error: null });
});
