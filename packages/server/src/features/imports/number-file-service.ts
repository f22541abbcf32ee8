import type { ColumnTarget } from '@qianhu/contracts';
import { readFile, rm } from 'node:fs/promises';
import { AppError } from '../../errors.ts';
import { CsvParser } from './pipeline/csv-parser.ts';
import { FileError, FILE_FAULT_TEXTS } from './pipeline/file-error.ts';
import { runInThread } from './worker-thread.ts';

/** A row that holds no number. */
export type RejectedNumber = { readonly row: number; readonly text: string; readonly reason: string };

export type NumberFileResult = {
  readonly rejected: number;
  /** The first thousand. */
  readonly rejects: readonly RejectedNumber[];
};

const MAX_REJECTS = 1_000;

/**
 * Reads the numbers of a table or a plain text (one or more a line), in a thread of its own. `onNumbers` is given E.164
 * numbers in portions, one after another. Throws `AppError` `invalid` for a file that no number can be read from.
 */
export const readNumberFile = async (
  path: string,
  defaultRegion: string,
  onNumbers: (numbers: readonly string[]) => Promise<void>,
): Promise<NumberFileResult> => {
  const rejectsPath = `${path}.rejects`;
  const notesPath = `${path}.notes`;
  try {
    const end = await runInThread({ job: 'preview', path, source: {}, defaultRegion }, () =>
      Promise.reject(new Error('No batch was due.')),
    );
    if (end.type !== 'preview') throw new Error('The reading thread gave no preview.');
    const { preview } = end;
    // A plain list of numbers has neither header nor name: its only column is the one.
    const hasPhones = preview.columns.some((c) => c.suggested.to === 'phone');
    if (!hasPhones && preview.columns.length > 1) throw new FileError('noPhoneColumn');
    const columns: ColumnTarget[] = preview.columns.map((c) =>
      c.suggested.to === 'phone' || !hasPhones ? { to: 'phone' } : { to: 'ignore' },
    );
    const { format, encoding, delimiter, hasHeader, sheet } = preview.source;
    let rejected = 0;
    await runInThread(
      {
        job: 'import',
        path,
        nowMs: 0,
        rejectsPath,
        notesPath,
        settings: {
          source: { format, encoding, delimiter, hasHeader, sheet },
          columns,
          options: {
            defaultRegion,
            inList: 'skip',
            acrossLists: 'allow',
            checkDnc: false,
            maxNumbers: 10,
            tooManyNumbers: 'reject',
          },
        },
      },
      async (batch) => {
        rejected += batch.rowsRejected;
        const numbers = numbersOf(batch.copy);
        if (numbers.length > 0) await onNumbers(numbers);
        return { duplicates: [], dncRows: [], isStopped: false };
      },
    );
    return { rejected, rejects: rejected === 0 ? [] : await readRejects(rejectsPath, columns) };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new AppError('invalid', error.message, {
      details: { code: error.fault, zh: FILE_FAULT_TEXTS[error.fault].zh },
    });
  } finally {
    await Promise.all([rm(rejectsPath, { force: true }), rm(notesPath, { force: true })]);
  }
};

/** First and further numbers out of COPY lines; neither ever needs an escape. */
const numbersOf = (copy: Uint8Array): string[] => {
  const numbers: string[] = [];
  for (const line of Buffer.from(copy.buffer, copy.byteOffset, copy.byteLength).toString('utf8').split('\n')) {
    const [, number, more] = line.split('\t', 3);
    if (number === undefined) continue;
    numbers.push(number);
    if (more !== undefined && more.startsWith('{')) numbers.push(...more.slice(1, -1).split(','));
  }
  return numbers;
};

/** The report of rejects, but for doubles within the file, which are no fault here. */
const readRejects = async (path: string, columns: readonly ColumnTarget[]): Promise<readonly RejectedNumber[]> => {
  const rejects: RejectedNumber[] = [];
  const width = columns.length;
  const phone = columns.findIndex((c) => c.to === 'phone');
  const parser = new CsvParser({ delimiter: ',', newline: '\n' }, (cells) => {
    const row = Number(cells[width]);
    const reason = cells[width + 1] ?? '';
    if (rejects.length >= MAX_REJECTS || !Number.isInteger(row) || row < 1 || reason === 'duplicateInFile') return;
    rejects.push({ row, text: (cells[phone] ?? '').slice(0, 100), reason });
  });
  parser.push((await readFile(path, 'utf8')).slice(1, 3_000_000));
  parser.end();
  return rejects;
};
