import { z } from 'zod';
import { attemptId, callId, campaignId, durationMs, epochMs, recordingId } from './common.ts';
import { defineRoute } from './route.ts';

export const recording = z
  .object({
    recordingId,
    callId,
    attemptId: z.exactOptional(attemptId),
    campaignId: z.exactOptional(campaignId),
    state: z
      .enum(['recording', 'finishing', 'done', 'failed'])
      .meta({ description: 'Growing, being merged, playable, or lost.', examples: ['done'] }),
    durationMs: z.exactOptional(durationMs),
    bytes: z.exactOptional(z.int()).meta({ description: 'Size of the file.', examples: [960_044] }),
    sha256: z
      .exactOptional(z.string())
      .meta({ description: 'Checksum of the file, hexadecimal.', examples: ['9f86d081884c7d65'] }),
    error: z.exactOptional(z.string()).meta({
      description: 'Why it is lost; of one that is done, why its end is missing.',
      examples: ['The disk is full.'],
    }),
    startedAtMs: epochMs,
    finishedAtMs: z.exactOptional(epochMs),
  })
  .meta({ id: 'Recording', description: 'A stereo recording: callee left, agent right.' });
export type Recording = z.infer<typeof recording>;

const params = z.object({ recordingId });

export const recordingRoutes = {
  getRecording: defineRoute({
    method: 'GET',
    path: '/recordings/:recordingId',
    operationId: 'getRecording',
    tag: 'recordings',
    summary: 'What is known of a recording',
    access: 'session',
    params,
    response: recording,
    problems: [404],
  }),
  getRecordingAudio: defineRoute({
    method: 'GET',
    path: '/recordings/:recordingId/audio',
    operationId: 'getRecordingAudio',
    tag: 'recordings',
    summary: 'The audio; answers Range requests',
    access: 'session',
    params,
    query: z.object({
      download: z.exactOptional(z.enum(['0', '1'])).meta({ description: '1: as a file to keep.', examples: ['1'] }),
    }),
    produces: 'audio/wav',
    problems: [404, 409],
  }),
} as const;
