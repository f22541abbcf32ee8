/** What is known of a lead before a dial. All optional: what is absent is simply not used. */
export type LeadFacts = {
  /** Attempts so far. */
  readonly attempts: number;
  /** Hour 0–23 and ISO weekday 1–7 in the lead's own zone. */
  readonly hour: number;
  readonly weekday: number;
  /** Outcome of the last attempt, and hours since. */
  readonly lastOutcome?: string;
  readonly hoursSinceLast?: number;
  /** Hours 0–23 at which this lead's number was answered, and at which it was dialled in vain, in its own zone. */
  readonly answeredHours?: readonly number[];
  readonly missedHours?: readonly number[];
  readonly list?: string;
  readonly numberType?: string;
  readonly region?: string;
  /** Days since the lead came in. */
  readonly ageDays?: number;
  /** Caller ID that will be shown. */
  readonly callerId?: string;
};

/** A fact as the model uses it: a value of a feature. */
export type Feature = readonly [feature: string, value: string];

const step = (value: number, edges: readonly number[]): string => {
  for (const edge of edges) if (value < edge) return `<${edge}`;
  return `≥${edges.at(-1) ?? 0}`;
};

const nearHour = (hours: readonly number[], hour: number): number =>
  hours.filter((other) => Math.min(Math.abs(other - hour), 24 - Math.abs(other - hour)) <= 1).length;

/** The features of a lead. */
export const featuresOf = (facts: LeadFacts): readonly Feature[] => {
  const features: Feature[] = [
    ['attempts', String(Math.min(6, facts.attempts))],
    ['hour', String(facts.hour)],
    ['weekHour', `${facts.weekday >= 6 ? 'weekend' : 'workday'}-${Math.floor(facts.hour / 2)}`],
  ];
  if (facts.lastOutcome !== undefined) features.push(['lastOutcome', facts.lastOutcome]);
  if (facts.hoursSinceLast !== undefined) features.push(['sinceLast', step(facts.hoursSinceLast, [1, 3, 12, 48])]);
  const answered = facts.answeredHours ?? [];
  if (answered.length > 0) {
    features.push(['answeredBefore', nearHour(answered, facts.hour) > 0 ? 'thisHour' : 'otherHour']);
  }
  const missed = facts.missedHours ?? [];
  if (missed.length > 0) {
    features.push(['missedThisHour', String(Math.min(3, nearHour(missed, facts.hour)))]);
    features.push(['missedOtherHour', String(Math.min(3, missed.length - nearHour(missed, facts.hour)))]);
  }
  if (facts.list !== undefined) features.push(['list', facts.list]);
  if (facts.numberType !== undefined) features.push(['numberType', facts.numberType]);
  if (facts.region !== undefined) features.push(['region', facts.region]);
  if (facts.ageDays !== undefined) features.push(['age', step(facts.ageDays, [1, 7, 30, 180])]);
  if (facts.callerId !== undefined) features.push(['callerId', facts.callerId]);
  return features;
};
