import type { Attempt } from '@qianhu/contracts';
import { stringify } from 'csv-stringify/sync';

const COLUMNS = [
  'attemptId',
  'campaign',
  'listId',
  'leadId',
  'name',
  'number',
  'ordinal',
  'outcome',
  'outcomeDetail',
  'agent',
  'disposition',
  'createdAt',
  'ringingAt',
  'answeredAt',
  'bridgedAt',
  'endedAt',
  'talkSec',
] as const;

const iso = (ms: number | undefined): string => (ms === undefined ? '' : new Date(ms).toISOString());

/**
 * Spreadsheets run a cell that begins with = + - @, tab or return as a formula: a leading apostrophe makes it text (OWASP,
 * CSV Injection). A telephone number's plus is one of these; it stays text so.
 */
export const safeCell = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

/** The byte order mark makes spreadsheets read UTF-8; then the names of the columns. */
export const csvHead = (): string => `\uFEFF${stringify([COLUMNS])}`;

/** Rows of an export (RFC 4180). */
export const csvRows = (attempts: readonly Attempt[]): string =>
  stringify(
    attempts.map((attempt) =>
      [
        attempt.attemptId,
        attempt.campaignName,
        attempt.listId,
        attempt.leadId,
        attempt.leadName ?? '',
        attempt.number,
        String(attempt.ordinal),
        attempt.outcome ?? 'open',
        attempt.outcomeDetail ?? '',
        attempt.agentName ?? '',
        attempt.disposition ?? '',
        iso(attempt.createdAtMs),
        iso(attempt.ringingAtMs),
        iso(attempt.answeredAtMs),
        iso(attempt.bridgedAtMs),
        iso(attempt.endedAtMs),
        attempt.talkMs === undefined ? '' : (attempt.talkMs / 1000).toFixed(1),
      ].map(safeCell),
    ),
  );
