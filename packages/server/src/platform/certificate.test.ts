import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureCertificate } from './certificate.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'qianhu-certificate-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const DAY_MS = 86_400_000;
const made = async (address: string, nowMs: number): Promise<X509Certificate> =>
  new X509Certificate(await readFile((await ensureCertificate(home, address, nowMs)).certFile));

it('stays from start to start while it is good for the address', async () => {
  const first = await made('192.0.2.1', Date.now());
  expect(first.checkIP('192.0.2.1')).toBe('192.0.2.1');
  expect((await made('192.0.2.1', Date.now())).fingerprint256).toBe(first.fingerprint256);
});

it('is made anew for another address, and before it ends', async () => {
  const first = await made('192.0.2.1', Date.now());
  const second = await made('2001:db8::7', Date.now());
  expect(second.checkIP('2001:db8::7')).not.toBeUndefined();
  expect(second.fingerprint256).not.toBe(first.fingerprint256);
  expect((await made('2001:db8::7', Date.now() + 800 * DAY_MS)).fingerprint256).not.toBe(second.fingerprint256);
});
