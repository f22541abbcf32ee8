import type { CampaignForecast, ForecastRecord } from '@qianhu/contracts';
import { keptRiskPacer, type CampaignId, type RiskPacerState, type TrunkId } from '@qianhu/core';
import { sql, type Kysely } from 'kysely';
import { pacingKey } from '../../engine/pacing/memory.ts';
import { verdictSql } from '../../engine/pacing/verdict-sql.ts';
import type { Schema } from '../../platform/schema.ts';
import type { CallSamples } from './forecast-basis.ts';

/** Most recent settled dials that a forecast looks at: enough for any law, and read in milliseconds. */
const LATEST = 3000;

type SampleRow = {
  readonly is_person: boolean;
  readonly delay: number | null;
  readonly talk: number | null;
  readonly wrap_up: number | null;
};

/** Forecasts, what they are computed from, and what happened. */
export type ForecastStore = ReturnType<typeof createForecastStore>;

export const createForecastStore = (db: Kysely<Schema>) => ({
  /** Of one campaign, or of every campaign of the demonstration or of all others. */
  samples: async (of: { readonly campaignId: CampaignId } | { readonly isDemo: boolean }): Promise<CallSamples> => {
    const which =
      'campaignId' in of
        ? sql`a.campaign_id = ${of.campaignId}`
        : sql`a.campaign_id IN (SELECT id FROM campaigns WHERE demo = ${of.isDemo})`;
    const { rows } = await sql<SampleRow>`
      SELECT a.answered_at IS NOT NULL AND a.outcome IN ('answered', 'dropped') AS is_person,
             extract(epoch FROM a.answered_at - a.created_at)::float8 AS delay,
             extract(epoch FROM a.ended_at - a.bridged_at)::float8 AS talk,
             extract(epoch FROM a.disposed_at - a.ended_at)::float8 AS wrap_up
      FROM attempts a
      WHERE ${which} AND a.outcome IS NOT NULL AND a.outcome NOT IN ('cancelled', 'congestion', 'failed', 'unknown')
      ORDER BY a.id DESC LIMIT ${LATEST}`.execute(db);
    const people = rows.filter((row) => row.is_person);
    // Clocks that were set and desks that were left over night are no durations.
    const times = (pick: (row: SampleRow) => number | null): readonly number[] =>
      people.map(pick).filter((sec): sec is number => sec !== null && sec >= 0 && sec < 7200);
    return {
      dials: rows.length,
      people: people.length,
      answerDelays: times((row) => row.delay),
      talks: times((row) => row.talk),
      wrapUps: times((row) => row.wrap_up),
    };
  },

  /** What the campaign's pacer has learned, as last saved. */
  pacer: async (campaignId: CampaignId): Promise<RiskPacerState | undefined> => {
    const { rows } = await sql<{
      state: unknown;
    }>`SELECT state FROM engine_memory WHERE key = ${pacingKey(campaignId)}`.execute(db);
    return keptRiskPacer(rows[0]?.state);
  },

  /** Open calls that the enabled trunks of a campaign take together. */
  trunkLines: async (trunkIds: readonly TrunkId[]): Promise<number> => {
    if (trunkIds.length === 0) return 0;
    const { rows } = await sql<{ lines: number | null }>`
      SELECT sum((settings->'limits'->>'maxConcurrent')::int)::int AS lines
      FROM trunks WHERE enabled AND id = ANY(${[...trunkIds]}::uuid[])`.execute(db);
    return rows[0]?.lines ?? 0;
  },

  /** Leads that are not done yet. */
  leads: async (campaignId: CampaignId): Promise<number> => {
    const { rows } = await sql<{ n: string }>`
      SELECT count(*) AS n FROM leads
      WHERE state <> 'done' AND list_id IN (SELECT list_id FROM campaign_lists WHERE campaign_id = ${campaignId})`.execute(
      db,
    );
    return Number(rows[0]?.n ?? 0);
  },

  /** Keeps what was shown before the first dial; what was kept then stays. */
  keep: async (campaignId: CampaignId, forecast: CampaignForecast): Promise<void> => {
    await sql`
      INSERT INTO campaign_forecasts (campaign_id, forecast, made_at)
      SELECT c.id, ${JSON.stringify(forecast)}, to_timestamp(${forecast.madeAtMs} / 1000.0) FROM campaigns c
      WHERE c.id = ${campaignId} AND NOT EXISTS (SELECT FROM attempts a WHERE a.campaign_id = c.id)
      ON CONFLICT (campaign_id) DO UPDATE SET forecast = excluded.forecast, made_at = excluded.made_at`.execute(db);
  },

  kept: async (campaignId: CampaignId): Promise<unknown> => {
    const row = await db
      .selectFrom('campaign_forecasts')
      .select('forecast')
      .where('campaign_id', '=', campaignId)
      .executeTakeFirst();
    return row?.forecast;
  },

  /** `graceMs`: a talk that began later than this after the answer is a drop. */
  happened: async (campaignId: CampaignId, graceMs: number, nowMs: number): Promise<ForecastRecord['happened']> => {
    const calls = await sql<{
      dials: string;
      people: string;
      drops: string;
      talks: string;
      talk_sec: number;
      from: Date | null;
      to: Date | null;
    }>`
      SELECT count(*) FILTER (WHERE outcome NOT IN ('cancelled', 'congestion', 'failed', 'unknown')) AS dials,
             count(*) FILTER (WHERE judged IN ('connected', 'dropped')) AS people,
             count(*) FILTER (WHERE judged = 'dropped') AS drops,
             count(*) FILTER (WHERE bridged_at IS NOT NULL) AS talks,
             coalesce(sum(extract(epoch FROM ended_at - bridged_at)), 0)::float8 AS talk_sec,
             min(created_at) AS from, max(coalesce(ended_at, created_at)) AS to
      FROM (
        SELECT a.*, CASE WHEN a.answered_at IS NOT NULL THEN ${sql.raw(verdictSql(graceMs))} END AS judged
        FROM attempts a WHERE a.campaign_id = ${campaignId} AND a.outcome IS NOT NULL
      ) calls`.execute(db);
    const row = calls.rows[0];
    const { from, to } = row ?? {};
    const work = from == null || to == null ? undefined : await agentTime(db, campaignId, from, to, nowMs);
    const [dials, people, drops, talks] = [row?.dials, row?.people, row?.drops, row?.talks].map((n) => Number(n ?? 0));
    const per = (part: number, whole: number): number | undefined => (whole > 0 ? part / whole : undefined);
    const talkSec = per(row?.talk_sec ?? 0, talks ?? 0);
    const answerRate = per(people ?? 0, dials ?? 0);
    const dropRate = per(drops ?? 0, people ?? 0);
    const presentSec = work?.presentSec ?? 0;
    const talkMinutes = talks === 0 ? undefined : per((work?.talkSec ?? 0) * 60, presentSec);
    const wait = presentSec === 0 ? undefined : per(work?.readySec ?? 0, talks ?? 0);
    return {
      ...(talkMinutes === undefined ? {} : { talkMinutesPerHour: talkMinutes }),
      ...(wait === undefined ? {} : { agentWaitSec: wait }),
      ...(dropRate === undefined ? {} : { dropRate }),
      ...(answerRate === undefined ? {} : { answerRate: Math.min(1, answerRate) }),
      ...(talkSec === undefined ? {} : { talkSec }),
      dials: dials ?? 0,
      people: people ?? 0,
      agentHours: presentSec / 3600,
    };
  },
});

type AgentTime = { readonly presentSec: number; readonly readySec: number; readonly talkSec: number };

/**
 * How long the campaign's agents were ready, in a call, or in wrap-up between two instants, from the history of their
 * phases. An agent of several campaigns is counted wholly: nobody waits for one campaign only.
 */
const agentTime = async (
  db: Kysely<Schema>,
  campaignId: CampaignId,
  from: Date,
  to: Date,
  nowMs: number,
): Promise<AgentTime> => {
  // A shift earlier than the first dial tells in which phase each agent was when it began.
  const since = new Date(from.getTime() - 16 * 3_600_000);
  const { rows } = await sql<{ phase: string; sec: number }>`
    SELECT phase, coalesce(sum(extract(epoch FROM least(until, ${to}::timestamptz) - greatest(at, ${from}::timestamptz))), 0)::float8 AS sec
    FROM (
      SELECT e.at, e.data->>'to' AS phase,
             lead(e.at, 1, ${new Date(nowMs)}::timestamptz) OVER (PARTITION BY e.aggregate_id ORDER BY e.seq, e.at) AS until
      FROM events e
      WHERE e.aggregate = 'agent' AND e.at >= ${since} AND e.at <= ${to}
        AND e.aggregate_id IN (SELECT user_id FROM campaign_agents WHERE campaign_id = ${campaignId})
    ) phases
    WHERE until > ${from} AND at < ${to}
    GROUP BY phase`.execute(db);
  const of = (...phases: readonly string[]): number =>
    rows.filter((row) => phases.includes(row.phase)).reduce((sum, row) => sum + row.sec, 0);
  const readySec = of('ready');
  const talkSec = of('talking', 'held');
  return { readySec, talkSec, presentSec: readySec + talkSec + of('reserved', 'ringing', 'wrapUp') };
};
