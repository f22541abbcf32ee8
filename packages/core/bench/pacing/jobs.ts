import { memorylessOptimum } from '../../src/simulation/optimum.ts';
import { mixedLeads } from '../../src/simulation/mixed-leads.ts';
import type { SimulatedDay, SimulationResult } from '../../src/simulation/simulation-result.ts';
import { pooled } from '../../src/simulation/simulation-result.ts';
import { meanDuration } from '../../src/simulation/duration-law.ts';
import { qualityOf } from '../../src/dialing/answer-model/answer-model.ts';
import { quantile } from '../../src/stats/intervals.ts';
import type { Run } from './algorithms.ts';
import { baselines, families, ownAlgorithms, timedRun } from './algorithms.ts';
import type { Cell } from './cells.ts';

/** One piece of work for a worker. */
export type Job = {
  readonly cell: Cell;
  readonly algorithm: string;
  readonly seed: number;
  readonly isTuned?: boolean;
  readonly isTimed?: boolean;
};

/** CPU milliseconds of decisions; `once` with all that ran beside them in the process. */
export type Timing = {
  readonly agents: number;
  readonly decisions: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly p99OnceMs: number;
};

/** What came of it. */
export type JobResult = {
  readonly job: Job;
  readonly days: readonly SimulatedDay[];
  readonly meanWaitMs: number;
  readonly wallMs: number;
  readonly timing?: Timing;
  readonly knob?: number;
  /** Occupancy (0–1) of the exact optimum at the drop rate that came. */
  readonly optimum?: number;
  readonly quality?: { readonly logLoss: number; readonly plainLogLoss: number; readonly calibrationError: number };
};

const meanWait = (waits: readonly number[]): number => {
  const total = waits.reduce((sum, count) => sum + count, 0);
  return waits.reduce((sum, count, i) => sum + count * (i === 0 ? 0 : i * 100 + 50), 0) / Math.max(1, total);
};

/** CPU time of the process: other programs on the machine do not count. Only one job runs while decisions are timed. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const tune = (job: Job): { readonly result: SimulationResult; readonly knob: number } => {
  const family = families[job.algorithm];
  if (family === undefined) throw new Error(`There is no family ${job.algorithm}.`);
  // Half the days, the search's own seed, geometric bisection: the drop rate rises with the knob but for noise.
  const { world } = job.cell;
  const short = { ...world, days: Math.max(1, Math.ceil(world.days / 3)) };
  let { low, high } = family;
  let best: SimulationResult | undefined;
  for (let i = 0; i < 6; i++) {
    const middle = Math.sqrt(low * high);
    const found = family.at(middle)(short, { seed: job.seed });
    if (pooled(found).dropRate <= 0.03) {
      low = middle;
      best = found;
    } else high = middle;
  }
  // Where the search took the whole cell, its run with the knob that was found is the one wanted.
  const found = short.days === world.days ? best : undefined;
  return { result: found ?? family.at(low)(world, { seed: job.seed }), knob: low };
};

/** Does a job. */
export const work = (job: Job): JobResult => {
  const began = performance.now();
  const { world, settings = {}, knowledge } = job.cell;
  if (job.isTuned === true) {
    const { result, knob } = tune(job);
    const { days, waits } = result;
    return { job, days, meanWaitMs: meanWait(waits), wallMs: performance.now() - began, knob };
  }
  if (job.isTimed === true) {
    const once: number[] = [];
    const least: number[] = [];
    const { days } = timedRun(cpuMs, once, least)(world, { seed: job.seed });
    const timing = {
      agents: world.agents,
      decisions: least.length,
      medianMs: quantile(least, 0.5),
      p99Ms: quantile(least, 0.99),
      p99OnceMs: quantile(once, 0.99),
    };
    return { job, days, meanWaitMs: 0, wallMs: performance.now() - began, timing };
  }
  const run: Run | undefined = ownAlgorithms(settings)[job.algorithm] ?? baselines(world.answerRate)[job.algorithm];
  if (run === undefined) throw new Error(`There is no algorithm ${job.algorithm}.`);
  const supply = knowledge === undefined ? undefined : mixedLeads(world, job.seed, knowledge);
  const result = run(world, {
    seed: job.seed,
    ...(supply === undefined ? {} : { supply }),
  });
  const base = { job, days: result.days, meanWaitMs: meanWait(result.waits) };
  const optimum =
    job.cell.group === 'memoryless'
      ? memorylessOptimum(
          {
            agents: world.agents,
            answerRate: world.answerRate,
            handleSec: meanDuration(world.talk),
            ringSec: meanDuration(world.answerDelay),
          },
          pooled(result).dropRate,
        ).occupancy
      : undefined;
  return {
    ...base,
    wallMs: performance.now() - began,
    ...(optimum === undefined ? {} : { optimum }),
    ...(supply === undefined || knowledge !== 'model' ? {} : { quality: qualityOf(supply.model().score) }),
  };
};
