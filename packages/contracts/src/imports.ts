import { z } from 'zod';
import { count, done, epochMs, importId, listId, listOf, pageOf, pageQuery } from './common.ts';
import { consentStatement } from './lists.ts';
import { defineRoute } from './route.ts';

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
  .meta({
    id: 'ImportSourceOptions',
    description: 'How to read the file; what is left out is found out from the file.',
    examples: [{ encoding: 'gb18030', delimiter: ',', hasHeader: true }],
  });
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
    description: 'How the file is read, everything decided.',
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
  .meta({
    id: 'ColumnTarget',
    description: 'Where one column goes.',
    examples: [{ to: 'phone' }, { to: 'field', key: '公司' }],
  });
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
  .meta({
    id: 'ImportOptions',
    description: 'How rows become leads.',
    examples: [{ defaultRegion: 'CN', inList: 'skip', acrossLists: 'skip' }],
  });
export type ImportOptions = z.infer<typeof importOptions>;

export const importSettings = z
  .object({
    source: importSource,
    columns: z.array(columnTarget).min(1).max(500).describe('One entry per column of the file, in order.'),
    options: importOptions,
  })
  .meta({
    id: 'ImportSettings',
    description: 'How a file is or was imported.',
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

const faultCode = z
  .enum(FILE_FAULTS)
  .meta({ description: 'Why a whole file cannot be imported.', examples: ['emptyFile'] });

export const importPreview = z
  .object({
    source: importSource.extend({
      sheets: listOf(z.string()).meta({ description: 'XLSX: names of the sheets.', examples: [['Sheet1']] }),
    }),
    columns: listOf(
      z.object({
        name: z
          .string()
          .meta({ description: 'Header, or a letter as in a spreadsheet where there is none.', examples: ['手机号'] }),
        samples: listOf(z.string()).meta({
          description: 'First filled cells.',
          examples: [['13800138000']],
          pii: true,
        }),
        suggested: columnTarget,
        phoneShare: z
          .number()
          .min(0)
          .max(1)
          .meta({ description: 'Share of the filled sample cells that hold a valid number.', examples: [0.98] }),
      }),
    ).meta({ description: 'The columns of the file, in order.' }),
    rows: listOf(listOf(z.string())).meta({
      description: 'First rows, header left out.',
      examples: [[['张三', '13800138000']]],
      pii: true,
    }),
    faults: listOf(faultCode).meta({
      description: 'What stands in the way so far, such as noPhoneColumn.',
      examples: [[]],
    }),
  })
  .meta({ id: 'ImportPreview', description: 'How a file would be read and imported.' });
export type ImportPreview = z.infer<typeof importPreview>;

export const importState = z
  .enum(['uploaded', 'running', 'done', 'cancelled', 'failed'])
  .meta({ id: 'ImportState', description: 'Where an import stands.', examples: ['running'] });

/** An import as lists, pages and the live topic `import:ID` show it. */
export const importView = z
  .object({
    importId,
    listId: z.exactOptional(listId).meta({ description: 'Absent before it is started.' }),
    state: importState,
    fileName: z.string().meta({ description: 'As uploaded.', examples: ['客户.xlsx'] }),
    fileBytes: count,
    bytesRead: count.meta({
      description: 'How much of the file is done; for XLSX of its unpacked sheet, scaled to the file.',
    }),
    rowsRead: count.meta({ description: 'Rows with data, header left out.' }),
    rowsImported: count.meta({ description: 'New leads.' }),
    rowsUpdated: count.meta({ description: 'Leads that were there and took the new data.' }),
    rowsRejected: count.meta({ description: 'Handed back for a fault.' }),
    rowsDuplicate: count.meta({ description: 'Handed back because the number is there already.' }),
    rowsNoted: count.meta({ description: 'Imported with a remark.' }),
    reasons: z
      .record(z.string(), z.int())
      .meta({ description: 'Rows per reason (REJECT_REASONS and NOTE_REASONS).', examples: [{ invalidNumber: 37 }] }),
    hasRejects: z.boolean().meta({ description: 'Whether there is a file of rows handed back.', examples: [true] }),
    hasNotes: z.boolean().meta({ description: 'Whether there is a file of remarks.', examples: [false] }),
    canStart: z
      .boolean()
      .meta({ description: 'Whether it can be started (again): then it imports what is missing.', examples: [false] }),
    canRemoveLeads: z.boolean().meta({ description: 'Whether its leads can be removed again.', examples: [true] }),
    error: z
      .exactOptional(
        z.object({
          code: faultCode,
          message: z
            .string()
            .meta({ description: 'What is wrong and how to mend it.', examples: ['The file is empty.'] }),
        }),
      )
      .meta({ description: 'Why it failed.' }),
    settings: z.exactOptional(importSettings).meta({ description: 'How it is or was imported.' }),
    createdAtMs: epochMs,
    startedAtMs: z.exactOptional(epochMs),
    finishedAtMs: z.exactOptional(epochMs),
  })
  .meta({ id: 'Import', description: 'One uploaded file and its import.' });
export type ImportView = z.infer<typeof importView>;

export const previewQuery = z
  .object({
    source: importSourceOptions.default({}),
    defaultRegion: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .default('CN')
      .meta({ description: 'ISO 3166 code of numbers without a country code.', examples: ['CN'] }),
  })
  .meta({ id: 'PreviewImport', description: 'How to read the file.', examples: [{ source: { encoding: 'gb18030' } }] });

export const startImport = z
  .object({
    listId,
    source: importSourceOptions.default({}),
    columns: z
      .exactOptional(listOf(columnTarget, { min: 1, max: 500 }))
      .meta({ description: 'Left out: as the preview suggests.', examples: [[{ to: 'name' }, { to: 'phone' }]] }),
    options: importOptions.partial().default({}),
    consent: z.exactOptional(consentStatement).meta({
      description:
        'Put on record for the whole list. Needed when the list has consent on record already, under which the new people would fall.',
    }),
  })
  .meta({
    id: 'StartImport',
    description: 'Into which list, and how.',
    examples: [
      {
        listId: '018f3c2e-7d4a-7abc-8def-0123456789ab',
        columns: [{ to: 'name' }, { to: 'phone' }],
        options: { acrossLists: 'skip' },
      },
    ],
  });
export type StartImport = z.infer<typeof startImport>;

export const importQuery = z.object({ listId: z.exactOptional(listId), ...pageQuery.shape });
export type ImportQuery = z.infer<typeof importQuery>;

export const uploadedImport = z
  .object({
    import: importView,
    preview: z.exactOptional(importPreview).meta({ description: 'Absent when no table can be read from the file.' }),
    fault: z
      .exactOptional(
        z.object({ code: faultCode, message: z.string().meta({ description: 'How to mend it.', examples: [''] }) }),
      )
      .meta({ description: 'Why there is no preview; another encoding may be chosen.' }),
  })
  .meta({ id: 'UploadedImport', description: 'The upload and how it would be imported.' });

export const removedLeads = z
  .object({
    removed: count.meta({ description: 'Leads removed.' }),
    kept: count.meta({ description: 'Leads that stay because they were dialled already.' }),
  })
  .meta({
    id: 'RemovedLeads',
    description: 'What became of the leads of an import.',
    examples: [{ removed: 1200, kept: 3 }],
  });

const MANAGERS = ['administrator', 'supervisor'] as const;
const params = z.object({ importId });

export const importRoutes = {
  uploadImport: defineRoute({
    method: 'POST',
    path: '/imports',
    operationId: 'uploadImport',
    tag: 'imports',
    summary: 'Upload a file (multipart/form-data, field `file`) and see how it would be imported',
    access: MANAGERS,
    response: uploadedImport,
    status: 201,
    problems: [413, 422, 503],
  }),
  listImports: defineRoute({
    method: 'GET',
    path: '/imports',
    operationId: 'listImports',
    tag: 'imports',
    summary: 'Imports, newest first',
    access: MANAGERS,
    query: importQuery,
    response: pageOf('ImportPage', importView),
  }),
  getImport: defineRoute({
    method: 'GET',
    path: '/imports/:importId',
    operationId: 'getImport',
    tag: 'imports',
    summary: 'One import',
    access: MANAGERS,
    params,
    response: importView,
    problems: [404],
  }),
  previewImport: defineRoute({
    method: 'POST',
    path: '/imports/:importId/preview',
    operationId: 'previewImport',
    tag: 'imports',
    summary: 'Read the file again with other settings; changes nothing',
    access: MANAGERS,
    params,
    body: previewQuery,
    response: importPreview,
    isAudited: false,
    problems: [404, 409, 422],
  }),
  startImport: defineRoute({
    method: 'POST',
    path: '/imports/:importId/start',
    operationId: 'startImport',
    tag: 'imports',
    summary: 'Import the file into a list; again after a failure to import the rest',
    access: MANAGERS,
    params,
    body: startImport,
    response: importView,
    status: 202,
    problems: [404, 409, 422],
  }),
  cancelImport: defineRoute({
    method: 'POST',
    path: '/imports/:importId/cancel',
    operationId: 'cancelImport',
    tag: 'imports',
    summary: 'Stop reading; what is imported stays (see removeImportedLeads)',
    access: MANAGERS,
    params,
    response: importView,
    problems: [404, 409],
  }),
  removeImportedLeads: defineRoute({
    method: 'DELETE',
    path: '/imports/:importId/leads',
    operationId: 'removeImportedLeads',
    tag: 'imports',
    summary: 'Remove the leads that this import brought, but for those that were dialled',
    access: MANAGERS,
    params,
    response: removedLeads,
    problems: [404, 409],
  }),
  deleteImport: defineRoute({
    method: 'DELETE',
    path: '/imports/:importId',
    operationId: 'deleteImport',
    tag: 'imports',
    summary: 'Remove the upload, its reports and its record; its leads stay',
    access: MANAGERS,
    params,
    response: done,
    problems: [404, 409],
  }),
  downloadRejects: defineRoute({
    method: 'GET',
    path: '/imports/:importId/rejects.csv',
    operationId: 'downloadRejects',
    tag: 'imports',
    summary: 'The rows that were not imported, with row number and reasons',
    access: MANAGERS,
    params,
    produces: 'text/csv',
    problems: [404],
  }),
  downloadNotes: defineRoute({
    method: 'GET',
    path: '/imports/:importId/notes.csv',
    operationId: 'downloadNotes',
    tag: 'imports',
    summary: 'The rows that were imported with a remark',
    access: MANAGERS,
    params,
    produces: 'text/csv',
    problems: [404],
  }),
} as const;
