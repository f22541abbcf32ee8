import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPortFree, openPortBook } from '../ports.ts';
import { makeScratch } from '../testing/scratch.ts';
import { adoptDetached, startDetached, stopProcess } from './detached-process.ts';
import type { DetachedSpec } from './detached-process.ts';
import { rotateLog } from './log-file.ts';
import { withPidLock } from './pid-lock.ts';
import { formatPidFile, identifyProcess, isAlive } from './process-identity.ts';

let scratch: Awaited<ReturnType<typeof makeScratch>>;
const cleanUps: (() => Promise<void>)[] = [];

beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await scratch.remove();
});

function specOf(script: string): DetachedSpec {
  const { dir } = scratch;
  return {
    name: 'thing',
    command: '/bin/sh',
    args: ['-c', script],
    env: { PATH: '/usr/bin:/bin', MARK: 'here' },
    cwd: dir,
    logFile: join(dir, 'log', 'thing.log'),
    pidFile: join(dir, 'thing.pid'),
  };
}

async function until(test: () => Promise<boolean>): Promise<void> {
  while (!(await test())) await sleep(20);
}

describe('a detached process', () => {
  it('lives in a session of its own, writes to its log, gets only its own environment, and stops when asked', async () => {
    const spec = specOf('echo "$MARK ${HOME-none}"; exec sleep 600');
    const started = await startDetached(spec);
    await until(async () => (await readFile(spec.logFile, 'utf8')).includes('\n'));
    expect(await readFile(spec.logFile, 'utf8')).toBe('here none\n');
    const session = (await readFile(`/proc/${started.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[3];
    expect(Number(session)).toBe(started.pid);
    expect(await adoptDetached(spec)).toEqual(started);
    await stopProcess('thing', started, [{ signal: 'SIGTERM', waitMs: 10_000 }], spec.pidFile);
    expect(await isAlive(started)).toBe(false);
    expect(await adoptDetached(spec)).toBeUndefined();
  });

  it('outlives a parent that is killed without warning, and is adopted by its pid file', async () => {
    const spec = specOf('exec sleep 600');
    const module = new URL('./detached-process.ts', import.meta.url).pathname;
    const script = join(scratch.dir, 'parent.mts');
    await writeFile(
      script,
      `import { startDetached } from ${JSON.stringify(module)};\nawait startDetached(${JSON.stringify(spec)});\nconsole.log('started');\nsetInterval(() => undefined, 1000);\n`,
    );
    const parent = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: process.cwd(),
    });
    await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const adopted = await adoptDetached(spec);
    expect(adopted).toBeDefined();
    if (adopted !== undefined)
      await stopProcess('thing', adopted, [{ signal: 'SIGKILL', waitMs: 10_000 }], spec.pidFile);
  });

  it('is not mistaken for a stranger who got the same number', async () => {
    const spec = specOf('exec sleep 600');
    const self = await identifyProcess(process.pid);
    if (self === undefined) throw new Error('We live.');
    await writeFile(spec.pidFile, formatPidFile({ ...self, startTicks: self.startTicks - 1 }));
    expect(await adoptDetached(spec)).toBeUndefined();
    await writeFile(spec.pidFile, formatPidFile({ ...self, bootId: 'another-boot' }));
    expect(await adoptDetached(spec)).toBeUndefined();
  });

  it('is stopped by the next signal when it ignores the first', async () => {
    const spec = specOf('trap "" TERM; echo ready; while :; do sleep 0.1; done');
    const started = await startDetached(spec);
    await until(async () => (await readFile(spec.logFile, 'utf8')).includes('ready'));
    await stopProcess(
      'thing',
      started,
      [
        { signal: 'SIGTERM', waitMs: 300 },
        { signal: 'SIGKILL', waitMs: 10_000 },
      ],
      spec.pidFile,
    );
    expect(await isAlive(started)).toBe(false);
  });

  it('says which program is missing', async () => {
    await expect(startDetached({ ...specOf(''), command: '/nowhere/program' })).rejects.toMatchObject({
      code: 'startFailed',
      where: '/nowhere/program',
    });
  });
});

describe('a log', () => {
  it('is set aside by size and only a few old ones are kept', async () => {
    const file = join(scratch.dir, 'a.log');
    for (let i = 0; i < 5; i++) {
      await writeFile(file, `${i}`.repeat(100));
      expect(await rotateLog(file, 'rename', { maxBytes: 99, keep: 2 })).toBe(true);
    }
    expect((await readdir(scratch.dir)).sort()).toEqual(['a.log.1', 'a.log.2']);
    expect(await readFile(`${file}.1`, 'utf8')).toBe('4'.repeat(100));
    await writeFile(file, 'small');
    expect(await rotateLog(file, 'rename', { maxBytes: 99 })).toBe(false);
  });

  it('goes on in the same file for a process that holds it open', async () => {
    const spec = specOf('while :; do echo 0123456789; sleep 0.02; done');
    const started = await startDetached(spec);
    cleanUps.push(async () => await stopProcess('thing', started, [{ signal: 'SIGKILL', waitMs: 10_000 }]));
    await until(async () => (await stat(spec.logFile)).size > 200);
    expect(await rotateLog(spec.logFile, 'copy', { maxBytes: 100 })).toBe(true);
    await until(async () => (await stat(spec.logFile)).size > 50);
    expect(await readFile(spec.logFile, 'utf8')).toMatch(/^(0123456789\n)+$/);
    expect(await readFile(`${spec.logFile}.1`, 'utf8')).toMatch(/^(0123456789\n)+$/);
  });
});

describe('a lock file', () => {
  it('lets one at a time in', async () => {
    const lock = join(scratch.dir, 'x.lock');
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await sleep(10);
      inside--;
    };
    await Promise.all(Array.from({ length: 5 }, async () => await withPidLock(lock, {}, work)));
    expect(most).toBe(1);
    expect(await readdir(scratch.dir)).toEqual([]);
  });

  it('is taken over from a process that is gone, or that left half a file', async () => {
    const lock = join(scratch.dir, 'x.lock');
    for (const text of [formatPidFile({ pid: 4_194_303, startTicks: 1, bootId: 'x' }), '47']) {
      await writeFile(lock, text);
      expect(await withPidLock(lock, {}, () => Promise.resolve('in'))).toBe('in');
    }
  });

  it('is waited for while its process lives, and the wait can be cancelled or run out', async () => {
    const lock = join(scratch.dir, 'x.lock');
    const waiting: number[] = [];
    await withPidLock(lock, {}, async () => {
      await expect(
        withPidLock(lock, { timeoutMs: 1, onWait: (pid) => waiting.push(pid) }, () => Promise.resolve()),
      ).rejects.toMatchObject({ code: 'lockTimeout', retryable: true });
      const abort = new AbortController();
      const cancelled = withPidLock(lock, { signal: abort.signal }, () => Promise.resolve());
      abort.abort();
      await expect(cancelled).rejects.toMatchObject({ code: 'aborted' });
    });
    expect(waiting).toEqual([process.pid]);
  });

  it('is released when the work throws', async () => {
    const lock = join(scratch.dir, 'x.lock');
    await expect(withPidLock(lock, {}, () => Promise.reject(new Error('work')))).rejects.toThrow('work');
    expect(await withPidLock(lock, {}, () => Promise.resolve(1))).toBe(1);
  });
});

describe("a home's ports", () => {
  it('stay the same, differ by name, and are free', async () => {
    const book = openPortBook(scratch.dir);
    const sip = await book.port('sip', { protocol: 'both' });
    const http = await book.port('http');
    expect(sip).not.toBe(http);
    expect(await isPortFree(sip, 'both')).toBe(true);
    expect(await openPortBook(scratch.dir).port('sip', { protocol: 'both' })).toBe(sip);
    const rtp = await book.range('rtp', 1000);
    expect(await openPortBook(scratch.dir).range('rtp', 1000)).toEqual(rtp);
  });

  it('move when a stranger took one, but not when the holder is our own running service', async () => {
    const book = openPortBook(scratch.dir);
    const port = await book.port('http');
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    cleanUps.push(async () => {
      server.close();
      await once(server, 'close');
    });
    expect(await book.port('http', { inUseByUs: true })).toBe(port);
    const moved = await book.port('http');
    expect(moved).not.toBe(port);
    expect(await book.port('http')).toBe(moved);
  });

  it('are handed out without a clash to callers at the same moment', async () => {
    const book = openPortBook(scratch.dir);
    const ports = await Promise.all(Array.from({ length: 8 }, async (_, i) => await book.port(`p${i}`)));
    expect(new Set(ports).size).toBe(8);
  });
});
