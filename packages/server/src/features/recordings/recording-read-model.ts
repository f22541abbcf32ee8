import type { Recording } from '@qianhu/contracts';
import type { AttemptId, CallId, CampaignId, RecordingId } from '@qianhu/core';
import type { Selectable } from 'kysely';
import type { RecordingsTable } from '../../platform/schema.ts';

/** A recording's row as the contracts show it. */
export const toRecording = (row: Selectable<RecordingsTable>): Recording => ({
  recordingId: row.id as RecordingId,
  callId: row.call_id as CallId,
  ...(row.attempt_id === null ? {} : { attemptId: row.attempt_id as AttemptId }),
  ...(row.campaign_id === null ? {} : { campaignId: row.campaign_id as CampaignId }),
  state: row.state,
  ...(row.duration_ms === null ? {} : { durationMs: row.duration_ms }),
  ...(row.bytes === null ? {} : { bytes: Number(row.bytes) }),
  ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
  ...(row.error === null ? {} : { error: row.error }),
  startedAtMs: row.started_at.getTime(),
  ...(row.finished_at === null ? {} : { finishedAtMs: row.finished_at.getTime() }),
});
