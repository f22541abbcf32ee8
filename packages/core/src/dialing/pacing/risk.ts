import { normalCdf, normalDensity } from '../../stats/normal.ts';

/** Up to so many busy agents and ringing lines together the distribution is exact, beyond it is by three cumulants. */
const EXACT_UP_TO = 60;

const NONE = new Float64Array(0);

/** Room for the tables of one `Risk` after another, so that a decision makes no garbage. One belongs to one living `Risk`. */
export class RiskRoom {
  private room = new Float64Array(1024);

  /** So many numbers, all 0. */
  take(size: number): Float64Array {
    if (size > this.room.length) this.room = new Float64Array(2 * size);
    else this.room.fill(0, 0, size);
    return this.room;
  }
}

/**
 * P(answers − completions ≥ spare) at each node for the present lines, and after each line that is added; `spare[k]` =
 * idle agents − waiting callers. Answers and completions are independent events with given probabilities.
 */
export class Risk {
  private readonly nodes: number;
  private readonly spare: ArrayLike<number>;
  private readonly isExact: boolean;
  /**
   * Exact: per node the tail of the number of answers so far, P(A ≥ x) for x = 0 … `reach`, and then the distribution of
   * completions, 0 … `busy`; node k begins at `k · stride`.
   */
  private readonly exact: Float64Array;
  private readonly reach: number;
  private readonly stride: number;
  private completionsAdded = 0;
  private linesAdded = 0;
  /** Otherwise per node mean, variance and third cumulant of answers − completions, one after the other. */
  private readonly cumulants: Float64Array;

  constructor(spare: ArrayLike<number>, busy: number, lines: number, room = new RiskRoom()) {
    this.nodes = spare.length;
    this.spare = spare;
    this.isExact = busy + lines <= EXACT_UP_TO;
    if (!this.isExact) {
      this.exact = NONE;
      this.reach = this.stride = 0;
      this.cumulants = room.take(3 * this.nodes);
      return;
    }
    this.cumulants = NONE;
    let most = 0;
    for (let k = 0; k < this.nodes; k++) if (spare[k]! > most) most = spare[k]!;
    this.reach = most + busy + 1;
    this.stride = this.reach + 1 + busy + 1;
    this.exact = room.take(this.nodes * this.stride);
    for (let k = 0; k < this.nodes; k++) this.exact[k * this.stride] = this.exact[k * this.stride + this.reach + 1] = 1;
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
    const { exact } = this;
    const j = this.completionsAdded++;
    for (let k = 0; k < this.nodes; k++) {
      const c = table[row + k]!;
      const first = k * this.stride + this.reach + 1;
      for (let at = first + j + 1; at > first; at--) exact[at] = exact[at]! * (1 - c) + exact[at - 1]! * c;
      exact[first] = exact[first]! * (1 - c);
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
    const { exact } = this;
    this.linesAdded++;
    for (let k = 0; k < this.nodes; k++) {
      const q = table[row + k]! * factor;
      const first = k * this.stride;
      const last = first + Math.min(this.reach, this.linesAdded);
      for (let at = last; at > first; at--) exact[at] = exact[at]! * (1 - q) + exact[at - 1]! * q;
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
    const { exact, reach } = this;
    const tail = k * this.stride;
    const done = tail + reach + 1;
    // There are no more answers than lines, so that no more completions than that can matter.
    const most = Math.min(this.completionsAdded, this.linesAdded - spare);
    let p = 0;
    for (let c = 0; c <= most; c++) {
      const need = spare + c;
      p += exact[done + c]! * (need <= 0 ? 1 : exact[tail + need]!);
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
