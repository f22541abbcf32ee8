/** The memoryless world: exponential times, one team, no grace, leads without end. Rates per second. */
export type MemorylessWorld = {
  readonly agents: number;
  /** Probability (0–1) that a dial is answered by a person. */
  readonly answerRate: number;
  /** Mean of talk and wrap-up together, seconds. */
  readonly handleSec: number;
  /** Mean time until a ringing line resolves, answered or not, seconds. */
  readonly ringSec: number;
};

/** The best any pacer can do in that world at a given drop rate. */
export type Optimum = {
  /** A certified upper bound of the occupancy (0–1). */
  readonly occupancy: number;
  /** Price of one dropped person, in agent-seconds of talk and wrap-up. */
  readonly dropPrice: number;
  /** For each number of busy agents, the ringing lines up to which the optimal policy dials at that price. */
  readonly linesWhenBusy: readonly number[];
};

type Solved = { readonly gain: number; readonly dialUpTo: number[] };

/** How far beyond the mean ringing pool states are kept; more changes nothing at four decimals. */
const linesKept = (world: MemorylessWorld): number => {
  const { agents, answerRate, handleSec, ringSec } = world;
  const mean = ((agents / handleSec) * ringSec) / answerRate;
  const fill = agents / answerRate;
  return Math.ceil(Math.min(fill, mean + 12 * Math.sqrt(mean / answerRate) + 4 / answerRate) + 10);
};

/**
 * Relative value iteration on the uniformised chain of (busy agents b, ringing lines r) with impulse control: the pacer
 * may raise r at any moment. Reward per second: b − price · drops + price · limit · answers, so that at any price the gain
 * bounds the constrained optimum from above (Lagrange duality).
 */
const solve = (world: MemorylessWorld, limit: number, price: number): Solved => {
  const { agents, answerRate } = world;
  const mu = 1 / world.handleSec;
  const nu = 1 / world.ringSec;
  const lines = linesKept(world);
  const width = lines + 1;
  const rate = agents * mu + lines * nu;
  let value = new Float64Array((agents + 1) * width);
  let next = new Float64Array((agents + 1) * width);
  let high = Infinity;
  for (let sweep = 0; sweep < 200_000; sweep++) {
    let min = Infinity;
    let max = -Infinity;
    for (let b = 0; b <= agents; b++) {
      const row = b * width;
      const up = b < agents ? row + width : row;
      const down = b > 0 ? row - width : row;
      const dropCost = price * ((b === agents ? 1 : 0) - limit);
      for (let r = 0; r <= lines; r++) {
        const i = row + r;
        const answered = r > 0 ? value[up + r - 1]! : 0;
        const lost = r > 0 ? value[i - 1]! : 0;
        const ring = r * nu;
        const done = b * mu;
        const stay = value[i]!;
        next[i] =
          stay +
          (b -
            ring * answerRate * dropCost +
            (r > 0 ? ring * (answerRate * (answered - stay) + (1 - answerRate) * (lost - stay)) : 0) +
            (b > 0 ? done * (value[down + r]! - stay) : 0)) /
            rate;
      }
      for (let r = lines - 1; r >= 0; r--) if (next[row + r + 1]! > next[row + r]!) next[row + r] = next[row + r + 1]!;
    }
    for (let b = 0; b <= agents; b++) {
      // Only states on or above the impulse frontier are visited; all states give valid bounds of the gain.
      const change = next[b * width]! - value[b * width]!;
      if (change < min) min = change;
      if (change > max) max = change;
    }
    const base = next[0]!;
    for (let i = 0; i < next.length; i++) next[i] = next[i]! - base;
    [value, next] = [next, value];
    high = max * rate;
    if (high - min * rate < 1e-5 * agents) break;
  }
  const dialUpTo: number[] = [];
  for (let b = 0; b <= agents; b++) {
    const row = b * width;
    let r = 0;
    while (r < lines && value[row + r]! <= value[row + r + 1]! + 1e-12) r++;
    dialUpTo.push(r);
  }
  return { gain: high / agents, dialUpTo };
};

/**
 * The exact constrained optimum of the memoryless world: greatest occupancy with at most `limit` (0–1) of the people who
 * answer dropped, minimised over the drop price by golden section. Each price gives a certified upper bound, so the
 * least one found is an upper bound too.
 */
export const memorylessOptimum = (world: MemorylessWorld, limit: number): Optimum => {
  const golden = (Math.sqrt(5) - 1) / 2;
  const at = new Map<number, Solved>();
  const f = (x: number): number => {
    const found = at.get(x) ?? solve(world, limit, world.handleSec * Math.exp(x));
    at.set(x, found);
    return found.gain;
  };
  let a = Math.log(0.02);
  let b = Math.log(60);
  let c = b - golden * (b - a);
  let d = a + golden * (b - a);
  while (b - a > 0.03) {
    if (f(c) < f(d)) {
      b = d;
      d = c;
      c = b - golden * (b - a);
    } else {
      a = c;
      c = d;
      d = a + golden * (b - a);
    }
  }
  const best = f(c) < f(d) ? c : d;
  const solved = at.get(best) ?? solve(world, limit, world.handleSec * Math.exp(best));
  return { occupancy: solved.gain, dropPrice: world.handleSec * Math.exp(best), linesWhenBusy: solved.dialUpTo };
};
