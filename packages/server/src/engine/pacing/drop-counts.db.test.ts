import {
  addVerdict,
  callTransition,
  createRiskPacer,
  defaultRiskPacerSettings,
  entryOfCall,
  isIgnored,
  judge,
  noCounts,
  startCall,
  type AnsweredCall,
  type CallEvent,
  type CallState,
  type CampaignId,
  type LedgerCounts,
  type LegalWindow,
} from '@qianhu/core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLedgerStore } from '../../features/drops/drop-ledger-store.ts';
import { createTestDatabase, type TestDatabase } from '../../platform/testing/test-database.ts';
import { countDrops } from './drop-counts.ts';
import { eventsOfCall } from './pacing-events.ts';

const GRACE_MS = 2_000;
const T0 = Date.parse('2026-03-03T02:00:00Z');
const CAMPAIGN = '018f3c2e-7d4a-7abc-8def-0123456789ab' as CampaignId;
/** A period begins every ten minutes: calls that are answered just before one and dropped just after are common. */
const WINDOW: LegalWindow = { name: 'short', lengthMs: 600_000, anchorMs: T0, limit: 0.03 };

/** One call after its answer: who does what, and when. */
type Story = {
  readonly answeredMs: number;
  /** From the answer: an agent comes, or nobody does. */
  readonly bridgedMs: number | undefined;
  /** From the answer: the callee hangs up, or waits for the message. */
  readonly leftMs: number | undefined;
  readonly by: 'them' | 'switch';
};

const story: fc.Arbitrary<Story> = fc.record({
  answeredMs: fc.integer({ min: 0, max: 1_800_000 }),
  bridgedMs: fc.option(fc.integer({ min: 50, max: 4_000 }), { nil: undefined }),
  leftMs: fc.option(fc.integer({ min: 1, max: 6_000 }), { nil: undefined }),
  by: fc.constantFrom('them' as const, 'them' as const, 'switch' as const),
});

const policy = {
  ringTimeoutMs: 30_000,
  // Longer than the law's clock: an agent may still come, too late.
  agentWaitMs: 5_000,
  agentRingMs: 20_000,
  record: false,
  dropPrompt: null,
  onAgentLost: { kind: 'anotherAgent', waitMs: 20_000, message: 'hold' },
};
const agent = { agentId: 'a', agentLegId: 's', bridgeId: 'b', stationUp: true };

/** Runs a story through the call machine: what the pacer hears, and the call as it is stored in the end. */
const play = ({ answeredMs, bridgedMs, leftMs, by }: Story) => {
  const answeredAtMs = T0 + answeredMs;
  const leg = (type: string, atMs: number, more: object = {}) => ({
    type: 'callee',
    legId: 'd',
    event: { type, atMs, ...more },
  });
  const end = (atMs: number) => ({
    ...leg('legEnded', atMs, { ending: { cause: 16, by } }),
    judgement: { outcome: 'answered', isFinal: true },
  });
  const left = leftMs === undefined ? Infinity : leftMs;
  const events: object[] = [leg('legAnswered', answeredAtMs)];
  if (bridgedMs !== undefined && bridgedMs < left)
    events.push(
      { type: 'agentOffered', atMs: answeredAtMs + 20, agent },
      { type: 'bridged', atMs: answeredAtMs + bridgedMs, bridgeId: 'b' },
      end(answeredAtMs + bridgedMs + 30_000),
    );
  else if (left < policy.agentWaitMs) events.push(end(answeredAtMs + left));
  else events.push({ type: 'deadline', name: 'drop', atMs: answeredAtMs + 5_000 }, end(answeredAtMs + 5_100));
  let state: CallState = startCall(
    { callId: 'c', campaignId: CAMPAIGN, attemptId: 't', policy, trunksLeft: [] } as never,
    { dialId: 'd', legId: 'd', trunkId: 't', atMs: answeredAtMs - 8_000 } as never,
  ).state;
  const told = [];
  let bridgedAtMs: number | undefined;
  for (const [seq, event] of (events as CallEvent[]).entries()) {
    const result = callTransition(state, event);
    if (isIgnored(result)) throw new Error(`event ${seq}: ${result.ignored}`);
    told.push(...eventsOfCall({ before: state, after: result.state, event, effects: result.effects, seq }, GRACE_MS));
    state = result.state;
    if (state.kind === 'talking') bridgedAtMs ??= state.bridgedAtMs;
  }
  if (state.kind !== 'ended') throw new Error(`The call is ${state.kind}.`);
  const { outcome, detail, endedAtMs } = state;
  const call: AnsweredCall = {
    answeredAtMs,
    outcome,
    detail,
    endedAtMs,
    ...(bridgedAtMs === undefined ? {} : { bridgedAtMs }),
  };
  return { told, call };
};

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  await db.pool.query('TRUNCATE attempts, calls');
});
afterAll(async () => {
  await db.drop();
});

const uuid = (n: number): string => `018f3c2e-7d4a-7abc-8def-${String(n).padStart(12, '0')}`;
const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

const write = async (calls: readonly AnsweredCall[]): Promise<void> => {
  const rows = calls.map((call, i) => ({
    id: uuid(i),
    outcome: call.outcome,
    outcome_detail: call.detail,
    answered_at: iso(call.answeredAtMs),
    bridged_at: iso(call.bridgedAtMs),
    ended_at: iso(call.endedAtMs),
  }));
  await db.pool.query(
    `INSERT INTO attempts (id, campaign_id, list_id, lead_id, call_id, number, ordinal, outcome, outcome_detail, verdict, created_at, answered_at, bridged_at, ended_at)
     SELECT x.id, $2, $2, 1, x.id, '+8613800138000', 1, x.outcome, x.outcome_detail, '{}', x.answered_at, x.answered_at, x.bridged_at, x.ended_at
     FROM json_to_recordset($1) AS x(id uuid, outcome text, outcome_detail text, answered_at timestamptz, bridged_at timestamptz, ended_at timestamptz)`,
    [JSON.stringify(rows), CAMPAIGN],
  );
};

const judged = (calls: readonly AnsweredCall[]): LedgerCounts =>
  calls.map((call) => judge(entryOfCall(call), GRACE_MS)).reduce(addVerdict, noCounts);

describe('one definition of a drop', () => {
  it('makes the pacer’s window and the ledger agree on any calls', () => {
    fc.assert(
      fc.property(fc.array(story, { maxLength: 40 }), (stories) => {
        const settings = { ...defaultRiskPacerSettings, windows: [WINDOW] };
        const pacer = createRiskPacer(settings);
        const played = stories.map(play);
        const events = played.flatMap(({ told }) => told).sort((a, b) => a.atMs - b.atMs);
        const { pricing } = events.reduce((state, event) => pacer.observe(state, event), pacer.initial(T0));
        const { period, humans, drops } = pricing.windows[0] ?? { period: 0, humans: 0, drops: 0 };
        const inPeriod = played
          .map(({ call }) => call)
          .filter(({ answeredAtMs }) => Math.floor((answeredAtMs - T0) / WINDOW.lengthMs) === period);
        const { connected, dropped } = judged(inPeriod);
        expect({ humans, drops }).toEqual({ humans: connected + dropped, drops: dropped });
      }),
      { numRuns: 300 },
    );
  });

  it('is the same in the database: the ledger’s tallies and the counts that a pacer is restored with', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(story, { minLength: 1, maxLength: 30 }), async (stories) => {
        await db.pool.query('TRUNCATE attempts');
        const machine: AnsweredCall = { answeredAtMs: T0 + 5, outcome: 'machine', detail: null, endedAtMs: T0 + 900 };
        const calls = [...stories.map((one) => play(one).call), machine];
        await write(calls);
        const tallies = await createLedgerStore(db.kysely).tallies(CAMPAIGN, T0, GRACE_MS);
        const sum = tallies.reduce(
          (all, { counts }) => ({
            connected: all.connected + counts.connected,
            dropped: all.dropped + counts.dropped,
            machines: all.machines + counts.machines,
            leftEarly: all.leftEarly + counts.leftEarly,
          }),
          noCounts,
        );
        expect(sum).toEqual(judged(calls));
        const whole = { ...WINDOW, lengthMs: 86_400_000 };
        const [counted] = await countDrops(db.pool, CAMPAIGN, [whole], GRACE_MS, T0 + 1);
        expect(counted).toEqual({ humans: sum.connected + sum.dropped, drops: sum.dropped });
      }),
      { numRuns: 25 },
    );
  });

  it('keeps the calls of a tally within one quarter of an hour and one day of the campaign', async () => {
    const anchorMs = T0 + 450_000;
    const talk = (answeredAtMs: number): AnsweredCall => ({
      answeredAtMs,
      outcome: 'answered',
      detail: 'calleeHungUp',
      bridgedAtMs: answeredAtMs + 100,
      endedAtMs: answeredAtMs + 9_000,
    });
    await write([T0, anchorMs - 1, anchorMs, T0 + 899_999, T0 + 900_000].map(talk));
    const tallies = await createLedgerStore(db.kysely).tallies(CAMPAIGN, anchorMs, GRACE_MS);
    expect(tallies.map(({ atMs, counts }) => [atMs - T0, counts.connected]).sort(([a = 0], [b = 0]) => a - b)).toEqual([
      [0, 2],
      [450_000, 2],
      [900_000, 1],
    ]);
  });

  it('counts who talks now, and whom we are hanging up on, but nobody who still waits', async () => {
    const open = { outcome: null, detail: null };
    await write([
      { ...open, answeredAtMs: T0, bridgedAtMs: T0 + 300 },
      { ...open, answeredAtMs: T0 + 1 },
      { ...open, answeredAtMs: T0 + 2 },
    ]);
    await db.pool.query(
      `INSERT INTO calls (id, kind, campaign_id, phase, state, seq, epoch, started_at)
       VALUES ($1, 'outbound', $3, 'announcing', '{"outcome":"dropped"}', 1, 1, now()), ($2, 'outbound', $3, 'waiting', '{}', 1, 1, now())`,
      [uuid(1), uuid(2), CAMPAIGN],
    );
    const counted = await countDrops(db.pool, CAMPAIGN, [WINDOW], GRACE_MS, T0 + 60_000);
    expect(counted).toEqual([{ humans: 2, drops: 1 }]);
    const [tally] = await createLedgerStore(db.kysely).tallies(CAMPAIGN, T0, GRACE_MS);
    expect(tally?.counts).toEqual({ connected: 1, dropped: 1, machines: 0, leftEarly: 0 });
  });
});
