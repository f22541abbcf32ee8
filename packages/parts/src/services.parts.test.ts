import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diagnose } from './doctor.ts';
import { prepareHome } from './home.ts';
import { startPostgres, stopPostgres } from './postgres/start-postgres.ts';
import { startAsterisk, stopAsterisk } from './private-asterisk/start-asterisk.ts';
import { canEnter, isRoot } from './service-account.ts';
import { testPartsDir } from './testing/scratch.ts';
import { makeTestHome, selectOne } from './testing/test-home.ts';
import type { TestHome } from './testing/test-home.ts';

let home: TestHome;
beforeEach(async () => {
  home = await makeTestHome();
});
afterEach(async () => await home.close());

describe('both services', () => {
  it('outlive the process that started them, killed without warning, and are adopted by the next', async () => {
    const spec = await home.asteriskSpec('main');
    const database = await home.postgresSpec();
    home.undo(async () => {
      await stopAsterisk(spec);
      await stopPostgres(database);
    });
    const script = join(home.folders.home, 'parent.mts');
    const index = new URL('./index.ts', import.meta.url).pathname;
    await writeFile(
      script,
      `import { startAsterisk, startPostgres } from ${JSON.stringify(index)};
       await Promise.all([startAsterisk(${JSON.stringify(spec)}), startPostgres(${JSON.stringify(database)})]);
       console.log('started');
       setInterval(() => undefined, 1000);`,
    );
    const parent = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: process.cwd(),
    });
    await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const [asterisk, postgres] = await Promise.all([startAsterisk(spec), startPostgres(database)]);
    expect([asterisk.adopted, postgres.adopted]).toEqual([true, true]);
    expect(await selectOne(postgres.url)).toBe(1);
    const health = await diagnose({ home: home.folders.home, partsDir: home.folders.partsDir });
    const sick = health.filter(({ healthy }) => !healthy);
    expect(sick).toEqual([]);
    expect(health.find(({ part }) => part === 'asterisk:main')).toMatchObject({ found: true, healthy: true });
    expect(health.find(({ part }) => part === 'postgres:server')).toMatchObject({ found: true, healthy: true });
  });
});

describe.runIf(isRoot())('a home that the services’ account cannot enter', () => {
  it('is opened for passage when it is the home itself, and its secrets stay closed', async () => {
    const own = join(home.folders.home, 'home');
    await mkdir(own, { mode: 0o700 });
    const account = await prepareHome({ home: own, partsDir: testPartsDir() });
    expect(await canEnter(own, account)).toBe(true);
    expect((await stat(own)).mode & 0o777).toBe(0o711);
  });

  it('is refused with the folder in the way and the mend, and nothing above it is changed', async () => {
    const closed = join(home.folders.home, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o700);
    const attempt = prepareHome({ home: join(closed, 'a', 'home'), partsDir: testPartsDir() });
    await expect(attempt).rejects.toMatchObject({ code: 'homeUnreachable' });
    await expect(attempt).rejects.toThrow(`chmod o+x ${closed}`);
    expect((await stat(closed)).mode & 0o777).toBe(0o700);
  });
});
