import { Store, type Readable } from '../lib/store.ts';

/** One thing that a key does. */
export type Shortcut = {
  /** `r`, `?`, `mod+enter` (Control, or Command on a Mac), `g c` (one after the other). Lower case. */
  readonly keys: string;
  /** Shown in the help; already translated. */
  readonly label: string;
  /** Heading in the help; already translated. */
  readonly group: string;
  /** Absent: shown in the help as not possible now, and does nothing. */
  readonly run?: (() => void) | undefined;
  /** Works while a text field has the focus, too. Only for keys that write nothing. */
  readonly inFields?: boolean;
};

/** As much of a KeyboardEvent as decides. */
export type KeyPress = {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
  readonly repeat: boolean;
  /** Whether a text field has the focus. */
  readonly inField: boolean;
};

const SEQUENCE_MS = 1200;

/** The name of a key press in the notation of `Shortcut.keys`; undefined for modifiers alone and unfinished input. */
export const keyName = (press: KeyPress): string | undefined => {
  // While an input method composes Chinese, the keys are letters of pinyin and never commands.
  if (press.isComposing || press.key === 'Process' || press.altKey) return undefined;
  if (['Shift', 'Control', 'Meta', 'Alt', 'CapsLock', 'Dead'].includes(press.key)) return undefined;
  const key = press.key === ' ' ? 'space' : press.key.toLowerCase();
  return press.ctrlKey || press.metaKey ? `mod+${key}` : key;
};

/** All shortcuts that are in force; later ones win, so that a dialog's go before its page's. */
export class ShortcutRegistry {
  readonly #shown = new Store<readonly Shortcut[]>([]);
  readonly #sets = new Map<symbol, readonly Shortcut[]>();
  /** Invariant: first key of a sequence that was begun, with the time of it. */
  #prefix: { readonly key: string; readonly atMs: number } | undefined;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** In force now, in order of registration. */
  get shortcuts(): Readable<readonly Shortcut[]> {
    return this.#shown;
  }

  /** Puts a set in force; returns its remover. */
  add(shortcuts: readonly Shortcut[]): () => void {
    const id = Symbol('shortcuts');
    this.#sets.set(id, shortcuts);
    this.#publish();
    return () => {
      this.#sets.delete(id);
      this.#publish();
    };
  }

  /** Runs what the press means. True if it meant something (the caller then prevents the browser's own meaning). */
  press(press: KeyPress): boolean {
    const key = keyName(press);
    if (key === undefined) return false;
    const prefix = this.#prefix;
    this.#prefix = undefined;
    const all = this.#shown.get().filter((shortcut) => !press.inField || shortcut.inFields === true);
    const sequence =
      prefix !== undefined && this.#now() - prefix.atMs <= SEQUENCE_MS ? `${prefix.key} ${key}` : undefined;
    const found =
      (sequence === undefined ? undefined : all.findLast((shortcut) => shortcut.keys === sequence)) ??
      all.findLast((shortcut) => shortcut.keys === key);
    if (found !== undefined) {
      // A held key must not hang up twice.
      if (!press.repeat) found.run?.();
      return true;
    }
    if (!press.inField && all.some((shortcut) => shortcut.keys.startsWith(`${key} `))) {
      this.#prefix = { key, atMs: this.#now() };
      return true;
    }
    return false;
  }

  #publish(): void {
    this.#shown.set([...this.#sets.values()].flat());
  }
}
