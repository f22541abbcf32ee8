import { appendFileSync, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { cpuUsage } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import type { SimulatedDay } from '../../src/simulation/simulation-result.ts';
import { defaultWorld } from '../../src/simulation/world.ts';
import { meanInterval } from '../../src/stats/intervals.ts';
import { families } from './algorithms.ts';
import type { Cell } from './cells.ts';
import { mainCells, memorylessCells, mixedCells, stressCells } from './cells.ts';
import type { Job, JobResult } from './jobs.ts';

const OWN = ['pacer', 'pacer, no shed', 'reference pacer'];
const OTHERS = [
  'progressive',
  'ratio 2',
  'ratio 3',
  'VICIdial HARD_LIMIT',
  'VICIdial AVERAGE',
  'VICIdial TAPERED',
  'Issabel',
  'Issabel overcommit',
  'OMniDialer',
  'EasyCallCenter365',
];

const each = (cells: readonly Cell[], algorithms: readonly string[], seeds: readonly number[]): Job[] =>
  cells.flatMap((cell) => algorithms.flatMap((algorithm) => seeds.map((seed) => ({ cell, algorithm, seed }))));

/** Cells in which decisions are timed; alone on their worker, after the others. */
const timed: readonly Job[] = [10, 100, 1000].map((agents) => ({
  cell: { group: 'stress', world: defaultWorld(agents, 0.1, { name: `${agents} agents, timed`, shiftSec: 1800 }) },
  algorithm: 'pacer',
  seed: 1,
  isTimed: true,
}));

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};

const plan = (isShort: boolean): Job[] => {
  const count = Number(option('seeds') ?? (isShort ? 1 : 3));
  const seeds = Array.from({ length: count }, (_, i) => i + 1);
  const only = option('only');
  const jobs = isShort
    ? [
        ...each(
          mainCells(0.34).filter((cell) => cell.world.agents <= 50),
          ['pacer', 'reference pacer', 'ratio 2', 'VICIdial TAPERED'],
          seeds,
        ),
        ...each(
          mixedCells(0.34).filter((cell) => cell.world.agents === 10),
          ['pacer'],
          seeds,
        ),
        ...each(memorylessCells(0.1, [2, 5, 10]), ['pacer, no shed'], seeds),
      ]
    : [
        ...each(mainCells(1), ['pacer', 'reference pacer'], seeds),
        ...each(mainCells(1), ['pacer, no shed', ...OTHERS], [1]),
        ...mainCells(1).flatMap((cell) =>
          Object.keys(families).map((algorithm) => ({ cell, algorithm, seed: 1, isTuned: true })),
        ),
        ...each(stressCells(), ['pacer', 'reference pacer'], [1]),
        ...each(mixedCells(1), ['pacer'], seeds),
        ...each(
          mixedCells(1).filter((cell) => cell.knowledge === 'blind'),
          ['reference pacer'],
          seeds,
        ),
        ...each(memorylessCells(0.5, [2, 5, 10, 20, 50]), ['pacer, no shed'], [1]),
      ];
  // The longest first, so that no worker is left alone with one at the end.
  const size = ({ cell: { world }, isTuned }: Job): number =>
    ((world.agents * world.days * world.shiftSec) / world.answerRate) * (isTuned === true ? 3 : 1);
  const algorithms = option('algorithms')?.split(',');
  return jobs
    .filter((job) => only === undefined || job.cell.group === only)
    .filter((job) => algorithms === undefined || algorithms.includes(job.algorithm))
    .sort((a, b) => size(b) - size(a));
};

const keyOf = ({ cell: { world }, algorithm, seed }: Job): string => `${world.name} ${algorithm} ${seed}`;

/** Results of a run that was cut off, one JSON line each. */
const loggedIn = async (file: string | undefined): Promise<readonly JobResult[]> => {
  if (file === undefined || !existsSync(file)) return [];
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as JobResult);
};

const runAll = async (
  all: readonly Job[],
  workerFile: string,
  workers: number,
  logFile?: string,
): Promise<JobResult[]> => {
  const wanted = new Set(all.map(keyOf));
  const results = (await loggedIn(logFile)).filter(({ job }) => wanted.has(keyOf(job)));
  const found = new Set(results.map(({ job }) => keyOf(job)));
  const jobs = all.filter((job) => !found.has(keyOf(job)));
  let next = 0;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      // Room for young objects: the collector then comes so rarely that nearly all of them are dead.
      const worker = new Worker(workerFile, { resourceLimits: { maxYoungGenerationSizeMb: 64 } });
      const feed = (): void => {
        const job = jobs[next++];
        if (job === undefined) {
          worker.terminate().then(() => resolve(), reject);
          return;
        }
        worker.postMessage(job);
      };
      worker.on('message', (result: JobResult) => {
        results.push(result);
        if (logFile !== undefined) appendFileSync(logFile, `${JSON.stringify(result)}\n`);
        if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${all.length}`);
        feed();
      });
      worker.on('error', reject);
      feed();
    });
  await Promise.all(Array.from({ length: workers }, one));
  return results;
};

type Row = {
  readonly group: string;
  readonly name: string;
  readonly agents: number;
  readonly answerRate: number;
  readonly algorithm: string;
  readonly occupancy: number;
  /** Half width of the 95 % interval over days and seeds; absent for a single day. */
  readonly occupancyHalf?: number;
  readonly dropRate: number;
  readonly days: number;
  readonly daysOver: number;
  readonly worstDay: number;
  readonly meanWaitMs: number;
  readonly dialsPerConnect: number;
  readonly gapToOptimum?: number;
  readonly knob?: number;
  /** Occupancy above the reference pacer's, day by day on the same leads, with the half width of its 95 % interval. */
  readonly aboveReference?: number;
  readonly aboveReferenceHalf?: number;
};

const round = (x: number, digits = 4): number => Number(x.toFixed(digits));

const rowOf = (results: readonly JobResult[]): Row => {
  const first = results[0];
  if (first === undefined) throw new Error('A row needs a result.');
  const { world, group } = first.job.cell;
  const days = results.flatMap((result) => result.days);
  const sum = (of: (day: (typeof days)[number]) => number): number => days.reduce((total, day) => total + of(day), 0);
  const humans = sum((day) => day.humans);
  const drops = sum((day) => day.drops);
  const busy = sum((day) => day.busySec);
  const occupancy = busy / Math.max(1e-9, busy + sum((day) => day.idleSec));
  const { half } = meanInterval(days.map(occupancyOf));
  return {
    group,
    name: world.name,
    agents: world.agents,
    answerRate: world.answerRate,
    algorithm: first.job.algorithm,
    occupancy: round(occupancy),
    ...(Number.isFinite(half) ? { occupancyHalf: round(half) } : {}),
    dropRate: round(drops / Math.max(1, humans)),
    days: days.length,
    daysOver: days.filter((day) => day.drops > 0.03 * day.humans).length,
    worstDay: round(Math.max(...days.map((day) => day.drops / Math.max(1, day.humans)))),
    meanWaitMs: round(first.meanWaitMs, 0),
    dialsPerConnect: round(sum((day) => day.dials) / Math.max(1, humans - drops), 2),
    ...(first.optimum === undefined ? {} : { gapToOptimum: round(first.optimum - occupancy) }),
    ...(first.knob === undefined ? {} : { knob: round(first.knob, 3) }),
  };
};

const occupancyOf = (day: SimulatedDay): number => day.busySec / Math.max(1e-9, day.busySec + day.idleSec);

/** What a row has to say against the reference pacer's results in the same cell. */
const above = (own: readonly JobResult[], reference: readonly JobResult[]): Partial<Row> => {
  const differences = own.flatMap(({ job, days }) => {
    const other = reference.find((result) => result.job.seed === job.seed);
    return other === undefined
      ? []
      : days.flatMap((day, i) => {
          const same = other.days[i];
          return same === undefined ? [] : [occupancyOf(day) - occupancyOf(same)];
        });
  });
  if (differences.length < 2) return {};
  const { mean, half } = meanInterval(differences);
  return { aboveReference: round(mean), aboveReferenceHalf: round(half) };
};

const print = (rows: readonly Row[]): void => {
  const percent = (x: number): string => (100 * x).toFixed(1);
  for (const group of ['main', 'mixed', 'stress', 'memoryless']) {
    const ofGroup = rows.filter((row) => row.group === group);
    if (ofGroup.length === 0) continue;
    console.log(
      `\n${group}: occupancy % ± / dropped % · days over the limit, worst day % · wait ms · dials per connect`,
    );
    for (const name of new Set(ofGroup.map((row) => row.name))) {
      console.log(`\n  ${name}`);
      for (const row of ofGroup.filter((other) => other.name === name)) {
        const half = row.occupancyHalf === undefined ? '' : `±${percent(row.occupancyHalf)}`;
        console.log(
          `    ${row.algorithm.padEnd(28)}${percent(row.occupancy).padStart(5)} ${half.padEnd(6)}/ ` +
            `${(100 * row.dropRate).toFixed(2).padStart(5)} · ${`${row.daysOver}/${row.days}`.padStart(5)}, ` +
            `${(100 * row.worstDay).toFixed(1).padStart(5)} · ${String(row.meanWaitMs).padStart(4)} · ${row.dialsPerConnect}` +
            (row.gapToOptimum === undefined ? '' : ` · ${(100 * row.gapToOptimum).toFixed(2)} below the optimum`) +
            (row.aboveReference === undefined || row.aboveReferenceHalf === undefined
              ? ''
              : ` · ${(100 * row.aboveReference).toFixed(2)} ±${percent(row.aboveReferenceHalf)} above the reference`) +
            (row.knob === undefined ? '' : ` · knob ${row.knob}`),
        );
      }
    }
  }
};

const main = async (): Promise<void> => {
  // --short: a small grid. --only GROUP (main, mixed, stress, memoryless, timing), --algorithms A,B and --seeds N: parts of the whole.
  // --workers N. --log FILE: results are appended to it, and those it holds are not made again.
  const isShort = process.argv.includes('--short');
  const workers = Number(option('workers') ?? Math.max(1, Math.min(2, availableParallelism())));
  const began = performance.now();
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-pacing-'));
  try {
    const outfile = path.join(folder, 'worker.mjs');
    const entry = fileURLToPath(new URL('./worker.ts', import.meta.url));
    await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'error' });
    const results = await runAll(plan(isShort), outfile, workers, option('log'));
    const isTiming = ['timing', undefined].includes(option('only'));
    const timings = (await runAll(isTiming ? timed : [], outfile, 1)).flatMap(({ timing }) => timing ?? []);
    const groups = new Map<string, JobResult[]>();
    for (const result of results) {
      const key = `${result.job.cell.world.name} ${result.job.algorithm}`;
      groups.set(key, [...(groups.get(key) ?? []), result]);
    }
    const order = [...OWN, ...OTHERS, ...Object.keys(families)];
    const rows = [...groups.values()]
      .map((ofRow): Row => {
        const row = rowOf(ofRow);
        // The reference pacer knows nothing of leads, so that on mixed lists its blind row stands for all.
        const sameLeads = row.name.replace(/, (model|truth)$/, ', blind');
        const reference = row.algorithm === 'pacer' ? groups.get(`${sameLeads} reference pacer`) : undefined;
        return reference === undefined ? row : { ...row, ...above(ofRow, reference) };
      })
      .sort(
        (a, b) =>
          a.agents - b.agents || a.answerRate - b.answerRate || order.indexOf(a.algorithm) - order.indexOf(b.algorithm),
      );
    print(rows);
    for (const { job, quality } of results) {
      if (quality === undefined) continue;
      console.log(
        `\nlead model, ${job.cell.world.name}, seed ${job.seed}: log loss ${quality.logLoss.toFixed(4)} against ` +
          `${quality.plainLogLoss.toFixed(4)} of the plain rate, calibration error ${(100 * quality.calibrationError).toFixed(2)} points`,
      );
    }
    const gaps = rows.flatMap((row) => (row.gapToOptimum === undefined ? [] : [row.gapToOptimum]));
    const maxGapToOptimum = Math.max(0, ...gaps);
    console.log('');
    for (const { agents, decisions, medianMs, p99Ms, p99OnceMs } of timings) {
      console.log(
        `Decisions of ${agents} agents (${decisions}): median ${medianMs.toFixed(3)} ms, p99 ${p99Ms.toFixed(3)} ms; ` +
          `with compiler and garbage p99 ${p99OnceMs.toFixed(3)} ms.`,
      );
    }
    const p99DecisionMs = round(timings.at(-1)?.p99Ms ?? NaN, 3);
    console.log(
      `\nLargest distance to the optimum ${(100 * maxGapToOptimum).toFixed(2)} points; ${((performance.now() - began) / 1000).toFixed(0)} s, of which ` +
        `${(cpuUsage().user / 1e6).toFixed(0)} s on processors.\n`,
    );
    console.log(JSON.stringify({ cells: rows, maxGapToOptimum, p99DecisionMs, timings }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

await main();
