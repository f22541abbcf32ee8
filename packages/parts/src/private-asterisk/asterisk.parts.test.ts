import { mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../process/process-identity.ts';
import { ensureServiceAccount } from '../service-account.ts';
import { testPartsDir } from '../testing/scratch.ts';
import { makeTestHome } from '../testing/test-home.ts';
import type { TestHome } from '../testing/test-home.ts';
import type { AsteriskSpec } from './asterisk-spec.ts';
import { readCelEvents } from './cel.ts';
import type { CelEvent } from './cel.ts';
import { ensureAsterisk } from './ensure-asterisk.ts';
import type { AsteriskProgram } from './ensure-asterisk.ts';
import {
  asteriskCommand,
  findRunningAsterisk,
  pingAri,
  rotateAsteriskLogs,
  startAsterisk,
  stopAsterisk,
} from './start-asterisk.ts';
import type { RunningAsterisk } from './start-asterisk.ts';

let program: AsteriskProgram;
beforeAll(async () => {
  program = await ensureAsterisk({ partsDir: testPartsDir() });
});

let home: TestHome;
beforeEach(async () => {
  home = await makeTestHome();
});
afterEach(async () => await home.close());

async function startedAsterisk(spec: AsteriskSpec): Promise<RunningAsterisk> {
  const running = await startAsterisk(spec);
  home.undo(async () => await stopAsterisk(spec));
  return running;
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

describe('the private Asterisk', () => {
  it('starts without an error in its log, answers with its own password only, and runs as nobody important', async () => {
    const spec = await home.asteriskSpec('main');
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
    const spec = await home.asteriskSpec('main');
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
    const spec = await home.asteriskSpec('main');
    home.undo(async () => await stopAsterisk(spec));
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
    const labSpec = await home.asteriskSpec('lab', { append: { extensions: extensions.join('\n') } });
    const lab = await startedAsterisk(labSpec);
    const main = await startedAsterisk(
      await home.asteriskSpec('main', {
        append: { extensions: '[out]\nexten => s,1,Wait(20)\n same => n,Hangup()\n' },
      }),
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
    const labSpec = await home.asteriskSpec('lab');
    const lab = await startedAsterisk(labSpec);
    const main = await startedAsterisk(
      await home.asteriskSpec('main', { append: { extensions: '[out]\nexten => s,1,Wait(20)\n' } }),
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
    const running = await startedAsterisk(await home.asteriskSpec('main'));
    const { messagesLog } = running.paths;
    const before = await readFile(messagesLog, 'utf8');
    await rotateAsteriskLogs(running, { maxBytes: 0, keep: 2 });
    expect(await readFile(`${messagesLog}.1`, 'utf8')).toBe(before);
    await stat(messagesLog);
    expect((await readdir(running.paths.log)).sort()).toEqual(['cel-custom', 'messages.log', 'messages.log.1']);
  });

  it('says which port is taken instead of starting deaf', async () => {
    const spec = await home.asteriskSpec('main');
    const other = await home.asteriskSpec('lab', { http: spec.http });
    await startedAsterisk(spec);
    await expect(startAsterisk(other)).rejects.toMatchObject({
      code: 'portTaken',
      where: `127.0.0.1:${spec.http.port}`,
    });
  });

  it('is left alone by default when it lives but does not answer, and replaced when a watcher asks for that', async () => {
    const spec = await home.asteriskSpec('main');
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
    const prefix = join(home.folders.home, 'usr');
    await mkdir(join(prefix, 'sbin'), { recursive: true });
    await mkdir(join(prefix, 'lib', 'asterisk'), { recursive: true });
    await mkdir(join(prefix, 'share'), { recursive: true });
    await symlink(program.modulesDir, join(prefix, 'lib', 'asterisk', 'modules'));
    await symlink(program.dataDir, join(prefix, 'share', 'asterisk'));
    const binary = join(prefix, 'sbin', 'asterisk');
    await writeFile(binary, `#!/bin/sh\nexec ${[program.command, ...program.args].join(' ')} "$@"\n`, { mode: 0o755 });
    const system = await ensureAsterisk({ partsDir: join(home.folders.home, 'no-parts'), systemBinary: binary });
    expect(system).toMatchObject({ source: 'system', version: program.version, command: binary });
    await startedAsterisk(await home.asteriskSpec('main', { program: system }));
    await writeFile(binary, '#!/bin/sh\necho Asterisk 20.6.0\n', { mode: 0o755 });
    await expect(
      ensureAsterisk({ partsDir: join(home.folders.home, 'no-parts'), systemBinary: binary }),
    ).rejects.toThrow(/it is 20\.6\.0.*22\.8 or newer/);
  });

  it('leaves no process behind when it cannot come up, and shows the end of its log', async () => {
    const spec = await home.asteriskSpec('main', { program: { ...program, dataDir: '/nonexistent' } });
    await expect(startAsterisk(spec)).rejects.toMatchObject({ code: 'startFailed' });
    expect(await findRunningAsterisk(spec.dir)).toBeUndefined();
  });
});
