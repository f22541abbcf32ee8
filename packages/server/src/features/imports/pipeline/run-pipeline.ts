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
  /** Cells by row, kept until the database has said which rows are doubles. */
  cells: Map<number, readonly string[]>;
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
  cells: new Map(),
});

const fieldsJson = (fields: LeadRow['fields']): string => {
  let json = '';
  for (const [key, value] of fields) json += `${json === '' ? '{' : ','}${jsonString(key)}:${jsonString(value)}`;
  return `${json}}`;
};

const copyLine = (row: number, lead: LeadRow): string =>
  `${row}\t${lead.number}\t${lead.altNumbers.length === 0 ? COPY_NULL : copyWordArray(lead.altNumbers)}\t${lead.region}\t${copyText(lead.zone)}\t${
    lead.name === undefined ? COPY_NULL : copyText(lead.name)
  }\t${lead.fields.length === 0 ? COPY_NULL : copyText(fieldsJson(lead.fields))}\t${lead.priority ?? COPY_NULL}\t${
    lead.callbackAtMs === undefined ? COPY_NULL : new Date(lead.callbackAtMs).toISOString()
  }\n`;

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

  const takeRow: RowSink = (cells, row, fault) => {
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
      const built = build(cells);
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
          batch.cells.set(row, cells);
          if (lead.notes.length > 0) batch.notes.push({ row, reasons: lead.notes });
        }
      }
    }
    if (batch.leads >= batchLeads || batch.rejects.length >= BATCH_REJECTS) {
      full.push(batch);
      batch = emptyBatch();
    }
  };

  /** Writes the rows of a committed batch to the reports. */
  const report = async (done: Pending, result: BatchResult): Promise<void> => {
    rejects ??= new ReportFile(options.rejectsPath, header, width);
    notes ??= new ReportFile(options.notesPath, header, width);
    const gone = new Set(result.duplicates.map((d) => d.row));
    for (const { row, reason } of result.duplicates)
      done.rejects.push({ row, cells: done.cells.get(row) ?? [], reasons: [reason] });
    if (result.duplicates.length > 0) done.rejects.sort((a, b) => a.row - b.row);
    await rejects.write(done.rejects);
    const remarks = new Map<number, NoteReason[]>();
    for (const note of done.notes) if (!gone.has(note.row)) remarks.set(note.row, [...note.reasons]);
    for (const row of result.dncRows) remarks.set(row, [...(remarks.get(row) ?? []), 'onDncList']);
    const rows = [...remarks].sort(([a], [b]) => a - b);
    await notes.write(rows.map(([row, reasons]) => ({ row, cells: done.cells.get(row) ?? [], reasons })));
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
