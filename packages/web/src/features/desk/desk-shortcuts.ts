import type { AgentCall } from '@qianhu/contracts';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import type { DeskParts } from './desk-page.tsx';

/** Where the note is typed: the key `n` goes there. */
export const NOTE_ID = 'desk-note';

/** Everything that an agent does, by key. */
export const useDeskShortcuts = (
  { state, actions, runtime }: DeskParts,
  popUp: AgentCall | undefined,
  open: { readonly toggleKeypad: () => void; readonly openPause: () => void },
): void => {
  const { t } = useTranslation();
  const { language } = useLanguage();
  const desk = t('shortcut.group.desk');
  const call = t('shortcut.group.call');
  const wrapUp = t('shortcut.group.wrapUp');
  const canWrite = state.agent?.call !== undefined && popUp !== undefined;
  useShortcuts([
    actions.enter !== undefined
      ? { keys: 'o', label: t('desk.enter'), group: desk, run: actions.enter }
      : { keys: 'o', label: t('desk.leave'), group: desk, run: actions.leave },
    { keys: 'r', label: t('desk.ready'), group: desk, run: actions.ready },
    { keys: 'p', label: t('desk.pause'), group: desk, run: actions.pause === undefined ? undefined : open.openPause },
    { keys: 'm', label: state.isMuted ? t('desk.unmute') : t('desk.mute'), group: call, run: actions.mute },
    {
      keys: 'h',
      label: actions.unhold === undefined ? t('desk.hold') : t('desk.unhold'),
      group: call,
      run: actions.hold ?? actions.unhold,
    },
    {
      keys: 'k',
      label: t('desk.keypad'),
      group: call,
      run: actions.sendDigit === undefined ? undefined : open.toggleKeypad,
    },
    { keys: 'e', label: t('desk.hangUp'), group: call, run: actions.hangUp },
    ...(popUp?.dispositions ?? []).slice(0, 9).map((item, index) => ({
      keys: String(index + 1),
      label: item.label[language],
      group: wrapUp,
      run: canWrite ? () => runtime.model.edit({ code: item.code }) : undefined,
    })),
    {
      keys: 'n',
      label: t('desk.note'),
      group: wrapUp,
      run: canWrite ? () => document.getElementById(NOTE_ID)?.focus() : undefined,
    },
    { keys: 'mod+enter', label: t('desk.finish'), group: wrapUp, inFields: true, run: actions.dispose },
  ]);
};
