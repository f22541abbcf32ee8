import { rm } from 'node:fs/promises';
import type { RecordedSide } from '@qianhu/switch';
import type { Pool } from 'pg';
import { finishRecording, recordingPath } from './recording-finisher.ts';

type Row = { state: string; sides: { left?: RecordedSide; right?: RecordedSide } | null; started_at: Date };

/** Merges one recording and writes what it has become; then the sides are no longer needed. Runs from the outbox. */
export const finishRecordingJob = async (pool: Pool, recordingId: string, folder: string): Promise<void> => {
  const { rows } = await pool.query<Row>('SELECT state, sides, started_at FROM recordings WHERE id = $1', [
    recordingId,
  ]);
  const row = rows[0];
  if (row === undefined || row.state === 'done') return;
  const sides = row.sides ?? {};
  const done = await finishRecording(sides, recordingPath(folder, recordingId, row.started_at.getTime()));
  await pool.query(
    `UPDATE recordings SET state = 'done', path = $2, duration_ms = $3, bytes = $4, sha256 = $5, error = NULL, finished_at = now() WHERE id = $1`,
    [recordingId, done.path, done.durationMs, done.bytes, done.sha256],
  );
  for (const side of [sides.left, sides.right]) {
    for (const { path } of side === undefined ? [] : [side, ...(side.later ?? [])]) await rm(path, { force: true });
  }
};
