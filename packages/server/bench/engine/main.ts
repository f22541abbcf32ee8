/**
 * `npm run bench:engine`: the engine with its full code path (rules, dial transactions, machines, group commit, router) on
 * the virtual switch and a real PostgreSQL with `fsync` and `synchronous_commit` on. Raises the asked rate step by step until
 * the rate is no longer reached, more than a second of work waits for its commit, or the 99th percentile from a switch event to
 * the engine's command passes 100 ms.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { LegId } from '@qianhu/core';
import {
  ensurePostgres,
  isRoot,
  openPortBook,
  prepareHome,
  resolveHome,
  startPostgres,
  stopPostgres,
} from '@qianhu/parts';
import { answers, busy, ringsOut, type CalleeScript, type Switch, type VirtualSwitch } from '@qianhu/switch';
import { createDatabase } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/log.ts';
import { ensureEventPartitions, migrate, readMigrations } from '../../src/platform/migrate.ts';
import { findAppPaths } from '../../src/platform/paths.ts';
import {
  createEngineRig,
  readyAgents,
  virtualExchange,
  writeFixture,
} from '../../src/engine/testing/engine-world-rig.ts';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '100,200,400,600,800,1000,1200' },
    seconds: { type: 'string', default: '20' },
    agents: { type: 'string', default: '5000' },
    parts: { type: 'string' },
  },
});
const rates = values.rates.split(',').map(Number);
const seconds = Number(values.seconds);
const agents = Number(values.agents);

/** Mean life of a call 10 s: 30 % answer after 6 s and talk 6 s, 60 % ring 10.5 s, 10 % are busy after a second. */
const RING_OUT_MS = 10_500;
const script = (dialString: string): CalleeScript => {
  const n = Number(dialString.slice(-8)) % 10;
  if (n < 3) return answers({ ringAfterMs: 500, answerAfterMs: 6_000, talkMs: 6_000 });
  return n === 9 ? busy(1_000) : ringsOut(500);
};

/** Times from a callee's answer event to the command that serves it. */
class Stopwatch {
  readonly #answered = new Map<LegId, number>();
  readonly tookMs: number[] = [];

  wrap(virtual: VirtualSwitch): Switch {
    virtual.subscribe((event) => {
      if (event.type === 'legAnswered') this.#answered.set(event.legId, performance.now());
      if (event.type === 'legEnded') this.#answered.delete(event.legId);
    });
    const command = (legId: LegId): void => {
      const atMs = this.#answered.get(legId);
      if (atMs === undefined) return;
      this.#answered.delete(legId);
      this.tookMs.push(performance.now() - atMs);
    };
    return new Proxy(virtual, {
      get: (target, key) => {
        if (key === 'addToBridge') {
          return (bridgeId: never, legIds: readonly LegId[]) => {
            for (const legId of legIds) command(legId);
            return target.addToBridge(bridgeId, legIds);
          };
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });
  }
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;

/** Memory is what is still needed, not what waits to be swept. */
const collectGarbage = (): void => {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
};

/** A rate that can go on: it is reached, in time, and what waits for its commit is less than a second's work. */
const isSustained = (step: Step): boolean =>
  step.p99 <= 100 && step.newPerSecond >= step.rate * 0.95 && step.queue <= step.rate;

/** Processor time of a program and its children so far, seconds (clock ticks of 10 ms: proc(5), fields 4, 14 and 15). */
const cpuSecondsOf = async (program: number): Promise<number> => {
  let ticks = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    if (Number(pid) === program || fields[1] === program) ticks += (fields[11] ?? 0) + (fields[12] ?? 0);
  }
  return ticks / 100;
};

const main = async (): Promise<void> => {
  const home = mkdtempSync(join(isRoot() ? '/var/lib' : tmpdir(), 'qianhu-bench-'));
  const folders = resolveHome({
    home,
    ...(values.parts === undefined ? {} : { parts: values.parts }),
    isRoot: isRoot(),
    cwd: process.cwd(),
  });
  await prepareHome(folders);
  const ports = openPortBook(folders.home);
  const postgres = await startPostgres({
    dir: folders.postgresDir,
    program: await ensurePostgres({ partsDir: folders.partsDir, onProgress: () => undefined }),
    port: await ports.port('postgres', { inUseByUs: false }),
  });
  let stopEngine = (): Promise<void> => Promise.resolve();
  const db = createDatabase({ connectionString: postgres.url, max: 10 });
  try {
    await migrate(db.pool, await readMigrations(findAppPaths().migrations));
    await ensureEventPartitions(db.pool, Date.now());
    const leads = Math.ceil(rates.reduce((sum, rate) => sum + rate * (seconds + RING_OUT_MS / 1000 + 6), 0)) + 1_000;
    const fixture = await writeFixture(db.pool, {
      leads,
      agents,
      trunks: 3,
      newCallsPerSecond: 1_000,
      maxConcurrent: 10_000,
      settings: {
        mode: { kind: 'ratio', linesPerAgent: 10 },
        ringTimeoutMs: RING_OUT_MS,
        newCallsPerSecond: 1,
        maxChannels: 100_000,
      },
    });
    await db.pool.query('VACUUM ANALYZE');
    const { rows: at } = await db.pool.query<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`);
    const postmaster = parseInt(await readFile(join(at[0]?.folder ?? '', 'postmaster.pid'), 'utf8'));
    const watch = new Stopwatch();
    const exchange = virtualExchange({ calleeFor: script, soundMs: () => 1_000, newCallsPerSecond: 20_000 });
    const rig = createEngineRig(db.pool, exchange, {
      wrap: (virtual) => watch.wrap(virtual),
      log: createLogger({ level: 'warn' }),
    });
    stopEngine = () => rig.engine.stop();
    await rig.engine.start();
    await readyAgents(rig.engine, fixture.agentIds);
    collectGarbage();
    const heapIdle = process.memoryUsage().heapUsed;
    await rig.engine.startCampaign(fixture.campaignId);

    const rows: Step[] = [];
    console.log(' asked   new/s  at once  answered  p50 ms  p99 ms  node CPU  PostgreSQL CPU  queue');
    for (const rate of rates) {
      const step = await measure(rate);
      rows.push(step);
      console.log(
        [
          rate,
          step.newPerSecond.toFixed(0),
          step.concurrent,
          step.answered,
          step.p50.toFixed(1),
          step.p99.toFixed(1),
          `${(step.cpu * 100).toFixed(0)} %`,
          `${(step.databaseCpu * 100).toFixed(0)} %`,
          step.queue,
        ]
          .map((cell, i) => String(cell).padStart([6, 8, 9, 10, 8, 8, 10, 16, 7][i] ?? 8))
          .join(''),
      );
      if (!isSustained(step)) break;
    }
    const good = rows.filter(isSustained).at(-1) ?? rows[0];
    collectGarbage();
    const heapBusy = process.memoryUsage().heapUsed;
    const openNow = rig.engine.status().openCalls;
    const bytesPerCall = openNow === 0 ? 0 : Math.round((heapBusy - heapIdle) / openNow);
    console.log(
      JSON.stringify({
        bench: 'engine',
        concurrent: good?.concurrent ?? 0,
        newPerSecond: Math.round(good?.newPerSecond ?? 0),
        p50EventToCommandMs: Number((good?.p50 ?? NaN).toFixed(2)),
        p99EventToCommandMs: Number((good?.p99 ?? NaN).toFixed(2)),
        bytesPerCall,
        nodeCpuShare: Number((good?.cpu ?? NaN).toFixed(2)),
        databaseCpuShare: Number((good?.databaseCpu ?? NaN).toFixed(2)),
        agents,
      }),
    );

    async function measure(rate: number): Promise<Step> {
      await db.pool.query(
        `UPDATE campaigns SET settings = jsonb_set(settings, '{newCallsPerSecond}', to_jsonb($2::int)) WHERE id = $1`,
        [fixture.campaignId, rate],
      );
      await rig.engine.reloadCampaign(fixture.campaignId);
      // A call lives 10 s on average and 12 s at most: then the number at once stands still.
      await new Promise((resolve) => setTimeout(resolve, RING_OUT_MS + 3_000));
      watch.tookMs.length = 0;
      const invites = exchange.invites;
      const cpu = process.cpuUsage();
      const databaseSec = await cpuSecondsOf(postmaster);
      const startedMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const tookSec = (performance.now() - startedMs) / 1000;
      const used = process.cpuUsage(cpu);
      const sorted = watch.tookMs.toSorted((a, b) => a - b);
      const status = rig.engine.status();
      return {
        rate,
        newPerSecond: (exchange.invites - invites) / tookSec,
        concurrent: status.openCalls,
        answered: sorted.length,
        p50: quantile(sorted, 0.5),
        p99: quantile(sorted, 0.99),
        cpu: (used.user + used.system) / 1e6 / tookSec,
        databaseCpu: ((await cpuSecondsOf(postmaster)) - databaseSec) / tookSec,
        queue: status.commitQueue,
      };
    }
  } finally {
    await stopEngine();
    await db.close();
    await stopPostgres({ dir: folders.postgresDir });
    rmSync(home, { recursive: true, force: true });
  }
};

type Step = {
  readonly rate: number;
  readonly newPerSecond: number;
  readonly concurrent: number;
  readonly answered: number;
  readonly p50: number;
  readonly p99: number;
  /** Shares of one core. */
  readonly cpu: number;
  readonly databaseCpu: number;
  readonly queue: number;
};

await main();
