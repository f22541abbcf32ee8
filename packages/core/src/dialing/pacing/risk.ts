import { normalCdf, normalDensity } from '../../stats/normal.ts';

/** Up to so many busy agents and ringing lines together the distribution is exact, beyond it is by three cumulants. */
const EXACT_UP_TO = 60;

/**
 * P(answers − completions ≥ spare) at each node for the present lines, and after each line that is added. `answers[k]`
 * and `completions[k]` are probabilities of independent events at node k; `spare[k]` = idle agents − waiting callers.
 */
export class Risk {
  private readonly nodes: number;
  private readonly spare: readonly number[];
  private readonly isExact: boolean;
  /** Exact: tails of the number of answers, P(A ≥ x) for x = 0 …; completions' distribution. */
  private readonly tails: Float64Array[] = [];
  private readonly completions: Float64Array[] = [];
  /** Otherwise mean, variance and third cumulant of answers − completions. */
  private readonly mean: Float64Array;
  private readonly variance: Float64Array;
  private readonly skew: Float64Array;
  private readonly scratch: Float64Array;

  constructor(spare: readonly number[], answers: readonly Float64Array[], completions: readonly Float64Array[]) {
    this.nodes = spare.length;
    this.spare = spare;
    const lines = answers[0]?.length ?? 0;
    const busy = completions[0]?.length ?? 0;
    this.isExact = lines + busy <= EXACT_UP_TO;
    this.mean = new Float64Array(this.nodes);
    this.variance = new Float64Array(this.nodes);
    this.skew = new Float64Array(this.nodes);
    this.scratch = new Float64Array(this.nodes);
    for (let k = 0; k < this.nodes; k++) {
      if (this.isExact) {
        const size = Math.max(1, (spare[k] ?? 0) + busy + 1);
        const tail = new Float64Array(size + 1);
        tail[0] = 1;
        this.tails.push(tail);
        const done = new Float64Array(busy + 1);
        done[0] = 1;
        const odds = completions[k]!;
        for (let j = 0; j < busy; j++) {
          const c = odds[j]!;
          for (let x = j + 1; x > 0; x--) done[x] = done[x]! * (1 - c) + done[x - 1]! * c;
          done[0] = done[0]! * (1 - c);
        }
        this.completions.push(done);
      } else {
        const odds = completions[k]!;
        for (let j = 0; j < busy; j++) this.addCumulants(k, odds[j]!, -1);
      }
      const odds = answers[k]!;
      for (let i = 0; i < lines; i++) this.addAnswer(k, odds[i]!);
    }
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
      this.scratch[k] = p;
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
