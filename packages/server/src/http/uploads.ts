import fastifyMultipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { AppError } from '../errors.ts';

/** A million rows of ten columns are 100 MB of text; ten times as much is taken. */
const MAX_FILE_BYTES = 2 ** 30;

/** Teaches the server to take files, once. */
export const registerUploads = async (app: FastifyInstance): Promise<void> => {
  if (app.hasContentTypeParser('multipart/form-data')) return;
  await app.register(fastifyMultipart, {
    throwFileSizeLimit: false,
    limits: { files: 1, fileSize: MAX_FILE_BYTES, fields: 20, parts: 25, fieldSize: 10_000, headerPairs: 100 },
  });
};

/** The one file of a form. Throws `AppError` `invalid` when there is none. */
export const uploadedFile = async (
  request: FastifyRequest,
): Promise<{ readonly stream: Readable & { readonly truncated?: boolean }; readonly fileName: string }> => {
  if (!request.isMultipart())
    throw new AppError('invalid', 'Send the file as multipart/form-data, in the field “file”.');
  const part = await request.file();
  if (part === undefined) throw new AppError('invalid', 'The form has no file. Send it in the field “file”.');
  return { stream: part.file, fileName: part.filename === '' ? 'upload' : part.filename };
};
