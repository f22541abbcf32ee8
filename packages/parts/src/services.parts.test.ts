import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { diagnose } from './doctor.ts';
import { prepareHome, resolveHome } from './home.ts';
import type { HomeFolders } from './home.ts';
import { openPortBook } from './ports.ts';
import { ensurePostgres } from './postgres/postgres-binaries.ts';
import type { PostgresProgram } from './postgres/postgres-binaries.ts';
import { findRunningPostgres, startPostgres, stopPostgres } from './postgres/start-postgres.ts';
import type { PostgresSpec } from './postgres/start-postgres.ts';
import type { AsteriskSpec } from './private-asterisk/asterisk-spec.ts';
import { readCelEvents } from './private-asterisk/cel.ts';
import type { CelEvent } from './private-asterisk/cel.ts';
import { ensureAsterisk } from './private-asterisk/ensure-asterisk.ts';
import type { AsteriskProgram } from './private-asterisk/ensure-asterisk.ts';
import {
  asteriskCommand,
  ensureAriPassword,
  findRunningAsterisk,
  pingAri,
  rotateAsteriskLogs,
  startAsterisk,
  stopAsterisk,
} from './private-asterisk/start-asterisk.ts';
import type { RunningAsterisk } from './private-asterisk/start-asterisk.ts';
import { isAlive } from './process/process-identity.ts';
import { canEnter, ensureServiceAccount, isRoot } from './service-account.ts';
import { makeScratch, testPartsDir } from './testing/scratch.ts';

let program: AsteriskProgram;
let postgresProgram: PostgresProgram;
let scratch: Awaited<ReturnType<typeof makeScratch>>;
let folders: HomeFolders;
const cleanUps: (() => Promise<void>)[] = [];

beforeAll(async () => {
  program = await ensureAsterisk({ partsDir: testPartsDir() });
  postgresProgram = await ensurePostgres({ partsDir: testPartsDir() });
});
beforeEach(async () => {
  scratch = await makeScratch();
  folders = resolveHome({ home: scratch.dir, parts: testPartsDir(), isRoot: isRoot(), cwd: '/' });
  await prepareHome(folders);
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await scratch.remove();
});
afterAll(() => {
  expect(cleanUps).toEqual([]);
});

async function asteriskSpec(
  name: string,
  more: Partial<AsteriskSpec> = {},
): Promise<AsteriskSpec & { readonly sipPort: number }> {
  const ports = openPortBook(folders.home);
  const dir = folders.asteriskDir(name);
  const sipPort = await ports.port(`sip-${name}`, { protocol: 'both' });
  const rtp = await ports.range(`rtp-${name}`, 400);
  return {
    name,
    dir,
    program,
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
}

async function startedAsterisk(spec: AsteriskSpec): Promise<RunningAsterisk> {
  const running = await startAsterisk(spec);
  cleanUps.push(async () => await stopAsterisk(spec));
  return running;
}

async function postgresSpec(): Promise<PostgresSpec> {
  return {
    dir: folders.postgresDir,
    program: postgresProgram,
    port: await openPortBook(folders.home).port('postgres'),
  };
}

/** One request to ARI; throws on an answer other than 2xx. */
async function ari(running: RunningAsterisk, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${running.ariUrl}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${running.username}:${running.password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function push(
  running: RunningAsterisk,
  kind: string,
  id: string,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  await ari(running, 'PUT', `/asterisk/config/dynamic/res_pjsip/${kind}/${id}`, {
    fields: Object.entries(fields).map(([attribute, value]) => ({ attribute, value })),
  });
}

async function selectOne(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ one: number }>('select 1 as one')).rows[0]?.one;
  } finally {
    await client.end();
  }
}

describe('the private Asterisk', () => {
  it('starts without an error in its log, answers with its own password only, and runs as nobody important', async () => {
    const spec = await asteriskSpec('main');
    const running = await startedAsterisk(spec);
    expect(running.adopted).toBe(false);
    expect(await pingAri(running.ariUrl, 'qianhu', running.password)).toBe('up');
    expect(await pingAri(running.ariUrl, 'qianhu', 'wrong')).toBe('refused');
    expect(await readFile(running.paths.messagesLog, 'utf8')).not.toMatch(/ERROR|WARNING/);
    expect(await asteriskCommand(spec, 'pjsip show transports')).toMatch(
      new RegExp(`udp +udp .*127\\.0\\.0\\.1:${spec.sipPort}`),
    );
    const { uid } = await stat(`/proc/${running.process.pid}`);
    expect(uid).toBe((await ensureServiceAccount())?.uid ?? process.getuid?.());
    const { mode } = await stat(join(running.paths.etc, 'ari.conf'));
    expect(mode & 0o077).toBe(0);
  });

  it('is adopted by the next start, also when its pid file is lost, and says when its configuration has changed', async () => {
    const spec = await asteriskSpec('main');
    const first = await startedAsterisk(spec);
    await writeFile(first.paths.pidFile, 'lost');
    const second = await startAsterisk(spec);
    expect(second).toMatchObject({ adopted: true, restartNeeded: false, process: first.process });
    const moved = await startAsterisk({ ...spec, http: { ...spec.http, port: spec.http.port + 1 } });
    expect(moved).toMatchObject({ adopted: true, restartNeeded: true, ariUrl: first.ariUrl });
    const changed = await startAsterisk({ ...spec, rtp: { ...spec.rtp, lastPort: spec.rtp.lastPort - 2 } });
    expect(changed).toMatchObject({ adopted: true, restartNeeded: true });
    expect(await startAsterisk({ ...spec, rtp: { ...spec.rtp, lastPort: spec.rtp.lastPort - 2 } })).toMatchObject({
      restartNeeded: true,
    });
    expect(await startAsterisk(spec)).toMatchObject({ adopted: true, restartNeeded: false });
    await stopAsterisk(spec);
    expect(await isAlive(first.process)).toBe(false);
    expect(await findRunningAsterisk(spec.dir)).toBeUndefined();
    expect(await startAsterisk(spec)).toMatchObject({ adopted: false, restartNeeded: false });
  });

  it('is started once by two callers at the same moment', async () => {
    const spec = await asteriskSpec('main');
    cleanUps.push(async () => await stopAsterisk(spec));
    const [a, b] = await Promise.all([startAsterisk(spec), startAsterisk(spec)]);
    expect(a.process).toEqual(b.process);
    expect([a.adopted, b.adopted].sort()).toEqual([false, true]);
  });

  it('runs beside another; objects pushed at run time carry calls between them, and its event log tells how each ended', async () => {
    const extensions = [
      '[carrier]',
      'exten => 1,1,Answer()',
      ' same => n,Wait(1)',
      ' same => n,Hangup(16)',
      'exten => 2,1,Hangup(17)',
      'exten => 3,1,Hangup(1)',
      'exten => 4,1,Ringing()',
      ' same => n,Wait(20)',
      '',
    ];
    const labSpec = await asteriskSpec('lab', { append: { extensions: extensions.join('\n') } });
    const lab = await startedAsterisk(labSpec);
    const main = await startedAsterisk(
      await asteriskSpec('main', { append: { extensions: '[out]\nexten => s,1,Wait(20)\n same => n,Hangup()\n' } }),
    );
    await push(lab, 'endpoint', 'from-main', { context: 'carrier', disallow: 'all', allow: 'alaw', transport: 'udp' });
    await push(lab, 'identify', 'from-main', { endpoint: 'from-main', match: '127.0.0.1' });
    await push(main, 'aor', 'carrier', { contact: `sip:127.0.0.1:${labSpec.sipPort}`, qualify_frequency: '0' });
    await push(main, 'endpoint', 'carrier', {
      context: 'from-trunk',
      aors: 'carrier',
      disallow: 'all',
      allow: 'alaw',
      transport: 'udp',
    });
    const causes: Readonly<Record<string, number>> = { 'dial-1': 16, 'dial-2': 17, 'dial-3': 1, 'dial-4': 19 };
    for (const id of Object.keys(causes))
      await ari(
        main,
        'POST',
        `/channels?endpoint=PJSIP/${id.slice(-1)}@carrier&context=out&extension=s&priority=1&channelId=${id}&timeout=2`,
      );
    const events = new Map<string, CelEvent[]>();
    while ([...events.values()].filter((list) => list.some(({ kind }) => kind === 'CHAN_END')).length < 4) {
      events.clear();
      for await (const event of readCelEvents(main.paths.celFile))
        events.set(event.channelId, [...(events.get(event.channelId) ?? []), event]);
      await sleep(100);
    }
    for (const [id, cause] of Object.entries(causes)) {
      const list = events.get(id) ?? [];
      expect(list.find(({ kind }) => kind === 'HANGUP')?.hangupCause).toBe(cause);
      expect(list.some(({ kind }) => kind === 'ANSWER')).toBe(id === 'dial-1');
    }
  });

  it('keeps a call without an application waiting instead of losing it', async () => {
    const labSpec = await asteriskSpec('lab');
    const lab = await startedAsterisk(labSpec);
    const main = await startedAsterisk(
      await asteriskSpec('main', { append: { extensions: '[out]\nexten => s,1,Wait(20)\n' } }),
    );
    await push(lab, 'endpoint', 'from-main', {
      context: 'from-trunk',
      disallow: 'all',
      allow: 'alaw',
      transport: 'udp',
    });
    await push(lab, 'identify', 'from-main', { endpoint: 'from-main', match: '127.0.0.1' });
    await push(main, 'aor', 'carrier', { contact: `sip:127.0.0.1:${labSpec.sipPort}`, qualify_frequency: '0' });
    await push(main, 'endpoint', 'carrier', {
      context: 'from-trunk',
      aors: 'carrier',
      disallow: 'all',
      allow: 'alaw',
      transport: 'udp',
    });
    await ari(
      main,
      'POST',
      '/channels?endpoint=PJSIP/13800138000@carrier&context=out&extension=s&priority=1&channelId=waiting&timeout=10',
    );
    const applications = new Set<string>();
    let exten = '';
    while (!applications.has('Wait')) {
      for (const channel of (await ari(lab, 'GET', '/channels')) as readonly {
        dialplan: { app_name: string; exten: string };
      }[]) {
        applications.add(channel.dialplan.app_name);
        exten = channel.dialplan.exten;
      }
      await sleep(20);
    }
    expect(exten).toBe('13800138000');
    expect(await ari(main, 'DELETE', '/channels/waiting')).toBeUndefined();
  });

  it('goes on logging into a new file when the old one was set aside', async () => {
    const running = await startedAsterisk(await asteriskSpec('main'));
    const { messagesLog } = running.paths;
    const before = await readFile(messagesLog, 'utf8');
    await rotateAsteriskLogs(running, { maxBytes: 0, keep: 2 });
    expect(await readFile(`${messagesLog}.1`, 'utf8')).toBe(before);
    await stat(messagesLog);
    expect((await readdir(running.paths.log)).sort()).toEqual(['cel-custom', 'messages.log', 'messages.log.1']);
  });

  it('says which port is taken instead of starting deaf', async () => {
    const spec = await asteriskSpec('main');
    const other = await asteriskSpec('lab', { http: spec.http });
    await startedAsterisk(spec);
    await expect(startAsterisk(other)).rejects.toMatchObject({
      code: 'portTaken',
      where: `127.0.0.1:${spec.http.port}`,
    });
  });

  it('is left alone by default when it lives but does not answer, and replaced when a watcher asks for that', async () => {
    const spec = await asteriskSpec('main');
    const first = await startedAsterisk(spec);
    process.kill(first.process.pid, 'SIGSTOP');
    await expect(startAsterisk(spec, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'startFailed' });
    expect(await isAlive(first.process)).toBe(true);
    const replacing = startAsterisk(spec, { timeoutMs: 8000, replaceSilent: true });
    const second = await replacing;
    expect(second.process.pid).not.toBe(first.process.pid);
    expect(await isAlive(first.process)).toBe(false);
  });

  it('is taken from the system when that is new enough, under our own configuration', async () => {
    const prefix = join(scratch.dir, 'usr');
    await mkdir(join(prefix, 'sbin'), { recursive: true });
    await mkdir(join(prefix, 'lib', 'asterisk'), { recursive: true });
    await mkdir(join(prefix, 'share'), { recursive: true });
    await symlink(program.modulesDir, join(prefix, 'lib', 'asterisk', 'modules'));
    await symlink(program.dataDir, join(prefix, 'share', 'asterisk'));
    const binary = join(prefix, 'sbin', 'asterisk');
    await writeFile(binary, `#!/bin/sh\nexec ${[program.command, ...program.args].join(' ')} "$@"\n`, { mode: 0o755 });
    const system = await ensureAsterisk({ partsDir: join(scratch.dir, 'no-parts'), systemBinary: binary });
    expect(system).toMatchObject({ source: 'system', version: program.version, command: binary });
    await startedAsterisk(await asteriskSpec('main', { program: system }));
    await writeFile(binary, '#!/bin/sh\necho Asterisk 20.6.0\n', { mode: 0o755 });
    await expect(ensureAsterisk({ partsDir: join(scratch.dir, 'no-parts'), systemBinary: binary })).rejects.toThrow(
      /it is 20\.6\.0.*22\.8 or newer/,
    );
  });

  it('leaves no process behind when it cannot come up, and shows the end of its log', async () => {
    const spec = await asteriskSpec('main', { program: { ...program, dataDir: '/nonexistent' } });
    await expect(startAsterisk(spec)).rejects.toMatchObject({ code: 'startFailed' });
    expect(await findRunningAsterisk(spec.dir)).toBeUndefined();
  });
});

describe('the embedded PostgreSQL', () => {
  it('starts, takes its password and no other, is adopted, and stops', async () => {
    const spec = await postgresSpec();
    cleanUps.push(async () => await stopPostgres(spec));
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
    const spec = await postgresSpec();
    cleanUps.push(async () => await stopPostgres(spec));
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
    const spec = await postgresSpec();
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
    const spec = await postgresSpec();
    cleanUps.push(async () => await stopPostgres(spec));
    await mkdir(join(spec.dir, 'data.new', 'base'), { recursive: true });
    await writeFile(join(spec.dir, 'data.new', 'PG_VERSION'), '18\n');
    expect(await selectOne((await startPostgres(spec)).url)).toBe(1);
  });

  it('does not overwrite a folder that is not its own', async () => {
    const spec = await postgresSpec();
    await mkdir(join(spec.dir, 'data'), { recursive: true });
    await writeFile(join(spec.dir, 'data', 'precious'), 'x');
    await expect(startPostgres(spec)).rejects.toMatchObject({ code: 'startFailed' });
    expect(await readFile(join(spec.dir, 'data', 'precious'), 'utf8')).toBe('x');
  });
});

describe('both services', () => {
  it('outlive the process that started them, killed without warning, and are adopted by the next', async () => {
    const spec = await asteriskSpec('main');
    const database = await postgresSpec();
    cleanUps.push(async () => {
      await stopAsterisk(spec);
      await stopPostgres(database);
    });
    const script = join(scratch.dir, 'parent.mts');
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
    const health = await diagnose({ home: folders.home, partsDir: folders.partsDir });
    const sick = health.filter(({ healthy }) => !healthy);
    expect(sick).toEqual([]);
    expect(health.find(({ part }) => part === 'asterisk:main')).toMatchObject({ found: true, healthy: true });
    expect(health.find(({ part }) => part === 'postgres:server')).toMatchObject({ found: true, healthy: true });
  });
});

describe.runIf(isRoot())('a home that the services’ account cannot enter', () => {
  it('is opened for passage when it is the home itself, and its secrets stay closed', async () => {
    const home = join(scratch.dir, 'home');
    await mkdir(home, { mode: 0o700 });
    const account = await prepareHome({ home, partsDir: testPartsDir() });
    expect(await canEnter(home, account)).toBe(true);
    expect((await stat(home)).mode & 0o777).toBe(0o711);
  });

  it('is refused with the folder in the way and the mend, and nothing above it is changed', async () => {
    const closed = join(scratch.dir, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o700);
    const attempt = prepareHome({ home: join(closed, 'a', 'home'), partsDir: testPartsDir() });
    await expect(attempt).rejects.toMatchObject({ code: 'homeUnreachable' });
    await expect(attempt).rejects.toThrow(`chmod o+x ${closed}`);
    expect((await stat(closed)).mode & 0o777).toBe(0o700);
  });
});
