import { Store, type Readable } from '../lib/store.ts';
import { paletteOf, type ThemeName } from './theme.ts';

export type ThemeChoice = ThemeName | 'system';

const KEY = 'qianhu.theme';
const choices: readonly string[] = ['light', 'dark', 'system'];

/** The theme in force and the person's choice, kept in this browser. */
export type ThemeStore = {
  readonly choice: Readable<ThemeChoice>;
  readonly name: Readable<ThemeName>;
  choose(choice: ThemeChoice): void;
};

const cssName = (token: string): string => `--q-${token.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Reads the choice, follows the system where asked to, and writes the palette to the document as `--q-…` properties. */
export const createThemeStore = (storage: Storage, dark: MediaQueryList, root: HTMLElement): ThemeStore => {
  const stored = storage.getItem(KEY);
  const choice = new Store<ThemeChoice>(
    stored !== null && choices.includes(stored) ? (stored as ThemeChoice) : 'system',
  );
  const name = new Store<ThemeName>('light');
  const apply = (): void => {
    const chosen = choice.get();
    const next = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen;
    for (const [token, color] of Object.entries(paletteOf(next))) root.style.setProperty(cssName(token), color);
    root.dataset['theme'] = next;
    root.style.colorScheme = next;
    name.set(next);
  };
  apply();
  dark.addEventListener('change', apply);
  return {
    choice,
    name,
    choose(next) {
      storage.setItem(KEY, next);
      choice.set(next);
      apply();
    },
  };
};
