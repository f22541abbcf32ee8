/** What a machine answers to an event: the next state with its effects, or why the event changes nothing. */
export type Transition<State, Effect> = { readonly state: State; readonly effects: readonly Effect[] } | Ignored;

/** An event that changes nothing (late, doubled or out of order). It is counted and never thrown. */
export type Ignored = { readonly ignored: string };

/** Says that an event changes nothing, and why (static text: it becomes a metric label). */
export const ignored = (reason: string): Ignored => ({ ignored: reason });

/** Whether a transition was ignored. */
export const isIgnored = <S, E>(t: Transition<S, E>): t is Ignored => 'ignored' in t;

/** A command that arrived in a state in which it means nothing. The caller made a mistake and hears of it. */
export class InvalidStateError extends Error {
  readonly code = 'invalidState';
  readonly machine: string;
  readonly state: string;
  readonly command: string;
  constructor(machine: string, state: string, command: string) {
    super(`${command} is not possible while the ${machine} is ${state}.`);
    this.name = 'InvalidStateError';
    this.machine = machine;
    this.state = state;
    this.command = command;
  }
}

/** Makes an unhandled variant a compile error. */
export const assertNever = (value: never): never => {
  throw new Error(`Unhandled variant: ${JSON.stringify(value)}`);
};
