import type { ExchangeOptions, VirtualExchange } from '@qianhu/switch';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../platform/testing/test-database.ts';
import {
  createEngineRig,
  readyAgents,
  virtualExchange,
  writeFixture,
  type EngineRig,
  type Fixture,
  type FixtureOptions,
  type RigOptions,
} from './engine-world-rig.ts';

/** One test file's engines: on a database of its own that is emptied before each test, and stopped after it. */
export type EngineTests = {
  readonly pool: Pool;
  /** An engine on the exchange, not yet started. Several on one exchange are several processes. */
  rig(exchange: VirtualExchange, options?: RigOptions & { readonly pool?: Pool }): EngineRig;
  /** The usual beginning: rows written, an exchange and an engine started, every agent ready. */
  start(
    fixture: FixtureOptions,
    exchange: Partial<ExchangeOptions>,
    options?: RigOptions & { readonly pool?: Pool },
  ): Promise<{ readonly fixture: Fixture; readonly exchange: VirtualExchange; readonly rig: EngineRig }>;
};

/** Call once at the top of a test file. */
export const engineTests = (): EngineTests => {
  let db: TestDatabase;
  const rigs: EngineRig[] = [];
  beforeAll(async () => {
    db = await createTestDatabase({ max: 10 });
  });
  beforeEach(async () => {
    await db.pool.query(
      'TRUNCATE users, trunks, lists, leads, campaigns, calls, attempts, dials, agents, recordings, outbox, leases, events, numbers, dnc_entries, caller_id_rests, engine_memory CASCADE',
    );
  });
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.engine.stop();
  });
  afterAll(async () => {
    await db.drop();
  });
  const tests: EngineTests = {
    get pool() {
      return db.pool;
    },
    rig: (exchange, { pool, ...options } = {}) => {
      const rig = createEngineRig(pool ?? db.pool, exchange, options);
      rigs.push(rig);
      return rig;
    },
    start: async (fixtureOptions, exchangeOptions, options) => {
      const fixture = await writeFixture(db.pool, fixtureOptions);
      const exchange = virtualExchange(exchangeOptions);
      const rig = tests.rig(exchange, options);
      await rig.engine.start();
      await readyAgents(rig.engine, fixture.agentIds);
      return { fixture, exchange, rig };
    },
  };
  return tests;
};
