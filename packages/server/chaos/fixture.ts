import { trunkSettings } from '@qianhu/contracts';
import type { ListId, TrunkId } from '@qianhu/core';
import { createDemoStore } from '../src/features/demo/demo-store.ts';
import { createTrunkStore } from '../src/features/trunks/trunk-store.ts';
import { createDatabase, type Database } from '../src/platform/database.ts';
import { createIdSource } from '../src/platform/ids.ts';
import { ensureEventPartitions, migrate, readMigrations } from '../src/platform/migrate.ts';
import type { Api } from './api.ts';
import type { Person } from './people.ts';

/** Only numbers that no numbering plan has (see demo-leads.ts), so that even a mistake would ring nobody. */
const CALLER_ID = '+861000000001';
const leadsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    number: `+86100${10_000_000 + i * 37}`,
    name: `Lead ${i + 1}`,
    fields: {},
  }));

/** Opens the database of a stack and brings it to the present schema. */
export const openDatabase = async (stack: {
  readonly databaseUrl: string;
  readonly migrationsDir: string;
}): Promise<Database> => {
  const database = createDatabase({ connectionString: stack.databaseUrl, max: 3, onConnectionError: () => undefined });
  await migrate(database.pool, await readMigrations(stack.migrationsDir));
  await ensureEventPartitions(database.pool, Date.now());
  return database;
};

/**
 * A trunk to `port` and a list of `leads` unique numbers, both marked as a demonstration. Written to the database while
 * the server is down: over REST nobody can make a trunk of the demonstration.
 */
export const writeTrunkAndList = async (
  database: Database,
  of: {
    readonly port: number;
    readonly leads: number;
    readonly maxConcurrent: number;
    readonly newCallsPerSecond: number;
    readonly qualifySec: number;
  },
): Promise<{ readonly trunkId: TrunkId; readonly listId: ListId }> => {
  const ids = createIdSource(() => Date.now());
  const trunkId = ids.next<TrunkId>();
  await createTrunkStore(database.kysely).insert({
    trunkId,
    name: 'The only trunk',
    settings: trunkSettings.parse({
      host: '127.0.0.1',
      port: of.port,
      auth: { kind: 'ip' },
      dialFormat: [{ template: '{digits}' }],
      callerIdFormat: [{ template: '{digits}' }],
      limits: {
        maxConcurrent: of.maxConcurrent,
        newCalls: { perSecond: of.newCallsPerSecond, burst: of.newCallsPerSecond },
      },
      qualifySec: of.qualifySec,
    }),
    secret: null,
    priority: 100,
    isEnabled: true,
    isDemo: true,
  });
  const listId = ids.next<ListId>();
  await createDemoStore(database.kysely).insertList(listId, 'The list', leadsOf(of.leads));
  return { trunkId, listId };
};

/** Agents whose phones are at `contact(index)`. */
export const hirePeople = async (
  admin: Api,
  count: number,
  contact: (index: number) => string,
): Promise<readonly Person[]> => {
  const people: Person[] = [];
  for (let i = 0; i < count; i++) {
    const login = `agent-${i + 1}`;
    const password = `standing-leg-${i + 1}`;
    const { user } = await admin.send<{ user: { userId: string } }>('POST', '/users', {
      login,
      displayName: login,
      role: 'agent',
      password,
      station: { kind: 'sip', mode: 'keptUp', contact: contact(i) },
    });
    people.push({ userId: user.userId, login, password });
  }
  return people;
};

/** Makes a campaign of one attempt for each lead. */
export const makeCampaign = async (
  admin: Api,
  of: {
    readonly listId: ListId;
    readonly trunkId: TrunkId;
    readonly people: readonly Person[];
    readonly settings: Readonly<Record<string, unknown>>;
  },
): Promise<string> => {
  const { campaignId } = await admin.send<{ campaignId: string }>('POST', '/campaigns', {
    name: 'The campaign',
    settings: {
      listIds: [of.listId],
      trunkIds: [of.trunkId],
      callerIds: [CALLER_ID],
      callerIdUse: { sameCityFirst: false, maxPerDay: 1_000_000, maxConcurrent: 10_000 },
      rulePack: 'lab',
      retry: { maxAttempts: 1, perOutcome: {} },
      recording: 'answered',
      ...of.settings,
    },
    agentIds: of.people.map((person) => person.userId),
  });
  return campaignId;
};
