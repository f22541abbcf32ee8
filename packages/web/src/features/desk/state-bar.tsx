import { AudioMutedOutlined, AudioOutlined } from '@ant-design/icons';
import type { AgentLive } from '@qianhu/contracts';
import { Button, Dropdown, Popover, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { useStore } from '../../lib/use-store.ts';
import { Since } from '../../ui/moment.tsx';
import { AgentPhaseMark } from '../../ui/phase.tsx';
import { Keys } from '../../shell/shortcut-help.tsx';
import type { DeskParts } from './desk-page.tsx';
import { LevelBar } from './level-bar.tsx';

type PauseReason = { readonly code: string; readonly label: { readonly zh: string; readonly en: string } };

/** Who I am to the system now, since when, and what I can become. */
export const StateBar = ({
  state,
  actions,
  runtime,
  pauseReasons,
  isPauseOpen,
  onPauseOpen,
}: DeskParts & {
  readonly pauseReasons: readonly PauseReason[];
  readonly isPauseOpen: boolean;
  readonly onPauseOpen: (isOpen: boolean) => void;
}) => {
  const { t } = useTranslation();
  const { language } = useLanguage();
  const agent = state.agent as AgentLive;
  const reasonText = (code: string): string =>
    pauseReasons.find((reason) => reason.code === code)?.label[language] ?? code;
  const { pause } = actions;
  if (agent.phase === 'loggedOut') return null;
  return (
    <header className={`state-bar state-bar--${agent.phase}`}>
      <span className="state-bar__phase">
        <AgentPhaseMark phase={agent.phase} />
        {agent.phase === 'paused' && agent.pauseReason !== undefined && (
          <span className="q-soft">{reasonText(agent.pauseReason)}</span>
        )}
        <Since atMs={agent.sinceMs} />
      </span>
      {agent.pauseAfterCall !== undefined && (
        <span className="q-soft">{t('desk.pauseAfterCall', { reason: reasonText(agent.pauseAfterCall) })}</span>
      )}
      <span className="q-grow" />
      <PhoneState state={state} runtime={runtime} actions={actions} />
      {actions.ready !== undefined && (
        <Button type="primary" onClick={actions.ready} loading={state.pending === 'ready'} data-testid="ready">
          {agent.pauseAfterCall === undefined || agent.phase === 'wrapUp' ? t('desk.ready') : t('desk.cancelPause')}{' '}
          <Keys keys="r" />
        </Button>
      )}
      {pause !== undefined && (
        <Dropdown
          open={isPauseOpen}
          onOpenChange={onPauseOpen}
          trigger={['click']}
          autoFocus
          menu={{
            items: pauseReasons.map((reason) => ({ key: reason.code, label: reason.label[language] })),
            onClick: ({ key }) => {
              onPauseOpen(false);
              pause(key);
            },
          }}
        >
          <Button loading={state.pending === 'pause'}>
            {t('desk.pause')} <Keys keys="p" />
          </Button>
        </Dropdown>
      )}
      {actions.leave !== undefined && (
        <Button type="text" onClick={actions.leave} loading={state.pending === 'leave'}>
          {t('desk.leave')} <Keys keys="o" />
        </Button>
      )}
    </header>
  );
};

/** The phone in short; its particulars in a pop-up. */
const PhoneState = ({ state, runtime, actions }: DeskParts) => {
  const { t } = useTranslation();
  const devices = useStore(runtime.phone.devices);
  const { phone, microphone } = state;
  const isGood = phone.kind === 'up' || phone.kind === 'registered';
  return (
    <>
      {actions.takeOver !== undefined && <Button onClick={actions.takeOver}>{t('desk.takeOver')}</Button>}
      {actions.connect !== undefined && <Button onClick={actions.connect}>{t('desk.connectPhone')}</Button>}
      <Popover
        trigger="click"
        placement="bottomRight"
        title={t('phone.title')}
        content={
          <div className="phone-card">
            <p>
              {t(`phone.state.${phone.kind}`)}
              {phone.kind === 'failed' && `：${t(`phone.failed.${phone.reason}`)}`}
            </p>
            <p>
              {t('phone.microphone')}：{t(`phone.mic.${microphone.kind}`)}
            </p>
            {devices.length > 0 && (
              <Select
                style={{ width: '100%' }}
                aria-label={t('phone.device')}
                value={microphone.kind === 'granted' ? microphone.deviceId : null}
                options={devices.map((device) => ({ value: device.deviceId, label: device.label }))}
                onChange={(deviceId) => {
                  if (deviceId !== null) runtime.model.checkMicrophone(deviceId);
                }}
              />
            )}
            <LevelBar phone={runtime.phone} side="microphone" label={t('phone.level')} />
            <LevelBar phone={runtime.phone} side="far" label={t('phone.farLevel')} />
          </div>
        }
      >
        <button className={`phone-chip${isGood ? '' : ' phone-chip--bad'}`} data-testid="phone" data-state={phone.kind}>
          {state.isMuted || microphone.kind !== 'granted' ? <AudioMutedOutlined /> : <AudioOutlined />}
          {t(`phone.state.${phone.kind}`)}
          {phone.kind === 'up' && <LevelBar phone={runtime.phone} side="microphone" label={t('phone.level')} isSmall />}
        </button>
      </Popover>
    </>
  );
};
