import { useEffect, useMemo } from 'react';
import { useServices } from '../services.ts';
import type { Shortcut } from './shortcuts.ts';

/**
 * Puts shortcuts in force while the component is shown. The list may be new on every render; it is put in force anew only
 * when what it says changes.
 */
export const useShortcuts = (shortcuts: readonly Shortcut[]): void => {
  const { shortcuts: registry } = useServices();
  const shape = shortcuts.map((s) => `${s.keys}|${s.label}|${s.group}|${s.run === undefined ? '' : 'run'}`).join('\n');
  // The newest handlers, without putting the set in force again on every render.
  const box = useMemo(() => ({ current: shortcuts }), []);
  useEffect(() => {
    box.current = shortcuts;
  });
  useEffect(
    () =>
      registry.add(
        box.current.map((shortcut, index) => ({
          ...shortcut,
          ...(shortcut.run === undefined ? {} : { run: () => box.current[index]?.run?.() }),
        })),
      ),
    [registry, box, shape],
  );
};
