import { Modal } from 'antd';
import { useTranslation } from 'react-i18next';
import { useStore } from '../lib/use-store.ts';
import { useServices } from '../services.ts';
import type { Shortcut } from '../ui/shortcuts.ts';

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

const names: Readonly<Record<string, string>> = {
  mod: isMac ? '⌘' : 'Ctrl',
  enter: 'Enter',
  escape: 'Esc',
  space: 'Space',
  arrowdown: '↓',
  arrowup: '↑',
};

/** The caps of one shortcut's keys. */
export const Keys = ({ keys }: { readonly keys: string }) => {
  const { t } = useTranslation();
  return (
    <span>
      {keys.split(' ').map((step, index) => (
        <span key={step}>
          {index > 0 && <span className="q-faint q-small"> {t('shortcut.then')} </span>}
          {step.split('+').map((key) => (
            <kbd key={key} className="q-kbd">
              {names[key] ?? key.toUpperCase()}
            </kbd>
          ))}
        </span>
      ))}
    </span>
  );
};

/** All that keys do on this page now. */
export const ShortcutHelp = ({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const { shortcuts: registry } = useServices();
  const shortcuts = useStore(registry.shortcuts);
  const groups = new Map<string, Shortcut[]>();
  for (const shortcut of shortcuts) groups.set(shortcut.group, [...(groups.get(shortcut.group) ?? []), shortcut]);
  return (
    <Modal open={isOpen} onCancel={onClose} footer={null} title={t('shortcut.title')} width={680}>
      <div className="help">
        {[...groups].reverse().map(([group, items]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {items.map((item) => (
                <div
                  key={item.keys}
                  className={item.run === undefined ? 'help__off' : undefined}
                  title={item.run === undefined ? t('shortcut.unavailable') : undefined}
                >
                  <dt>{item.label}</dt>
                  <dd>
                    <Keys keys={item.keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
};
