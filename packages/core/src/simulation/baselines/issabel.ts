import type { AgentId } from '../../ids.ts';
import type { Pacer } from '../../dialing/pacer.ts';
import { countAgents, loopPacer, pushBounded } from './shared.ts';

type Memory = {
  ranMs: number;
  readonly answerTimes: number[];
  /** Sum and number of completed handle times, seconds. */
  handled: number;
  handles: number;
  readonly talks: Map<AgentId, number>;
  /** Dials and answers of the last 30 minutes. */
  readonly placed: number[];
  readonly successes: number[];
};

/**
 * Issabel (Elastix) call centre, `CampaignProcess::_actualizarLlamadasCampania` and `Campania.class.php` L103–125, read at
 * IssabelFoundation/callcenter@861d2849: every 5 s, one line per agent who is free or "about to be" (exponential CDF of
 * ring + elapsed at `qos` 0.97, after 10 calls), with overcommit divided by the success rate of 30 minutes (at least 0.20).
 */
export const issabel = (isOvercommitted: boolean, floor = 0.2, qos = 0.97): Pacer<Memory> =>
  loopPacer<Memory>(
    isOvercommitted ? 'Issabel overcommit' : 'Issabel',
    () => ({ ranMs: 0, answerTimes: [], handled: 0, handles: 0, talks: new Map(), placed: [], successes: [] }),
    (memory, event) => {
      if (event.type === 'dialed') memory.placed.push(event.atMs);
      else if (event.type === 'answered' && event.human) {
        memory.successes.push(event.atMs);
        pushBounded(memory.answerTimes, (event.atMs - event.dialedAtMs) / 1000, 20);
      } else if (event.type === 'talkEnded') {
        memory.handled += event.talkMs / 1000;
        memory.handles++;
      }
    },
    (memory, view) => {
      const now = view.nowMs;
      if (now - memory.ranMs < 5000) return 0;
      memory.ranMs = now;
      const { free } = countAgents(view);
      const padding = Math.max(0, 20 - memory.answerTimes.length) * 8;
      const ring = (memory.answerTimes.reduce((a, b) => a + b, 0) + padding) / 20;
      const mean = memory.handles > 0 ? memory.handled / memory.handles : 0;
      let soon = 0;
      if (memory.handles >= 10) {
        for (const agent of view.agents) {
          if (agent.state !== 'talking') continue;
          const elapsed = (now - agent.sinceMs) / 1000;
          if (1 - Math.exp(-(ring + elapsed) / mean) >= qos) soon++;
        }
      }
      let lines = Math.max(0, free + soon - view.waiting.length) - view.ringing.length;
      if (isOvercommitted && lines > 0) {
        while ((memory.placed[0] ?? now) < now - 1_800_000) memory.placed.shift();
        while ((memory.successes[0] ?? now) < now - 1_800_000) memory.successes.shift();
        const placed = memory.placed.length;
        const success = memory.successes.length;
        if (placed >= 10 && success > 0) lines = Math.round(lines / Math.max(floor, success / placed));
      }
      return lines;
    },
  );
