import type { MixedKnowledge } from '../../src/simulation/mixed-leads.ts';
import type { World } from '../../src/simulation/world.ts';
import { defaultWorld, memorylessSimulation } from '../../src/simulation/world.ts';
import type { RiskPacerSettings } from '../../src/dialing/pacing/settings.ts';

/** A world of the benchmark, with what the pacer's settings must know of it. */
export type Cell = {
  readonly group: 'main' | 'stress' | 'mixed' | 'memoryless';
  readonly world: World;
  readonly settings?: Partial<RiskPacerSettings>;
  readonly knowledge?: MixedKnowledge;
};

/** Days per team size, as in the reference's table: about the same number of calls each. */
const DAYS: Readonly<Record<number, number>> = { 2: 15, 5: 8, 10: 6, 20: 4, 50: 2, 200: 1 };
const RATES = [0.1, 0.25, 0.5];

/** The 18 main cells. `share` shortens them (at least one day). */
export const mainCells = (share: number): readonly Cell[] =>
  [2, 5, 10, 20, 50, 200].flatMap((agents) =>
    RATES.map((rate) => ({
      group: 'main' as const,
      world: defaultWorld(agents, rate, { days: Math.max(1, Math.round((DAYS[agents] ?? 1) * share)) }),
    })),
  );

const stress = (
  name: string,
  agents: number,
  rate: number,
  changes: Partial<World>,
  settings: Partial<RiskPacerSettings> = {},
): Cell => ({ group: 'stress', world: defaultWorld(agents, rate, { days: 2, ...changes, name }), settings });

const HOUR = 3600;

/** Worlds that go wrong. */
export const stressCells = (): readonly Cell[] => [
  stress('slow answerers', 10, 0.25, {
    answerDelay: { kind: 'shifted', bySec: 3, law: { kind: 'lognormal', meanSec: 14, cv: 0.5 } },
  }),
  stress('quick refusals and long talks', 10, 0.25, {
    talk: {
      kind: 'mixture',
      parts: [
        { weight: 0.6, law: { kind: 'lognormal', meanSec: 25, cv: 0.6 } },
        { weight: 0.4, law: { kind: 'lognormal', meanSec: 260, cv: 0.6 } },
      ],
    },
  }),
  stress('answer rate falls tenfold, and comes back', 20, 0.3, {
    incidents: [{ kind: 'answerFactor', atSec: 2 * HOUR, forSec: HOUR, factor: 0.1 }],
  }),
  stress('trunk answers everything for ten minutes', 20, 0.1, {
    incidents: [{ kind: 'answerFactor', atSec: 3 * HOUR, forSec: 600, factor: 100 }],
  }),
  stress('nothing answers for half an hour', 20, 0.25, {
    incidents: [{ kind: 'answerFactor', atSec: 3 * HOUR, forSec: 1800, factor: 0 }],
  }),
  stress('half the team logs out at once', 20, 0.25, {
    incidents: [{ kind: 'logOut', atSec: 3 * HOUR, forSec: 1800, share: 0.5 }],
  }),
  stress('clock jumps an hour ahead and back', 10, 0.25, {
    incidents: [
      { kind: 'clockJump', atSec: 2 * HOUR, bySec: HOUR },
      { kind: 'clockJump', atSec: 4 * HOUR, bySec: -HOUR },
    ],
  }),
  stress(
    'one per cent of people taken for machines',
    20,
    0.25,
    { falsePositiveRate: 0.01 },
    { falsePositiveRate: 0.01 },
  ),
  stress('robots hand over 60 calls an hour', 20, 0.25, { transfersPerHour: 60 }),
  stress('first two hours of a new campaign', 10, 0.1, { shiftSec: 2 * HOUR, days: 1 }),
  stress('breaks are announced', 10, 0.25, { announcedSec: 120 }),
  stress('list ends at noon', 10, 0.25, { leadsPerDay: 4000 }),
  stress('thirty lines', 20, 0.1, { maxLines: 30 }),
];

/** Strongly mixed lists (mixed-leads.ts) with the pacer blind, told by the learned model, and told the truth. */
export const mixedCells = (share: number): readonly Cell[] =>
  [5, 10, 20].flatMap((agents) =>
    (['blind', 'model', 'truth'] as const).map((knowledge) => ({
      group: 'mixed' as const,
      knowledge,
      world: defaultWorld(agents, 0.25, {
        name: `${agents} agents, mixed leads, ${knowledge}`,
        days: Math.max(1, Math.round((DAYS[agents] ?? 1) * share)),
      }),
    })),
  );

/** The memoryless world in one long shift, so that only the steady state counts. */
export const memorylessCells = (share: number, sizes: readonly number[]): readonly Cell[] =>
  sizes.flatMap((agents) =>
    RATES.map((rate) => ({
      group: 'memoryless' as const,
      world: memorylessSimulation(agents, rate, { shiftSec: (8 * HOUR * 200 * share) / agents }),
      settings: {
        graceMs: 0,
        ringTimeoutMs: 90_000,
        windows: [{ name: 'year', lengthMs: 365 * 86_400_000, anchorMs: 0, limit: 0.03 }],
      },
    })),
  );
