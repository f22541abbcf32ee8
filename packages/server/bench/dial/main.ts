/**
 * `npm run bench:dial`: new calls per second that our whole system sustains through a real Asterisk, beside a bare loop
 * over ARI that has the same switch do the same acts with the same callees, and beside a loop that only dials and hangs up.
 * All in one run, alternating. See docs/benchmarks.md.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runSipp, type RunningSipp, type SippScenario } from '@qianhu/lab';
import { ensureAriPassword, ensureSipp, findRunningAsterisk, openPortBook } from '@qianhu/parts';
import { hirePeople, makeCampaign, openDatabase, writeTrunkAndList } from '../../chaos/fixture.ts';
import { makeStack } from '../../chaos/stack.ts';
import { BareLoop, type Stretch } from './bare-loop.ts';
import { openOurs } from './ours.ts';
import { readProfile } from './profile.ts';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '20,30,40,50,60,75,90' },
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '2' },
    agents: { type: 'string', default: '100' },
    parts: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const rates = values.rates.split(',').map(Number);
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const agentCount = Number(values.agents);
const ANSWER_AFTER_MS = 50;
/** A rate that is missed by more than this is beyond what can be sustained; higher ones only collapse. */
const ENOUGH = 0.85;
/** Rates missed in a row that end a loop's climb: one alone may be the machine's other work. */
const MISSES = 2;

type Mode = 'bare' | 'ours' | 'hangUpOnly';
type Row = Stretch & {
  readonly mode: Mode;
  readonly round: number;
  readonly serverCpu: number;
  readonly switchCpu: number;
  readonly ceiling: number;
};
const rows: Row[] = [];

/** Processor time of a process so far, seconds (proc(5): utime and stime in ticks of 10 ms). */
const cpuSec = async (pid: number | undefined): Promise<number> => {
  if (pid === undefined) return 0;
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
};

const stack = await makeStack({
  parts: values.parts,
  announce: (line) => console.log(line),
  lab: {},
  withoutLab: true,
  profile: true,
});
const farEnds: RunningSipp[] = [];
try {
  const ports = openPortBook(stack.folders.home);
  const sipp = await ensureSipp({ partsDir: stack.folders.partsDir });
  const farEnd = async (name: string, scenario: SippScenario, pauseMs: number): Promise<number> => {
    const port = await ports.port(`sipp-${name}`, { protocol: 'both' });
    const rtp = await ports.range(`rtp-${name}`, 2_000);
    const dir = join(stack.folders.home, `sipp-${name}`);
    await mkdir(dir, { recursive: true });
    farEnds.push(
      await runSipp({ program: sipp, scenario, port, dir, pauseMs, rtp: { first: rtp.first, last: rtp.last } }),
    );
    return port;
  };
  const calleePort = await farEnd('callees', 'uas-answer-and-leave', ANSWER_AFTER_MS);
  const agentPort = await farEnd('agents', 'uas-answer-and-hold', 0);

  const database = await openDatabase(stack);
  const wanted =
    rates.reduce((sum, rate) => sum + rate, 0) * (seconds + 6) + (rates.at(-1) ?? 0) * 2 * (seconds * 2 + 8);
  const made = await writeTrunkAndList(database, {
    port: calleePort,
    leads: Math.ceil(wanted * rounds + 5_000),
    maxConcurrent: 1_000,
    newCallsPerSecond: 500,
    qualifySec: 0,
  });
  await stack.startServer();
  await stack.serverReady();
  const people = await hirePeople(await stack.admin(), agentCount, (i) => `sip:agent${i}@127.0.0.1:${agentPort}`);
  const campaignId = await makeCampaign(await stack.admin(), {
    ...made,
    people,
    settings: {
      mode: { kind: 'ratio', linesPerAgent: 3 },
      ringTimeoutMs: 30_000,
      newCallsPerSecond: 1,
      maxChannels: 1_000,
      wrapUp: { maxMs: 0, dispositionRequired: false },
    },
  });
  const ours = await openOurs(stack, database.pool, people, campaignId);
  const asterisk = await findRunningAsterisk(stack.folders.asteriskDir('main'));
  const bareOptions = {
    ariUrl: `http://127.0.0.1:${await ports.port('http-main', { inUseByUs: true })}/ari`,
    username: 'qianhu',
    password: await ensureAriPassword(stack.folders.asteriskDir('main')),
    endpoint: `trunk-${made.trunkId}`,
    calleePort,
    agentPort,
  };

  const measure = async (mode: Mode, round: number, rate: number, run: () => Promise<Stretch>): Promise<Row> => {
    const before = [await cpuSec(stack.serverPid()), await cpuSec(asterisk?.pid), performance.now()] as const;
    const stretch = await run();
    const tookSec = (performance.now() - before[2]) / 1000;
    const row: Row = {
      ...stretch,
      mode,
      round,
      serverCpu: ((await cpuSec(stack.serverPid())) - before[0]) / tookSec,
      switchCpu: ((await cpuSec(asterisk?.pid)) - before[1]) / tookSec,
      ceiling: mode === 'ours' ? await ours.ceiling() : Number.NaN,
    };
    rows.push(row);
    console.log(
      [
        String(round).padStart(5),
        mode.padEnd(11),
        String(rate).padStart(7),
        row.goodput.toFixed(1).padStart(8),
        String(row.failed).padStart(7),
        row.p50AnswerToBridgeMs.toFixed(0).padStart(7),
        row.p99AnswerToBridgeMs.toFixed(0).padStart(7),
        `${(row.serverCpu * 100).toFixed(0)} %`.padStart(7),
        `${(row.switchCpu * 100).toFixed(0)} %`.padStart(9),
        (Number.isNaN(row.ceiling) ? '' : row.ceiling.toFixed(0)).padStart(8),
        (loadavg()[0] ?? 0).toFixed(1).padStart(6),
      ].join(' '),
    );
    return row;
  };
  const best = (mode: Mode, round?: number): number =>
    Math.max(
      0,
      ...rows
        .filter((row) => row.mode === mode && (round === undefined || row.round === round))
        .map((row) => row.goodput),
    );
  console.log('round mode        offered  goodput  failed  p50 ms  p99 ms  server  asterisk throttle   load');
  // Both sets of standing legs stay up all the time: what they cost the switch, they cost it for both.
  const bare = new BareLoop(bareOptions);
  await bare.open(agentCount);
  await ours.seat();
  const runs: Readonly<Record<Mode, (rate: number, forSec: number) => Promise<Stretch>>> = {
    bare: (rate, forSec) => bare.run(rate, forSec, true),
    hangUpOnly: (rate, forSec) => bare.run(rate, forSec, false),
    ours: async (rate, forSec) => {
      const stretch = await ours.run(rate, forSec);
      await ours.rest();
      return stretch;
    },
  };
  for (let round = 1; round <= rounds; round++) {
    // One after the other at each rate, in turned order, so that the machine's other work meets all of them.
    const order: readonly Mode[] = round % 2 === 1 ? ['bare', 'ours', 'hangUpOnly'] : ['ours', 'bare', 'hangUpOnly'];
    const missed: Record<Mode, number> = { bare: 0, ours: 0, hangUpOnly: 0 };
    for (const rate of rates) {
      for (const mode of order.filter((one) => missed[one] < MISSES)) {
        const row = await measure(mode, round, rate, () => runs[mode](rate, seconds));
        missed[mode] = row.goodput < rate * ENOUGH ? missed[mode] + 1 : 0;
      }
    }
  }
  const twice = Math.ceil(best('bare') * 2);
  const overload = await measure('ours', rounds + 1, twice, () => runs.ours(twice, seconds * 2));
  rows.pop();
  await ours.leave();
  await bare.close();
  // The percentile of the highest rate that was still sustained, not of the one that broke it.
  const sustained = rows
    .filter((row) => row.mode === 'ours' && row.goodput >= row.offered * ENOUGH)
    .toSorted((a, b) => b.goodput - a.goodput)[0];
  const ratios = Array.from({ length: rounds }, (_, i) => best('ours', i + 1) / best('bare', i + 1));
  await database.close();
  for (const end of farEnds.splice(0)) await end.stop(1_000);
  await stack.stopServer();
  const profile = await readProfile(stack.profileDir);
  if (profile !== undefined) {
    console.log(`\nOur process was busy ${(profile.busyShare * 100).toFixed(0)} % of its life; of that:`);
    for (const [part, share] of profile.byPart.slice(0, 14))
      console.log(`  ${(share * 100).toFixed(1).padStart(5)} %  ${part}`);
  }
  console.log(
    JSON.stringify({
      bench: 'dial',
      ratioToBare: Number((best('ours') / best('bare')).toFixed(3)),
      p99AnswerToBridgeMs: Math.round(sustained?.p99AnswerToBridgeMs ?? NaN),
      overloadGoodputRatio: Number(((overload?.goodput ?? NaN) / best('ours')).toFixed(3)),
      ratioPerRound: ratios.map((ratio) => Number(ratio.toFixed(3))),
      oursPerSecond: Number(best('ours').toFixed(1)),
      barePerSecond: Number(best('bare').toFixed(1)),
      hangUpOnlyPerSecond: Number(best('hangUpOnly').toFixed(1)),
      overload: { offered: overload?.offered, goodput: Number((overload?.goodput ?? NaN).toFixed(1)) },
      cores: cpus().length,
      loadAverage: Number((loadavg()[0] ?? 0).toFixed(1)),
    }),
  );
} finally {
  for (const end of farEnds) await end.stop(1_000);
  await stack.stop(values.keep);
}
process.exit(0);
