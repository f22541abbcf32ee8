import type { Pool } from 'pg';
import { logIn, type Api } from '../../chaos/api.ts';
import type { Person } from '../../chaos/people.ts';
import type { Stack } from '../../chaos/stack.ts';
import { quantile, type Stretch } from './bare-loop.ts';

/** Our whole system, driven as people drive it: over REST. */
export type Ours = {
  /** The agents' standing legs come up and everybody is ready. */
  seat(): Promise<void>;
  /** Their stations close. */
  leave(): Promise<void>;
  /** The campaign dials `rate` calls a second for `seconds`, after two seconds of the same that do not count. */
  run(rate: number, seconds: number): Promise<Stretch>;
  /** New calls per second that our throttle lets through at this moment. */
  ceiling(): Promise<number>;
  /** No new calls; resolves when none is open. */
  rest(): Promise<void>;
};

const atOnce = async <T>(items: readonly T[], width: number, act: (item: T) => Promise<void>): Promise<void> => {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const openOurs = async (
  stack: Stack,
  pool: Pool,
  people: readonly Person[],
  campaignId: string,
): Promise<Ours> => {
  const url = `http://127.0.0.1:${stack.port}`;
  const desks = new Map<string, Api>();
  await atOnce(people, 4, async (person) => {
    desks.set(person.userId, await logIn(url, person.login, person.password));
  });
  const admin = await stack.admin();
  const phases = async (): Promise<readonly string[]> =>
    (await admin.get<{ agents: readonly { agentId: string; phase: string }[] }>('/floor')).agents
      .filter((agent) => desks.has(agent.agentId))
      .map((agent) => agent.phase);
  const until = async (holds: (phases: readonly string[]) => boolean, what: string): Promise<void> => {
    for (const end = performance.now() + 60_000; !holds(await phases()); await sleep(100))
      if (performance.now() > end) throw new Error(`Waited in vain for ${what}: ${(await phases()).join(' ')}`);
  };
  return {
    seat: async () => {
      await atOnce([...desks.values()], 4, async (desk) => void (await desk.send('POST', '/agent/log-in')));
      await until((all) => all.every((phase) => phase === 'paused' || phase === 'ready'), 'the stations');
      await atOnce([...desks.values()], 4, async (desk) => void (await desk.send('POST', '/agent/ready')));
    },
    leave: async () => {
      await atOnce([...desks.values()], 4, async (desk) => void (await desk.send('POST', '/agent/log-out')));
      await until((all) => all.every((phase) => phase === 'loggedOut'), 'the stations to close');
    },
    ceiling: async () => {
      const health = await admin.get<{ engine?: { switch: { newCallsPerSecond?: number } } }>('/health', {
        anyStatus: true,
      });
      return health.engine?.switch.newCallsPerSecond ?? 0;
    },
    rest: async () => {
      await admin.send('POST', `/campaigns/${campaignId}/commands/pause`);
      for (const end = performance.now() + 30_000; performance.now() < end; await sleep(100)) {
        const { live } = await admin.get<{ live?: { calls: Record<string, number> } }>(`/campaigns/${campaignId}`);
        if (live !== undefined && Object.values(live.calls).every((count) => count === 0)) return;
      }
      throw new Error('Calls of the campaign stay open.');
    },
    run: async (rate, seconds) => {
      await admin.send('PATCH', `/campaigns/${campaignId}`, { settings: { newCallsPerSecond: rate } });
      const { phase } = await admin.get<{ phase: string }>(`/campaigns/${campaignId}`);
      if (phase !== 'running') await admin.send('POST', `/campaigns/${campaignId}/commands/start`);
      await sleep(2_000);
      const from = Date.now();
      await sleep(seconds * 1000);
      const to = Date.now();
      // What has ended in the window is committed a moment later.
      await sleep(500);
      const { rows } = await pool.query<{ outcome: string | null; delay: number | null; recorded: boolean }>(
        `SELECT a.outcome, (extract(epoch FROM a.bridged_at - a.answered_at) * 1000)::float8 AS delay,
                EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = a.call_id AND r.state <> 'failed') AS recorded
         FROM attempts a WHERE a.ended_at BETWEEN to_timestamp($1::float8 / 1000) AND to_timestamp($2::float8 / 1000)`,
        [from, to],
      );
      const good = rows.filter((row) => row.delay !== null && row.recorded);
      const delays = good.map((row) => row.delay ?? 0);
      return {
        offered: rate,
        goodput: good.length / ((to - from) / 1000),
        failed: rows.length - good.length,
        p50AnswerToBridgeMs: quantile(delays, 0.5),
        p99AnswerToBridgeMs: quantile(delays, 0.99),
      };
    },
  };
};
