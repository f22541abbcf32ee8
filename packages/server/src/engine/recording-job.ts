import { rm } from 'node:fs/promises';
import type { RecordedSide } from '@qianhu/switch';
import type { Pool } from 'pg';
import { finishRecording, recordingPath } from './recording-finisher.ts';

type Row = {
  state: string;
  sides: { left?: RecordedSide; right?: RecordedSide; cutShort?: string } | null;
  started_at: Date;
};

/** Merges one recording and writes what it has become (`error` with state `done`: its end is missing, and why; `failed`: nothing was written); then the sides are no longer needed. Runs from the outbox. */
export const finishRecordingJob = async (pool: Pool, recordingId: string, folder: string): Promise<void> => {
  const { rows } = await pool.query<Row>('SELECT state, sides, started_at FROM recordings WHERE id = $1', [
    recordingId,
  ]);
  const row = rows[0];
  if (row === undefined || row.state === 'done' || row.state === 'failed') return;
  const sides = row.sides ?? {};
  const target = recordingPath(folder, recordingId, row.started_at.getTime());
  const done = await finishRecording(sides, target).catch(async (error: unknown) => {
    // The sides are kept and the outbox tries again: whoever looks should see why there is nothing to hear yet.
    const reason = error instanceof Error ? error.message : String(error);
    await pool.query('UPDATE recordings SET error = $2 WHERE id = $1', [recordingId, reason]);
    throw error;
  });
  if (done === undefined) {
    await pool.query(`UPDATE recordings SET state = 'failed', error = $2, finished_at = now() WHERE id = $1`, [
      recordingId,
      sides.cutShort ?? 'Not a single byte of sound was written.',
    ]);
  } else {
    await pool.query(
      `UPDATE recordings SET state = 'done', path = $2, duration_ms = $3, bytes = $4, sha256 = $5, error = $6, finished_at = now() WHERE id = $1`,
      [recordingId, done.path, done.durationMs, done.bytes, done.sha256, sides.cutShort ?? null],
    );
  }
  for (const side of [sides.left, sides.right]) {
    for (const { path } of side === undefined ? [] : [side, ...(side.later ?? [])]) await rm(path, { force: true });
  }
};
