import { trunkSettings, type Trunk, type TrunkSettings } from '@qianhu/contracts';
import type { TrunkId } from '@qianhu/core';
import type { Kysely, Selectable } from 'kysely';
import { AppError } from '../../errors.ts';
import { sqlState, SQL_STATE } from '../../platform/database.ts';
import type { Schema, TrunksTable } from '../../platform/schema.ts';

/** A trunk's row; the state is the engine's. */
export type StoredTrunk = Omit<Trunk, 'state'>;

export type NewTrunk = {
  readonly trunkId: TrunkId;
  readonly name: string;
  readonly settings: TrunkSettings;
  readonly secret: Buffer | null;
  readonly priority: number;
  readonly isEnabled: boolean;
  readonly isDemo: boolean;
};

export type TrunkChange = {
  readonly name?: string;
  readonly settings?: TrunkSettings;
  /** Null removes it. */
  readonly secret?: Buffer | null;
  readonly priority?: number;
  readonly isEnabled?: boolean;
};

/** Trunks in PostgreSQL. */
export type TrunkStore = ReturnType<typeof createTrunkStore>;

const toTrunk = (row: Selectable<TrunksTable>): StoredTrunk => ({
  trunkId: row.id as TrunkId,
  name: row.name,
  // What an older version stored lacks newer fields: they take their defaults.
  settings: trunkSettings.parse(row.settings),
  hasPassword: row.secret_enc !== null,
  priority: row.priority,
  isEnabled: row.enabled,
  isDemo: row.demo,
  createdAtMs: row.created_at.getTime(),
  updatedAtMs: row.updated_at.getTime(),
});

const nameTaken = (error: unknown, name: string | undefined): unknown =>
  sqlState(error) === SQL_STATE.uniqueViolation
    ? new AppError('conflict', `A trunk named “${name ?? ''}” exists already.`, {
        cause: error,
        details: { errors: [{ path: 'name', message: 'Taken.', code: 'taken' }] },
      })
    : error;

export const createTrunkStore = (db: Kysely<Schema>) => ({
  list: async (): Promise<readonly StoredTrunk[]> =>
    (await db.selectFrom('trunks').selectAll().orderBy('priority').orderBy('name').execute()).map(toTrunk),

  find: async (trunkId: TrunkId): Promise<StoredTrunk | undefined> => {
    const row = await db.selectFrom('trunks').selectAll().where('id', '=', trunkId).executeTakeFirst();
    return row === undefined ? undefined : toTrunk(row);
  },

  insert: async (trunk: NewTrunk): Promise<StoredTrunk> => {
    try {
      const row = await db
        .insertInto('trunks')
        .values({
          id: trunk.trunkId,
          name: trunk.name,
          settings: JSON.stringify(trunk.settings),
          secret_enc: trunk.secret,
          priority: trunk.priority,
          enabled: trunk.isEnabled,
          demo: trunk.isDemo,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return toTrunk(row);
    } catch (error) {
      throw nameTaken(error, trunk.name);
    }
  },

  update: async (trunkId: TrunkId, change: TrunkChange, now: Date): Promise<StoredTrunk | undefined> => {
    try {
      const row = await db
        .updateTable('trunks')
        .set({
          ...(change.name === undefined ? {} : { name: change.name }),
          ...(change.settings === undefined ? {} : { settings: JSON.stringify(change.settings) }),
          ...(change.secret === undefined ? {} : { secret_enc: change.secret }),
          ...(change.priority === undefined ? {} : { priority: change.priority }),
          ...(change.isEnabled === undefined ? {} : { enabled: change.isEnabled }),
          updated_at: now,
        })
        .where('id', '=', trunkId)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? undefined : toTrunk(row);
    } catch (error) {
      throw nameTaken(error, change.name);
    }
  },

  delete: async (trunkId: TrunkId): Promise<boolean> =>
    (await db.deleteFrom('trunks').where('id', '=', trunkId).executeTakeFirst()).numDeletedRows > 0n,

  /** Names of campaigns in progress that name this trunk, or name none and so may use any. */
  campaignsUsing: async (trunkId: TrunkId): Promise<readonly string[]> => {
    const rows = await db
      .selectFrom('campaigns')
      .select(['name', 'settings'])
      .where('phase', 'in', ['running', 'paused', 'draining'])
      .execute();
    return rows.filter((row) => row.settings.trunkIds.includes(trunkId)).map((row) => row.name);
  },
});
