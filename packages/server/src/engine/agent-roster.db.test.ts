import { answers } from '@qianhu/switch';
import { describe, expect, it } from 'vitest';
import { engineTests } from './testing/engine-tests.ts';
import { readyAgents, until, virtualExchange } from './testing/engine-world-rig.ts';

const world = engineTests();

const start = async (agents: number) => {
  const { fixture, rig } = await world.start(
    { leads: 1, agents },
    { calleeFor: () => answers({ ringAfterMs: 5, answerAfterMs: 20 }) },
  );
  return { rig, fixture, names: () => rig.engine.floor().agents.map((agent) => agent.name) };
};

describe('the floor', () => {
  it('no longer shows who was disabled or removed, and shows the new and the renamed, without a restart', async () => {
    const { rig, fixture, names } = await start(3);
    const [disabled, removed, renamed] = fixture.agentIds;
    await world.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [disabled]);
    await world.pool.query('DELETE FROM campaign_agents WHERE user_id = $1', [removed]);
    await world.pool.query('DELETE FROM users WHERE id = $1', [removed]);
    await world.pool.query("UPDATE users SET display_name = 'Married' WHERE id = $1", [renamed]);
    await world.pool.query(
      "INSERT INTO users (id, login, display_name, role, password_hash) VALUES ('018f0000-0000-7000-8000-00000000000a', 'new', 'New', 'agent', 'x')",
    );
    await rig.engine.reloadAgents();
    await until(() => names().length === 2, 'the floor to be left');
    expect([...names()].sort()).toEqual(['Married', 'New']);
    await expect(rig.engine.logInAgent(disabled as never)).rejects.toThrow('disabled');
  });

  it('keeps who was disabled in a talk until the talk is over', async () => {
    const { rig, fixture, names } = await start(1);
    const [agentId] = fixture.agentIds;
    if (agentId === undefined) throw new Error('no agent');
    await rig.engine.startCampaign(fixture.campaignId);
    await until(() => rig.engine.agent(agentId)?.phase === 'talking', 'a talk');
    await world.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [agentId]);
    await rig.engine.reloadAgents();
    expect(rig.engine.agent(agentId)?.phase).toBe('talking');
    await rig.engine.hangUpAgentCall(agentId);
    await until(() => names().length === 0, 'the floor to be left');
    await until(() => rig.engine.status().openCalls === 0, 'the call to be over');
  });

  it('has a person back who was disabled over a restart, and writes down what they do', async () => {
    const { rig, fixture } = await start(1);
    const [agentId] = fixture.agentIds;
    if (agentId === undefined) throw new Error('no agent');
    await rig.engine.logOutAgent(agentId);
    await world.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [agentId]);
    await rig.engine.stop();
    const again = world.rig(virtualExchange());
    await again.engine.start();
    await world.pool.query('UPDATE users SET disabled_at = NULL WHERE id = $1', [agentId]);
    await readyAgents(again.engine, [agentId]);
    const { rows } = await world.pool.query('SELECT phase FROM agents WHERE user_id = $1', [agentId]);
    expect(rows).toEqual([{ phase: 'ready' }]);
  });
});
