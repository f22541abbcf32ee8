import type { Pacer } from '../../dialing/pacer.ts';
import { countAgents, loopPacer } from './shared.ts';

type Memory = {
  ranMs: number;
  handled: number;
  ringSec: number;
  talkSec: number;
  wrapUpSec: number;
  hitRate: number;
  dropRate: number;
  overTicks: number;
  isLatched: boolean;
};

const follow = (value: number, sample: number): number => value + 0.1 * (sample - value);

/**
 * OMniDialer, `docs/dialer_modes.md` and `handler/predictive_pacer.py`, read at Freetech-Solutions/omnidialer@38261e87:
 * 1 s ticks, progressive for 50 handled calls, then (free + expected free − ringing · hit) / hit · gamma, with moving
 * averages of weight 0.1 and a latch at the drop limit. `dropLimit` is its Dmax (0.03). One origination a second per ten
 * agents, as in the reference.
 */
export const omnidialer = (dropLimit = 0.03): Pacer<Memory> =>
  loopPacer<Memory>(
    'OMniDialer',
    () => ({
      ranMs: 0,
      handled: 0,
      ringSec: 15,
      talkSec: 120,
      wrapUpSec: 20,
      hitRate: 0.3,
      dropRate: 0,
      overTicks: 0,
      isLatched: false,
    }),
    (memory, event) => {
      if (event.type === 'answered') {
        memory.hitRate = follow(memory.hitRate, event.human ? 1 : 0);
        if (event.human) memory.ringSec = follow(memory.ringSec, (event.atMs - event.dialedAtMs) / 1000);
      } else if (event.type === 'notAnswered') memory.hitRate = follow(memory.hitRate, 0);
      else if (event.type === 'connected') {
        memory.handled++;
        memory.dropRate = follow(memory.dropRate, 0);
      } else if (event.type === 'dropped') memory.dropRate = follow(memory.dropRate, 1);
      else if (event.type === 'talkEnded') memory.talkSec = follow(memory.talkSec, event.talkMs / 1000);
      else if (event.type === 'wrapUpEnded') memory.wrapUpSec = follow(memory.wrapUpSec, event.wrapUpMs / 1000);
    },
    (memory, view) => {
      const now = view.nowMs;
      if (now - memory.ranMs < 1000) return 0;
      memory.ranMs = now;
      const { free, total } = countAgents(view);
      if (memory.handled < 50) return free - view.ringing.length - view.waiting.length;
      let expected = 0;
      for (const agent of view.agents) {
        if (agent.state === 'idle') continue;
        const mean = agent.state === 'wrapUp' ? memory.wrapUpSec : memory.talkSec;
        const remaining = Math.max(1, mean - (now - agent.sinceMs) / 1000);
        expected += 1 - Math.exp(-memory.ringSec / remaining);
      }
      const hit = Math.max(0.05, memory.hitRate);
      memory.overTicks = memory.dropRate >= dropLimit ? memory.overTicks + 1 : 0;
      if (memory.overTicks >= 5) memory.isLatched = true;
      if (memory.dropRate < 0.8 * dropLimit) memory.isLatched = false;
      if (memory.isLatched) return free - view.ringing.length - view.waiting.length;
      const half = dropLimit / 2;
      const gamma =
        memory.dropRate <= half
          ? 1
          : memory.dropRate >= dropLimit
            ? 0.2
            : 1 - (0.8 * (memory.dropRate - half)) / (dropLimit - half);
      const lines = Math.floor(((free + expected - view.waiting.length - view.ringing.length * hit) / hit) * gamma);
      return Math.min(lines, Math.ceil(total / 10));
    },
  );
