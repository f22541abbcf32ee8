import { normalCdf, normalDensity } from '../../stats/normal.ts';

/** Up to so many busy agents and ringing lines together the distribution is exact, beyond it is by three cumulants. */
const EXACT_UP_TO = 60;

/** Whether so many busy agents and ringing lines are few enough for the exact distribution. */
export const isExactFor = (busy: number, lines: number): boolean => busy + lines <= EXACT_UP_TO;

/**
 * P(answers − completions ≥ spare) at each node for the present lines, and after each line that is added; `spare[k]` =
 * idle agents − waiting callers. Answers and completions are independent events with given probabilities.
 */
export class Risk {
  private readonly nodes: number;
  private readonly spare: readonly number[];
  private readonly isExact: boolean;
  /** Exact: tails of the number of answers, P(A ≥ x) for x = 0 …, and the distribution of completions, so far. */
  private readonly tails: Float64Array[] = [];
  private readonly completions: Float64Array[] = [];
  private completionsAdded = 0;
  /** Otherwise mean, variance and third cumulant of answers − completions. */
  private readonly mean: Float64Array;
  private readonly variance: Float64Array;
  private readonly skew: Float64Array;

  constructor(spare: readonly number[], busy: number, lines: number) {
    this.nodes = spare.length;
    this.spare = spare;
    this.isExact = isExactFor(busy, lines);
    this.mean = new Float64Array(this.nodes);
    this.variance = new Float64Array(this.nodes);
    this.skew = new Float64Array(this.nodes);
    if (!this.isExact) return;
    for (let k = 0; k < this.nodes; k++) {
      const tail = new Float64Array(Math.max(1, (spare[k] ?? 0) + busy + 1) + 1);
      tail[0] = 1;
      this.tails.push(tail);
      const done = new Float64Array(busy + 1);
      done[0] = 1;
      this.completions.push(done);
    }
  }

  /** A busy agent, free by node k with probability `table[row + k]`. */
  addCompletion(table: Float64Array, row: number): void {
    const j = this.completionsAdded++;
    for (let k = 0; k < this.nodes; k++) {
      const c = table[row + k]!;
      if (!this.isExact) {
        this.addCumulants(k, c, -1);
        continue;
      }
      const done = this.completions[k]!;
      for (let x = j + 1; x > 0; x--) done[x] = done[x]! * (1 - c) + done[x - 1]! * c;
      done[0] = done[0]! * (1 - c);
    }
  }

  /** A ringing line, answered by node k with probability `table[row + k] · factor`. */
  addLine(table: Float64Array, row: number, factor: number): void {
    for (let k = 0; k < this.nodes; k++) this.addAnswer(k, table[row + k]! * factor);
  }

  /** Adds one line with these probabilities of having been answered by each node. */
  add(answeredBy: readonly number[], probability: number): void {
    for (let k = 0; k < this.nodes; k++) this.addAnswer(k, probability * answeredBy[k]!);
  }

  /**
   * Chance that a person who answers the next line finds nobody: the mean over nodes of the greatest risk from there on,
   * which charges the line for those it may displace later.
   */
  marginal(): number {
    let worst = 0;
    let sum = 0;
    for (let k = this.nodes - 1; k >= 0; k--) {
      const p = this.at(k);
      if (p > worst) worst = p;
      sum += worst;
    }
    return sum / this.nodes;
  }

  private at(k: number): number {
    const spare = this.spare[k]!;
    if (!this.isExact) {
      const mean = this.mean[k]!;
      const variance = Math.max(1e-9, this.variance[k]!);
      const sd = Math.sqrt(variance);
      const z = (spare - 0.5 - mean) / sd;
      const p = 1 - (normalCdf(z) + (this.skew[k]! / (6 * variance * sd)) * (1 - z * z) * normalDensity(z));
      return Math.min(1, Math.max(0, p));
    }
    const tail = this.tails[k]!;
    const done = this.completions[k]!;
    let p = 0;
    for (let c = 0; c < done.length; c++) {
      const need = spare + c;
      p += done[c]! * (need <= 0 ? 1 : (tail[need] ?? 0));
    }
    return p;
  }

  private addAnswer(k: number, q: number): void {
    if (!this.isExact) {
      this.addCumulants(k, q, 1);
      return;
    }
    const tail = this.tails[k]!;
    for (let x = tail.length - 1; x > 0; x--) tail[x] = tail[x]! * (1 - q) + tail[x - 1]! * q;
  }

  private addCumulants(k: number, q: number, sign: 1 | -1): void {
    const spread = q * (1 - q);
    this.mean[k] = this.mean[k]! + sign * q;
    this.variance[k] = this.variance[k]! + spread;
    this.skew[k] = this.skew[k]! + sign * spread * (1 - 2 * q);
  }
}
