import type { ImportSettings, NoteReason, RejectReason } from '@qianhu/contracts';
import type { PhoneParser } from '../../../numbers/phone-parser.ts';
import type { PhoneZones } from '../../../numbers/phone-zones.ts';
import type { Batch, BatchResult } from './batch.ts';
import { COPY_NULL, copyText, copyWordArray, jsonString } from './copy-text.ts';
import type { RowSink } from './csv-parser.ts';
import { FileError } from './file-error.ts';
import { createLeadBuilder, type LeadRow } from './lead-builder.ts';
import { NumberSet } from './number-set.ts';
import { ReportFile, type ReportRow } from './report-file.ts';
import type { RowSource } from './row-source.ts';

export type PipelineOptions = {
  readonly source: RowSource;
  readonly settings: ImportSettings;
  readonly parser: PhoneParser;
  readonly zones: PhoneZones;
  readonly nowMs: number;
  readonly rejectsPath: string;
  readonly notesPath: string;
  /** Writes a batch and resolves when it is committed. At most two wait at once. */
  readonly send: (batch: Batch) => Promise<BatchResult>;
  /** Leads in a batch. */
  readonly batchLeads?: number;
};

/** Enough to make a commit cheap beside its rows, and little enough to hold three. */
const BATCH_LEADS = 8_000;
/** Rejected rows without leads between them are handed on as well, so that memory and progress do not wait for leads. */
const BATCH_REJECTS = 20_000;
const MAX_IN_FLIGHT = 2;

type Pending = {
  lines: string;
  leads: number;
  rowsRead: number;
  rowsRejected: number;
  rowsDuplicate: number;
  rejections: Partial<Record<RejectReason, number>>;
  notes: { row: number; reasons: readonly NoteReason[] }[];
  rejects: ReportRow[];
  /** Row numbers of the leads, ascending, and what each row held: kept until the database has said which are doubles. */
  leadRows: number[];
  kept: (string | readonly string[])[];
};

const emptyBatch = (): Pending => ({
  lines: '',
  leads: 0,
  rowsRead: 0,
  rowsRejected: 0,
  rowsDuplicate: 0,
  rejections: {},
  notes: [],
  rejects: [],
  leadRows: [],
  kept: [],
});

const plainFieldsJson = (fields: LeadRow['fields']): string => {
  let json = '';
  for (const [key, value] of fields) json += `${json === '' ? '{' : ','}"${key}":"${value}"`;
  return `${json}}`;
};

const fieldsJson = (fields: LeadRow['fields']): string => {
  let json = '';
  for (const [key, value] of fields) json += `${json === '' ? '{' : ','}${jsonString(key)}:${jsonString(value)}`;
  return copyText(`${json}}`);
};

/** A lead as a line for COPY, columns as `STAGE_COLUMNS`. */
const copyLine = (row: number, lead: LeadRow): string => {
  const { number, altNumbers, region, zone, name, fields, isPlain } = lead;
  const nameText = name === undefined ? COPY_NULL : isPlain ? name : copyText(name);
  const json = fields.length === 0 ? COPY_NULL : isPlain ? plainFieldsJson(fields) : fieldsJson(fields);
  const more = altNumbers.length === 0 ? COPY_NULL : copyWordArray(altNumbers);
  const callback = lead.callbackAtMs === undefined ? COPY_NULL : new Date(lead.callbackAtMs).toISOString();
  return `${row}\t${number}\t${more}\t${region}\t${zone}\t${nameText}\t${json}\t${lead.priority ?? COPY_NULL}\t${callback}\n`;
};

/**
 * Reads a file to its end: rows become leads in batches for the database, and rows that cannot be imported go to the report
 * of rejects, in the order of the file. Memory is bounded: the file is read on only while fewer than two batches wait.
 * Resolves with whether the end was reached. Throws `FileError` for what is wrong with the file as a whole.
 */
export const runPipeline = async (options: PipelineOptions): Promise<{ readonly isComplete: boolean }> => {
  const { source, settings, send } = options;
  const batchLeads = options.batchLeads ?? BATCH_LEADS;
  const width = settings.columns.length;
  const build = createLeadBuilder(settings, options.parser, options.zones, options.nowMs);
  const seen = new NumberSet();
  let batch = emptyBatch();
  let header: readonly string[] | undefined;
  let isFirstRow = true;
  let totalRows = 0;
  const full: Pending[] = [];
  let rejects: ReportFile | undefined;
  let notes: ReportFile | undefined;

  const reject = (row: number, cells: readonly string[], reasons: readonly RejectReason[], detail?: string): void => {
    for (const reason of reasons) batch.rejections[reason] = (batch.rejections[reason] ?? 0) + 1;
    batch.rejects.push({ row, cells, reasons, ...(detail === undefined ? {} : { detail }) });
  };

  const takeRow: RowSink = (cells, row, fault, line) => {
    if (fault === undefined && cells.every((cell) => cell.trim() === '')) return;
    if (isFirstRow) {
      isFirstRow = false;
      if (settings.source.hasHeader) {
        header = cells.map((cell) => cell.trim());
        while (header.length > width && header.at(-1) === '') header = header.slice(0, -1);
        return;
      }
    }
    totalRows += 1;
    batch.rowsRead += 1;
    if (fault !== undefined) {
      batch.rowsRejected += 1;
      reject(row, cells, [fault]);
    } else {
      const built = build(cells, line);
      if (!built.ok) {
        batch.rowsRejected += 1;
        reject(row, cells, built.reasons);
      } else {
        const { lead } = built;
        const before = seen.add(lead.number, row);
        if (before !== undefined) {
          batch.rowsDuplicate += 1;
          reject(row, cells, ['duplicateInFile'], `row ${before}`);
        } else {
          batch.lines += copyLine(row, lead);
          batch.leads += 1;
          batch.leadRows.push(row);
          batch.kept.push(line ?? cells);
          if (lead.notes.length > 0) batch.notes.push({ row, reasons: lead.notes });
        }
      }
    }
    if (batch.leads >= batchLeads || batch.rejects.length >= BATCH_REJECTS) {
      full.push(batch);
      batch = emptyBatch();
    }
  };

  const cellsOf = (done: Pending, row: number): readonly string[] => {
    const kept = done.kept[done.leadRows.indexOf(row)] ?? [];
    return typeof kept === 'string' ? kept.split(source.source.delimiter) : kept;
  };

  /** Writes the rows of a committed batch to the reports. */
  const report = async (done: Pending, result: BatchResult): Promise<void> => {
    rejects ??= new ReportFile(options.rejectsPath, header, width);
    notes ??= new ReportFile(options.notesPath, header, width);
    const gone = new Set(result.duplicates.map((d) => d.row));
    for (const { row, reason } of result.duplicates)
      done.rejects.push({ row, cells: cellsOf(done, row), reasons: [reason] });
    if (result.duplicates.length > 0) done.rejects.sort((a, b) => a.row - b.row);
    await rejects.write(done.rejects);
    const remarks = new Map<number, NoteReason[]>();
    for (const note of done.notes) if (!gone.has(note.row)) remarks.set(note.row, [...note.reasons]);
    for (const row of result.dncRows) remarks.set(row, [...(remarks.get(row) ?? []), 'onDncList']);
    const rows = [...remarks].sort(([a], [b]) => a - b);
    await notes.write(rows.map(([row, reasons]) => ({ row, cells: cellsOf(done, row), reasons })));
  };

  let isStopped = false;
  let failure: { readonly error: unknown } | undefined;
  let inFlight = 0;
  /** Settles when every batch sent so far is committed and reported; batches are reported in order. */
  let tail: Promise<void> = Promise.resolve();
  let wake: (() => void) | undefined;
  const post = (done: Pending): void => {
    inFlight += 1;
    const committed = send({
      copy: Buffer.from(done.lines),
      leads: done.leads,
      rowsRead: done.rowsRead,
      rowsRejected: done.rowsRejected,
      rowsDuplicate: done.rowsDuplicate,
      rejections: done.rejections,
      notes: done.notes,
      bytesRead: source.bytesRead(),
    });
    done.lines = '';
    tail = Promise.all([committed, tail])
      .then(async ([result]) => {
        await report(done, result);
        if (result.isStopped) isStopped = true;
      })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        inFlight -= 1;
        wake?.();
      });
  };
  const drain = async (): Promise<boolean> => {
    for (let next = full.shift(); next !== undefined; next = full.shift()) {
      while (inFlight >= MAX_IN_FLIGHT && failure === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (failure !== undefined || isStopped) return false;
      post(next);
    }
    return failure === undefined && !isStopped;
  };

  try {
    await source.read(takeRow, drain);
    if (failure === undefined && !isStopped) {
      if (totalRows === 0) throw new FileError('noRows');
      if (batch.rowsRead > 0) full.push(batch);
      await drain();
    }
  } finally {
    await tail;
    await rejects?.close();
    await notes?.close();
  }
  if (failure !== undefined) throw failure.error;
  return { isComplete: !isStopped };
};
