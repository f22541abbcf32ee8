/**
 * `npm run bench:predictive`: a predictive campaign on the real stack (our server, Asterisk, SIP, a lab of callees and ten
 * agents' phones) held against what the simulator foretells for the same parameters, and a campaign that is paced wrongly
 * on purpose, which must not pass. See docs/pacing.md, "On the real stack".
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { defaultCampaignSettings, predictShift, rulePackAt, type DialMode, type ShiftQuestion } from '@qianhu/core';
import type { Pool } from 'pg';
import { hirePeople, makeCampaign, openDatabase, writeTrunkAndList } from '../../chaos/fixture.ts';
import { logIn, type Api } from '../../chaos/api.ts';
import type { Person } from '../../chaos/people.ts';
import { makeStack, type Stack } from '../../chaos/stack.ts';
import { riskSettings } from '../../src/engine/pacing/risk-settings.ts';
import { measureShift, type MeasuredShift } from './measure.ts';

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '800' },
    'wrong-people': { type: 'string', default: '150' },
    agents: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    parts: { type: 'string' },
  },
});
const wanted = {
  people: Number(values.people),
  wrongPeople: Number(values['wrong-people']),
  agents: Number(values.agents),
  seed: Number(values.seed),
};

/** The aim: occupancy within so much of the prediction. */
const WITHIN = 0.03;
const GIVE_UP_MS = 30 * 60_000;

/** The lab's town and the simulator's world: talk is shortened, so that hundreds of people fit into minutes. */
const town = {
  answerRate: 0.35,
  answerAfter: { minMs: 1_000, meanMs: 2_500, sdMs: 1_200 },
  talk: { meanMs: 7_000, sdMs: 5_000 },
  ringTimeoutMs: 10_000,
  wrapUpMs: 2_000,
  /** Share of the unanswered that fail within 2–5 s; the rest rings out. */
  failed: 0.4,
} as const;

const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

const modeSettings = (mode: DialMode) => ({
  rulePack: 'lab' as const,
  mode,
  ringTimeoutMs: town.ringTimeoutMs,
  newCallsPerSecond: 20,
  maxChannels: 100,
  recording: 'answered' as const,
  wrapUp: { maxMs: town.wrapUpMs, dispositionRequired: false },
});

const foretell = (people: number, connectSec: number, leads: number): ReturnType<typeof predictShift> => {
  const nowMs = Date.now();
  const pack = rulePackAt('lab', nowMs);
  const mode = { kind: 'predictive', dropLimit: pack.drop.limit } as const;
  const question: ShiftQuestion = {
    agents: wanted.agents,
    answerRate: town.answerRate,
    answerDelay: {
      kind: 'shifted',
      bySec: town.answerAfter.minMs / 1000,
      law: {
        kind: 'lognormal',
        meanSec: town.answerAfter.meanMs / 1000,
        cv: town.answerAfter.sdMs / town.answerAfter.meanMs,
      },
    },
    talk: { kind: 'lognormal', meanSec: town.talk.meanMs / 1000, cv: town.talk.sdMs / town.talk.meanMs },
    wrapUp: { kind: 'fixed', sec: town.wrapUpMs / 1000 },
    connectDelay: { kind: 'fixed', sec: connectSec },
    failed: { share: town.failed, delay: { kind: 'histogram', edgesSec: [2, 5], counts: [1] } },
    settings: riskSettings(
      { ...defaultCampaignSettings, ...modeSettings(mode) },
      {
        pack,
        dropLimit: mode.dropLimit,
        zone: 'Asia/Shanghai',
        startedAtMs: nowMs,
        nowMs,
        history: { dials: 0, answers: 0 },
      },
    ),
    people,
    leads,
    // The lab's hours have no end: the pacer then thinks of four hours ahead.
    closesSec: 4 * 3600,
  };
  return predictShift(question, { seed: wanted.seed, repetitions: 20 });
};

/** Logs the people in and makes them ready; resolves when all are. */
const seat = async (url: string, people: readonly Person[]): Promise<void> => {
  await Promise.all(
    people.map(async (person) => {
      const api = await logIn(url, person.login, person.password);
      await api.send('POST', '/agent/log-in');
      for (;;) {
        const { agent } = await api.get<{ agent?: { stationUp: boolean } }>('/agent/me');
        if (agent?.stationUp === true) break;
        await sleep(200);
      }
      await api.send('POST', '/agent/ready');
    }),
  );
};

/** Lets a campaign run until `people` have answered; the figures are of that time. */
const runUntil = async (
  stack: Stack,
  pool: Pool,
  admin: Api,
  campaignId: string,
  people: number,
): Promise<MeasuredShift> => {
  await admin.send('POST', `/campaigns/${campaignId}/commands/start`);
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (let lastSaid = 0; ; await sleep(1_000)) {
    stack.checkServer();
    const { rows } = await pool.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM attempts WHERE campaign_id = $1 AND answered_at IS NOT NULL',
      [campaignId],
    );
    const answered = rows[0]?.n ?? 0;
    if (answered >= people) break;
    if (answered >= lastSaid + 50) say(`${(lastSaid = answered)} of ${people} people have answered`);
    if (performance.now() > giveUpAt) throw new Error(`Only ${answered} of ${people} people answered in time.`);
  }
  const measured = await measureShift(pool, campaignId, people);
  await admin.send('POST', `/campaigns/${campaignId}/commands/stop`);
  return measured;
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const main = async (): Promise<boolean> => {
  say('a fresh home: PostgreSQL, Asterisk, lab …');
  const stack = await makeStack({
    parts: values.parts,
    announce: say,
    lab: {
      population: {
        seed: wanted.seed,
        answerRate: town.answerRate,
        answerAfter: town.answerAfter,
        talk: town.talk,
        people: { hangsUpAtOnce: 0, silent: 0, pressesKeys: 0 },
        others: {
          ringsOut: 1 - town.failed,
          busy: town.failed,
          voicemail: 0,
          declines: 0,
          invalidNumber: 0,
          poweredOff: 0,
          suspended: 0,
          unreachable: 0,
          inACall: 0,
          congestion: 0,
          fax: 0,
        },
        announced: 0,
        colorRing: 0,
      },
    },
  });
  let isGood: boolean;
  try {
    const database = await openDatabase(stack);
    const leads = Math.ceil(((wanted.people + wanted.wrongPeople) / town.answerRate) * 1.5);
    const made = await writeTrunkAndList(database, {
      port: stack.labSipPort,
      leads,
      maxConcurrent: 200,
      newCallsPerSecond: 30,
      qualifySec: 5,
    });
    await stack.startServer();
    await stack.serverReady();
    const admin = await stack.admin();
    const people = await hirePeople(admin, wanted.agents, (i) => `sip:agent-${i + 1}@127.0.0.1:${stack.labSipPort}`);
    const campaign = (mode: DialMode): Promise<string> =>
      makeCampaign(admin, { ...made, people, settings: modeSettings(mode) });
    const right = await campaign({ kind: 'predictive', dropLimit: 0.03 });
    // Wrong on purpose: one line per free agent, where the prediction is for a pacer that dials ahead.
    const wrong = await campaign({ kind: 'progressive' });
    await seat(`http://127.0.0.1:${stack.port}`, people);
    say(`predictive, ${wanted.agents} agents, until ${wanted.people} people have answered`);
    const ours = await runUntil(stack, database.pool, admin, right, wanted.people);
    await sleep(30_000);
    say(`progressive in place of predictive, until ${wanted.wrongPeople} people have answered`);
    const wrongly = await runUntil(stack, database.pool, admin, wrong, wanted.wrongPeople);
    await database.close();

    say('the same shifts in the simulator …');
    const predicted = foretell(wanted.people, ours.connectSec, leads);
    const predictedShort = foretell(
      wanted.wrongPeople,
      wrongly.connectSec,
      leads - Math.round(wanted.people / town.answerRate),
    );
    const gap = ours.occupancy - predicted.occupancy.middle;
    const wrongGap = wrongly.occupancy - predictedShort.occupancy.middle;
    console.table([
      {
        pacer: 'predictive',
        people: ours.people,
        'occupancy measured': percent(ours.occupancy),
        'foretold (10–90 %)': `${percent(predicted.occupancy.middle)} (${percent(predicted.occupancy.low)}–${percent(predicted.occupancy.high)})`,
        gap: percent(gap),
        'drops measured': percent(ours.dropRate),
        'drops foretold': percent(predicted.dropRate.middle),
        'dials per person': (ours.dials / ours.people).toFixed(2),
      },
      {
        pacer: 'wrong on purpose (progressive)',
        people: wrongly.people,
        'occupancy measured': percent(wrongly.occupancy),
        'foretold (10–90 %)': `${percent(predictedShort.occupancy.middle)} (${percent(predictedShort.occupancy.low)}–${percent(predictedShort.occupancy.high)})`,
        gap: percent(wrongGap),
        'drops measured': percent(wrongly.dropRate),
        'drops foretold': percent(predictedShort.dropRate.middle),
        'dials per person': (wrongly.dials / wrongly.people).toFixed(2),
      },
    ]);
    const isWrongSeen = Math.abs(wrongGap) > WITHIN;
    isGood = Math.abs(gap) <= WITHIN && isWrongSeen;
    console.log(
      JSON.stringify({
        bench: 'predictive',
        ok: isGood,
        people: ours.people,
        agents: wanted.agents,
        occupancy: round(ours.occupancy),
        predictedOccupancy: round(predicted.occupancy.middle),
        gap: round(gap),
        dropRate: round(ours.dropRate),
        predictedDropRate: round(predicted.dropRate.middle),
        connectSec: round(ours.connectSec),
        answerRate: round(ours.people / ours.dials),
        wrongOccupancy: round(wrongly.occupancy),
        wrongGap: round(wrongGap),
        wrongIsSeen: isWrongSeen,
      }),
    );
  } finally {
    await stack.stop(false);
  }
  return isGood;
};

const round = (value: number): number => Number(value.toFixed(4));

process.exit((await main()) ? 0 : 1);
