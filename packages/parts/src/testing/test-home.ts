import pg from 'pg';
import { prepareHome, resolveHome } from '../home.ts';
import type { HomeFolders } from '../home.ts';
import { openPortBook } from '../ports.ts';
import { ensurePostgres } from '../postgres/postgres-binaries.ts';
import type { PostgresSpec } from '../postgres/start-postgres.ts';
import type { AsteriskSpec } from '../private-asterisk/asterisk-spec.ts';
import { ensureAsterisk } from '../private-asterisk/ensure-asterisk.ts';
import { ensureAriPassword } from '../private-asterisk/start-asterisk.ts';
import { isRoot } from '../service-account.ts';
import { makeScratch, testPartsDir } from './scratch.ts';

/** A home for one test: specs with ports of its own, and acts that undo what was started. */
export type TestHome = {
  readonly folders: HomeFolders;
  readonly asteriskSpec: (
    name: string,
    more?: Partial<AsteriskSpec>,
  ) => Promise<AsteriskSpec & { readonly sipPort: number }>;
  readonly postgresSpec: () => Promise<PostgresSpec>;
  /** Run in reverse order by `close`. */
  readonly undo: (act: () => Promise<void>) => void;
  readonly close: () => Promise<void>;
};

/** Makes a home under the folder for temporary files. */
export async function makeTestHome(): Promise<TestHome> {
  const scratch = await makeScratch();
  const folders = resolveHome({ home: scratch.dir, parts: testPartsDir(), isRoot: isRoot(), cwd: '/' });
  await prepareHome(folders);
  const undos: (() => Promise<void>)[] = [];
  return {
    folders,
    asteriskSpec: async (name, more = {}) => {
      const ports = openPortBook(folders.home);
      const dir = folders.asteriskDir(name);
      const sipPort = await ports.port(`sip-${name}`, { protocol: 'both' });
      const rtp = await ports.range(`rtp-${name}`, 400);
      return {
        name,
        dir,
        program: await ensureAsterisk({ partsDir: testPartsDir() }),
        http: { address: '127.0.0.1', port: await ports.port(`http-${name}`) },
        ari: { username: 'qianhu', password: await ensureAriPassword(dir) },
        sip: {
          transports: [
            { kind: 'udp', name: 'udp', address: '127.0.0.1', port: sipPort },
            { kind: 'tcp', name: 'tcp', address: '127.0.0.1', port: sipPort },
            { kind: 'ws', name: 'ws' },
          ],
        },
        rtp: { firstPort: rtp.first, lastPort: rtp.last },
        stasisApp: 'qianhu',
        sipPort,
        ...more,
      };
    },
    postgresSpec: async () => ({
      dir: folders.postgresDir,
      program: await ensurePostgres({ partsDir: testPartsDir() }),
      port: await openPortBook(folders.home).port('postgres'),
    }),
    undo: (act) => void undos.push(act),
    close: async () => {
      for (const act of undos.splice(0).reverse()) await act();
      await scratch.remove();
    },
  };
}

/** Asks a server for 1, on a connection of its own. */
export async function selectOne(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ one: number }>('select 1 as one')).rows[0]?.one;
  } finally {
    await client.end();
  }
}
