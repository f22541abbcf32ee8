import type { Pacer } from '../../dialing/pacer.ts';
import { countAgents, loopPacer } from './shared.ts';

type Memory = {
  startMs: number;
  sleepUntilMs: number;
  rateMs: number;
  rate: number;
  dials: number;
  answers: number;
  talk: { sum: number; count: number };
  ring: { sum: number; count: number };
  wrapUp: { sum: number; count: number };
};

const mean = (sample: { readonly sum: number; readonly count: number }, otherwise: number): number =>
  sample.count > 0 ? sample.sum / sample.count : otherwise;

/**
 * EasyCallCenter365, `BatchTaskManager.java` (public index id 51791984766): dial (free + soon − queued) · rate in batches
 * 15 s apart, where rate is the inverse of the answer rate, recomputed each 31 s after 7 minutes, and "soon" is true for
 * good once an agent is past the mean. `factor` is its manual factor.
 */
export const easyCallCenter365 = (factor = 1): Pacer<Memory> =>
  loopPacer<Memory>(
    'EasyCallCenter365',
    (nowMs) => ({
      startMs: nowMs,
      sleepUntilMs: 0,
      rateMs: nowMs,
      rate: 1,
      dials: 0,
      answers: 0,
      talk: { sum: 0, count: 0 },
      ring: { sum: 0, count: 0 },
      wrapUp: { sum: 0, count: 0 },
    }),
    (memory, event) => {
      if (event.type === 'dialed') memory.dials++;
      else if (event.type === 'answered' && event.human) {
        memory.answers++;
        memory.ring.sum += (event.atMs - event.dialedAtMs) / 1000;
        memory.ring.count++;
      } else if (event.type === 'talkEnded') {
        memory.talk.sum += Math.max(5, event.talkMs / 1000);
        memory.talk.count++;
      } else if (event.type === 'wrapUpEnded') {
        memory.wrapUp.sum += event.wrapUpMs / 1000;
        memory.wrapUp.count++;
      }
    },
    (memory, view) => {
      const now = view.nowMs;
      if (now < memory.sleepUntilMs) return 0;
      if (now - memory.rateMs >= 31_000 && now - memory.startMs > 420_000) {
        memory.rateMs = now;
        if (memory.answers > 0) memory.rate = memory.dials / memory.answers;
      }
      const { free } = countAgents(view);
      const ring = mean(memory.ring, 10);
      const talk = mean(memory.talk, 120);
      const wrapUp = mean(memory.wrapUp, 20);
      const young = view.ringing.filter((line) => now - line.dialedAtMs < 15_000).length;
      const first = free - Math.trunc(young * memory.rate);
      let soon = 0;
      for (const agent of view.agents) {
        if (agent.state === 'talking' && ring - (talk - wrapUp - (now - agent.sinceMs) / 1000) > 0) soon++;
      }
      const lines = first + soon - Math.trunc(0.9 * view.waiting.length);
      if (lines <= 0) {
        memory.sleepUntilMs = now + 3000;
        return 0;
      }
      memory.sleepUntilMs = now + 15_000;
      return Math.trunc(lines * memory.rate * factor);
    },
  );
