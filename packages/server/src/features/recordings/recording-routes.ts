import { createReadStream } from 'node:fs';
import { recordingRoutes } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../../http/route.ts';
import { parseByteRange } from './byte-range.ts';
import type { RecordingService } from './recording-service.ts';

/** Recordings: what is known, and the sound. */
export const registerRecordingRoutes = (
  app: FastifyInstance,
  { recordings }: { readonly recordings: RecordingService },
): void => {
  addRoute(app, recordingRoutes.getRecording, ({ params, viewer }) => recordings.get(params.recordingId, viewer));
  addRoute(app, recordingRoutes.getRecordingAudio, async ({ params, query, viewer, request, reply }) => {
    const { recording, path, bytes } = await recordings.file(params.recordingId, viewer);
    const range = parseByteRange(request.headers.range, bytes);
    // Who listened is written down once a listening, not at each piece that the player fetches.
    const isStart = range === undefined || (range !== 'unsatisfiable' && range.first === 0);
    if (isStart)
      await app.audit.record({
        viewer,
        action: query.download === '1' ? 'downloadRecording' : 'playRecording',
        subjectType: 'recordings',
        subjectId: recording.recordingId,
      });
    reply
      .type('audio/wav')
      .header('accept-ranges', 'bytes')
      .header('cache-control', 'private, max-age=3600')
      .header(
        'content-disposition',
        `${query.download === '1' ? 'attachment' : 'inline'}; filename="${recording.recordingId}.wav"`,
      );
    if (recording.sha256 !== undefined) reply.header('etag', `"${recording.sha256}"`);
    if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${bytes}`).send('');
    if (range === undefined) return reply.header('content-length', bytes).send(createReadStream(path));
    return reply
      .code(206)
      .header('content-range', `bytes ${range.first}-${range.last}/${bytes}`)
      .header('content-length', range.last - range.first + 1)
      .send(createReadStream(path, { start: range.first, end: range.last }));
  });
};
