import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { LegId, TrunkId } from '@qianhu/core';
import { AsteriskSwitch } from '../src/asterisk/asterisk-switch.ts';
import { silentLogger } from '../src/logger.ts';
import { SwitchError, type TrunkSpec } from '../src/port.ts';
import { startAsteriskUnderTest } from '../src/testing/asterisk-under-test.ts';
import { realScheduling } from '../src/testing/real-scheduling.ts';

/**
 * New calls per second through the adapter on a real Asterisk: for each offered rate, how many calls came up per second, the
 * time from `originate` to `legAnswered`, how many were held back or refused, and the ceiling the limiter settled at. Each call
 * is hung up after a second. Usage: `npx tsx bench/asterisk-dial.ts [rates] [seconds] [record|plain] [limited|unlimited]`.
 */
const [ratesText = '40,80,120,200', secondsText = '10', mode = 'plain', limit = 'limited'] = process.argv.slice(2);
const rates = ratesText.split(',').map(Number);
const seconds = Number(secondsText);

const asterisk = await startAsteriskUnderTest(undefined, 4000);
const farEnd = spawn(process.execPath, ['--import', 'tsx', new URL('far-end.ts', import.meta.url).pathname], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = (await once(farEnd.stdout, 'data')) as [Buffer];
const [host = '', port = ''] = String(line).trim().split(' ');

const sw = new AsteriskSwitch({
  ariUrl: asterisk.ariUrl,
  username: asterisk.spec.ari.username,
  password: asterisk.spec.ari.password,
  app: asterisk.app,
  spoolDir: asterisk.paths.spool,
  celFile: asterisk.paths.celFile,
  clock: realScheduling,
  logger: silentLogger,
  ...(limit === 'unlimited'
    ? { admission: { initialRate: 100_000, maxRate: 100_000, minRate: 100_000, maxInFlight: 100_000 } }
    : {}),
});
await sw.connect();
const trunk: TrunkSpec = {
  trunkId: 'bench' as TrunkId,
  transport: 'udp',
  host,
  port: Number(port),
  auth: { kind: 'ip' },
  codecs: ['alaw'],
  dtmf: 'rfc4733',
  callerIdIn: 'from',
  qualifySec: 0,
};
await sw.putTrunk(trunk);

const askedAt = new Map<LegId, number>();
let latencies: number[] = [];
let ended = 0;
sw.subscribe((event) => {
  if (event.type === 'legAnswered') {
    latencies.push(performance.now() - (askedAt.get(event.legId) ?? 0));
    const { legId } = event;
    if (mode === 'record')
      void sw.startRecording({ recordingId: randomUUID() as never, leftLegId: legId }).catch(() => undefined);
    setTimeout(() => void sw.hangUp(legId, 'normal').catch(() => undefined), 1000);
  } else if (event.type === 'legEnded') {
    ended += 1;
    askedAt.delete(event.legId);
  }
});
const quantile = (sorted: readonly number[], q: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0);

const results = [];
for (const rate of rates) {
  latencies = [];
  ended = 0;
  let asked = 0;
  let overloaded = 0;
  let failed = 0;
  const startedAt = performance.now();
  while (performance.now() - startedAt < seconds * 1000) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * rate);
    for (; asked < due; asked += 1) {
      const legId = randomUUID() as LegId;
      askedAt.set(legId, performance.now());
      sw.originate({
        legId,
        target: { kind: 'trunk', trunkId: trunk.trunkId, dialString: '13800138000' },
        ringTimeoutMs: 20_000,
      }).catch((error: unknown) => {
        askedAt.delete(legId);
        if (error instanceof SwitchError && error.code === 'overloaded') overloaded += 1;
        else failed += 1;
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const answered = latencies.length;
  const ceiling = sw.admission().newCallsPerSecond;
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const sorted = [...latencies].sort((a, b) => a - b);
  const row = {
    offered: rate,
    goodput: Math.round((answered / seconds) * 10) / 10,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    overloaded,
    failed,
    ceiling,
    ended,
  };
  results.push(row);
  process.stdout.write(`${JSON.stringify(row)}\n`);
}
process.stdout.write(`${JSON.stringify({ mode, limit, results })}\n`);
await sw.close();
farEnd.kill();
await asterisk.close();
process.exit(0);
