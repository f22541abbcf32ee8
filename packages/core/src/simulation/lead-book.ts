import type { Outcome } from '../call/outcome.ts';
import type { CallingWindow } from '../dialing/calling-window.ts';
import { ALWAYS_OPEN } from '../dialing/calling-window.ts';
import type { LeadOrderPolicy, OrderedLead } from '../dialing/lead-order.ts';
import { compareLeads } from '../dialing/lead-order.ts';
import type { RetryPolicy } from '../dialing/retry.ts';
import { planRetry } from '../dialing/retry.ts';
import type { EpochMs } from '../ids.ts';
import { EventQueue } from './event-queue.ts';
import type { SimulatedOutcome } from './lead-supply.ts';

/** A simulated list's rules: the product's own order and retry policy. One number per lead. */
export type LeadRules = {
  readonly order: LeadOrderPolicy;
  readonly retry: RetryPolicy;
  /** Always open by default, in the zone `Etc/UTC`. */
  readonly window?: CallingWindow;
  readonly zone?: string;
};

/** A lead as the book keeps it. */
export type BookedLead = OrderedLead & { readonly attemptsByOutcome: Readonly<Partial<Record<Outcome, number>>> };

const OUTCOME: Readonly<Record<SimulatedOutcome, Outcome>> = {
  human: 'answered',
  machine: 'machine',
  failed: 'failed',
  noAnswer: 'noAnswer',
  // We hung up before anybody answered, after the legal minimum of ringing: to the list it rang and nobody came.
  shed: 'noAnswer',
};

/** Leads by when they are due and then by the campaign's order, planned anew after each attempt by the retry policy. */
export class LeadBook<Lead extends BookedLead> {
  private readonly rules: LeadRules;
  private readonly compare: (a: OrderedLead, b: OrderedLead) => number;
  /** Leads whose time has not come. */
  private readonly later = new EventQueue<Lead>();
  /** A heap of leads that may be dialled, the first in order on top. */
  private readonly ready: Lead[] = [];

  constructor(rules: LeadRules) {
    this.rules = rules;
    // Nobody is promised a callback here, so that the order is the same at every instant.
    this.compare = compareLeads(rules.order, 0);
  }

  add(lead: Lead): void {
    this.later.push(lead.dueAtMs, lead);
  }

  /** How many could be dialled now. */
  readyAt(nowMs: EpochMs): number {
    this.bringIn(nowMs);
    return this.ready.length;
  }

  /** The next lead in order, taken out. */
  take(nowMs: EpochMs): Lead | undefined {
    this.bringIn(nowMs);
    const { ready } = this;
    const first = ready[0];
    const last = ready.pop();
    if (first === undefined || last === undefined || ready.length === 0) return first;
    ready[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < ready.length && this.compare(ready[child]!, ready[least]!) < 0) least = child;
      }
      if (least === i) return first;
      this.swap(i, least);
      i = least;
    }
  }

  /** Where the attempt that ended so leaves the lead: planned anew, or `undefined` when it is done with. */
  after(lead: BookedLead, outcome: SimulatedOutcome, nowMs: EpochMs): BookedLead | undefined {
    const ended = OUTCOME[outcome];
    const attemptsByOutcome = {
      ...lead.attemptsByOutcome,
      [ended]: (lead.attemptsByOutcome[ended] ?? 0) + 1,
    };
    const attempts = lead.attempts + 1;
    const plan = planRetry({
      nowMs,
      outcome: ended,
      numberIndex: 0,
      numbers: [{ isUsable: true, zones: [this.rules.zone ?? 'Etc/UTC'] }],
      attempts,
      attemptsByOutcome,
      policy: this.rules.retry,
      window: this.rules.window ?? ALWAYS_OPEN,
    });
    return plan.kind === 'done' ? undefined : { ...lead, attempts, attemptsByOutcome, dueAtMs: plan.atMs };
  }

  private bringIn(nowMs: EpochMs): void {
    while (this.later.nextTime <= nowMs) {
      const lead = this.later.pop();
      if (lead === undefined) return;
      const { ready } = this;
      let i = ready.length;
      ready.push(lead);
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if (this.compare(ready[i]!, ready[parent]!) >= 0) break;
        this.swap(i, parent);
        i = parent;
      }
    }
  }

  private swap(a: number, b: number): void {
    const lead = this.ready[a]!;
    this.ready[a] = this.ready[b]!;
    this.ready[b] = lead;
  }
}
