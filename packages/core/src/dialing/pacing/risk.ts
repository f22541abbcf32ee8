import { normalCdf, normalDensity } from '../../stats/normal.ts';

/** Up to so many busy agents and ringing lines together the distribution is exact, beyond it is by three cumulants. */
const EXACT_UP_TO = 60;

/**
 * P(answers − completions ≥ spare) at each node for the present lines, and after each line that is added; `spare[k]` =
 * idle agents − waiting callers. Answers and completions are independent events with given probabilities.
 */
export class Risk {
  private readonly nodes: number;
  private readonly spare: ArrayLike<number>;
  private readonly isExact: boolean;
  /** Exact: per node the tail of the number of answers so far, P(A ≥ x) for x = 0 …, and the distribution of completions. */
  private readonly tails: Float64Array[] = [];
  private readonly completions: Float64Array[] = [];
  private completionsAdded = 0;
  /** Otherwise per node mean, variance and third cumulant of answers − completions, one after the other. */
  private readonly cumulants: Float64Array;

  constructor(spare: ArrayLike<number>, busy: number, lines: number) {
    this.nodes = spare.length;
    this.spare = spare;
    this.isExact = busy + lines <= EXACT_UP_TO;
    this.cumulants = new Float64Array(3 * this.nodes);
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
    if (!this.isExact) {
      const { cumulants } = this;
      for (let k = 0, at = 0; k < this.nodes; k++, at += 3) {
        const c = table[row + k]!;
        const spread = c * (1 - c);
        cumulants[at] = cumulants[at]! - c;
        cumulants[at + 1] = cumulants[at + 1]! + spread;
        cumulants[at + 2] = cumulants[at + 2]! - spread * (1 - 2 * c);
      }
      return;
    }
    const j = this.completionsAdded++;
    for (let k = 0; k < this.nodes; k++) {
      const c = table[row + k]!;
      const done = this.completions[k]!;
      for (let x = j + 1; x > 0; x--) done[x] = done[x]! * (1 - c) + done[x - 1]! * c;
      done[0] = done[0]! * (1 - c);
    }
  }

  /** A line, answered by node k with probability `table[row + k] · factor`. */
  addLine(table: Float64Array, row: number, factor: number): void {
    if (!this.isExact) {
      const { cumulants } = this;
      for (let k = 0, at = 0; k < this.nodes; k++, at += 3) {
        const q = table[row + k]! * factor;
        const spread = q * (1 - q);
        cumulants[at] = cumulants[at]! + q;
        cumulants[at + 1] = cumulants[at + 1]! + spread;
        cumulants[at + 2] = cumulants[at + 2]! + spread * (1 - 2 * q);
      }
      return;
    }
    for (let k = 0; k < this.nodes; k++) {
      const q = table[row + k]! * factor;
      const tail = this.tails[k]!;
      for (let x = tail.length - 1; x > 0; x--) tail[x] = tail[x]! * (1 - q) + tail[x - 1]! * q;
    }
  }

  /**
   * Chance that a person who answers the next line finds nobody: the mean over nodes of the greatest risk from there on,
   * which charges the line for those it may displace later.
   */
  marginal(): number {
    let worst = 0;
    let sum = 0;
    for (let k = this.nodes - 1; k >= 0; k--) {
      const p = this.isExact ? this.exactAt(k) : this.nearlyAt(k);
      if (p > worst) worst = p;
      sum += worst;
    }
    return sum / this.nodes;
  }

  private exactAt(k: number): number {
    const spare = this.spare[k]!;
    const tail = this.tails[k]!;
    const done = this.completions[k]!;
    let p = 0;
    for (let c = 0; c < done.length; c++) {
      const need = spare + c;
      p += done[c]! * (need <= 0 ? 1 : (tail[need] ?? 0));
    }
    return p;
  }

  private nearlyAt(k: number): number {
    const { cumulants } = this;
    const variance = Math.max(1e-9, cumulants[3 * k + 1]!);
    const sd = Math.sqrt(variance);
    const z = (this.spare[k]! - 0.5 - cumulants[3 * k]!) / sd;
    const density = normalDensity(z);
    const p = 1 - (normalCdf(z, density) + (cumulants[3 * k + 2]! / (6 * variance * sd)) * (1 - z * z) * density);
    return p < 0 ? 0 : p > 1 ? 1 : p;
  }
}
