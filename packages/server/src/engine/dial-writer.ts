import type { CallId, EpochMs } from '@qianhu/core';
import type { Pool } from 'pg';
import { inTransaction } from '../platform/database.ts';
import type { IdSource } from '../platform/ids.ts';
import type { CampaignContext } from './campaign-context.ts';
import { DialBatch } from './dial-batch.ts';
import type { StartedCall } from './dial-order.ts';
import { numberOf, takeLeads } from './hopper.ts';
import { checkFence, FencedError, type Lease } from './lease.ts';
import { numberPasts } from './number-past.ts';
import type { AnswerBook } from './pacing/answer-book.ts';
import type { TrunkBook } from './trunk-book.ts';

export type WrittenDials = {
  readonly started: readonly StartedCall[];
  /** Leads that the rules kept back; they were moved on and explained. */
  readonly blocked: number;
  /** Blocked leads that are done for good (of `blocked`). */
  readonly finished: number;
  /** Fewer ready leads were found than asked for. */
  readonly hopperEmpty: boolean;
  /** Leads were there, but no trunk or caller ID was free. */
  readonly shortOf: 'trunk' | 'callerId' | undefined;
  /** How likely the leads that come next are to answer, in order, where the campaign's mode wants to know. */
  readonly nextOdds: readonly number[];
};

export type DialWriterDeps = {
  readonly pool: Pool;
  readonly lease: Lease;
  readonly ids: IdSource;
  readonly trunks: TrunkBook;
  readonly answers: AnswerBook;
  readonly epoch: string;
};

/**
 * Write first, then dial: takes up to `count` leads, asks the rules for each under the lock of its number's row, and
 * commits attempt, call and dial before anybody is rung. What it returns may be dialled exactly as it is, once.
 */
export const writeDials = async (
  deps: DialWriterDeps,
  context: CampaignContext,
  zones: readonly string[],
  count: number,
  nowMs: EpochMs,
): Promise<WrittenDials> => {
  let started: readonly StartedCall[] = [];
  try {
    return await inTransaction(deps.pool, async (client) => {
      await checkFence(client, deps.lease);
      const { leads, odds } = await takeLeads(client, context, deps.answers, zones, count, nowMs);
      const pasts = await numberPasts(client, leads.map(numberOf), context.id);
      const batch = new DialBatch(deps, context, nowMs);
      for (const lead of leads) batch.judge(lead, pasts.get(numberOf(lead)));
      await batch.write(client);
      started = batch.started;
      return {
        started: batch.started,
        blocked: batch.blocked.length,
        finished: batch.blocked.filter((lead) => lead.state === 'done').length,
        hopperEmpty: leads.length < count,
        shortOf: batch.shortOf,
        nextOdds: odds,
      };
    });
  } catch (error) {
    // All rows were taken, so it was the commit that failed: whether it happened is not known.
    if (started.length > 0) throw new DoubtfulDialsError(started, error);
    throw error;
  }
};

/** The database went away during the commit of dials: they may stand there or not, and nobody has dialled them. */
export class DoubtfulDialsError extends Error {
  readonly started: readonly StartedCall[];
  constructor(started: readonly StartedCall[], cause: unknown) {
    super('The commit of dials was not confirmed.', { cause });
    this.name = 'DoubtfulDialsError';
    this.started = started;
  }
}

/** Which of doubtful dials are written; rejects while the database is away. */
export const settleDoubt = (
  deps: Pick<DialWriterDeps, 'pool' | 'lease'>,
  doubtful: readonly StartedCall[],
): Promise<readonly StartedCall[]> =>
  inTransaction(deps.pool, async (client) => {
    // The transaction in doubt holds the lease's row until its end (checkFence): behind this lock there is no doubt left.
    const { rowCount } = await client.query('SELECT 1 FROM leases WHERE resource = $1 AND epoch = $2 FOR UPDATE', [
      deps.lease.resource,
      deps.lease.epoch,
    ]);
    if (rowCount !== 1) throw new FencedError(deps.lease);
    const { rows } = await client.query<{ id: CallId }>('SELECT id FROM calls WHERE id = ANY($1)', [
      doubtful.map((call) => call.order.callId),
    ]);
    const written = new Set(rows.map((row) => row.id));
    return doubtful.filter((call) => written.has(call.order.callId));
  });
