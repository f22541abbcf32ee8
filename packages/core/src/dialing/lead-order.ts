import type { EpochMs, LeadId } from '../ids.ts';

/** In which order leads enter the hopper. Data: the store translates `leadOrderTerms` to SQL, tests use `compareLeads`. */
export type LeadOrderPolicy = {
  /** Promised callbacks whose time has come stand before everything else, or wait their turn like any retry. */
  readonly dueCallbacks: 'first' | 'inTurn';
  /** Whether leads never tried come before those tried, after them, or neither. */
  readonly untried: 'first' | 'last' | 'inTurn';
  /** Whether leads with fewer attempts come first. */
  readonly fewerAttemptsFirst: boolean;
  /**
   * What decides when all else is equal: the older row, the newer row, who has been due longest, or for whom this hour is
   * the best of the day (`bestTimeScore`, which ranks after this order; equals keep the older row first).
   */
  readonly then: 'oldest' | 'newest' | 'longestDue' | 'bestTime';
};

/** Callbacks, then priority, then leads never tried, then fewer attempts, then the longest due. */
export const defaultLeadOrder: LeadOrderPolicy = {
  dueCallbacks: 'first',
  untried: 'first',
  fewerAttemptsFirst: true,
  then: 'longestDue',
};

/** What the order looks at. `leadId` is decimal text and decides last, so that the order is total. */
export type OrderedLead = {
  readonly leadId: LeadId;
  /** 1–99, higher first. */
  readonly priority: number;
  readonly attempts: number;
  /** When it may be tried next; a lead never tried is due since it came. */
  readonly dueAtMs: EpochMs;
  readonly callbackAtMs?: EpochMs;
};

/** One sort key: `direction` as in SQL. */
export type LeadOrderTerm = {
  readonly field: 'isDueCallback' | 'priority' | 'isUntried' | 'attempts' | 'dueAtMs' | 'leadId';
  readonly direction: 'asc' | 'desc';
};

/** The sort keys of a policy, most significant first; the last is always the unique `leadId`. */
export const leadOrderTerms = (policy: LeadOrderPolicy): readonly LeadOrderTerm[] => {
  const terms: LeadOrderTerm[] = [];
  if (policy.dueCallbacks === 'first') terms.push({ field: 'isDueCallback', direction: 'desc' });
  terms.push({ field: 'priority', direction: 'desc' });
  if (policy.untried !== 'inTurn') {
    terms.push({ field: 'isUntried', direction: policy.untried === 'first' ? 'desc' : 'asc' });
  }
  if (policy.fewerAttemptsFirst) terms.push({ field: 'attempts', direction: 'asc' });
  if (policy.then === 'longestDue') terms.push({ field: 'dueAtMs', direction: 'asc' });
  terms.push({ field: 'leadId', direction: policy.then === 'newest' ? 'desc' : 'asc' });
  return terms;
};

const valueOf = (lead: OrderedLead, field: LeadOrderTerm['field'], nowMs: EpochMs): number | bigint => {
  switch (field) {
    case 'isDueCallback':
      return lead.callbackAtMs !== undefined && lead.callbackAtMs <= nowMs ? 1 : 0;
    case 'isUntried':
      return lead.attempts === 0 ? 1 : 0;
    case 'leadId':
      return /^\d+$/.test(lead.leadId) ? BigInt(lead.leadId) : 0n;
    case 'priority':
    case 'attempts':
    case 'dueAtMs':
      return lead[field];
  }
};

/** A comparator for the policy at an instant; total and antisymmetric over distinct lead ids. */
export const compareLeads = (policy: LeadOrderPolicy, nowMs: EpochMs): ((a: OrderedLead, b: OrderedLead) => number) => {
  const terms = leadOrderTerms(policy);
  return (a, b) => {
    for (const { field, direction } of terms) {
      const x = valueOf(a, field, nowMs);
      const y = valueOf(b, field, nowMs);
      if (x === y) continue;
      const ascending = x < y ? -1 : 1;
      return direction === 'asc' ? ascending : -ascending;
    }
    return 0;
  };
};
