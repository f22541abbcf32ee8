import { answers } from '@qianhu/switch';
import type { Pool, PoolClient } from 'pg';
import { describe, expect, it } from 'vitest';
import { engineTests } from './testing/engine-tests.ts';
import { readyAgents, until, virtualExchange, writeFixture } from './testing/engine-world-rig.ts';

const world = engineTests();

/** A pool whose transactions that wrote dials lose their commit's answer: it happens, or does not, and the connection breaks. */
const losingCommits = (pool: Pool, fates: ('happens' | 'doesNot')[]): Pool =>
  new Proxy(pool, {
    get: (target, key) => {
      if (key === 'connect') {
        return async (...args: unknown[]): Promise<unknown> => {
          if (args.length > 0) return (target.connect as (...all: unknown[]) => unknown).apply(target, args);
          return losing(await target.connect(), fates);
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as (...all: unknown[]) => unknown).bind(target) : value;
    },
  });

const losing = (client: PoolClient, fates: ('happens' | 'doesNot')[]): PoolClient => {
  let wroteDials = false;
  return new Proxy(client, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (key !== 'query')
        return typeof value === 'function' ? (value as (...all: unknown[]) => unknown).bind(target) : value;
      return async (...args: unknown[]): Promise<unknown> => {
        const [what] = args;
        if (typeof what === 'object' && what !== null && 'name' in what && what.name === 'engine-start-calls')
          wroteDials = true;
        const fate = what === 'COMMIT' && wroteDials ? fates.shift() : undefined;
        const run = target.query.bind(target) as (...all: unknown[]) => Promise<unknown>;
        if (fate === undefined) return run(...args);
        await run(fate === 'happens' ? 'COMMIT' : 'ROLLBACK');
        throw new Error('Connection terminated unexpectedly');
      };
    },
  });
};

describe('a commit of dials whose answer is lost', () => {
  it('leaves no dial unsent and open, and sends none twice', async () => {
    const fixture = await writeFixture(world.pool, { leads: 6, agents: 2 });
    const exchange = virtualExchange({
      calleeFor: () => answers({ ringAfterMs: 5, answerAfterMs: 10, talkMs: 20 }),
      soundMs: () => 50,
    });
    const rig = world.rig(exchange, { pool: losingCommits(world.pool, ['happens', 'doesNot', 'happens']) });
    const { engine } = rig;
    await engine.start();
    await readyAgents(engine, fixture.agentIds);
    const stations = exchange.invites;
    await engine.startCampaign(fixture.campaignId);
    await until(() => engine.campaign(fixture.campaignId)?.phase === 'finished', 'the campaign to finish');
    const { rows } = await world.pool.query(
      `SELECT (SELECT count(*) FROM attempts WHERE outcome = 'answered')::int AS answered, (SELECT count(*) FROM dials)::int AS dials,
              (SELECT count(*) FROM dials WHERE ended_at IS NULL)::int AS open, (SELECT count(*) FROM leads WHERE state <> 'done')::int AS left`,
    );
    expect(rows[0]).toEqual({ answered: 6, dials: 6, open: 0, left: 0 });
    expect(exchange.invites - stations).toBe(6);
  });
});
