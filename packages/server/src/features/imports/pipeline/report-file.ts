import type { NoteReason, RejectReason } from '@qianhu/contracts';
import { open, type FileHandle } from 'node:fs/promises';
import { csvRow } from './csv-writer.ts';
import { ROW_REASON_TEXTS } from './row-reasons.ts';
import { REPORT_COLUMNS } from './suggest-mapping.ts';

/** A row for a report. `detail` stands behind a reason's text, such as the row that had the number first. */
export type ReportRow = {
  readonly row: number;
  readonly cells: readonly string[];
  readonly reasons: readonly (RejectReason | NoteReason)[];
  readonly detail?: string;
};

/**
 * A file of rows handed back: the columns of the import as they were, then row number, codes and reasons in both languages.
 * UTF-8 with a mark, so that Excel shows Chinese. Made when the first row is written.
 */
export class ReportFile {
  readonly #path: string;
  readonly #header: readonly string[] | undefined;
  readonly #width: number;
  #file: FileHandle | undefined;

  /** @param header Names of the columns; undefined when the import has none (then the report has none either). */
  constructor(path: string, header: readonly string[] | undefined, width: number) {
    this.#path = path;
    this.#header = header;
    this.#width = width;
  }

  /** Rows in the order of the file. */
  async write(rows: readonly ReportRow[]): Promise<void> {
    if (rows.length === 0) return;
    let text = '';
    if (this.#file === undefined) {
      this.#file = await open(this.#path, 'w', 0o600);
      text = '\ufeff';
      if (this.#header !== undefined) text += csvRow([...this.#pad(this.#header), ...REPORT_COLUMNS]);
    }
    for (const { row, cells, reasons, detail } of rows) {
      const extra = detail === undefined ? '' : ` (${detail})`;
      text += csvRow([
        ...this.#pad(cells),
        String(row),
        reasons.join(' '),
        reasons.map((r) => ROW_REASON_TEXTS[r].zh).join('；') + extra,
        reasons.map((r) => ROW_REASON_TEXTS[r].en).join('; ') + extra,
      ]);
    }
    await this.#file.appendFile(text);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  #pad(cells: readonly string[]): readonly string[] {
    return cells.length >= this.#width ? cells : [...cells, ...Array<string>(this.#width - cells.length).fill('')];
  }
}
