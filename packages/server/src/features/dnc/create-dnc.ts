import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database.ts';
import type { IdSource } from '../../platform/ids.ts';
import { createDncService, type DncService } from './dnc-service.ts';
import { createDncStore } from './dnc-store.ts';

/** Builds the do-not-call list over a database. `folder` holds uploaded files while they are read. */
export const createDnc = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly folder: string;
}): DncService => {
  const now = (): number => deps.clock.now();
  return createDncService({ store: createDncStore(deps.db, now), ids: deps.ids, folder: deps.folder, now });
};
