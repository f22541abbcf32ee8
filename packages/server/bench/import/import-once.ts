import type { ListId } from '@qianhu/core';
import { createReadStream } from 'node:fs';
import { createImports } from '../../src/features/imports/create-imports.ts';
import { realClock } from '../../src/platform/clock.ts';
import { createDatabase } from '../../src/platform/database.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/log.ts';

// One import through the real service, in a process of its own so that its greatest memory is its own.
// Arguments: connection string, file, folder. Prints one JSON line.

const [connectionString = '', file = '', folder = ''] = process.argv.slice(2);
const clock = realClock();
const ids = createIdSource(() => clock.now());
const db = createDatabase({ connectionString, max: 4 });
const imports = createImports({
  db,
  clock,
  ids,
  folder,
  log: createLogger({ level: 'warn' }),
  putConsent: () => Promise.resolve(),
});
const listId = ids.next<ListId>();
await db.pool.query(`INSERT INTO lists (id, name) VALUES ($1, 'bench')`, [listId]);

const uploadedFrom = performance.now();
const uploaded = await imports.upload({ stream: createReadStream(file), fileName: 'bench.csv' });
const startedFrom = performance.now();
await imports.start(uploaded.import.importId, { listId, source: {}, options: {} });
const view = await imports.waitFor(uploaded.import.importId);
const endedAt = performance.now();
await imports.close();
await db.close();
console.log(
  JSON.stringify({
    listId,
    uploadMs: Math.round(startedFrom - uploadedFrom),
    importMs: Math.round(endedAt - startedFrom),
    state: view.state,
    rowsRead: view.rowsRead,
    imported: view.rowsImported,
    rejected: view.rowsRejected,
    duplicate: view.rowsDuplicate,
    reasons: view.reasons,
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
