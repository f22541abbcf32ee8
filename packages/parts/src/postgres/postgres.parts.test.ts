import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../process/process-identity.ts';
import { makeTestHome, selectOne } from '../testing/test-home.ts';
import type { TestHome } from '../testing/test-home.ts';
import { findRunningPostgres, startPostgres, stopPostgres } from './start-postgres.ts';

let home: TestHome;
beforeEach(async () => {
  home = await makeTestHome();
});
afterEach(async () => await home.close());

describe('the embedded PostgreSQL', () => {
  it('starts, takes its password and no other, is adopted, and stops', async () => {
    const spec = await home.postgresSpec();
    home.undo(async () => await stopPostgres(spec));
    const first = await startPostgres(spec);
    expect(first.adopted).toBe(false);
    expect(await selectOne(first.url)).toBe(1);
    await expect(selectOne(first.url.replace(first.password, 'wrong'))).rejects.toThrow(
      /password authentication failed/,
    );
    const { mode } = await stat(join(spec.dir, 'password'));
    expect(mode & 0o777).toBe(0o600);
    await writeFile(join(spec.dir, 'postgres.pid'), '');
    expect(await startPostgres({ ...spec, port: spec.port + 1 })).toMatchObject({
      adopted: true,
      port: first.port,
      process: first.process,
    });
    await stopPostgres(spec);
    expect(await isAlive(first.process)).toBe(false);
    const again = await startPostgres(spec);
    expect(await selectOne(again.url)).toBe(1);
    expect(again.password).toBe(first.password);
  });

  it('recovers what was committed when it was killed', async () => {
    const spec = await home.postgresSpec();
    home.undo(async () => await stopPostgres(spec));
    const first = await startPostgres(spec);
    const client = new pg.Client({ connectionString: first.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('create table t (x int)');
    await client.query('insert into t values (42)');
    process.kill(first.process.pid, 'SIGKILL');
    while (await isAlive(first.process)) await sleep(20);
    await client.end().catch(() => undefined);
    const second = await startPostgres(spec);
    const reader = new pg.Client({ connectionString: second.url });
    await reader.connect();
    expect((await reader.query<{ x: number }>('select x from t')).rows).toEqual([{ x: 42 }]);
    await reader.end();
  });

  it('refuses data of another version and says what to do, without touching it', async () => {
    const spec = await home.postgresSpec();
    await startPostgres(spec);
    await stopPostgres(spec);
    await writeFile(join(spec.dir, 'data', 'PG_VERSION'), '12\n');
    await expect(startPostgres(spec)).rejects.toMatchObject({
      code: 'dataVersionMismatch',
      where: join(spec.dir, 'data'),
    });
    await expect(startPostgres(spec)).rejects.toThrow(/PostgreSQL 12.*backup/);
    expect(await findRunningPostgres(spec.dir)).toBeUndefined();
  });

  it('makes its data folder again when the first attempt was cut off', async () => {
    const spec = await home.postgresSpec();
    home.undo(async () => await stopPostgres(spec));
    await mkdir(join(spec.dir, 'data.new', 'base'), { recursive: true });
    await writeFile(join(spec.dir, 'data.new', 'PG_VERSION'), '18\n');
    expect(await selectOne((await startPostgres(spec)).url)).toBe(1);
  });

  it('does not overwrite a folder that is not its own', async () => {
    const spec = await home.postgresSpec();
    await mkdir(join(spec.dir, 'data'), { recursive: true });
    await writeFile(join(spec.dir, 'data', 'precious'), 'x');
    await expect(startPostgres(spec)).rejects.toMatchObject({ code: 'startFailed' });
    expect(await readFile(join(spec.dir, 'data', 'precious'), 'utf8')).toBe('x');
  });
});
