import type { Estimates } from './estimates.ts';
import { agentFactorLog } from './estimates.ts';
import type { Counts, Survival } from './histogram.ts';
import { LOG_BINS, LOG_RATIO, logSurvival, survivalAt, totalCount } from './histogram.ts';

/** The counts that tables were last made from; the same object as long as they are in use. */
export type ModelBasis = {
  readonly atMs: number;
  readonly answerAges: Counts;
  readonly missAges: Counts;
  readonly talk: Counts;
  readonly wrapUp: Counts;
  readonly graceSec: number;
  readonly paces: Estimates['paces'];
};

/** Probabilities by row and node; rows are filled when asked for. */
type RowTable = { readonly values: Float64Array; readonly filled: Uint8Array };

/** Tables for decisions, all a function of the basis. */
export type Model = {
  /** Times (s) from now at which risk is looked at: quantiles of the time to answer. */
  readonly nodes: readonly number[];
  /** P(answered by node k | a person answers) for a line dialled now. */
  readonly answeredBy: Float64Array;
  /** P(answers by this many seconds | a person answers), at whole seconds. */
  readonly answers: Float64Array;
  /** Per age step: P(answers between age and age + node k | a person answers); row-major by age, filled when asked for. */
  readonly answersWithin: RowTable;
  /** Per age step: P(a person answers later than age | a person answers), and P(not ended | nobody answers). */
  readonly answersLater: Float64Array;
  readonly missesLater: Float64Array;
  readonly talk: Survival;
  readonly wrapUp: Survival;
  /** P(wrap-up is over within the rest of the way to node k + grace), at the middle of each step of the integral. */
  readonly wrappedUp: Float64Array;
  readonly graceSec: number;
  /** P(free by node k + grace) by row (the agent's age in its state, log bins), per class of agents. */
  readonly freeFromTalk: (undefined | RowTable)[];
  readonly freeFromWrapUp: (undefined | RowTable)[];
  /** Each agent's class, looked up when first asked for. */
  readonly classes: Map<string, number>;
  /** Mean of talk and of wrap-up, seconds. */
  readonly handleSec: number;
  /** Mean time until a line ends that nobody answers, seconds. */
  readonly missSec: number;
  /** 90 % point of the time to answer, seconds. */
  readonly answerLateSec: number;
};

/** Steps per second of a line's age in the tables, and their number. */
export const AGE_STEPS = 4;
const AGE_ROWS = 130 * AGE_STEPS;
/** Row of a line's age. */
export const ageRow = (sec: number): number => Math.min(AGE_ROWS - 1, Math.max(0, Math.round(sec * AGE_STEPS)));

/** Steps of the integral over talk and wrap-up. */
const STEPS = 5;
const LOG_STEP = Math.log(LOG_RATIO);

const NODE_QUANTILES = [0.1, 0.3, 0.5, 0.7, 0.9];
/** How many nodes there are. */
export const NODES = NODE_QUANTILES.length;

const rowTable = (rows: number): RowTable => ({
  values: new Float64Array(rows * NODES),
  filled: new Uint8Array(rows),
});

/** Middles of the handle-time bins, seconds. */
const MIDDLES = Array.from({ length: LOG_BINS }, (_, i) => (i === 0 ? 0.6 : LOG_RATIO ** (i + 0.5)));

const cumulative = (counts: Counts): Float64Array => {
  const total = Math.max(1e-12, totalCount(counts));
  const sums = new Float64Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) sums[i + 1] = sums[i]! + (counts[i] ?? 0) / total;
  return sums;
};

const cumulativeAt = (sums: Float64Array, sec: number): number => {
  if (sec <= 0) return 0;
  const i = Math.floor(sec);
  if (i >= sums.length - 1) return 1;
  return sums[i]! + (sums[i + 1]! - sums[i]!) * (sec - i);
};

const quantileOf = (sums: Float64Array, q: number): number => {
  let i = 0;
  while (i < sums.length - 2 && sums[i + 1]! < q) i++;
  const width = sums[i + 1]! - sums[i]!;
  return i + (width > 0 ? (q - sums[i]!) / width : 0.5);
};

const meanOfLog = (counts: Counts): number => {
  let sum = 0;
  for (let i = 0; i < LOG_BINS; i++) sum += (counts[i] ?? 0) * MIDDLES[i]!;
  return sum / Math.max(1e-12, totalCount(counts));
};

const build = (basis: ModelBasis): Model => {
  const answers = cumulative(basis.answerAges);
  const misses = cumulative(basis.missAges);
  const nodes = NODE_QUANTILES.map((q) => quantileOf(answers, q));
  const width = nodes.length;
  const answersLater = new Float64Array(AGE_ROWS);
  const missesLater = new Float64Array(AGE_ROWS);
  for (let row = 0; row < AGE_ROWS; row++) {
    const age = row / AGE_STEPS;
    answersLater[row] = 1 - cumulativeAt(answers, age);
    missesLater[row] = 1 - cumulativeAt(misses, age);
  }
  const talk = logSurvival(basis.talk);
  const wrapUp = logSurvival(basis.wrapUp);
  const wrappedUp = new Float64Array(width * STEPS);
  for (let k = 0; k < width; k++) {
    const horizon = nodes[k]! + basis.graceSec;
    for (let i = 0; i < STEPS; i++) {
      wrappedUp[k * STEPS + i] = 1 - survivalAt(wrapUp, (horizon * (STEPS - i - 0.5)) / STEPS);
    }
  }
  return {
    nodes,
    answeredBy: Float64Array.from(nodes, (sec) => cumulativeAt(answers, sec)),
    answers,
    answersWithin: rowTable(AGE_ROWS),
    answersLater,
    missesLater,
    talk,
    wrapUp,
    wrappedUp,
    graceSec: basis.graceSec,
    freeFromTalk: new Array<undefined>(FACTOR_CLASSES).fill(undefined),
    freeFromWrapUp: new Array<undefined>(FACTOR_CLASSES).fill(undefined),
    classes: new Map(),
    handleSec: meanOfLog(basis.talk) + meanOfLog(basis.wrapUp),
    missSec:
      basis.missAges.reduce((sum, count, i) => sum + count * (i + 0.5), 0) /
      Math.max(1e-12, totalCount(basis.missAges)),
    answerLateSec: quantileOf(answers, 0.9),
  };
};

/** Tables are kept as long as their basis lives; a restored basis makes the same ones again. */
const built = new WeakMap<ModelBasis, Model>();

/** The tables of a basis. */
export const modelOf = (basis: ModelBasis): Model => {
  const found = built.get(basis);
  if (found !== undefined) return found;
  const model = build(basis);
  built.set(basis, model);
  return model;
};

/** P(answers between the age of the row and node k | a person answers) at `row · nodes + k`, with that row filled. */
export const linesTable = ({ answers, answersWithin, nodes }: Model, row: number): Float64Array => {
  const { values, filled } = answersWithin;
  if (filled[row] !== 0) return values;
  filled[row] = 1;
  const age = row / AGE_STEPS;
  const soFar = cumulativeAt(answers, age);
  const width = nodes.length;
  for (let k = 0; k < width; k++) values[row * width + k] = cumulativeAt(answers, age + nodes[k]!) - soFar;
  return values;
};

/** Classes of agents' factors on handle times: class c stands for exp((c − 10) / 20). */
export const FACTOR_CLASSES = 21;
/** The class of an agent whose calls take so many times the team's; `log` is the factor's logarithm. */
export const factorClass = (log: number): number =>
  Math.min(FACTOR_CLASSES - 1, Math.max(0, Math.round(log * 20) + 10));

/** The class of an agent, as of the basis. */
export const classOf = (model: Model, basis: ModelBasis, agentId: string): number => {
  const found = model.classes.get(agentId);
  if (found !== undefined) return found;
  const made = factorClass(agentFactorLog(basis.paces, agentId));
  model.classes.set(agentId, made);
  return made;
};

/** The row of an agent in its class's tables: its time in the present state against its own factor. */
export const freeRow = (ageSec: number, factorClassOfAgent: number): number =>
  ageSec <= 1
    ? 0
    : Math.min(LOG_BINS - 1, Math.max(0, Math.floor((Math.log(ageSec) - (factorClassOfAgent - 10) / 20) / LOG_STEP)));

/**
 * The table of agents of one class in talk or wrap-up, with that row filled: P(free by node k + grace) at
 * `row · nodes + k`, which is 1 − (1 − c)^(1/f) of the team's c.
 */
export const freeTable = (model: Model, kind: 'talk' | 'wrapUp', factor: number, row: number): Float64Array => {
  const tables = kind === 'talk' ? model.freeFromTalk : model.freeFromWrapUp;
  const width = model.nodes.length;
  const table = (tables[factor] ??= rowTable(LOG_BINS));
  if (table.filled[row] !== 0) return table.values;
  table.filled[row] = 1;
  const { values } = table;
  if (factor === 10) {
    fillRow(model, kind, row, values);
    return values;
  }
  const team = freeTable(model, kind, 10, row);
  const power = Math.exp((10 - factor) / 20);
  for (let at = row * width; at < (row + 1) * width; at++) values[at] = 1 - (1 - team[at]!) ** power;
  return values;
};

/** The team's own row: an agent of that age (the middle of the bin), whose calls take as long as the team's. */
const fillRow = (model: Model, kind: 'talk' | 'wrapUp', bin: number, values: Float64Array): void => {
  const { nodes, talk, wrapUp, wrappedUp, graceSec } = model;
  const width = nodes.length;
  const age = bin === 0 ? 0.5 : LOG_RATIO ** (bin + 0.5);
  const left = Math.max(1e-9, survivalAt(kind === 'talk' ? talk : wrapUp, age));
  for (let k = 0; k < width; k++) {
    const horizon = nodes[k]! + graceSec;
    if (kind === 'wrapUp') {
      values[bin * width + k] = 1 - survivalAt(wrapUp, age + horizon) / left;
      continue;
    }
    // ∫ −dS_T(e+u)/S_T(e) · [1 − S_W(h−u)], midpoint rule.
    let free = 0;
    let before = left;
    for (let i = 0; i < STEPS; i++) {
      const after = survivalAt(talk, age + (horizon * (i + 1)) / STEPS);
      free += (before - after) * wrappedUp[k * STEPS + i]!;
      before = after;
    }
    values[bin * width + k] = free / left;
  }
};
