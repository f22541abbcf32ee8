import {
  agentDeadlines,
  agentTransition,
  callDeadlines,
  callTransition,
  shiftAgentDeadlines,
  shiftCallDeadlines,
  type AgentDeadline,
  type AgentEffect,
  type AgentEvent,
  type AgentId,
  type AgentState,
  type CallDeadline,
  type CallEffect,
  type CallEvent,
  type CallId,
  type CallState,
  type LegEvent,
  type LegId,
} from '@qianhu/core';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { ClosedError, type Committer } from './committer.ts';
import { FencedError } from './lease.ts';
import { MachineRunner, type Step } from './machine-runner.ts';
import { mergeWrites, type RowWrites } from './rows.ts';

export type CallStep = Step<CallState, CallEvent, CallEffect>;
export type AgentStep = Step<AgentState, AgentEvent, AgentEffect>;

/** By how much the clock must be off what has passed to have been set; time servers correct in smaller steps. */
const JUMP_MS = 1_000;

/** Whose leg it is. */
export type LegOwner =
  | { readonly kind: 'call'; readonly callId: CallId }
  | { readonly kind: 'station'; readonly agentId: AgentId }
  | { readonly kind: 'test'; readonly onEvent: (event: LegEvent) => void };

/** What happens at a step; set once by the engine that is built around the kernel. */
export type StepHandlers = {
  readonly onCallStep: (id: CallId, step: CallStep) => void;
  readonly onAgentStep: (id: AgentId, step: AgentStep) => void;
};

/**
 * The engine's one thread of control: everything that changes a state happens inside a *turn*. A turn runs to its end
 * without waiting; what its steps write becomes one commit; what must wait for that commit runs after it. Fast effects
 * (bridge, play, hang up) are started inside the turn, so that a slow database never keeps a callee waiting.
 */
export class Kernel {
  readonly calls: MachineRunner<CallId, CallState, CallEvent, CallEffect, CallDeadline>;
  readonly agents: MachineRunner<AgentId, AgentState, AgentEvent, AgentEffect, AgentDeadline>;
  /** Legs at the switch that are ours, by id. */
  readonly legs = new Map<LegId, LegOwner>();
  /** Events that changed nothing, by reason. */
  readonly ignored = new Map<string, number>();
  readonly clock: Clock;
  readonly log: Logger;
  readonly #committer: Committer;
  #handlers: StepHandlers | undefined;
  /** Set while a turn runs. */
  #turn: { readonly inbox: (() => void)[]; readonly writes: RowWrites[]; readonly after: (() => void)[] } | undefined;
  #stopped = false;
  /** The clock of the day less the one that is never set, at the last turn. */
  #clockOffsetMs: number | undefined;
  #onClockJump: ((byMs: number) => void) | undefined;

  constructor(deps: { readonly clock: Clock; readonly log: Logger; readonly committer: Committer }) {
    this.clock = deps.clock;
    this.log = deps.log;
    this.#committer = deps.committer;
    const shared = {
      clock: deps.clock,
      onIgnored: (reason: string) => this.ignore(reason),
      enter: (run: () => void) => void this.turn(run),
    };
    this.calls = new MachineRunner(
      {
        transition: callTransition,
        deadlines: callDeadlines,
        deadlineEvent: (name, atMs): CallEvent => ({ type: 'deadline', name, atMs }),
      },
      { ...shared, onStep: (id, step) => this.#handlers?.onCallStep(id, step) },
    );
    this.agents = new MachineRunner(
      {
        transition: agentTransition,
        deadlines: agentDeadlines,
        deadlineEvent: (name, atMs): AgentEvent => ({ type: 'deadline', name, atMs }),
      },
      { ...shared, onStep: (id, step) => this.#handlers?.onAgentStep(id, step) },
    );
  }

  handle(handlers: StepHandlers): void {
    this.#handlers = handlers;
  }

  ignore(reason: string): void {
    this.ignored.set(reason, (this.ignored.get(reason) ?? 0) + 1);
  }

  /**
   * Runs one turn, or joins the one that runs. Resolves when what the turn wrote is committed (at once when it wrote
   * nothing). An error thrown by `run` itself (a command in a wrong state) rejects and leaves nothing behind of that command.
   */
  turn(run: () => void): Promise<void> {
    if (this.#stopped) return Promise.reject(new Error('The engine is stopped.'));
    if (this.#turn !== undefined) {
      this.#turn.inbox.push(run);
      return Promise.resolve();
    }
    this.#lookAtClock();
    const turn = { inbox: [] as (() => void)[], writes: [] as RowWrites[], after: [] as (() => void)[] };
    this.#turn = turn;
    let failure: unknown;
    try {
      run();
    } catch (error) {
      failure = error;
    }
    for (let next = turn.inbox.shift(); next !== undefined; next = turn.inbox.shift()) this.#step(next);
    this.#turn = undefined;
    const committed = turn.writes.length === 0 ? Promise.resolve() : this.#committer.commit(mergeWrites(turn.writes));
    const done = committed.then(() => {
      for (const run of turn.after) run();
    });
    if (failure !== undefined) {
      done.catch(() => undefined);
      return Promise.reject(failure instanceof Error ? failure : new Error('A command failed.', { cause: failure }));
    }
    done.catch((error: unknown) => {
      // Of all units that were left when it ended the committer tells once.
      if (!(error instanceof ClosedError || error instanceof FencedError))
        this.log.error({ err: error }, 'what a turn wrote was refused');
    });
    return done;
  }

  /** One aggregate's fault must not keep the others from their events. */
  #step(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.log.error({ err: error }, 'a step of the engine failed');
    }
  }

  /** Tells of jumps of the clock before anything else of a turn happens. */
  onClockJump(told: (byMs: number) => void): void {
    this.#onClockJump = told;
  }

  /** What is waited for lies as far ahead as before, by the clock as it is now. */
  shiftDeadlines(byMs: number): void {
    this.calls.rewrite((state) => shiftCallDeadlines(state, byMs));
    this.agents.rewrite((state) => shiftAgentDeadlines(state, byMs));
  }

  /** The clock was set: every instant that was written before belongs to another time of day. */
  #lookAtClock(): void {
    const steady = this.clock.steady?.();
    if (steady === undefined) return;
    const offsetMs = this.clock.now() - steady;
    const byMs = offsetMs - (this.#clockOffsetMs ?? offsetMs);
    this.#clockOffsetMs = offsetMs;
    if (Math.abs(byMs) > JUMP_MS) this.#onClockJump?.(byMs);
  }

  /** Inside a turn: run after the present step. Outside: a turn of its own. */
  post(run: () => void): void {
    if (this.#turn === undefined) void this.turn(() => this.#step(run)).catch(() => undefined);
    else this.#turn.inbox.push(run);
  }

  /** Adds rows to the present turn's commit. */
  write(rows: RowWrites): void {
    if (this.#turn === undefined) throw new Error('Rows are written inside a turn only.');
    this.#turn.writes.push(rows);
  }

  /** Runs after the present turn's commit; never when it is refused. */
  afterCommit(run: () => void): void {
    if (this.#turn === undefined) throw new Error('Effects wait for a turn that runs.');
    this.#turn.after.push(run);
  }

  /** Units of work that wait for their commit. */
  get unwritten(): number {
    return this.#committer.pending;
  }

  /** Resolves when everything written so far is committed: what is read from the database then is what we know. */
  written(): Promise<void> {
    return this.#committer.drained();
  }

  /** Deadlines wait: what is read back is held against the switch first. */
  holdDeadlines(): void {
    this.calls.hold();
    this.agents.hold();
  }

  /** Deadlines count again; those that have passed come at once. */
  releaseDeadlines(): void {
    this.calls.release();
    this.agents.release();
  }

  /** No more turns; timers are cancelled. */
  stop(): void {
    this.#stopped = true;
    this.calls.stop();
    this.agents.stop();
  }
}
