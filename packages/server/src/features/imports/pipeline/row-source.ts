import type { ImportSource, ImportSourceOptions } from '@qianhu/contracts';
import type { RowSink } from './csv-parser.ts';
import { openCsvSource } from './csv-source.ts';
import { sniffFile } from './sniff-file.ts';
import { openXlsxSource } from './xlsx-source.ts';

/** A table that is read once, from the first row to the last, in bounded memory. */
export interface RowSource {
  /** How the file is read; `hasHeader` is what the caller said, or a guess made later from the first rows. */
  readonly source: Omit<ImportSource, 'hasHeader'>;
  /** XLSX: names of the sheets. */
  readonly sheets: readonly string[];
  readonly fileBytes: number;
  /** How far it has come, out of `fileBytes`. */
  bytesRead(): number;
  /**
   * Hands every row to `sink`. After each piece of the file it waits for `afterChunk`, which holds it back while the rows
   * are worked off, and stops when that says `false`. Throws `FileError`.
   */
  read(sink: RowSink, afterChunk: () => Promise<boolean>): Promise<void>;
  /** Releases the file. Idempotent. */
  close(): Promise<void>;
}

/** Opens a file for reading, whatever it is. Throws `FileError` when no table can be read from it. */
export const openRowSource = async (path: string, options: ImportSourceOptions = {}): Promise<RowSource> => {
  const kind = await sniffFile(path, options);
  return kind.format === 'xlsx' ? openXlsxSource(path, options) : openCsvSource(path, kind);
};
