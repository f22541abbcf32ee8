import type { NoteReason, RejectReason } from '@qianhu/contracts';

/** Leads on their way to the database, with what became of the other rows since the last batch. */
export type Batch = {
  /** Lines of COPY text, columns as `STAGE_COLUMNS`. */
  readonly copy: Uint8Array;
  readonly leads: number;
  readonly rowsRead: number;
  readonly rowsRejected: number;
  /** Doubles within the file. */
  readonly rowsDuplicate: number;
  /** Rows per reason of rejection. */
  readonly rejections: Readonly<Partial<Record<RejectReason, number>>>;
  /** Notes on leads of this batch, by row. */
  readonly notes: readonly { readonly row: number; readonly reasons: readonly NoteReason[] }[];
  /** How far the file is read, out of its size. */
  readonly bytesRead: number;
};

/** What the database did with a batch; committed. */
export type BatchResult = {
  /** Rows not imported because their number was there. */
  readonly duplicates: readonly { readonly row: number; readonly reason: RejectReason }[];
  /** Imported rows whose number is on the do-not-call list. */
  readonly dncRows: readonly number[];
  /** Read no further. */
  readonly isStopped: boolean;
};

/** Columns of the staging table in the order of the COPY lines. */
export const STAGE_COLUMNS = 'row_no, number, alt_numbers, region, zone, name, fields, priority, callback_at';
