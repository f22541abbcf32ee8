import type { Pacer } from '../../src/dialing/pacer.ts';
import { bestTuning, referenceTuning } from '../../src/dialing/pacing/price.ts';
import { createRiskPacer } from '../../src/dialing/pacing/risk-pacer.ts';
import type { RiskPacerSettings } from '../../src/dialing/pacing/settings.ts';
import { defaultRiskPacerSettings } from '../../src/dialing/pacing/settings.ts';
import { easyCallCenter365, fixedRatio, issabel, omnidialer, vicidial } from '../../src/simulation/baselines/index.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import type { SimulateOptions } from '../../src/simulation/simulate.ts';
import type { SimulationResult } from '../../src/simulation/simulation-result.ts';
import type { World } from '../../src/simulation/world.ts';

/** Runs one algorithm in a world; the pacer's state type stays inside. */
export type Run = (world: World, options: SimulateOptions) => SimulationResult;

const running =
  <State>(pacer: Pacer<State>): Run =>
  (world, options) =>
    simulate(world, pacer, options);

const { shedAfterMs: _, ...withoutShed } = defaultRiskPacerSettings;

/** The pacer, with and without shedding, and the prototype it must not fall behind. */
export const ownAlgorithms = (changes: Partial<RiskPacerSettings>): Readonly<Record<string, Run>> => ({
  pacer: running(createRiskPacer({ ...defaultRiskPacerSettings, ...changes }, bestTuning)),
  'pacer, no shed': running(createRiskPacer({ ...withoutShed, ...changes }, bestTuning)),
  'reference pacer': running(createRiskPacer({ ...withoutShed, ...changes }, referenceTuning)),
});

/**
 * The pacer with its decisions timed by `cpuMs`. A decision is pure, so each is made three times: `once` gets the first
 * time, `least` the least, in which the compiler and the collector of garbage, which run beside it, do not count.
 */
export const timedRun =
  (cpuMs: () => number, once: number[], least: number[]): Run =>
  (world, options) => {
    const pacer = createRiskPacer(defaultRiskPacerSettings);
    return simulate(
      world,
      {
        ...pacer,
        decide: (state, view) => {
          const times = [0, 0, 0].map(() => {
            const before = cpuMs();
            pacer.decide(state, view);
            return cpuMs() - before;
          });
          once.push(times[0] ?? NaN);
          least.push(Math.min(...times));
          return pacer.decide(state, view);
        },
      },
      options,
    );
  };

/** VICIdial's maximum level, raised where 3 would cap it below the answer rate's inverse (as in the reference). */
const maximumLevel = (answerRate: number): number => Math.max(3, 1.5 / answerRate);

/** What others do, as shipped. */
export const baselines = (answerRate: number): Readonly<Record<string, Run>> => ({
  progressive: running(fixedRatio(1)),
  'ratio 2': running(fixedRatio(2)),
  'ratio 3': running(fixedRatio(3)),
  'VICIdial HARD_LIMIT': running(vicidial('HARD_LIMIT', maximumLevel(answerRate))),
  'VICIdial AVERAGE': running(vicidial('AVERAGE', maximumLevel(answerRate))),
  'VICIdial TAPERED': running(vicidial('TAPERED', maximumLevel(answerRate))),
  Issabel: running(issabel(false)),
  'Issabel overcommit': running(issabel(true)),
  OMniDialer: running(omnidialer()),
  EasyCallCenter365: running(easyCallCenter365()),
});

/** A baseline with the one knob that its owner could turn, rising in aggressiveness from `low` to `high`. */
export type Family = { readonly low: number; readonly high: number; readonly at: (knob: number) => Run };

/** Baselines that can be tuned by hindsight: the knob is searched per cell for the most lines within the limit. */
export const families: Readonly<Record<string, Family>> = {
  'ratio, tuned': { low: 1, high: 20, at: (knob) => running(fixedRatio(knob)) },
  'VICIdial HARD_LIMIT, tuned': { low: 1, high: 12, at: (knob) => running(vicidial('HARD_LIMIT', knob)) },
  'VICIdial AVERAGE, tuned': { low: 1, high: 12, at: (knob) => running(vicidial('AVERAGE', knob)) },
  'VICIdial TAPERED, tuned': { low: 1, high: 12, at: (knob) => running(vicidial('TAPERED', knob)) },
  'Issabel overcommit, tuned': { low: 1, high: 12, at: (knob) => running(issabel(true, 1 / knob)) },
  'OMniDialer, tuned': { low: 0.0001, high: 0.2, at: (knob) => running(omnidialer(knob)) },
  'EasyCallCenter365, tuned': { low: 0.01, high: 1, at: (knob) => running(easyCallCenter365(knob)) },
};
