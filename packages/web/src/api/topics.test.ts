import { describe, expect, it } from 'vitest';
import { agentMeTopic, campaignTopic, floorTopic } from './topics.ts';

const id = (n: number): string => `018f3c2e-7d4a-7abc-8def-00000000000${n}`;
const agent = (n: number, phase = 'ready') => ({
  agentId: id(n),
  name: `A${n}`,
  phase,
  sinceMs: 0,
  stationUp: true,
  demo: false,
});
const campaign = (n: number, name = 'C') => ({
  campaignId: id(n),
  name,
  phase: 'running',
  demo: false,
  calls: { dialing: 0, ringing: 0, waiting: 0, talking: 0, announcing: 0 },
  outcomes: {},
  leads: { ready: 1, dialing: 0, done: 0 },
  agents: {},
  pacing: {},
});

describe('the topics', () => {
  it('replaces the agent with the same id and adds a new one at the end', () => {
    const floor = floorTopic.snapshot({ campaigns: [], agents: [agent(1), agent(2)] });
    if (floor === undefined) throw new Error('A good snapshot was refused.');
    const changed = floorTopic.change(floor, { kind: 'agent', view: agent(1, 'talking') });
    const grown = changed && floorTopic.change(changed, { kind: 'agent', view: agent(3) });
    expect(grown?.agents.map((view) => `${view.name} ${view.phase}`)).toEqual(['A1 talking', 'A2 ready', 'A3 ready']);
  });
  it('removes by id', () => {
    const floor = floorTopic.snapshot({ campaigns: [campaign(4)], agents: [agent(1)] });
    expect(floor && floorTopic.change(floor, { kind: 'removed', id: id(4) })).toMatchObject({ campaigns: [] });
  });
  it('gives nothing for data of a wrong shape, so that the topic is read anew', () => {
    expect(floorTopic.snapshot({ agents: [] })).toBeUndefined();
    expect(agentMeTopic.change(null, { kind: 'agent', view: { name: 'x' } })).toBeUndefined();
  });
  it('knows an agent who never logged in', () => {
    expect(agentMeTopic.snapshot(null)).toBeNull();
  });
  it('keeps the campaign as it is when an attempt settles, and tells of it', () => {
    const settled: string[] = [];
    const topic = campaignTopic(id(4), (attempt) => settled.push(attempt));
    const view = topic.snapshot(campaign(4));
    const message = { kind: 'attemptSettled', campaignId: id(4), attemptId: id(5), outcome: 'busy' };
    expect(view && topic.change(view, message)).toBe(view);
    topic.onChange?.(message);
    expect(settled).toEqual([id(5)]);
  });
});
