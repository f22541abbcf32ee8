import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLoader } from '../library-closure.ts';
import { runCommand } from '../process/run-command.ts';
import type { Progress } from '../progress.ts';
import { makeScratch } from '../testing/scratch.ts';
import { readMachineSources } from './apt-session.ts';
import { mirrorsOf } from './apt-config.ts';
import { ensureDebianPackages, refuseWhenDiskIsShort } from './debian-packages.ts';
import type { DebianPackagesSpec } from './debian-packages.ts';

let scratch: Awaited<ReturnType<typeof makeScratch>>;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(async () => await scratch.remove());

/** A program of a few MiB with its libraries. */
function specOf(more: Partial<DebianPackagesSpec> = {}): DebianPackagesSpec {
  return {
    partsDir: scratch.dir,
    name: 'xz',
    packages: ['xz-utils'],
    leaveOut: ['perl'],
    suites: [{ kind: 'native' }],
    recipe: 'test-1',
    ...more,
  };
}

describe('Debian packages in a private folder', { timeout: 300_000 }, () => {
  it('come with their dependencies, run from there, and are there the second time', async () => {
    const steps: Progress[] = [];
    const part = await ensureDebianPackages(specOf({ onProgress: (progress) => steps.push(progress) }));
    const loader = await findLoader(part.root);
    const told = await runCommand(loader.linker, [
      '--library-path',
      loader.libraryPath,
      join(part.root, 'usr', 'bin', 'xz'),
      '--version',
    ]);
    expect(told.stdout).toMatch(/xz \(XZ Utils\) \d/);
    expect(Object.keys(part.versions)).toEqual(expect.arrayContaining(['xz-utils', 'libc6', 'liblzma5']));
    expect(part.fetchedBytes).toBeGreaterThan(100_000);
    expect(new Set(steps.map(({ step }) => step))).toEqual(new Set(['update', 'resolve', 'download', 'unpack']));
    expect(steps.filter(({ step }) => step === 'download').at(-1)).toMatchObject({ totalBytes: part.fetchedBytes });
    const again: Progress[] = [];
    expect(await ensureDebianPackages(specOf({ onProgress: (progress) => again.push(progress) }))).toEqual({
      ...part,
      fetchedBytes: 0,
    });
    expect(again).toEqual([]);
    expect(await readdir(join(scratch.dir, 'apt', part.suite, 'cache', 'archives'))).not.toContainEqual(
      expect.stringMatching(/\.deb$/),
    );
  });

  it('go on where a cancelled download stopped, and leave nothing half unpacked', async () => {
    const abort = new AbortController();
    const cancelled = ensureDebianPackages(
      specOf({
        signal: abort.signal,
        onProgress: ({ step, doneBytes = 0, totalBytes = 0 }) => {
          if (step === 'download' && doneBytes > totalBytes / 3) abort.abort();
          if (step === 'unpack') abort.abort();
        },
      }),
    );
    await expect(cancelled).rejects.toMatchObject({ code: 'aborted', retryable: true });
    expect((await readdir(join(scratch.dir, 'xz'))).filter((name) => !name.startsWith('.'))).toEqual([]);
    const { codename } = await readMachineSources();
    const archives = join(scratch.dir, 'apt', codename, 'cache', 'archives');
    const kept = [...(await readdir(archives)), ...(await readdir(join(archives, 'partial')))].filter((name) =>
      name.endsWith('.deb'),
    );
    expect(kept.length).toBeGreaterThan(0);
    const whole = await ensureDebianPackages(specOf());
    const all = await ensureDebianPackages(specOf({ recipe: 'test-2', name: 'xz-anew' }));
    expect(whole.fetchedBytes).toBeLessThan(all.fetchedBytes);
  });

  it('are fetched once by two callers at the same moment', async () => {
    const parts = await Promise.all([ensureDebianPackages(specOf()), ensureDebianPackages(specOf())]);
    expect(parts[0].root).toBe(parts[1].root);
    expect(parts.map(({ fetchedBytes }) => fetchedBytes > 0).sort()).toEqual([false, true]);
  });

  it('say that a suite does not exist, and which', async () => {
    const attempt = ensureDebianPackages(specOf({ suites: [{ kind: 'named', name: 'no-such-suite' }] }));
    await expect(attempt).rejects.toMatchObject({ code: 'mirrorMissing', where: 'suite no-such-suite' });
  });

  it('say that no suite has the package or a new enough one', async () => {
    await expect(ensureDebianPackages(specOf({ packages: ['no-such-package-anywhere'] }))).rejects.toMatchObject({
      code: 'packageMissing',
    });
    await expect(ensureDebianPackages(specOf({ atLeast: '999' }))).rejects.toThrow(/999 or newer/);
  });

  it('say that the network is down', async () => {
    const attempt = ensureDebianPackages(
      specOf({ suites: [{ kind: 'named', name: 'testing' }], mirror: 'http://127.0.0.1:9/debian' }),
    );
    await expect(attempt).rejects.toMatchObject({ code: 'networkDown', retryable: true });
  });

  it('refuse an archive whose signature is not Debian’s', async () => {
    const { codename, sources } = await readMachineSources();
    const [mirror] = mirrorsOf(sources, codename);
    if (mirror === undefined) throw new Error('This machine has no mirror.');
    const { port, close } = await serveForgedArchive();
    try {
      const attempt = ensureDebianPackages(
        specOf({ suites: [{ kind: 'named', name: 'testing' }], mirror: `http://127.0.0.1:${port}/debian` }),
      );
      await expect(attempt).rejects.toMatchObject({ code: 'badSignature' });
    } finally {
      await close();
    }
  });

  it('are refused before the disk is full', async () => {
    await expect(refuseWhenDiskIsShort(scratch.dir, 2 ** 60)).rejects.toMatchObject({
      code: 'diskFull',
      where: scratch.dir,
    });
    await expect(refuseWhenDiskIsShort(scratch.dir, 0)).resolves.toBeUndefined();
  });

  it('touch nothing of the system', async () => {
    const before = await Promise.all(
      ['/var/lib/apt/lists', '/var/cache/apt/archives'].map(async (folder) =>
        (await readdir(folder).catch(() => [])).sort(),
      ),
    );
    await writeFile(join(scratch.dir, 'marker'), '');
    await ensureDebianPackages(specOf());
    const after = await Promise.all(
      ['/var/lib/apt/lists', '/var/cache/apt/archives'].map(async (folder) =>
        (await readdir(folder).catch(() => [])).sort(),
      ),
    );
    expect(after).toEqual(before);
  });
});

/** A mirror with a Release file that nobody signed, the way a man in the middle would have to. */
async function serveForgedArchive(): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const { createServer } = await import('node:http');
  const release =
    'Origin: Debian\nSuite: testing\nCodename: forged\nDate: Sat, 01 Jan 2022 00:00:00 UTC\nArchitectures: amd64 arm64\nComponents: main\nSHA256:\n';
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/dists/testing/InRelease') === true) {
      response.end(
        `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${release}\n-----BEGIN PGP SIGNATURE-----\n\niQFFBAEBCAAvFiEE\n=abcd\n-----END PGP SIGNATURE-----\n`,
      );
    } else if (request.url?.endsWith('/dists/testing/Release') === true) {
      response.end(release);
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    port: address.port,
    close: async () => {
      await new Promise((closed) => server.close(closed));
    },
  };
}
