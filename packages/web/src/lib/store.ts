/** A value that can be read now and watched. What view models show to components, and all that components know of them. */
export interface Readable<T> {
  get(): T;
  /** Calls the listener after each change; returns the unsubscriber (idempotent). */
  subscribe(listener: () => void): () => void;
}

/** A watched value. Setting an identical value tells nobody. A listener that throws does not keep the others from hearing. */
export class Store<T> implements Readable<T> {
  /** Invariant: replaced, never mutated, so that a reader may compare by identity. */
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;

  set(value: T): void {
    if (Object.is(this.#value, value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        // A broken listener is its owner's fault; report it where the browser reports uncaught errors.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  update(change: (value: T) => T): void {
    this.set(change(this.#value));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };
}

/** A view of other stores. Recomputed only when a source gave a new value, so its identity is stable in between. */
export const derive = <S, T>(source: Readable<S>, compute: (value: S) => T): Readable<T> => {
  let last: { readonly input: S; readonly output: T } | undefined;
  return {
    get: () => {
      const input = source.get();
      if (last === undefined || !Object.is(last.input, input)) last = { input, output: compute(input) };
      return last.output;
    },
    subscribe: source.subscribe,
  };
};
