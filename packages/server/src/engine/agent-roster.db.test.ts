import { answers } from '@qianhu/switch';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import {
  createEngineRig,
  readyAgents,
  until,
  virtualExchange,
  writeFixture,
  type EngineRig,
} from './testing/engine-world-rig.ts';

let db: TestDatabase;
const rigs: EngineRig[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
});
beforeEach(async () => {
  await db.pool.query(
    'TRUNCATE users, trunks, lists, leads, campaigns, calls, attempts, dials, agents, recordings, outbox, leases, events, numbers, dnc_entries CASCADE',
  );
});
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.engine.stop();
});
afterAll(async () => {
  await db.drop();
});

const start = async (agents: number) => {
  const fixture = await writeFixture(db.pool, { leads: 1, agents });
  const exchange = virtualExchange({ calleeFor: () => answers({ ringAfterMs: 5, answerAfterMs: 20 }) });
  const rig = createEngineRig(db.pool, exchange);
  rigs.push(rig);
  await rig.engine.start();
  await readyAgents(rig.engine, fixture.agentIds);
  return { rig, fixture, names: () => rig.engine.floor().agents.map((agent) => agent.name) };
};

describe('the floor', () => {
  it('no longer shows who was disabled or removed, and shows the new and the renamed, without a restart', async () => {
    const { rig, fixture, names } = await start(3);
    const [disabled, removed, renamed] = fixture.agentIds;
    await db.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [disabled]);
    await db.pool.query('DELETE FROM campaign_agents WHERE user_id = $1', [removed]);
    await db.pool.query('DELETE FROM users WHERE id = $1', [removed]);
    await db.pool.query("UPDATE users SET display_name = 'Married' WHERE id = $1", [renamed]);
    await db.pool.query(
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
    await db.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [agentId]);
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
    await db.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [agentId]);
    await rig.engine.stop();
    const again = createEngineRig(db.pool, virtualExchange());
    rigs.push(again);
    await again.engine.start();
    await db.pool.query('UPDATE users SET disabled_at = NULL WHERE id = $1', [agentId]);
    await readyAgents(again.engine, [agentId]);
    const { rows } = await db.pool.query('SELECT phase FROM agents WHERE user_id = $1', [agentId]);
    expect(rows).toEqual([{ phase: 'ready' }]);
  });
});
