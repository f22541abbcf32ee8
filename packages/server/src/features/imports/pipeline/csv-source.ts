import { open } from 'node:fs/promises';
import { CsvParser } from './csv-parser.ts';
import type { RowSource } from './row-source.ts';
import type { TextShape } from './sniff-file.ts';

const CHUNK_BYTES = 256 * 1024;

/** Delimited text of any of our encodings, read in pieces of 256 KB. */
export const openCsvSource = async (path: string, shape: TextShape): Promise<RowSource> => {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  let position = shape.bomBytes;
  let isClosed = false;
  return {
    source: { format: 'csv', encoding: shape.encoding, delimiter: shape.delimiter, sheet: 0 },
    sheets: [],
    fileBytes: size,
    bytesRead: () => Math.min(position, size),
    read: async (sink, afterChunk) => {
      // Bytes that are no character become U+FFFD, and the row is noted: one bad byte must not stop a million rows.
      const decoder = new TextDecoder(shape.encoding, { ignoreBOM: true });
      const parser = new CsvParser(shape, sink);
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        parser.push(decoder.decode(buffer.subarray(0, bytesRead), { stream: true }));
        if (!(await afterChunk())) return;
      }
      parser.push(decoder.decode());
      parser.end();
      await afterChunk();
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await file.close();
    },
  };
};
