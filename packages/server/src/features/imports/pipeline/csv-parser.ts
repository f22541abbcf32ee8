import type { RejectReason } from '@qianhu/contracts';
import { FileError } from './file-error.ts';

/**
 * Receives rows as they are read. `rowNumber` counts from 1 as a spreadsheet program does, blank rows and header included.
 * `line` is given where the cells are the line cut at each delimiter: one text to keep instead of many.
 */
export type RowSink = (cells: string[], rowNumber: number, fault?: RejectReason, line?: string) => void;

/** Excel's own limit for a cell. */
export const MAX_CELL_CHARS = 32_767;
/** Longer than any row of cells within Excel's limits that we would want to hold. */
const MAX_ROW_CHARS = 4_000_000;

/**
 * A streaming reader of delimited text (RFC 4180, and what programs really write): quoted cells may hold delimiters, doubled
 * quotes and line ends; line ends are LF, CRLF or CR; a quote inside an unquoted cell is an ordinary character, as Excel has it.
 *
 * A row with wrong quotes is handed on with its fault and does not take the rest of the file with it: when a quoted cell
 * grows beyond Excel's limit or reaches the end of the file, the row ends at its first line end and reading goes on there.
 *
 * Own code because this is the busiest loop of an import: rows without quotes are cut by `indexOf` and `split`, several times
 * faster than a general parser; a property test holds it against csv-parse.
 */
export class CsvParser {
  readonly #delimiter: string;
  readonly #sink: RowSink;
  /** Text not yet made into rows. */
  #rest = '';
  /** Rows handed on so far. */
  #rows = 0;
  /** In `#rest`, up to here no line end was found; saves searching a long row again and again. */
  #searched = 0;
  /** What ends a row: LF (a CR before it is dropped), or CR alone (old Macintosh files). */
  readonly #newline: '\n' | '\r';

  constructor(options: { readonly delimiter: string; readonly newline: '\n' | '\r' }, sink: RowSink) {
    this.#delimiter = options.delimiter;
    this.#newline = options.newline;
    this.#sink = sink;
  }

  /** Takes a piece of text, of any length, cut anywhere. Throws `FileError` `rowTooLong`. */
  push(text: string): void {
    this.#rest = this.#rest === '' ? text : this.#rest + text;
    this.#drain(false);
    if (this.#rest.length > MAX_ROW_CHARS) throw new FileError('rowTooLong');
  }

  /** The file has ended: hands on what is left. */
  end(): void {
    this.#drain(true);
  }

  #drain(isEnd: boolean): void {
    const text = this.#rest;
    const newline = this.#newline;
    let pos = 0;
    let quote = text.indexOf('"');
    while (pos < text.length) {
      if (quote !== -1 && quote < pos) quote = text.indexOf('"', pos);
      let end = text.indexOf(newline, Math.max(pos, this.#searched));
      if (end === -1) {
        if (!isEnd) {
          this.#keep(text, pos);
          this.#searched = this.#rest.length;
          return;
        }
        end = text.length;
      }
      this.#searched = 0;
      if (quote === -1 || quote >= end) {
        const line = text.slice(pos, withoutCr(text, pos, end));
        this.#rows += 1;
        this.#sink(line.split(this.#delimiter), this.#rows, undefined, line);
        pos = end + 1;
        continue;
      }
      const next = this.#readQuotedRow(text, pos, newline, isEnd);
      if (next === undefined) {
        this.#keep(text, pos);
        return;
      }
      pos = next;
    }
    this.#keep('', 0);
  }

  #keep(text: string, from: number): void {
    this.#rest = from === 0 ? text : text.slice(from);
    this.#searched = 0;
  }

  /** A row with a quote somewhere, cell by cell. Returns where the next row begins; undefined when more text is needed. */
  #readQuotedRow(text: string, start: number, newline: string, isEnd: boolean): number | undefined {
    const cells: string[] = [];
    let pos = start;
    for (;;) {
      if (text.charCodeAt(pos) === QUOTE) {
        let value = '';
        let from = pos + 1;
        for (;;) {
          const close = text.indexOf('"', from);
          const length = value.length + (close === -1 ? text.length : close) - from;
          if (length > MAX_CELL_CHARS || (close === -1 && isEnd))
            return this.#giveUp(text, start, newline, close === -1 ? 'unclosedQuote' : 'cellTooLong');
          // The last quote in hand may be the first half of a doubled one.
          if (close === -1 || (close + 1 === text.length && !isEnd)) return undefined;
          value += text.slice(from, close);
          if (text.charCodeAt(close + 1) === QUOTE) {
            value += '"';
            from = close + 2;
            continue;
          }
          pos = close + 1;
          break;
        }
        cells.push(value);
        // CR before LF belongs to the line end.
        const isCr = text.charCodeAt(pos) === CR && newline === '\n';
        if (isCr && pos + 1 === text.length && !isEnd) return undefined;
        const at = isCr && (text[pos + 1] === '\n' || pos + 1 === text.length) ? pos + 1 : pos;
        if (at >= text.length || text[at] === newline) {
          this.#emit(cells);
          return at + 1;
        }
        if (!text.startsWith(this.#delimiter, pos)) return this.#giveUp(text, start, newline, 'badQuotes');
        pos += this.#delimiter.length;
      } else {
        const lineEnd = text.indexOf(newline, pos);
        const delimiter = text.indexOf(this.#delimiter, pos);
        if (delimiter !== -1 && (lineEnd === -1 || delimiter < lineEnd)) {
          cells.push(text.slice(pos, delimiter));
          pos = delimiter + this.#delimiter.length;
          if (pos === text.length && !isEnd) return undefined;
          continue;
        }
        if (lineEnd === -1 && !isEnd) return undefined;
        const end = lineEnd === -1 ? text.length : lineEnd;
        cells.push(text.slice(pos, withoutCr(text, pos, end)));
        this.#emit(cells);
        return end + 1;
      }
    }
  }

  /** The row's quotes are wrong: it ends at its first line end, whatever the quotes say. */
  #giveUp(text: string, start: number, newline: string, fault: RejectReason): number {
    const lineEnd = text.indexOf(newline, start);
    const end = lineEnd === -1 ? text.length : lineEnd;
    this.#rows += 1;
    this.#sink(text.slice(start, end).split(this.#delimiter), this.#rows, fault);
    return end + 1;
  }

  #emit(cells: string[]): void {
    this.#rows += 1;
    this.#sink(cells, this.#rows);
  }
}

const QUOTE = 0x22;
const CR = 0x0d;

/** Where a row's text ends: before the CR of a CRLF. */
const withoutCr = (text: string, start: number, end: number): number =>
  end > start && text.charCodeAt(end - 1) === CR ? end - 1 : end;
