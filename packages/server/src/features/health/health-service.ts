import { statfs } from 'node:fs/promises';
import type { Health, PartHealth } from '@qianhu/contracts';
import type pg from 'pg';
import type { Engine } from '../../engine/port.ts';

export type HealthDeps = {
  readonly pool: pg.Pool;
  readonly engine: Pick<Engine, 'status'>;
  readonly home: string;
  readonly version: string;
  /** Further parts that the composition watches (embedded services, the lab). */
  readonly moreParts?: () => readonly PartHealth[];
};

/** What is up and what is not. */
export interface HealthService {
  check(options: { readonly withDetails: boolean }): Promise<Health>;
}

/** Below this a recording of a busy hour does not fit any more. */
const LEAST_FREE_BYTES = 500 * 1024 * 1024;

/** A database that does not answer in this time is down for whoever asks. */
const DATABASE_MS = 3000;

const databasePart = async (pool: pg.Pool): Promise<PartHealth> => {
  try {
    const query = pool.query<{ version: string }>({
      text: "SELECT current_setting('server_version') AS version",
      query_timeout: DATABASE_MS,
    } as pg.QueryConfig);
    const { rows } = await query;
    return { part: 'database', isUp: true, detail: `PostgreSQL ${rows[0]?.version ?? ''}` };
  } catch (error) {
    return {
      part: 'database',
      isUp: false,
      detail: error instanceof Error ? error.message : String(error),
      mend: 'See that PostgreSQL runs and DATABASE_URL is right; the embedded one is started again by itself.',
    };
  }
};

const diskPart = async (home: string): Promise<PartHealth> => {
  try {
    const { bavail, bsize } = await statfs(home);
    const free = bavail * bsize;
    const isUp = free >= LEAST_FREE_BYTES;
    return {
      part: 'disk',
      isUp,
      detail: `${Math.round(free / 1024 / 1024)} MB free`,
      ...(isUp ? {} : { mend: `Free some space for ${home}: recordings need it.` }),
    };
  } catch (error) {
    return { part: 'disk', isUp: false, detail: error instanceof Error ? error.message : String(error) };
  }
};

export const createHealthService = ({ pool, engine, home, version, moreParts }: HealthDeps): HealthService => ({
  async check({ withDetails }) {
    const status = engine.status();
    const [database, disk] = await Promise.all([databasePart(pool), diskPart(home)]);
    const parts: readonly PartHealth[] = [
      database,
      {
        part: 'switch',
        isUp: status.switch.state === 'up',
        detail: status.switch.lastError ?? status.switch.version ?? status.switch.state,
        ...(status.switch.state === 'up' ? {} : { mend: 'npx qianhu doctor says what is missing.' }),
      },
      { part: 'engine', isUp: status.role === 'owner', detail: status.role },
      disk,
      ...(moreParts?.() ?? []),
    ];
    const isUp = parts.every((part) => part.isUp);
    if (!withDetails) return { isUp, parts: parts.map((part) => ({ part: part.part, isUp: part.isUp })) };
    return { isUp, parts, version, engine: status };
  },
});
