import { isIgnored, type Transition } from '@qianhu/core';
import type { Clock } from '../platform/clock.ts';

/** A named instant that a state lives under. */
export type Deadline<Name extends string> = { readonly name: Name; readonly atMs: number };

/** One aggregate in memory. */
export type Running<State> = {
  state: State;
  /** Grows by one with each step; orders its events and guards its row against older writes. */
  seq: number;
  /** One armed timer for each deadline of the state, and none else. */
  readonly timers: Map<string, { readonly atMs: number; readonly cancel: () => void }>;
};

/** What a step did, for the one who writes and acts. */
export type Step<State, Event, Effect> = {
  readonly before: State;
  readonly after: State;
  readonly event: Event;
  readonly effects: readonly Effect[];
  readonly seq: number;
};

export type MachineRules<State, Event, Effect, Name extends string> = {
  readonly transition: (state: State, event: Event) => Transition<State, Effect>;
  readonly deadlines: (state: State) => readonly Deadline<Name>[];
  readonly deadlineEvent: (name: Name, atMs: number) => Event;
};

/**
 * Runs one kind of machine: keeps the aggregates in memory, feeds events, keeps exactly the timers that a state asks for.
 * It writes nothing and acts on nothing: each step is handed to `onStep`, in order.
 */
export class MachineRunner<
  Id extends string,
  State,
  Event extends { readonly type: string },
  Effect,
  Name extends string,
> {
  readonly #rules: MachineRules<State, Event, Effect, Name>;
  readonly #clock: Clock;
  readonly #onStep: (id: Id, step: Step<State, Event, Effect>) => void;
  readonly #onIgnored: (reason: string) => void;
  /** How a timer's event enters: through the engine's turn, like any other event. */
  readonly #enter: (run: () => void) => void;
  readonly #all = new Map<Id, Running<State>>();
  /** While true no timer is armed. */
  #isHeld = false;

  constructor(
    rules: MachineRules<State, Event, Effect, Name>,
    deps: {
      readonly clock: Clock;
      readonly onStep: (id: Id, step: Step<State, Event, Effect>) => void;
      readonly onIgnored: (reason: string) => void;
      readonly enter: (run: () => void) => void;
    },
  ) {
    this.#rules = rules;
    this.#clock = deps.clock;
    this.#onStep = deps.onStep;
    this.#onIgnored = deps.onIgnored;
    this.#enter = deps.enter;
  }

  get size(): number {
    return this.#all.size;
  }

  state(id: Id): State | undefined {
    return this.#all.get(id)?.state;
  }

  ids(): IterableIterator<Id> {
    return this.#all.keys();
  }

  entries(): IterableIterator<[Id, Running<State>]> {
    return this.#all.entries();
  }

  /** Takes an aggregate in (new, or read back after a restart) and arms its timers. */
  add(id: Id, state: State, seq: number): void {
    const running: Running<State> = { state, seq, timers: new Map() };
    this.#all.set(id, running);
    this.#arm(id, running);
  }

  /**
   * Arms no timers until `release`. What is read back after a crash has deadlines that passed meanwhile; what the switch
   * knows of that time must be told first.
   */
  hold(): void {
    this.#isHeld = true;
  }

  /** Arms the timers of what is there. */
  release(): void {
    this.#isHeld = false;
    for (const [id, running] of this.#all) this.#arm(id, running);
  }

  /** Replaces every state by what `change` makes of it, without a step: nothing happened but that the clock was set. */
  rewrite(change: (state: State) => State): void {
    for (const [id, running] of this.#all) {
      running.state = change(running.state);
      this.#arm(id, running);
    }
  }

  /** Lets an aggregate go, with its timers. */
  remove(id: Id): void {
    const running = this.#all.get(id);
    if (running === undefined) return;
    for (const timer of running.timers.values()) timer.cancel();
    this.#all.delete(id);
  }

  /**
   * Feeds one event. Returns whether it changed anything; a machine's `InvalidStateError` passes through to the one who
   * gave the command, with nothing changed.
   */
  send(id: Id, event: Event): boolean {
    const running = this.#all.get(id);
    if (running === undefined) {
      this.#onIgnored('noSuchAggregate');
      return false;
    }
    const result = this.#rules.transition(running.state, event);
    if (isIgnored(result)) {
      this.#onIgnored(result.ignored);
      return false;
    }
    const before = running.state;
    running.state = result.state;
    running.seq += 1;
    this.#arm(id, running);
    this.#onStep(id, { before, after: result.state, event, effects: result.effects, seq: running.seq });
    return true;
  }

  /** Cancels every timer (the engine stops; the states stay readable). */
  stop(): void {
    for (const running of this.#all.values()) {
      for (const timer of running.timers.values()) timer.cancel();
      running.timers.clear();
    }
  }

  #arm(id: Id, running: Running<State>): void {
    const wanted = this.#rules.deadlines(running.state);
    for (const [name, timer] of running.timers) {
      if (wanted.some((d) => d.name === name && d.atMs === timer.atMs)) continue;
      timer.cancel();
      running.timers.delete(name);
    }
    if (this.#isHeld) return;
    for (const { name, atMs } of wanted) {
      if (!running.timers.has(name)) this.#set(id, running, name, atMs);
    }
  }

  #set(id: Id, running: Running<State>, name: Name, atMs: number): void {
    const cancel = this.#clock.setTimer(Math.max(0, atMs - this.#clock.now()), () => {
      running.timers.delete(name);
      // A clock that was set back makes timers early: wait for the rest, or the deadline would be refused and lost.
      if (this.#clock.now() < atMs) {
        this.#set(id, running, name, atMs);
        return;
      }
      this.#enter(() => this.send(id, this.#rules.deadlineEvent(name, this.#clock.now())));
    });
    running.timers.set(name, { atMs, cancel });
  }
}
