import type { ColumnTarget, ImportPreview, ImportView } from '@qianhu/contracts';

/** What a column can become, as one value of a select: `field` carries its key apart. */
export const TARGETS = ['phone', 'name', 'priority', 'callbackAt', 'zone', 'field', 'ignore'] as const;
export type TargetName = (typeof TARGETS)[number];

export type MappingFault =
  'noPhoneColumn' | 'repeatedName' | 'repeatedPriority' | 'repeatedCallbackAt' | 'repeatedZone' | 'repeatedField';

const single = {
  name: 'repeatedName',
  priority: 'repeatedPriority',
  callbackAt: 'repeatedCallbackAt',
  zone: 'repeatedZone',
} as const;

/** What is wrong with a mapping; empty when the import can start. Several phone columns are fine, of the others only one. */
export const mappingFaults = (columns: readonly ColumnTarget[]): readonly MappingFault[] => {
  const faults: MappingFault[] = [];
  if (!columns.some((column) => column.to === 'phone')) faults.push('noPhoneColumn');
  for (const [to, fault] of Object.entries(single))
    if (columns.filter((column) => column.to === to).length > 1) faults.push(fault);
  const keys = columns.flatMap((column) => (column.to === 'field' ? [column.key.trim()] : []));
  if (new Set(keys).size !== keys.length || keys.includes('')) faults.push('repeatedField');
  return faults;
};

/** The target of that name for a column; a field of one's own is called as its header. */
export const targetFor = (name: TargetName, header: string): ColumnTarget =>
  name === 'field' ? { to: 'field', key: header.trim() === '' ? 'field' : header.trim().slice(0, 64) } : { to: name };

/** Where a mapping starts: what the server suggests. */
export const suggestedMapping = (preview: ImportPreview): readonly ColumnTarget[] =>
  preview.columns.map((column) => column.suggested);

/** How far an import is, 0–1. By bytes, since the number of rows is known only at the end. */
export const importRatio = (view: Pick<ImportView, 'state' | 'bytesRead' | 'fileBytes'>): number =>
  view.state === 'done' ? 1 : view.fileBytes === 0 ? 0 : Math.min(1, view.bytesRead / view.fileBytes);

/** Milliseconds left at the speed so far; undefined before there is a speed worth telling. */
export const importLeftMs = (
  view: Pick<ImportView, 'state' | 'bytesRead' | 'fileBytes' | 'startedAtMs'>,
  nowMs: number,
): number | undefined => {
  if (view.state !== 'running' || view.startedAtMs === undefined) return undefined;
  const spent = nowMs - view.startedAtMs;
  const ratio = importRatio(view);
  return spent < 2000 || ratio < 0.02 ? undefined : (spent / ratio) * (1 - ratio);
};

/** A list's name for a file: without folder, ending and separators. */
export const listNameFrom = (fileName: string): string =>
  fileName
    .replace(/\.(csv|xlsx|txt|tsv)$/i, '')
    .replace(/[_]+/g, ' ')
    .trim()
    .slice(0, 200);
