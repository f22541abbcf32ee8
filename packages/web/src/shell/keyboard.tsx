import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useServices } from '../services.ts';
import { useShortcuts } from '../ui/use-shortcuts.ts';
import type { NavItem } from './nav-items.tsx';
import { ShortcutHelp } from './shortcut-help.tsx';

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type)));

/** Listens to the keyboard for the whole page, and shows what keys do. */
export const Keyboard = ({ items, help }: { readonly items: readonly NavItem[]; readonly help: HelpSwitch }) => {
  const { t } = useTranslation();
  const { shortcuts } = useServices();
  const navigate = useNavigate();
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, altKey, isComposing, repeat } = event;
      const meant = shortcuts.press({
        key,
        ctrlKey,
        metaKey,
        altKey,
        isComposing,
        repeat,
        inField: isField(event.target),
      });
      if (meant) event.preventDefault();
    };
    document.addEventListener('keydown', listen);
    return () => {
      document.removeEventListener('keydown', listen);
    };
  }, [shortcuts]);
  useShortcuts([
    { keys: '?', label: t('shortcut.help'), group: t('shortcut.group.everywhere'), run: () => help.set(true) },
    ...items.map((item) => ({
      keys: `g ${item.letter}`,
      label: t(`shortcut.${item.go}`),
      group: t('shortcut.group.everywhere'),
      run: () => {
        void navigate(item.to);
      },
    })),
  ]);
  return <ShortcutHelp isOpen={help.isOpen} onClose={() => help.set(false)} />;
};

export type HelpSwitch = { readonly isOpen: boolean; readonly set: (isOpen: boolean) => void };

export const useHelpSwitch = (): HelpSwitch => {
  const [isOpen, set] = useState(false);
  return { isOpen, set };
};
