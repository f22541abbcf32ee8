/**
 * `npm run test:chaos`: a campaign on the real stack while our process, Asterisk and PostgreSQL are killed at random
 * moments; afterwards our rows are held against the lab's own book of every call. See docs/chaos.md.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { RecordedCall } from '@qianhu/lab';
import { seededRandom } from '@qianhu/switch';
import type { Pool } from 'pg';
import { judge, time, type Violation } from './checks.ts';
import { readEvents, readRows, type Facts, type Kill, type Target } from './facts.ts';
import { hirePeople, makeCampaign, openDatabase, writeTrunkAndList } from './fixture.ts';
import { seatPeople } from './people.ts';
import { makeStack, type Stack } from './stack.ts';

const TARGETS = ['ours', 'asterisk', 'postgres'] as const satisfies readonly Target[];
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '24' },
    leads: { type: 'string', default: '300' },
    agents: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    parts: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const wanted = {
  kills: Number(values.kills),
  leads: Number(values.leads),
  agents: Number(values.agents),
  seed: Number(values.seed),
};
const only = values.only === undefined ? undefined : TARGETS.find((target) => target === values.only);
if (values.only !== undefined && only === undefined) {
  console.error(`--only takes one of: ${TARGETS.join(', ')}.`);
  process.exit(2);
}

/** Our own process is killed as often as both services together: its recovery is what has most to go wrong. */
const SHARES: Readonly<Record<Target, number>> = { ours: 0.5, asterisk: 0.2, postgres: 0.3 };
/** How often a second part is killed while the first is still coming back. */
const DOUBLES = 0.2;
const FINISH_MS = 15 * 60_000;
const SETTLE_MS = 30_000;

const random = seededRandom(wanted.seed);
const between = (from: number, to: number): number => from + random() * (to - from);
const say = (line: string): void => console.log(`${time(Date.now())} ${line}`);

const pickTarget = (): Target => {
  let at = random();
  if (only !== undefined) return only;
  for (const target of TARGETS) {
    at -= SHARES[target];
    if (at < 0) return target;
  }
  return 'ours';
};

const up = async (stack: Stack, target: Target): Promise<void> => {
  // Health says both of the switch and of the database; the engine's role alone is answered from memory.
  const giveUpAt = performance.now() + 180_000;
  for (;;) {
    const health = await stack
      .admin()
      .then((api) =>
        api.get<{
          engine?: { role: string; switch: { state: string } };
          parts?: { part: string; isUp: boolean }[];
        }>('/health', { anyStatus: true }),
      )
      .catch(() => undefined);
    const isDatabaseUp = health?.parts?.find((part) => part.part === 'database')?.isUp === true;
    if (health?.engine?.role === 'owner' && health.engine.switch.state === 'up' && isDatabaseUp) return;
    stack.checkServer();
    if (performance.now() > giveUpAt) throw new Error(`${target} did not come back in time; see ${stack.logFile}.`);
    await sleep(100);
  }
};

const killOne = async (stack: Stack, target: Target, downMs: number): Promise<Kill | undefined> => {
  const atMs = Date.now();
  if (target === 'ours') {
    await stack.killServer();
    await sleep(downMs);
    await stack.startServer();
    await stack.serverReady();
  } else if (!(target === 'asterisk' ? await stack.killAsterisk() : await stack.killPostgres())) return undefined;
  else await sleep(200);
  await up(stack, target);
  return { target, atMs, upAtMs: Date.now() };
};

const campaignPhase = async (stack: Stack, campaignId: string): Promise<string> =>
  stack
    .admin()
    .then((api) => api.get<{ phase: string }>(`/campaigns/${campaignId}`))
    .then((campaign) => campaign.phase)
    .catch(() => 'unreachable');

const killAll = async (stack: Stack, campaignId: string): Promise<readonly Kill[]> => {
  const kills: Kill[] = [];
  const note = (kill: Kill | undefined): void => {
    if (kill === undefined) return;
    kills.push(kill);
    say(`kill ${kills.length}: ${kill.target} at ${time(kill.atMs)}, back after ${kill.upAtMs - kill.atMs} ms`);
  };
  while (kills.length < wanted.kills) {
    const target = pickTarget();
    const downMs = random() < 0.5 ? 0 : between(0, 5_000);
    const second = random() < DOUBLES ? pickTarget() : undefined;
    const secondAfterMs = between(0, 2_500);
    await sleep(between(1_500, 7_000));
    if ((await campaignPhase(stack, campaignId)) === 'finished') break;
    const first = killOne(stack, target, downMs);
    if (second !== undefined && second !== target) {
      await sleep(secondAfterMs);
      const [one, two] = await Promise.all([first, killOne(stack, second, 0)]);
      note(one);
      note(two);
    } else note(await first);
  }
  return kills;
};

const strayChannels = async (stack: Stack, pool: Pool): Promise<readonly string[]> => {
  const { findRunningAsterisk, ensureAriPassword } = await import('@qianhu/parts');
  const dir = stack.folders.asteriskDir('main');
  if ((await findRunningAsterisk(dir)) === undefined) return ['Asterisk itself is away'];
  const ports = JSON.parse(await readFile(`${stack.folders.home}/ports.json`, 'utf8').catch(() => '{}')) as Record<
    string,
    number
  >;
  const port = ports['http-main'];
  if (port === undefined) return [];
  const auth = Buffer.from(`qianhu:${await ensureAriPassword(dir)}`).toString('base64');
  const response = await fetch(`http://127.0.0.1:${port}/ari/channels`, {
    headers: { authorization: `Basic ${auth}` },
  });
  const channels = (await response.json()) as readonly { id: string; name: string }[];
  const { rows } = await pool.query<{ leg: string }>("SELECT state -> 'station' ->> 'legId' AS leg FROM agents");
  const stations = new Set(rows.map((row) => row.leg));
  return channels.filter((channel) => !stations.has(channel.id)).map((channel) => `${channel.name} (${channel.id})`);
};

const gather = async (stack: Stack, pool: Pool, campaignId: string, kills: readonly Kill[]): Promise<Facts> => {
  const lab = new Map<string, RecordedCall[]>();
  for (const call of await stack.lab.calls()) {
    if (call.character === 'agent') continue;
    lab.set(call.number, [...(lab.get(call.number) ?? []), call]);
  }
  const health = await (await stack.admin()).get<{ engine: { openCalls: number } }>('/health', { anyStatus: true });
  return {
    ...(await readRows(pool, campaignId)),
    engineOpenCalls: health.engine.openCalls,
    strayChannels: await strayChannels(stack, pool),
    lab,
    kills,
  };
};

/** Rows may trail their last call by the end of wrap-up and the merge of a recording. */
const settled = (facts: Facts): boolean =>
  facts.openOutbox === 0 &&
  facts.recordings.every((one) => one.state !== 'recording' && one.state !== 'finishing') &&
  facts.agents.every((agent) => agent.phase !== 'wrapUp');

const tellStory = async (stack: Stack, pool: Pool, facts: Facts, violation: Violation): Promise<void> => {
  console.log(`\nVIOLATION ${violation.rule}: ${violation.text}`);
  const { attempt } = violation;
  if (attempt === undefined) return;
  console.log(`  attempt ${JSON.stringify(attempt)}`);
  const dials = await pool.query<object>('SELECT * FROM dials WHERE attempt_id = $1', [attempt.attemptId]);
  for (const dial of dials.rows) console.log(`  dial ${JSON.stringify(dial)}`);
  for (const event of await readEvents(pool, attempt.callId))
    console.log(`  ${time(event.atMs)} event ${event.seq} ${event.type} ${JSON.stringify(event.data)}`);
  for (const recording of facts.recordings.filter((one) => one.callId === attempt.callId))
    console.log(`  recording ${JSON.stringify(recording)}`);
  const number = attempt.number.replace('+', '');
  const ids = new Set((facts.lab.get(number) ?? []).map((call) => call.id));
  for (const line of await stack.lab.record())
    if (ids.has(line.id)) console.log(`  ${time(line.atMs)} lab ${JSON.stringify(line)}`);
  const fromMs = attempt.createdAtMs - 10_000;
  const toMs = (attempt.endedAtMs ?? Date.now()) + 10_000;
  for (const kill of facts.kills)
    if (kill.atMs > fromMs && kill.atMs < toMs)
      console.log(`  ${time(kill.atMs)} kill -9 ${kill.target}, back at ${time(kill.upAtMs)}`);
  const keys = [attempt.callId, ...dials.rows.map((dial) => (dial as { id: string }).id)];
  for (const line of (await readFile(stack.logFile, 'utf8')).split('\n'))
    if (keys.some((key) => line.includes(key))) console.log(`  log ${line.slice(0, 600)}`);
};

const main = async (): Promise<void> => {
  const startedMs = Date.now();
  say('a fresh home: PostgreSQL, lab …');
  const stack = await makeStack({
    parts: values.parts,
    announce: say,
    lab: {
      population: {
        seed: wanted.seed,
        answerRate: 0.55,
        answerAfter: { minMs: 800, meanMs: 2_500, sdMs: 1_500 },
        talk: { meanMs: 14_000, sdMs: 9_000 },
        people: { hangsUpAtOnce: 0.08, silent: 0.05, pressesKeys: 0.05 },
        // No announcements and machines: without speech analysis only the carrier's status tells them apart.
        others: {
          ringsOut: 45,
          busy: 20,
          declines: 15,
          invalidNumber: 15,
          congestion: 5,
          voicemail: 0,
          poweredOff: 0,
          suspended: 0,
          unreachable: 0,
          inACall: 0,
          fax: 0,
        },
        announced: 0,
        colorRing: 0.1,
      },
    },
  });
  let isGood = false;
  try {
    const database = await openDatabase(stack);
    const made = await writeTrunkAndList(database, {
      port: stack.labSipPort,
      leads: wanted.leads,
      maxConcurrent: 40,
      newCallsPerSecond: 10,
      qualifySec: 5,
    });
    await stack.startServer();
    await stack.serverReady();
    const admin = await stack.admin();
    const people = await hirePeople(admin, wanted.agents, (i) => `sip:agent-${i + 1}@127.0.0.1:${stack.labSipPort}`);
    const campaignId = await makeCampaign(admin, {
      ...made,
      people,
      settings: {
        mode: { kind: 'ratio', linesPerAgent: 2 },
        ringTimeoutMs: 10_000,
        newCallsPerSecond: 10,
        maxChannels: 40,
        wrapUp: { maxMs: 6_000, dispositionRequired: false },
      },
    });
    const floor = seatPeople(`http://127.0.0.1:${stack.port}`, people, seededRandom(wanted.seed + 1), {
      wrapUpMs: 1_500,
      hangsUp: 0.15,
    });
    await (await stack.admin()).send('POST', `/campaigns/${campaignId}/commands/start`);
    say(`campaign of ${wanted.leads} leads, ${wanted.agents} agents, seed ${wanted.seed}; killing begins`);
    const kills = await killAll(stack, campaignId);
    say(`${kills.length} kills; waiting for the campaign to finish by itself`);
    const giveUpAt = performance.now() + FINISH_MS;
    let phase = '';
    while ((phase = await campaignPhase(stack, campaignId)) !== 'finished' && performance.now() < giveUpAt)
      await sleep(1_000);
    say(`the campaign is ${phase}`);
    stack.checkServer();
    let facts = await gather(stack, database.pool, campaignId, kills);
    for (const until = performance.now() + SETTLE_MS; !settled(facts) && performance.now() < until; await sleep(1_000))
      facts = await gather(stack, database.pool, campaignId, kills);
    await floor.leave();
    const findings = judge(facts);
    for (const { attempt, why } of findings.unknowns)
      console.log(`unknown: ${attempt.number} (${attempt.detail ?? ''}): ${why}`);
    for (const violation of findings.violations) await tellStory(stack, database.pool, facts, violation);
    const isEnough = kills.length >= wanted.kills;
    if (!isEnough)
      console.log(`\nThe campaign was over after ${kills.length} of ${wanted.kills} kills: ask for more leads.`);
    isGood = findings.violations.length === 0 && isEnough;
    const count = (target: Target): number => kills.filter((kill) => kill.target === target).length;
    const backMs = (target: Target): number =>
      Math.max(0, ...kills.filter((kill) => kill.target === target).map((kill) => kill.upAtMs - kill.atMs));
    console.log(
      JSON.stringify({
        test: 'chaos',
        ok: isGood,
        seed: wanted.seed,
        kills: { all: kills.length, ours: count('ours'), asterisk: count('asterisk'), postgres: count('postgres') },
        slowestBackMs: { ours: backMs('ours'), asterisk: backMs('asterisk'), postgres: backMs('postgres') },
        leads: facts.leads,
        labCalls: facts.lab.size,
        calledTwice: [...facts.lab.values()].filter((calls) => calls.length > 1).length,
        outcomes: findings.outcomes,
        unknown: findings.unknowns.length,
        talksAcrossCrash: findings.talksAcrossCrash,
        talksEndedWhileDown: findings.talksEndedWhileDown,
        recordingsAcrossCrash: findings.recordingsAcrossCrash,
        recordingsDone: findings.recordingsDone,
        violations: findings.violations.length,
        tookSec: Math.round((Date.now() - startedMs) / 1000),
      }),
    );
    await database.close();
  } catch (error) {
    console.log(String(error));
    console.log(JSON.stringify({ test: 'chaos', ok: false, seed: wanted.seed, error: String(error) }));
  } finally {
    const keep = values.keep || !isGood;
    await stack.stop(keep);
    if (keep) console.log(`The files are kept in ${stack.folders.home}.`);
  }
  // A run that failed half-way may hold connections open.
  process.exit(isGood ? 0 : 1);
};

await main();
