import type { Pool } from 'pg';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';

/** Does the work of one kind of outbox row. Idempotent by key: it may run again after a crash. */
export type OutboxHandler = (key: string, payload: unknown) => Promise<void>;

const POLL_MS = 5_000;
const BATCH = 8;
const MAX_TRIES = 20;

type Row = { id: string; kind: string; key: string; payload: unknown; tries: number };

/**
 * Runs effects that left an aggregate: woken after commits, polling seldom for what a crash left or a failure put off.
 * A handler that fails is tried again with back-off up to `MAX_TRIES` times, and then left in the table with its error.
 */
export class Outbox {
  readonly #deps: { readonly pool: Pool; readonly clock: Clock; readonly log: Logger };
  readonly #handlers: Readonly<Record<string, OutboxHandler>>;
  #running: Promise<void> | undefined;
  /** Woken while running: look once more. */
  #again = false;
  #stopped = false;
  #cancel: () => void = () => undefined;

  constructor(
    deps: { readonly pool: Pool; readonly clock: Clock; readonly log: Logger },
    handlers: Readonly<Record<string, OutboxHandler>>,
  ) {
    this.#deps = deps;
    this.#handlers = handlers;
  }

  /** There may be new rows. Also starts the polling. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#cancel();
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      if (this.#stopped) return;
      if (this.#again) {
        this.#again = false;
        this.wake();
        return;
      }
      this.#cancel = this.#deps.clock.setTimer(POLL_MS, () => this.wake());
    });
  }

  /** Finishes the row in hand and takes no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#running;
  }

  async #drain(): Promise<void> {
    const { pool, log } = this.#deps;
    try {
      // A row made in the future was made before the clock was set back: it must not wait for that time to come again.
      await pool.query(
        `UPDATE outbox SET created_at = now(), run_at = now()
         WHERE done_at IS NULL AND created_at > now() + interval '1 minute' AND run_at < 'infinity'`,
      );
      while (!this.#stopped) {
        const { rows } = await pool.query<Row>(
          'SELECT id, kind, key, payload, tries FROM outbox WHERE done_at IS NULL AND run_at <= now() AND kind = ANY($1) ORDER BY run_at LIMIT $2',
          [Object.keys(this.#handlers), BATCH],
        );
        if (rows.length === 0) return;
        for (const row of rows) if (!this.#stopped) await this.#run(row);
      }
    } catch (error) {
      log.warn({ err: error }, 'the outbox could not be read');
    }
  }

  async #run(row: Row): Promise<void> {
    const { pool, log } = this.#deps;
    try {
      await this.#handlers[row.kind]?.(row.key, row.payload);
      await pool.query('UPDATE outbox SET done_at = now(), last_error = NULL WHERE id = $1', [row.id]);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const isLast = row.tries + 1 >= MAX_TRIES;
      const fields = { err: error, kind: row.kind, key: row.key, tries: row.tries + 1 };
      if (isLast) log.error(fields, 'an outbox effect is given up');
      else log.warn(fields, 'an outbox effect failed');
      await pool.query(
        `UPDATE outbox SET tries = tries + 1, last_error = $2,
           run_at = CASE WHEN $3 THEN 'infinity'::timestamptz ELSE now() + least(300, power(2, tries)) * interval '1 second' END
         WHERE id = $1`,
        [row.id, message, isLast],
      );
    }
  }
}
