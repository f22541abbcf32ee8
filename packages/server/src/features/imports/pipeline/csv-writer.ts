/** What a spreadsheet program takes for the beginning of a formula (OWASP, "CSV Injection"), full-width forms included. */
const FORMULA_START = /^[\s\p{Cc}]*[=+\-@\t\r＝＋－＠]/u;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * A cell of a report: quoted where needed, and with an apostrophe before whatever a spreadsheet program would run as a
 * formula. Our importer takes the apostrophe before a phone number away again, so a mended report can be imported.
 */
export const csvCell = (value: string): string => {
  const safe = FORMULA_START.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** A row of a report, with its CRLF. */
export const csvRow = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\r\n`;
