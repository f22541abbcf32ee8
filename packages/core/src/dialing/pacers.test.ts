import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentId, CampaignId, DialId } from '../ids.ts';
import type { PacingAgent, PacingView } from './pacer.ts';
import { MAX_RATIO, progressivePacer, ratioPacer } from './pacers.ts';

const agent = (state: PacingAgent['state'], leavesAtMs?: number): PacingAgent => ({
  agentId: 'a' as AgentId,
  state,
  sinceMs: 0,
  ...(leavesAtMs === undefined ? {} : { leavesAtMs }),
});
const agents = (idle: number, reserved = 0, talking = 0): PacingAgent[] => [
  ...Array.from({ length: idle }, () => agent('idle')),
  ...Array.from({ length: reserved }, () => agent('reserved')),
  ...Array.from({ length: talking }, () => agent('talking')),
];
const view = (more: Partial<PacingView> = {}): PacingView => ({
  nowMs: 1_000,
  campaignId: 'c' as CampaignId,
  agents: [],
  ringing: [],
  waiting: [],
  linesAvailable: 1_000,
  leadsAvailable: 1_000,
  ...more,
});
const ringing = (n: number) => Array.from({ length: n }, (_, i) => ({ dialId: `d${i}` as DialId, dialedAtMs: 0 }));
const waiting = (n: number) => Array.from({ length: n }, () => ({ answeredAtMs: 0 }));

const decide = (pacer: ReturnType<typeof ratioPacer>, v: PacingView) => pacer.decide(pacer.initial(0), v).decision;

const anyView = fc
  .record({
    agents: fc.array(
      fc.constantFrom<PacingAgent>(
        agent('idle'),
        agent('idle', 500),
        agent('idle', 5_000),
        agent('reserved'),
        agent('talking'),
        agent('wrapUp'),
      ),
      { maxLength: 40 },
    ),
    ringing: fc.nat(60),
    waiting: fc.nat(10),
    linesAvailable: fc.oneof(fc.integer({ min: -5, max: 60 }), fc.constantFrom(NaN, Infinity, 2.5)),
    leadsAvailable: fc.oneof(fc.integer({ min: -5, max: 60 }), fc.constantFrom(NaN, Infinity, 2.5)),
    closesAtMs: fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: undefined }),
  })
  .map(({ ringing: r, waiting: w, closesAtMs, ...rest }) =>
    view({ ...rest, ringing: ringing(r), waiting: waiting(w), ...(closesAtMs === undefined ? {} : { closesAtMs }) }),
  );

describe('progressive and ratio pacing', () => {
  it('dials one line for each free agent without a line or a waiting callee', () => {
    const v = view({ agents: agents(5, 2, 3), ringing: ringing(2), waiting: waiting(1) });
    expect(decide(progressivePacer(), v)).toMatchObject({ lines: 2, limitedBy: 'enoughLines' });
  });

  it('dials n lines for each, fractions kept until the end', () => {
    expect(decide(ratioPacer(1.5), view({ agents: agents(3) })).lines).toBe(4);
    expect(decide(ratioPacer(3), view({ agents: agents(2), ringing: ringing(4), waiting: waiting(1) })).lines).toBe(0);
  });

  it('says why there are no more lines', () => {
    const why = (more: Partial<PacingView>) => decide(progressivePacer(), view(more)).limitedBy;
    expect(why({ agents: agents(0, 3) })).toBe('noAgents');
    expect(why({ agents: [agent('idle', 900)] })).toBe('noAgents');
    expect(why({ agents: agents(1), waiting: waiting(1) })).toBe('noAgents');
    expect(why({ agents: agents(3), ringing: ringing(3) })).toBe('enoughLines');
    expect(why({ agents: agents(3), linesAvailable: 1 })).toBe('noLines');
    expect(why({ agents: agents(3), leadsAvailable: 1 })).toBe('noLeads');
    expect(why({ agents: agents(3), closesAtMs: 1_000 })).toBe('windowClosed');
  });

  it('brings a nonsensical ratio into its bounds', () => {
    expect(decide(ratioPacer(NaN), view({ agents: agents(2) })).lines).toBe(2);
    expect(decide(ratioPacer(0), view({ agents: agents(2) })).lines).toBe(2);
    expect(decide(ratioPacer(1_000), view({ agents: agents(1) })).lines).toBe(MAX_RATIO);
  });

  it('stays within its bounds and never passes the lines its agents allow', () => {
    fc.assert(
      fc.property(anyView, fc.double({ min: 1, max: 10, noNaN: true }), (v, n) => {
        for (const [pacer, ratio] of [
          [progressivePacer(), 1],
          [ratioPacer(n), n],
        ] as const) {
          const { lines, shed } = decide(pacer, v);
          expect(Number.isInteger(lines) && lines >= 0).toBe(true);
          expect(shed).toEqual([]);
          if (lines === 0) continue;
          expect(lines).toBeLessThanOrEqual(Math.min(v.linesAvailable, v.leadsAvailable));
          const idle = v.agents.filter((a) => a.state === 'idle').length;
          expect(lines + v.ringing.length).toBeLessThanOrEqual((idle - v.waiting.length) * ratio);
        }
      }),
    );
  });

  it('wants no fewer lines with one more free agent, and no more with one more waiting callee', () => {
    fc.assert(
      fc.property(anyView, fc.double({ min: 1, max: 10, noNaN: true }), (v, n) => {
        const pacer = ratioPacer(n);
        const lines = decide(pacer, v).lines;
        expect(decide(pacer, { ...v, agents: [...v.agents, agent('idle')] }).lines).toBeGreaterThanOrEqual(lines);
        expect(decide(pacer, { ...v, waiting: waiting(v.waiting.length + 1) }).lines).toBeLessThanOrEqual(lines);
      }),
    );
  });

  it('gives a reserved agent no line', () => {
    fc.assert(
      fc.property(anyView, (v) => {
        const without = { ...v, agents: v.agents.filter((a) => a.state !== 'reserved') };
        expect(decide(progressivePacer(), without).lines).toBe(decide(progressivePacer(), v).lines);
      }),
    );
  });
});
