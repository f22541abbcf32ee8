/** One simulated day. Seconds are of agents who are logged in and not on a break, within the shift. */
export type SimulatedDay = {
  readonly busySec: number;
  readonly idleSec: number;
  /** People who answered: connected, dropped or hung up on as machines. */
  readonly humans: number;
  /** People who met no agent in time, or were hung up on as machines. */
  readonly drops: number;
  readonly dials: number;
  readonly shed: number;
};

/** What a simulation measured. */
export type SimulationResult = {
  readonly days: readonly SimulatedDay[];
  /** Waits (ms) of connected callees, counted in bins of 100 ms; the last bin takes the rest. */
  readonly waits: readonly number[];
  readonly decisions: number;
  /** Named figures of the last decision. */
  readonly figures: Readonly<Record<string, number>>;
  /** Most lines that were out at once. */
  readonly peakLines: number;
};

/** Occupancy and drop rate over all days, 0–1. */
export const pooled = (
  result: Pick<SimulationResult, 'days'>,
): { readonly occupancy: number; readonly dropRate: number; readonly humans: number; readonly drops: number } => {
  let busy = 0;
  let idle = 0;
  let humans = 0;
  let drops = 0;
  for (const day of result.days) {
    busy += day.busySec;
    idle += day.idleSec;
    humans += day.humans;
    drops += day.drops;
  }
  return { occupancy: busy / Math.max(1e-9, busy + idle), dropRate: drops / Math.max(1, humans), humans, drops };
};
