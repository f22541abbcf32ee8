import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Keys } from '../../shell/shortcut-help.tsx';
import type { DeskParts } from './desk-page.tsx';
import { LevelBar } from './level-bar.tsx';

/** Before the shift: microphone, and going on line. */
export const OfflinePanel = ({ state, actions, runtime }: DeskParts) => {
  const { t } = useTranslation();
  const { microphone, phone, pending } = state;
  const isMicBad = !['unknown', 'asking', 'granted'].includes(microphone.kind);
  const progress =
    pending !== 'enter'
      ? undefined
      : microphone.kind !== 'granted'
        ? t('desk.entering.microphone')
        : phone.kind === 'registered' || phone.kind === 'up'
          ? t('desk.entering.opening')
          : t('desk.entering.registering');
  return (
    <div className="offline">
      <h1>{t('desk.offlineTitle')}</h1>
      <p className="q-soft">{t('desk.enterHint')}</p>
      <Button
        type="primary"
        size="large"
        loading={pending === 'enter'}
        disabled={actions.enter === undefined}
        onClick={actions.enter}
        data-testid="enter"
      >
        {t('desk.enter')} <Keys keys="o" />
      </Button>
      {progress !== undefined && <p aria-live="polite">{progress}</p>}
      <div className="offline__mic">
        <div className="q-row q-row--between">
          <span>{t('phone.microphone')}</span>
          <Button size="small" onClick={() => runtime.model.checkMicrophone()}>
            {t('phone.check')}
          </Button>
        </div>
        <p className={isMicBad ? 'offline__bad' : 'q-soft'} role={isMicBad ? 'alert' : undefined}>
          {t(`phone.mic.${microphone.kind}`)}
          {microphone.kind === 'granted' && microphone.deviceLabel !== '' && ` · ${microphone.deviceLabel}`}
        </p>
        {microphone.kind === 'granted' && <LevelBar phone={runtime.phone} side="microphone" label={t('phone.level')} />}
      </div>
    </div>
  );
};
