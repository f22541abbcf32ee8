import type { AttemptId, CampaignId, DncEntry, EpochMs, NumberHistory, Outcome, PhoneNumber } from '@qianhu/core';
import type { Pool, PoolClient } from 'pg';

/** What the rules must know of a number, read under the lock of its row. */
export type NumberPast = {
  readonly history: NumberHistory;
  readonly dnc: readonly DncEntry[];
  readonly invalidSinceMs?: EpochMs;
  readonly hasOpenDial: boolean;
  /** Ended dials, oldest first. */
  readonly calls: readonly { readonly atMs: EpochMs; readonly answered: boolean }[];
};

type LockedRow = { number: string; invalid_at: Date | null; refused_at: Date | null };
type DialRow = { number: string; at: string; outcome: Outcome | null; is_open: boolean; answered: boolean };
type DncRow = { number: string; campaign_id: string | null; expires_at: Date | null; source: string; at: string };

/**
 * Locks the numbers' rows (in order, so that two dialers never wait for each other) and reads what was done to them.
 * `exceptAttempt`: dials of this attempt do not count as earlier calls (a fail-over is the same call to the callee), but an
 * open one still counts as open.
 */
export const numberPasts = async (
  client: PoolClient,
  numbers: readonly PhoneNumber[],
  campaignId: CampaignId,
  exceptAttempt?: AttemptId,
): Promise<ReadonlyMap<PhoneNumber, NumberPast>> => {
  const distinct = [...new Set(numbers)].sort();
  if (distinct.length === 0) return new Map();
  await client.query({
    name: 'engine-numbers',
    text: 'INSERT INTO numbers (number) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING',
    values: [distinct],
  });
  const locked = await client.query<LockedRow>({
    name: 'engine-lock-numbers',
    text: 'SELECT number, invalid_at, refused_at FROM numbers WHERE number = ANY($1) ORDER BY number FOR UPDATE',
    values: [distinct],
  });
  return pastsOf(client, locked.rows, campaignId, exceptAttempt);
};

/** The same to look at only: nothing is locked, and so it is no ground to dial on. */
export const readNumberPasts = async (
  pool: Pool,
  numbers: readonly PhoneNumber[],
  campaignId: CampaignId,
): Promise<ReadonlyMap<PhoneNumber, NumberPast>> => {
  const { rows } = await pool.query<LockedRow>(
    `SELECT n.number, k.invalid_at, k.refused_at FROM unnest($1::text[]) AS n (number) LEFT JOIN numbers k USING (number)`,
    [[...new Set(numbers)]],
  );
  return pastsOf(pool, rows, campaignId, undefined);
};

const pastsOf = async (
  client: Pick<PoolClient, 'query'>,
  rows: readonly LockedRow[],
  campaignId: CampaignId,
  exceptAttempt: AttemptId | undefined,
): Promise<ReadonlyMap<PhoneNumber, NumberPast>> => {
  const distinct = rows.map(({ number }) => number);
  const dials = await client.query<DialRow>({
    name: 'engine-number-dials',
    text: `SELECT number, extract(epoch FROM created_at) * 1000 AS at, outcome, ended_at IS NULL AS is_open, answered_at IS NOT NULL AS answered FROM dials
           WHERE number = ANY($1) AND (attempt_id IS DISTINCT FROM $2::uuid OR ended_at IS NULL) ORDER BY created_at`,
    values: [distinct, exceptAttempt ?? null],
  });
  const dnc = await client.query<DncRow>({
    name: 'engine-number-dnc',
    text: `SELECT number, campaign_id, expires_at, source, round(extract(epoch FROM created_at) * 1000) AS at FROM dnc_entries
           WHERE number = ANY($1) AND (campaign_id IS NULL OR campaign_id = $2)`,
    values: [distinct, campaignId],
  });
  const pasts = new Map<PhoneNumber, NumberPast>();
  const dialsBy = groupBy(dials.rows);
  const dncBy = groupBy(dnc.rows);
  for (const row of rows) {
    const past = dialsBy.get(row.number) ?? [];
    const entries = dncBy.get(row.number) ?? [];
    const optOut = latest(entries.filter((entry) => entry.source === 'callee').map((entry) => Number(entry.at)));
    const lastOf = (outcome: Outcome): EpochMs | undefined =>
      latest(past.filter((dial) => dial.outcome === outcome).map((dial) => Number(dial.at)));
    const rejected = latest([lastOf('rejected'), row.refused_at?.getTime()].filter((at) => at !== undefined));
    const dropped = lastOf('dropped');
    const machine = lastOf('machine');
    pasts.set(row.number as PhoneNumber, {
      history: {
        dialsAtMs: past.map((dial) => Number(dial.at)),
        dialsInAll: past.length,
        ...(rejected === undefined ? {} : { lastRejectedAtMs: rejected }),
        ...(optOut === undefined ? {} : { lastOptOutAtMs: optOut }),
        ...(dropped === undefined ? {} : { lastDroppedAtMs: dropped }),
        ...(machine === undefined ? {} : { lastMachineAtMs: machine }),
      },
      dnc: entries.map((entry) => ({
        scope:
          entry.campaign_id === null
            ? { kind: 'all' }
            : { kind: 'campaign', campaignId: entry.campaign_id as CampaignId },
        ...(entry.expires_at === null ? {} : { expiresAtMs: entry.expires_at.getTime() }),
      })),
      ...(row.invalid_at === null ? {} : { invalidSinceMs: row.invalid_at.getTime() }),
      hasOpenDial: past.some((dial) => dial.is_open),
      calls: past.filter((dial) => !dial.is_open).map((dial) => ({ atMs: Number(dial.at), answered: dial.answered })),
    });
  }
  return pasts;
};

const latest = (times: readonly EpochMs[]): EpochMs | undefined =>
  times.length === 0 ? undefined : Math.max(...times);

const groupBy = <Row extends { number: string }>(rows: readonly Row[]): ReadonlyMap<string, Row[]> => {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.number);
    if (group === undefined) groups.set(row.number, [row]);
    else group.push(row);
  }
  return groups;
};
