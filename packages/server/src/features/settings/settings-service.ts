import { houseSettings, type HouseSettings } from '@qianhu/contracts';
import { sql, type Kysely } from 'kysely';
import type { Schema } from '../../platform/schema.ts';

/** Settings of the whole house, changed while it runs. */
export interface SettingsService {
  get(): Promise<HouseSettings>;
  put(settings: HouseSettings): Promise<HouseSettings>;
  /** Tells each change of this process; returns the listener's remover. */
  subscribe(listener: (settings: HouseSettings) => void): () => void;
}

const KEY = 'house';

/** One row; what it leaves out (or a new version added) has its default. */
export const createSettingsService = (db: Kysely<Schema>): SettingsService => {
  const listeners = new Set<(settings: HouseSettings) => void>();
  return {
    async get() {
      const row = await db.selectFrom('settings').select('value').where('key', '=', KEY).executeTakeFirst();
      const stored = houseSettings.safeParse(row?.value ?? {});
      return stored.success ? stored.data : houseSettings.parse({});
    },
    async put(settings) {
      const value = JSON.stringify(settings);
      await db
        .insertInto('settings')
        .values({ key: KEY, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value, updated_at: sql`now()` }))
        .execute();
      for (const listener of listeners) listener(settings);
      return settings;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
