import type { AddDncEntry, DncBulkOptions, DncBulkResult, DncEntryView, DncQuery, UserId } from '@qianhu/contracts';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../errors.ts';
import { createPhoneParser } from '../../numbers/phone-parser.ts';
import { numberPrefixes } from '../../numbers/number-search.ts';
import type { Page } from '../../platform/cursor.ts';
import type { IdSource } from '../../platform/ids.ts';
import { readNumberFile } from '../imports/number-file-service.ts';
import type { DncAct, DncStore } from './dnc-store.ts';

export type DncService = ReturnType<typeof createDncService>;

/** The house's numbers are Chinese unless they say otherwise. */
const SEARCH_REGION = 'CN';

/** The do-not-call list. */
export const createDncService = (deps: {
  readonly store: DncStore;
  readonly ids: IdSource;
  readonly folder: string;
  readonly now: () => number;
}) => {
  const { store } = deps;

  const actOf = async (
    asked: { readonly campaignId?: string; readonly reason?: string; readonly expiresAtMs?: number },
    source: string,
    userId: UserId | undefined,
  ): Promise<DncAct> => {
    const { campaignId, reason, expiresAtMs } = asked;
    if (expiresAtMs !== undefined && expiresAtMs <= deps.now())
      throw new AppError('invalid', 'The end lies in the past.');
    if (campaignId !== undefined && !(await store.hasCampaign(campaignId)))
      throw new AppError('notFound', 'There is no such campaign.');
    return { campaignId, reason, source, userId, expiresAtMs };
  };

  return {
    /** Adds a number in whatever dress. Throws `AppError` `invalid` when it is none. */
    add: async (asked: AddDncEntry, userId: UserId | undefined): Promise<DncEntryView> => {
      const act = await actOf(asked, 'manual', userId);
      const parsed = createPhoneParser(asked.defaultRegion).parse(asked.number);
      if (!parsed.ok)
        throw new AppError('invalid', 'This is no phone number. Write it with area code, or with + and country code.', {
          details: { errors: [{ path: 'number', message: 'Not a phone number.', code: parsed.fault }] },
        });
      const entry = await store.addOne(parsed.phone.number, act);
      if (entry === undefined) throw new AppError('internal', 'The entry was not written.');
      return entry;
    },

    /** Adds all numbers of a file; rows without one are handed back. */
    addFile: async (
      stream: Readable & { readonly truncated?: boolean },
      asked: DncBulkOptions,
      userId: UserId | undefined,
    ): Promise<DncBulkResult> => {
      const act = await actOf(asked, 'file', userId);
      await mkdir(deps.folder, { recursive: true, mode: 0o700 });
      const path = join(deps.folder, `${deps.ids.next()}.dnc`);
      try {
        await pipeline(stream, createWriteStream(path, { mode: 0o600 }));
        if (stream.truncated === true)
          throw new AppError('tooLarge', 'The file is larger than this server takes. Split it.');
        const total = { added: 0, existing: 0 };
        const { rejected, rejects } = await readNumberFile(path, asked.defaultRegion, async (numbers) => {
          const { added, existing } = await store.addMany(numbers, act);
          total.added += added;
          total.existing += existing;
        });
        return { ...total, rejected, rejects };
      } finally {
        await rm(path, { force: true });
      }
    },

    page: (query: DncQuery): Promise<Page<DncEntryView>> =>
      store.page(query, query.number === undefined ? undefined : numberPrefixes(query.number, SEARCH_REGION)),

    /** Takes an entry off the list and gives it back, for the audit. */
    remove: async (entryId: string): Promise<DncEntryView> => {
      const entry = await store.remove(entryId);
      if (entry === undefined) throw new AppError('notFound', 'There is no such entry.');
      return entry;
    },
  };
};
