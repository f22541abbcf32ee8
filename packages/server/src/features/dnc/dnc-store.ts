import type { DncEntryView, DncQuery, UserId } from '@qianhu/contracts';
import type { CampaignId, PhoneNumber } from '@qianhu/core';
import type { Selectable } from 'kysely';
import { decodeCursor, pageFrom, type Page } from '../../platform/cursor.ts';
import type { Database } from '../../platform/database.ts';
import type { DncEntriesTable } from '../../platform/schema.ts';

/** What all numbers of one act have in common. */
export type DncAct = {
  readonly campaignId: string | undefined;
  readonly reason: string | undefined;
  readonly source: string;
  readonly userId: UserId | undefined;
  readonly expiresAtMs: number | undefined;
};

export type DncStore = ReturnType<typeof createDncStore>;

/** A later end counts, and none is the latest: adding a number again never lets it be called earlier. */
const INSERT = `INSERT INTO dnc_entries AS old (number, campaign_id, reason, source, created_by, created_at, expires_at)
  SELECT DISTINCT number, $2::uuid, $3, $4, $5::uuid, $6::timestamptz, $7::timestamptz FROM unnest($1::text[]) AS given (number)
  ON CONFLICT (number, campaign_id) DO UPDATE SET
    reason = COALESCE(excluded.reason, old.reason),
    expires_at = CASE WHEN old.expires_at IS NULL OR excluded.expires_at IS NULL THEN NULL
                      ELSE GREATEST(old.expires_at, excluded.expires_at) END
  RETURNING old.*, (xmax = 0) AS is_new`;

/** Do-not-call entries. The engine reads the table in the transaction of each dial: an entry holds from its commit on. */
export const createDncStore = (db: Database, now: () => number) => {
  const toView = (row: Selectable<DncEntriesTable>): DncEntryView => ({
    entryId: row.id,
    number: row.number as PhoneNumber,
    ...(row.campaign_id === null ? {} : { campaignId: row.campaign_id as CampaignId }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    source: row.source,
    ...(row.created_by === null ? {} : { createdBy: row.created_by as UserId }),
    createdAtMs: row.created_at.getTime(),
    ...(row.expires_at === null ? {} : { expiresAtMs: row.expires_at.getTime() }),
    isExpired: row.expires_at !== null && row.expires_at.getTime() <= now(),
  });

  const add = async (numbers: readonly string[], act: DncAct) => {
    const { rows } = await db.pool.query<Selectable<DncEntriesTable> & { is_new: boolean }>(INSERT, [
      numbers,
      act.campaignId ?? null,
      act.reason ?? null,
      act.source,
      act.userId ?? null,
      new Date(now()),
      act.expiresAtMs === undefined ? null : new Date(act.expiresAtMs),
    ]);
    return rows;
  };

  return {
    /** Adds numbers; those on the list already keep the later end. */
    addMany: async (numbers: readonly string[], act: DncAct): Promise<{ added: number; existing: number }> => {
      const rows = await add(numbers, act);
      const added = rows.filter((row) => row.is_new).length;
      return { added, existing: rows.length - added };
    },

    addOne: async (number: string, act: DncAct): Promise<DncEntryView | undefined> => {
      const [row] = await add([number], act);
      return row && toView(row);
    },

    hasCampaign: async (campaignId: string): Promise<boolean> =>
      (await db.kysely.selectFrom('campaigns').select('id').where('id', '=', campaignId).executeTakeFirst()) !==
      undefined,

    /** Newest first. */
    page: async (query: DncQuery, prefixes: readonly string[] | undefined): Promise<Page<DncEntryView>> => {
      const after = decodeCursor(query.cursor, 'bigint');
      let rows = db.kysely
        .selectFrom('dnc_entries')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (after !== undefined) rows = rows.where('id', '<', after);
      if (query.campaignId !== undefined) rows = rows.where('campaign_id', '=', query.campaignId);
      if (!query.includeExpired)
        rows = rows.where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', new Date(now()))]));
      if (prefixes !== undefined)
        rows = rows.where((eb) => eb.or(prefixes.map((prefix) => eb('number', 'like', `${prefix}%`))));
      return pageFrom(await rows.execute(), query.limit, (row) => row.id, toView);
    },

    /** Undefined when there is no such entry. */
    remove: async (entryId: string): Promise<DncEntryView | undefined> => {
      const row = await db.kysely.deleteFrom('dnc_entries').where('id', '=', entryId).returningAll().executeTakeFirst();
      return row && toView(row);
    },
  };
};
