import type { Pool, PoolClient } from 'pg';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { checkFence, FencedError, type Lease } from './lease.ts';
import { mergeWrites, type RowWrites } from './rows.ts';
import { writeRows } from './write-rows.ts';

/** How long the first unit waits for company. Long enough to group a burst, short against any human or network time. */
export const GROUP_MS = 4;
/** Most units in one commit: bounds how much a failed batch has to be taken apart. */
const MAX_GROUP = 500;
/** A clean exit does not wait longer than this; what was not written is settled by the next start's recovery. */
const CLOSE_MS = 5_000;
const RETRY_MS = [50, 200, 500, 1_000, 2_000] as const;

type Unit = { readonly rows: RowWrites; readonly resolve: () => void; readonly reject: (error: unknown) => void };

/** What is left when the engine ends before its database took everything. */
export class ClosedError extends Error {
  constructor() {
    super('The engine is closed.');
    this.name = 'ClosedError';
  }
}

/**
 * Group commit: units of many aggregates share a transaction. Units are committed in the order they came, so an
 * aggregate's later state never overtakes its earlier one. A failed batch is retried one by one, so that a bad row harms
 * itself alone; while the database is away, units wait (the calls go on) and are written when it is back.
 */
export class Committer {
  readonly #pool: Pool;
  readonly #lease: Lease;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onFenced: () => void;
  /** Units not yet committed, oldest first; those being written stay in front until they are. */
  #queue: Unit[] = [];
  /** At most one flush runs, so that order holds. */
  #flushing = false;
  #cancelTimer: (() => void) | undefined;
  /** Set once: fenced or closed. Nothing is written after. */
  #stopped: Error | undefined;
  #idle: (() => void)[] = [];

  constructor(deps: {
    readonly pool: Pool;
    readonly lease: Lease;
    readonly clock: Clock;
    readonly log: Logger;
    readonly onFenced: () => void;
  }) {
    this.#pool = deps.pool;
    this.#lease = deps.lease;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#onFenced = deps.onFenced;
  }

  /** Units that wait for their commit. */
  get pending(): number {
    return this.#queue.length;
  }

  /** Resolves when the rows are committed; rejects when they were refused (a bad row) or when we are no longer owner. */
  commit(rows: RowWrites): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    return new Promise((resolve, reject) => {
      this.#queue.push({ rows, resolve, reject });
      if (!this.#flushing && this.#cancelTimer === undefined)
        this.#cancelTimer = this.#clock.setTimer(GROUP_MS, () => void this.#flush());
    });
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    if (this.#queue.length === 0 && !this.#flushing) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Writes what waits (for a database that is away, at most `CLOSE_MS`), then takes nothing more. */
  async close(): Promise<void> {
    let cancel = (): void => undefined;
    await Promise.race([
      this.drained(),
      new Promise<void>((resolve) => {
        cancel = this.#clock.setTimer(CLOSE_MS, resolve);
      }),
    ]);
    cancel();
    if (this.#queue.length > 0)
      this.#log.warn(
        { units: this.#queue.length },
        'closed before everything was written; the next start settles the rest',
      );
    this.#stop(new ClosedError());
  }

  #stop(error: Error): void {
    this.#stopped ??= error;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const unit of this.#queue.splice(0)) unit.reject(this.#stopped);
    for (const wake of this.#idle.splice(0)) wake();
  }

  async #flush(): Promise<void> {
    this.#cancelTimer = undefined;
    this.#flushing = true;
    try {
      while (this.#queue.length > 0 && this.#stopped === undefined) {
        const batch = this.#queue.slice(0, MAX_GROUP);
        if (!(await this.#write(batch))) await this.#writeOneByOne(batch);
      }
    } finally {
      this.#flushing = false;
      for (const wake of this.#idle.splice(0)) wake();
    }
  }

  /** True when the whole batch is committed; false when a row was refused. Waits out a database that is away. */
  async #write(batch: readonly Unit[]): Promise<boolean> {
    for (let attempt = 0; this.#stopped === undefined; attempt++) {
      try {
        await this.#transaction(mergeWrites(batch.map((unit) => unit.rows)));
        this.#queue.splice(0, batch.length);
        for (const unit of batch) unit.resolve();
        return true;
      } catch (error) {
        if (error instanceof FencedError) {
          this.#stop(error);
          this.#onFenced();
          return true;
        }
        if (isRowFault(error)) {
          if (batch.length > 1) return false;
          this.#log.error(
            { err: error, tables: Object.keys(batch[0]?.rows ?? {}) },
            'a row was refused by the database',
          );
          this.#queue.splice(0, 1);
          batch[0]?.reject(error);
          return true;
        }
        const waitMs = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 2_000;
        this.#log.warn({ err: error, waitMs, units: this.#queue.length }, 'commit failed, trying again');
        await new Promise<void>((resolve) => this.#clock.setTimer(waitMs, resolve));
      }
    }
    return true;
  }

  async #writeOneByOne(batch: readonly Unit[]): Promise<void> {
    for (const unit of batch) {
      if (this.#stopped !== undefined) return;
      await this.#write([unit]);
    }
  }

  async #transaction(rows: RowWrites): Promise<void> {
    const client: PoolClient = await this.#pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      await checkFence(client, this.#lease);
      await writeRows(client, rows, this.#lease);
      await client.query('COMMIT');
    } catch (error) {
      broken = error instanceof Error ? error : new Error(String(error));
      await client.query('ROLLBACK').then(
        () => (broken = undefined),
        () => undefined,
      );
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

/**
 * Whether trying again cannot help: PostgreSQL refused the data (class 21 and 22 data, 23 integrity, 42 syntax or schema),
 * or the fault is on our side of the wire. Connection faults, shutdown, serialisation and a full disk may pass.
 */
const isRowFault = (error: unknown): boolean => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return /^(21|22|23|42)...$/.test(code);
  // pg gives broken connections no code, only words.
  return !/connect|terminat|queryable|timeout/i.test(String(message));
};
