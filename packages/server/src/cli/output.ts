/** Where a command writes; tests collect it. */
export type Output = {
  /** Result: a text for people, or the JSON value with `--json`. */
  result(value: unknown, text: string): void;
  /** A remark on the way; never among the JSON. */
  note(text: string): void;
};

export const createOutput = (
  isJson: () => boolean,
  write: { readonly out: (text: string) => void; readonly err: (text: string) => void },
): Output => ({
  result: (value, text) => {
    write.out(isJson() ? `${JSON.stringify(value)}\n` : `${text}\n`);
  },
  note: (text) => {
    write.err(`${text}\n`);
  },
});

/** Width on a terminal: Chinese characters and full-width forms take two columns. */
const widthOf = (text: string): number =>
  [...text].reduce(
    (sum, c) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(c) ? 2 : 1),
    0,
  );

/** Rows in aligned columns, the first row being the head. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
