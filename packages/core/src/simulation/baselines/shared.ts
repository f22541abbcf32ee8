import type { Pacer, PacingDecision, PacingEvent, PacingView } from '../../dialing/pacer.ts';

/** Counts of the agents in a view. */
export const countAgents = (
  view: PacingView,
): { readonly free: number; readonly talking: number; readonly total: number } => {
  let free = 0;
  let talking = 0;
  for (const agent of view.agents) {
    if (agent.state === 'idle') free++;
    else if (agent.state !== 'wrapUp') talking++;
  }
  return { free, talking, total: view.agents.length };
};

/** A decision with so many lines, within what the view allows. */
export const place = (view: PacingView, lines: number): PacingDecision => ({
  lines: Math.max(
    0,
    Math.min(Number.isFinite(lines) ? Math.floor(lines) : 0, view.linesAvailable, view.leadsAvailable),
  ),
  shed: [],
  limitedBy: 'enoughLines',
  figures: {},
});

/** A baseline as its program's loop has it: a memory that is changed in place, wrapped as a pacer. */
export const loopPacer = <Memory>(
  name: string,
  start: (nowMs: number) => Memory,
  observe: (memory: Memory, event: PacingEvent) => void,
  decide: (memory: Memory, view: PacingView) => number,
): Pacer<Memory> => ({
  name,
  initial: start,
  observe: (memory, event) => {
    observe(memory, event);
    return memory;
  },
  decide: (memory, view) => ({ state: memory, decision: place(view, decide(memory, view)) }),
});

/** Mean of the last `size` values, or of all when fewer. */
export const pushBounded = (values: number[], value: number, size: number): void => {
  values.push(value);
  if (values.length > size) values.shift();
};

/** Mean of values; `otherwise` for none. */
export const meanOr = (values: readonly number[], otherwise: number): number =>
  values.length === 0 ? otherwise : values.reduce((sum, x) => sum + x, 0) / values.length;
