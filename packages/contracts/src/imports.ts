import { z } from 'zod';

const isoTime = z.iso.datetime({ offset: true });

export const IMPORT_FORMATS = ['csv', 'xlsx'] as const;
export const IMPORT_ENCODINGS = ['utf-8', 'gb18030', 'utf-16le', 'utf-16be'] as const;
export const IMPORT_DELIMITERS = [',', '\t', ';', '|'] as const;

/** How a file is read. What is left out is found by looking at the file. */
export const importSourceOptions = z
  .object({
    encoding: z
      .enum(IMPORT_ENCODINGS)
      .optional()
      .describe('CSV only. GBK and GB2312 are read as gb18030, which holds both.'),
    delimiter: z.enum(IMPORT_DELIMITERS).optional().describe('CSV only.'),
    hasHeader: z.boolean().optional().describe('Whether the first row holds names of columns.'),
    sheet: z.int().min(0).optional().describe('XLSX only: which sheet, from 0.'),
  })
  .meta({ id: 'ImportSourceOptions', examples: [{ encoding: 'gb18030', delimiter: ',', hasHeader: true }] });
export type ImportSourceOptions = z.infer<typeof importSourceOptions>;

/** The same, everything decided. */
export const importSource = z
  .object({
    format: z.enum(IMPORT_FORMATS),
    encoding: z.enum(IMPORT_ENCODINGS),
    delimiter: z.enum(IMPORT_DELIMITERS),
    hasHeader: z.boolean(),
    sheet: z.int().min(0),
  })
  .meta({
    id: 'ImportSource',
    examples: [{ format: 'csv', encoding: 'utf-8', delimiter: ',', hasHeader: true, sheet: 0 }],
  });
export type ImportSource = z.infer<typeof importSource>;

/** What becomes of a column. Several columns may be `phone`: the first valid number is dialled first. */
export const columnTarget = z
  .discriminatedUnion('to', [
    z.object({ to: z.literal('ignore') }),
    z.object({ to: z.literal('phone') }),
    z.object({ to: z.literal('name') }),
    z.object({ to: z.literal('priority') }).describe('Whole number from -100 to 100; higher is called earlier.'),
    z.object({ to: z.literal('callbackAt') }).describe("Date and time in the callee's zone, or with an offset."),
    z.object({ to: z.literal('zone') }).describe('IANA zone of the callee, for example Asia/Urumqi.'),
    z
      .object({ to: z.literal('field'), key: z.string().trim().min(1).max(64) })
      .describe('A field of your own, kept as text.'),
  ])
  .meta({ id: 'ColumnTarget', examples: [{ to: 'phone' }, { to: 'field', key: '公司' }] });
export type ColumnTarget = z.infer<typeof columnTarget>;

export const importOptions = z
  .object({
    defaultRegion: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .default('CN')
      .describe('ISO 3166 code of the country in which numbers without a country code are.'),
    inList: z
      .enum(['skip', 'update'])
      .default('skip')
      .describe('The number is in this list already: leave the lead, or give it the new data.'),
    acrossLists: z
      .enum(['allow', 'skip', 'update'])
      .default('allow')
      .describe(
        'The number is in another list: import it as well, leave it out, or give the new data to the lead there.',
      ),
    checkDnc: z
      .boolean()
      .default(true)
      .describe(
        'Note rows whose number is on the do-not-call list. They are imported; the rule before each dial decides.',
      ),
    maxNumbers: z.int().min(1).max(10).default(10).describe('Most numbers of one lead.'),
    tooManyNumbers: z
      .enum(['reject', 'keepFirst'])
      .default('reject')
      .describe('A row with more numbers: hand it back, or keep the first ones with a note.'),
  })
  .meta({ id: 'ImportOptions', examples: [{ defaultRegion: 'CN', inList: 'skip', acrossLists: 'skip' }] });
export type ImportOptions = z.infer<typeof importOptions>;

export const importSettings = z
  .object({
    source: importSource,
    columns: z.array(columnTarget).min(1).max(500).describe('One entry per column of the file, in order.'),
    options: importOptions,
  })
  .meta({
    id: 'ImportSettings',
    examples: [
      {
        source: { format: 'csv', encoding: 'utf-8', delimiter: ',', hasHeader: true, sheet: 0 },
        columns: [{ to: 'name' }, { to: 'phone' }],
        options: {
          defaultRegion: 'CN',
          inList: 'skip',
          acrossLists: 'allow',
          checkDnc: true,
          maxNumbers: 10,
          tooManyNumbers: 'reject',
        },
      },
    ],
  });
export type ImportSettings = z.infer<typeof importSettings>;

/** Why a row was not imported. Stored and shown: never rename, only add. */
export const REJECT_REASONS = [
  'noPhone',
  'notANumber',
  'tooShort',
  'tooLong',
  'invalidNumber',
  'scientificNotation',
  'tooManyNumbers',
  'badPriority',
  'badCallbackTime',
  'badZone',
  'extraCells',
  'badQuotes',
  'unclosedQuote',
  'cellTooLong',
  'cellError',
  'duplicateInFile',
  'duplicateInList',
  'duplicateAcrossLists',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** Remarks on rows that were imported. */
export const NOTE_REASONS = [
  'someNumbersInvalid',
  'numbersDropped',
  'extensionKept',
  'callbackInPast',
  'onDncList',
  'badCharacters',
] as const;
export type NoteReason = (typeof NOTE_REASONS)[number];

/** Why a whole file cannot be imported. */
export const FILE_FAULTS = [
  'emptyFile',
  'binaryFile',
  'oldExcelFile',
  'notXlsx',
  'truncatedFile',
  'corruptFile',
  'encryptedFile',
  'fileTooLarge',
  'unknownEncoding',
  'noRows',
  'noSuchSheet',
  'noPhoneColumn',
  'columnsDoNotMatch',
  'tooManyColumns',
  'rowTooLong',
  'interrupted',
  'databaseLost',
  'diskFull',
  'internal',
] as const;
export type FileFault = (typeof FILE_FAULTS)[number];

export const importPreview = z
  .object({
    source: importSource.extend({ sheets: z.array(z.string()).describe('XLSX: names of the sheets.') }),
    columns: z.array(
      z.object({
        name: z.string().describe('Header, or a letter as in a spreadsheet where there is none.'),
        samples: z.array(z.string()).meta({ pii: true }),
        suggested: columnTarget,
        phoneShare: z.number().min(0).max(1).describe('Share of the filled sample cells that hold a valid number.'),
      }),
    ),
    rows: z.array(z.array(z.string())).meta({ pii: true }).describe('First rows, header left out.'),
    faults: z.array(z.enum(FILE_FAULTS)).describe('What stands in the way so far, such as noPhoneColumn.'),
  })
  .meta({ id: 'ImportPreview' });
export type ImportPreview = z.infer<typeof importPreview>;

export const importState = z.enum(['uploaded', 'running', 'done', 'cancelled', 'failed']);

/** An import as lists, pages and the live topic `import:ID` show it. */
export const importView = z
  .object({
    id: z.uuid(),
    listId: z.uuid().nullable(),
    state: importState,
    fileName: z.string(),
    fileBytes: z.int(),
    bytesRead: z.int().describe('How much of the file is done; for XLSX of its unpacked sheet, scaled to the file.'),
    rowsRead: z.int(),
    rowsImported: z.int(),
    rowsUpdated: z.int(),
    rowsRejected: z.int().describe('Handed back for a fault.'),
    rowsDuplicate: z.int().describe('Handed back because the number is there already.'),
    rowsNoted: z.int().describe('Imported with a remark.'),
    reasons: z.partialRecord(z.enum([...REJECT_REASONS, ...NOTE_REASONS]), z.int()).describe('Rows per reason.'),
    hasRejects: z.boolean(),
    hasNotes: z.boolean(),
    canRestart: z.boolean().describe('The file is still here: starting again imports what is missing.'),
    error: z
      .object({ code: z.enum(FILE_FAULTS), message: z.string(), row: z.int().optional() })
      .nullable()
      .describe('Why it failed.'),
    settings: importSettings.nullable(),
    createdAt: isoTime,
    startedAt: isoTime.nullable(),
    finishedAt: isoTime.nullable(),
  })
  .meta({ id: 'Import' });
export type ImportView = z.infer<typeof importView>;

export const startImport = z
  .object({
    listId: z.uuid(),
    source: importSourceOptions.default({}),
    columns: z.array(columnTarget).min(1).max(500).optional().describe('Left out: as the preview suggests.'),
    options: importOptions.partial().default({}),
  })
  .meta({
    id: 'StartImport',
    examples: [
      {
        listId: '018f3c2e-7d4a-7abc-8def-0123456789ab',
        columns: [{ to: 'name' }, { to: 'phone' }],
        options: { acrossLists: 'skip' },
      },
    ],
  });
export type StartImport = z.infer<typeof startImport>;

export const importPage = z
  .object({ items: z.array(importView), nextCursor: z.string().nullable() })
  .meta({ id: 'ImportPage' });
export const importQuery = z.object({
  listId: z.uuid().optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const removeImportedLeads = z
  .object({ removed: z.int(), kept: z.int().describe('Leads that were dialled already stay, for their history.') })
  .meta({ id: 'RemoveImportedLeads', examples: [{ removed: 1200, kept: 3 }] });
