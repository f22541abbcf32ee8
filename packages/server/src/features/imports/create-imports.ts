import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database.ts';
import type { IdSource } from '../../platform/ids.ts';
import type { Logger } from '../../platform/log.ts';
import { createImportsService, type ImportsService } from './imports-service.ts';
import { createImportsStore } from './imports-store.ts';

/**
 * Builds the imports over a database. `folder` is made when the first file comes. Call `recover` once at start and `close`
 * before the database is closed.
 */
export const createImports = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly folder: string;
  /** Of the lists. */
  readonly putConsent: (listId: string, evidence: string) => Promise<void>;
}): ImportsService =>
  createImportsService({
    ...deps,
    store: createImportsStore(deps.db, () => deps.clock.now()),
    findList: async (listId) => {
      const row = await deps.db.kysely
        .selectFrom('lists')
        .select(['default_region', 'consent_at'])
        .where('id', '=', listId)
        .executeTakeFirst();
      return row && { defaultRegion: row.default_region, hasConsent: row.consent_at !== null };
    },
  });
