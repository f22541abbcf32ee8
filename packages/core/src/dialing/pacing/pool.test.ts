import { describe, expect, it } from 'vitest';
import type { AgentId, CampaignId, DialId } from '../../ids.ts';
import type { PacingAgent } from '../pacer.ts';
import { decidePool } from './pool.ts';
import { createRiskPacer } from './risk-pacer.ts';
import { defaultRiskPacerSettings } from './settings.ts';

const NOW = 1_700_000_000_000;
const pacer = createRiskPacer({
  ...defaultRiskPacerSettings,
  // With nothing to spend each campaign is progressive, so that sharing can be counted.
  windows: [{ name: 'day', lengthMs: 86_400_000, anchorMs: 0, limit: 0 }],
});
const agents: PacingAgent[] = Array.from({ length: 4 }, (_, i) => ({
  agentId: `a${i}` as AgentId,
  state: 'idle',
  sinceMs: NOW,
}));
const member = (name: string, ringing: number, transfers = 0) => ({
  pacer,
  state: pacer.initial(NOW),
  view: {
    nowMs: NOW,
    campaignId: name as CampaignId,
    ringing: Array.from({ length: ringing }, (_, i) => ({ dialId: `${name}${i}` as DialId, dialedAtMs: NOW - 1000 })),
    waiting: [],
    linesAvailable: 100,
    leadsAvailable: 100,
    transfers: Array.from({ length: transfers }, () => ({ probability: 0.5, withinMs: 5000 })),
  },
});

describe('campaigns that share agents', () => {
  it('never dial the same idle agent twice', () => {
    const lines = (a: number, b: number) =>
      decidePool(agents, [member('x', a), member('y', b)]).map((r) => r.decision.lines);
    expect(lines(0, 0)).toEqual([4, 0]);
    expect(lines(1, 2)).toEqual([1, 0]);
    expect(lines(3, 3)).toEqual([0, 0]);
  });

  it('leave agents for what robots may hand over', () => {
    expect(decidePool(agents, [member('x', 0, 3)])[0]?.decision.lines).toBe(1);
  });
});
