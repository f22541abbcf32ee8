import { defaultRestPolicy, type CampaignId, type EpochMs, type Outcome } from '@qianhu/core';
import { inTransaction } from '../platform/database.ts';
import { every } from '../platform/clock.ts';
import { BIN_MS, CallerIdBook, RECENT_MS, USUAL_MS, type RestReason } from './caller-id-book.ts';
import type { EngineWorld } from './engine-world.ts';
import { checkFence } from './lease.ts';
import { iso } from './rows.ts';
import type { CallerIdRest } from './trunk-book.ts';

/** How often the latest dials are counted and every caller ID is judged. */
const JUDGE_MS = 60_000;
/** A dial is counted so long after it began: by then it is known whether it was answered. Each is counted once. */
const SETTLED_MS = 5 * 60_000;

/** Endings that say nothing about whether people answer this number. */
const NOT_THE_CALLEE: readonly Outcome[] = ['congestion', 'failed', 'cancelled', 'invalidNumber', 'suspended'];

/**
 * Counts how the campaigns' caller IDs are answered and puts those to rest that fall far under the usual. All of the last
 * 30 days is read once; after that each look reads the new dials only. Resolves when the rests that stand are known: the
 * first count goes over a month and keeps nobody from starting.
 */
export const watchCallerIds = async (world: EngineWorld): Promise<() => void> => {
  const book = new CallerIdBook();
  const known = new Set<string>();
  let untilMs: EpochMs | undefined;
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      await loadRests(world);
      const toMs = world.clock.now() - SETTLED_MS;
      const fromMs = toMs - USUAL_MS;
      const shown = shownNumbers(world);
      const fresh = shown.filter((number) => !known.has(number));
      if (untilMs !== undefined && untilMs < toMs) await count(world, book, [...known], untilMs, toMs);
      if (fresh.length > 0) await count(world, book, fresh, fromMs, Math.max(toMs, untilMs ?? toMs));
      for (const number of fresh) known.add(number);
      untilMs = Math.max(toMs, untilMs ?? toMs);
      book.prune(toMs);
      await restThem(world, book, new Set(shown));
    } catch (error) {
      world.log.warn({ err: error }, 'caller IDs could not be judged');
    } finally {
      isLooking = false;
    }
  };
  await loadRests(world);
  void look();
  return every(world.clock, JUDGE_MS, () => void look());
};

/** Reads which caller IDs rest now: at every look, and when a person has ended a rest. */
export const loadRests = async (world: EngineWorld): Promise<void> => {
  const { rows } = await world.pool.query<{ number: string; rested_at: Date; until_at: Date; why: RestReason }>(
    'SELECT DISTINCT ON (number) number, rested_at, until_at, why FROM caller_id_rests WHERE until_at > $1 ORDER BY number, until_at DESC',
    [iso(world.clock.now())],
  );
  world.trunks.setRests(
    rows.map((row) => ({
      number: row.number,
      sinceMs: row.rested_at.getTime(),
      untilMs: row.until_at.getTime(),
      why: row.why,
    })),
  );
};

const shownNumbers = (world: EngineWorld): readonly string[] => [
  ...new Set([...world.campaigns.values()].flatMap(({ context }) => context.settings.callerIds)),
];

const count = async (
  world: EngineWorld,
  book: CallerIdBook,
  numbers: readonly string[],
  fromMs: EpochMs,
  toMs: EpochMs,
): Promise<void> => {
  const { rows } = await world.pool.query<{
    number: string;
    campaign_id: string;
    is_repeat: boolean;
    bin: string;
    dials: string;
    answers: string;
  }>(
    `SELECT d.caller_id AS number, d.campaign_id, a.ordinal > 1 AS is_repeat,
            floor(extract(epoch FROM d.created_at) * 1000 / $5) AS bin, count(*) AS dials, count(d.answered_at) AS answers
     FROM dials d JOIN attempts a ON a.id = d.attempt_id
     WHERE d.caller_id = ANY($1) AND d.created_at >= $2 AND d.created_at < $3 AND d.campaign_id IS NOT NULL
       AND (d.outcome IS NULL OR d.outcome <> ALL($4))
       AND NOT EXISTS (SELECT 1 FROM caller_id_rests r
                       WHERE r.number = d.caller_id AND d.created_at >= r.judged_from AND d.created_at < r.until_at)
     GROUP BY 1, 2, 3, 4`,
    [numbers, iso(fromMs), iso(toMs), NOT_THE_CALLEE, BIN_MS],
  );
  for (const row of rows)
    book.add({
      number: row.number,
      kind: `${row.campaign_id}|${row.is_repeat ? 'repeat' : 'first'}`,
      atMs: Number(row.bin) * BIN_MS,
      dials: Number(row.dials),
      answers: Number(row.answers),
    });
};

const shareOfUsual = ({ recentDials, recentAnswers, usualShare }: RestReason): number =>
  recentAnswers / (recentDials * usualShare);

/** Puts weak numbers to rest, the weakest first, but never the last one that a campaign may show. */
const restThem = async (world: EngineWorld, book: CallerIdBook, shown: ReadonlySet<string>): Promise<void> => {
  const nowMs = world.clock.now();
  const isResting = (number: string): boolean => world.trunks.restOf(number, nowMs) !== undefined;
  const weak = [...book.judge(nowMs - SETTLED_MS, defaultRestPolicy)]
    .filter(([number]) => shown.has(number) && !isResting(number))
    .toSorted(([, a], [, b]) => shareOfUsual(a) - shareOfUsual(b));
  const found: (readonly [string, RestReason])[] = [];
  for (const one of weak) {
    const isTaken = (number: string): boolean =>
      isResting(number) || [one, ...found].some(([taken]) => taken === number);
    // Whether a campaign should stop for want of numbers is for a person to say.
    const isLast = [...world.campaigns.values()].some(
      ({ context: { settings } }) =>
        settings.callerIds.some((number) => number === one[0]) && settings.callerIds.every(isTaken),
    );
    if (!isLast) found.push(one);
  }
  if (found.length === 0) return;
  const judgedFromMs = Math.floor((nowMs - SETTLED_MS - RECENT_MS) / BIN_MS) * BIN_MS;
  const untilMs = nowMs + defaultRestPolicy.restMs;
  const rests = found.map(([number, why]): CallerIdRest => ({ number, sinceMs: nowMs, untilMs, why }));
  await inTransaction(world.pool, async (client) => {
    await checkFence(client, world.lease);
    for (const { number, why } of rests) {
      const id = world.ids.next();
      await client.query(
        'INSERT INTO caller_id_rests (id, number, judged_from, rested_at, until_at, why) VALUES ($1, $2, $3, $4, $5, $6)',
        [id, number, iso(judgedFromMs), iso(nowMs), iso(untilMs), why],
      );
      await client.query(
        "INSERT INTO events (at, aggregate, aggregate_id, seq, type, data) VALUES ($1, 'callerIdRest', $2, 1, 'callerIdRested', $3)",
        [iso(nowMs), id, { ...why, untilMs }],
      );
    }
  });
  for (const { number, why } of rests) {
    book.forget(number, judgedFromMs);
    world.log.warn({ ...why, pii: { callerId: number } }, 'a caller ID rests: fewer people answer it than usual');
  }
  await loadRests(world);
  for (const { context } of world.campaigns.values())
    if (context.settings.callerIds.some((number) => found.some(([resting]) => resting === number)))
      world.changed({ campaignId: context.id as CampaignId });
};
