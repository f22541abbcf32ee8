import { answers, ringsOut } from '@qianhu/switch';
import { describe, expect, it } from 'vitest';
import { realClock, type Clock } from '../platform/clock.ts';
import { acquireLease } from './lease.ts';
import { engineTests } from './testing/engine-tests.ts';
import { until, virtualExchange, writeFixture, type FixtureOptions } from './testing/engine-world-rig.ts';

const world = engineTests();

const HOUR_MS = 3_600_000;

/** The machine's clock, that somebody sets; timers count what has passed, as real ones do. */
const settableClock = (): Clock & { jump(byMs: number): void } => {
  const real = realClock();
  let offsetMs = 0;
  return {
    now: () => real.now() + offsetMs,
    steady: () => performance.now(),
    setTimer: (ms, fn) => real.setTimer(ms, fn),
    jump: (byMs) => {
      offsetMs += byMs;
    },
  };
};

/** Engine and switch on one clock, as on one machine. */
const start = async (options: FixtureOptions, calleeFor: (dialString: string) => ReturnType<typeof answers>) => {
  const clock = settableClock();
  const { fixture, rig } = await world.start(options, { scheduler: clock, calleeFor, soundMs: () => 50 }, { clock });
  await rig.engine.startCampaign(fixture.campaignId);
  return { clock, fixture, rig, live: () => rig.engine.campaign(fixture.campaignId) };
};

const long = answers({ ringAfterMs: 5, answerAfterMs: 20 });
const short = answers({ ringAfterMs: 5, answerAfterMs: 30, talkMs: 150 });

describe.each([
  ['back', -HOUR_MS],
  ['forward', HOUR_MS],
])('a clock that is set an hour %s while a campaign runs', (_name, byMs) => {
  it('loses no call, dials each number once and lets the campaign end by itself', async () => {
    const { clock, live } = await start(
      { leads: 60, agents: 3, settings: { mode: { kind: 'ratio', linesPerAgent: 2 }, agentWaitMs: 200 } },
      (dialString) => (dialString.endsWith('7') ? ringsOut(5) : short),
    );
    await until(() => (live()?.leads.done ?? 0) >= 10, 'ten leads done');
    clock.jump(byMs);
    await until(() => (live()?.leads.done ?? 0) >= 30, 'thirty leads done', 20_000);
    await until(
      () => Object.entries(live()?.outcomes ?? {}).reduce((sum, [, n]) => sum + (n ?? 0), 0) >= 50,
      'the answered ones to be over',
      20_000,
    );
    const { rows } = await world.pool.query<{ n: number; numbers: number }>(
      'SELECT count(*)::int AS n, count(DISTINCT number)::int AS numbers FROM dials',
    );
    expect(rows[0]?.numbers).toBe(rows[0]?.n);
  });

  it('neither drops a waiting callee at once nor lets them wait for that hour', async () => {
    const { clock, live } = await start(
      { leads: 2, agents: 1, settings: { mode: { kind: 'ratio', linesPerAgent: 2 }, agentWaitMs: 2_000 } },
      () => long,
    );
    await until(() => live()?.calls.waiting === 1, 'a callee who waits');
    clock.jump(byMs);
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(live()?.calls.waiting).toBe(1);
    await until(() => live()?.outcomes['dropped'] === 1, 'the drop');
  });

  it('ends wrap-up in its time', async () => {
    const { clock, rig, fixture } = await start(
      { leads: 1, agents: 1, settings: { wrapUp: { maxMs: 1_500, dispositionRequired: false } } },
      () => short,
    );
    const [agentId] = fixture.agentIds;
    if (agentId === undefined) throw new Error('no agent');
    await until(() => rig.engine.agent(agentId)?.phase === 'wrapUp', 'wrap-up');
    clock.jump(byMs);
    await until(() => rig.engine.agent(agentId)?.phase === 'ready', 'the end of wrap-up');
  });
});

describe('a database whose clock was set back', () => {
  it('gives the lease of an owner that died before to the next one at once', async () => {
    await acquireLease(world.pool, 'engine', 'the dead one');
    expect(await acquireLease(world.pool, 'engine', 'the next one')).toBeUndefined();
    await world.pool.query("UPDATE leases SET expires_at = now() + interval '1 hour'");
    expect(await acquireLease(world.pool, 'engine', 'the next one')).toBeDefined();
  });

  it('does what was put off before, and does not wait for that hour again', async () => {
    const fixture = await writeFixture(world.pool, { leads: 0, agents: 0 });
    expect(fixture.agentIds).toEqual([]);
    await world.pool.query(
      `INSERT INTO outbox (kind, key, payload, created_at, run_at)
       VALUES ('recording.finish', '018f0000-0000-7000-8000-00000000000b', '{}', now() + interval '1 hour', now() + interval '1 hour')`,
    );
    const rig = world.rig(virtualExchange());
    await rig.engine.start();
    await until(async () => {
      const { rows } = await world.pool.query('SELECT 1 FROM outbox WHERE done_at IS NOT NULL');
      return rows.length === 1;
    }, 'the outbox');
  });
});
