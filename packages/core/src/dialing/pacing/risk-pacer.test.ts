import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentId, CampaignId, DialId } from '../../ids.ts';
import type { PacingAgent, PacingEvent, PacingLine, PacingView } from '../pacer.ts';
import type { RiskPacerState } from './risk-pacer.ts';
import { createRiskPacer } from './risk-pacer.ts';
import type { RiskPacerSettings } from './settings.ts';
import { checkRiskPacerSettings, defaultRiskPacerSettings } from './settings.ts';

const NOW = 1_700_000_000_000;
const pacer = createRiskPacer(defaultRiskPacerSettings);

const agent = (i: number, state: PacingAgent['state'], ageMs = 60_000): PacingAgent => ({
  agentId: `a${i}` as AgentId,
  state,
  sinceMs: NOW - ageMs,
});
const line = (i: number, ageMs: number): PacingLine => ({ dialId: `d${i}` as DialId, dialedAtMs: NOW - ageMs });
const view = (changes: Partial<PacingView>): PacingView => ({
  nowMs: NOW,
  campaignId: 'c' as CampaignId,
  agents: [],
  ringing: [],
  waiting: [],
  linesAvailable: 1000,
  leadsAvailable: 1000,
  ...changes,
});
const idle = (n: number): PacingAgent[] => Array.from({ length: n }, (_, i) => agent(i, 'idle'));

/** The state after so many people of whom some were dropped. */
const afterPeople = (people: number, dropped: number): RiskPacerState => {
  let state = pacer.initial(NOW);
  for (let i = 0; i < people; i++) {
    state = pacer.observe(
      state,
      i < dropped
        ? { type: 'dropped', atMs: NOW, waitedMs: 2000 }
        : { type: 'connected', atMs: NOW, agentId: 'a0' as AgentId, waitedMs: 0 },
    );
  }
  return state;
};

const anyEvent: fc.Arbitrary<PacingEvent> = fc
  .record({
    type: fc.constantFrom('dialed', 'answered', 'notAnswered', 'connected', 'dropped', 'talkEnded', 'wrapUpEnded'),
    atMs: fc.integer({ min: NOW - 100_000_000, max: NOW + 100_000_000 }),
    dialId: fc.constantFrom('d1', 'd2', 'd3'),
    dialedAtMs: fc.integer({ min: NOW - 100_000, max: NOW + 100_000 }),
    human: fc.boolean(),
    agentId: fc.constantFrom('a1', 'a2'),
    waitedMs: fc.nat(5000),
    talkMs: fc.integer({ min: -1000, max: 10_000_000 }),
    wrapUpMs: fc.integer({ min: -1000, max: 10_000_000 }),
    answerProbability: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map((event) => event as unknown as PacingEvent);

describe('the risk pacer', () => {
  it('dials one line for each idle agent even when the budget is spent, and none beyond', () => {
    const { decision } = pacer.decide(afterPeople(100, 20), view({ agents: idle(4) }));
    expect(decision.lines).toBe(4);
    expect(decision.limitedBy).toBe('guard');
  });

  it('dials ahead of agents who are about to be free when the budget allows it', () => {
    const busy = Array.from({ length: 20 }, (_, i) => agent(i, 'wrapUp', 30_000));
    const { decision } = pacer.decide(afterPeople(400, 4), view({ agents: busy, closesAtMs: NOW + 14_400_000 }));
    expect(decision.lines).toBeGreaterThan(5);
  });

  it('does not dial for agents who leave before anybody could answer', () => {
    const leaving = idle(3).map((a) => ({ ...a, leavesAtMs: NOW + 1000 }));
    expect(pacer.decide(afterPeople(100, 20), view({ agents: leaving })).decision.lines).toBe(0);
  });

  it('does nothing without agents, lines or leads, and says which is missing', () => {
    const state = pacer.initial(NOW);
    expect(pacer.decide(state, view({})).decision).toMatchObject({ lines: 0, limitedBy: 'noAgents' });
    expect(pacer.decide(state, view({ agents: idle(2), linesAvailable: 0 })).decision.limitedBy).toBe('noLines');
    expect(pacer.decide(state, view({ agents: idle(2), leadsAvailable: 0 })).decision.limitedBy).toBe('noLeads');
    expect(pacer.decide(state, view({ agents: idle(2), closesAtMs: NOW + 1000 })).decision.limitedBy).toBe(
      'windowClosed',
    );
  });

  it('hangs up only lines that have rung the legal minimum, the longest first, when the risk is high', () => {
    const ringing = [line(1, 14_900), line(2, 16_000), line(3, 20_000), line(4, 3000), line(5, 4000)];
    const agents = [agent(0, 'talking', 5000)];
    expect(pacer.decide(pacer.initial(NOW - 1000), view({ agents, ringing })).decision.shed).toEqual(['d3']);
    const young = ringing.filter((x) => NOW - x.dialedAtMs < 15_000);
    expect(pacer.decide(pacer.initial(NOW - 1000), view({ agents, ringing: young })).decision.shed).toEqual([]);
  });

  it('hangs up nobody of a list that ends before the day does: whoever is on it may still answer', () => {
    const ringing = [line(1, 14_900), line(3, 20_000), line(4, 3000), line(5, 4000), line(6, 16_000)];
    const agents = [agent(0, 'talking', 5000)];
    const shedOf = (leadsAvailable: number) =>
      pacer.decide(pacer.initial(NOW - 1000), view({ agents, ringing, leadsAvailable })).decision.shed;
    expect([shedOf(1000), shedOf(30)]).toEqual([['d3'], []]);
  });

  it('dials one line per idle agent where a list has so few people that one drop would break the limit', () => {
    const agents = idle(10);
    const limitOf = (leadsAvailable: number) =>
      pacer.decide(afterPeople(0, 0), view({ agents, leadsAvailable })).decision;
    expect(limitOf(60)).toMatchObject({ lines: 10, limitedBy: 'guard' });
    expect(limitOf(1000).limitedBy).not.toBe('guard');
    expect(limitOf(1000).lines).toBeGreaterThan(10);
  });

  it('does not dial a second pool when the clock jumps ahead while lines ring', () => {
    const ringing = Array.from({ length: 8 }, (_, i) => line(i, 3000));
    const agents = [...idle(2), ...Array.from({ length: 8 }, (_, i) => agent(10 + i, 'talking', 5000))];
    const calm = pacer.decide(afterPeople(400, 4), view({ agents, ringing }));
    const jumped = pacer.decide(calm.state, view({ agents, ringing, nowMs: NOW + 3_600_000 }));
    expect(jumped.decision.lines).toBeLessThanOrEqual(calm.decision.lines + 1);
  });

  it('does not flood a trunk that answers nothing', () => {
    let state = pacer.initial(NOW);
    let out = 0;
    for (let sec = 0; sec < 1800; sec += 10) {
      const at = NOW + sec * 1000;
      const seen = view({ nowMs: at, agents: idle(20), linesAvailable: 100_000, leadsAvailable: 100_000 });
      const { state: next, decision } = pacer.decide(state, seen);
      state = next;
      out = Math.max(out, decision.lines);
      for (let i = 0; i < decision.lines; i++) {
        state = pacer.observe(state, { type: 'dialed', atMs: at, dialId: 'd' as DialId });
      }
    }
    expect(out).toBeLessThan(400);
  });

  it('learns that a list is dead where nobody ever answered, and takes a line for down where somebody did', () => {
    const rateAfterSilence = (people: number): number => {
      let state = pacer.initial(NOW);
      let at = NOW;
      const second = (answered: boolean): void => {
        at += 1000;
        state = pacer.decide(state, view({ nowMs: at, agents: idle(5) })).state;
        for (let i = 0; i < 3; i++) {
          state = pacer.observe(state, { type: 'dialed', atMs: at, dialId: `d${i}` as DialId });
        }
        if (!answered) return;
        state = pacer.observe(state, {
          type: 'answered',
          atMs: at,
          dialId: 'd0' as DialId,
          dialedAtMs: at,
          human: true,
        });
      };
      for (let i = 0; i < people; i++) second(true);
      for (let i = 0; i < 400; i++) second(false);
      return pacer.decide(state, view({ nowMs: at + 1000, agents: idle(5) })).decision.figures['answerRate'] ?? NaN;
    };
    // 1,200 dials without an answer. The bound of a quarter of the best of late still holds in both.
    expect(rateAfterSilence(0)).toBeLessThan(0.1);
    expect(rateAfterSilence(200)).toBeGreaterThan(0.25);
  });

  it('is restored from JSON and decides the same', () => {
    const state = afterPeople(200, 3);
    const restored = JSON.parse(JSON.stringify(state)) as RiskPacerState;
    const busy = view({
      agents: [...idle(2), agent(5, 'talking'), agent(6, 'wrapUp', 5000)],
      ringing: [line(1, 4000)],
    });
    expect(pacer.decide(restored, busy).decision).toEqual(pacer.decide(state, busy).decision);
  });

  it('never throws and never asks for more than there is, whatever events come in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 60 }),
        fc.nat(30),
        fc.nat(30),
        fc.nat(5),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: -10_000_000, max: 100_000_000 }),
        (events, agents, ringing, waiting, linesAvailable, leadsAvailable, clock) => {
          let state = pacer.initial(NOW);
          for (const event of events) state = pacer.observe(state, event);
          const seen = view({
            nowMs: NOW + clock,
            agents: Array.from({ length: agents }, (_, i) => agent(i, i % 3 ? 'talking' : 'idle', i * 1000)),
            ringing: Array.from({ length: ringing }, (_, i) => line(i, i * 2000 - 3000)),
            waiting: Array.from({ length: waiting }, () => ({ answeredAtMs: NOW - 500 })),
            linesAvailable,
            leadsAvailable,
          });
          const before = JSON.stringify(state);
          const { decision } = pacer.decide(state, seen);
          expect(JSON.stringify(state)).toBe(before);
          expect(Number.isInteger(decision.lines)).toBe(true);
          expect(decision.lines).toBeGreaterThanOrEqual(0);
          expect(decision.lines).toBeLessThanOrEqual(Math.min(linesAvailable, leadsAvailable));
          for (const figure of Object.values(decision.figures)) expect(Number.isFinite(figure)).toBe(true);
        },
      ),
    );
  });
});

describe('settings of the risk pacer', () => {
  it('are fine by default', () => {
    expect(checkRiskPacerSettings(defaultRiskPacerSettings)).toEqual([]);
  });

  it('are refused with the reason when they are nonsense', () => {
    const problems = checkRiskPacerSettings({
      ...defaultRiskPacerSettings,
      windows: [{ name: 'day', lengthMs: 86_400_000, anchorMs: 0, limit: 0.5 }],
      ringTimeoutMs: 10_000,
      shedAfterMs: 5000,
      prior: { answerRate: 0, talkSec: Number.NaN, wrapUpSec: 20 },
    });
    expect(problems.map((problem) => [problem.field, problem.code])).toEqual([
      ['windows.0.limit', 'tooLarge'],
      ['ringTimeoutMs', 'tooSmall'],
      ['shedAfterMs', 'tooSmall'],
      ['prior.answerRate', 'tooSmall'],
      ['prior.talkSec', 'tooSmall'],
    ]);
  });

  it('are refused wherever a number is none, negative or without end', () => {
    const { prior, windows } = defaultRiskPacerSettings;
    const [day] = windows;
    const put = (field: string, value: number): RiskPacerSettings => {
      const [head, tail] = field.split('.');
      if (head === 'prior' && tail !== undefined) {
        return { ...defaultRiskPacerSettings, prior: { ...prior, [tail]: value } };
      }
      if (head === 'windows' && tail !== undefined && day !== undefined) {
        return { ...defaultRiskPacerSettings, windows: [{ ...day, [tail]: value }] };
      }
      return { ...defaultRiskPacerSettings, [field]: value };
    };
    const fields = ['aim', 'graceMs', 'minRingMs', 'ringTimeoutMs', 'shedAfterMs', 'falsePositiveRate'];
    for (const field of [...fields, 'prior.answerRate', 'prior.talkSec', 'prior.wrapUpSec', 'windows.limit']) {
      for (const value of [Number.NaN, -1, Infinity]) {
        expect(checkRiskPacerSettings(put(field, value)), `${field} ${value}`).not.toEqual([]);
      }
    }
    expect(checkRiskPacerSettings({ ...defaultRiskPacerSettings, windows: [] })).toEqual([
      { field: 'windows', code: 'missing' },
    ]);
  });
});
