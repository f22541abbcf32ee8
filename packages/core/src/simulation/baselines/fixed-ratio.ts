import type { Pacer } from '../../dialing/pacer.ts';
import { countAgents, place } from './shared.ts';

/** So many lines per free agent, whatever happens; 1 is progressive dialing. */
export const fixedRatio = (ratio: number): Pacer<0> => ({
  name: ratio === 1 ? 'progressive' : `ratio ${ratio}`,
  initial: () => 0,
  observe: (state) => state,
  decide: (state, view) => {
    const lines = Math.round(ratio * (countAgents(view).free - view.waiting.length)) - view.ringing.length;
    return { state, decision: place(view, lines) };
  },
});
