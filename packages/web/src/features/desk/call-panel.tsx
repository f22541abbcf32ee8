import { AudioMutedOutlined, AudioOutlined, PauseOutlined, PhoneFilled, CaretRightOutlined } from '@ant-design/icons';
import type { AgentCall, AgentLive } from '@qianhu/contracts';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { clockText, phoneText } from '../../lib/format.ts';
import { useNow } from '../../lib/use-now.ts';
import { Keys } from '../../shell/shortcut-help.tsx';
import type { DeskParts } from './desk-page.tsx';
import { isInCall } from './desk-model.ts';

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/** The call, or what there is instead, as big as it deserves. */
export const CallPanel = ({
  state,
  actions,
  popUp,
  isKeypadOpen,
  onKeypad,
}: DeskParts & {
  readonly popUp: AgentCall | undefined;
  readonly isKeypadOpen: boolean;
  readonly onKeypad: (isOpen: boolean) => void;
}) => {
  const { t } = useTranslation();
  const agent = state.agent as AgentLive;
  const inCall = isInCall(agent.phase);
  return (
    <section className={`call call--${agent.phase}`} aria-live="polite" data-testid="call" data-phase={agent.phase}>
      <div className="call__head">
        <div className="q-grow">
          <div className="call__phase">{t(`agentPhase.${agent.phase}`)}</div>
          {inCall || agent.phase === 'wrapUp' ? (
            <>
              <div className="call__who">
                {popUp?.name ?? (popUp?.number === undefined ? ' ' : phoneText(popUp.number))}
              </div>
              <div className="call__number q-num">
                {popUp?.name !== undefined && popUp.number !== undefined && phoneText(popUp.number)}
                {popUp?.campaignName !== undefined && <span> · {popUp.campaignName}</span>}
              </div>
            </>
          ) : (
            <Idle agent={agent} />
          )}
        </div>
        <CallClock agent={agent} />
      </div>
      {inCall && (
        <div className="call__buttons">
          <Button
            size="large"
            disabled={actions.mute === undefined}
            onClick={actions.mute}
            type={state.isMuted ? 'primary' : 'default'}
            danger={state.isMuted}
            icon={state.isMuted ? <AudioMutedOutlined /> : <AudioOutlined />}
            aria-pressed={state.isMuted}
          >
            {t(state.isMuted ? 'desk.unmute' : 'desk.mute')} <Keys keys="m" />
          </Button>
          <Button
            size="large"
            disabled={actions.hold === undefined && actions.unhold === undefined}
            onClick={actions.hold ?? actions.unhold}
            loading={state.pending === 'hold'}
            icon={agent.phase === 'held' ? <CaretRightOutlined /> : <PauseOutlined />}
            aria-pressed={agent.phase === 'held'}
          >
            {t(agent.phase === 'held' ? 'desk.unhold' : 'desk.hold')} <Keys keys="h" />
          </Button>
          <Button
            size="large"
            disabled={actions.sendDigit === undefined}
            onClick={() => onKeypad(!isKeypadOpen)}
            aria-expanded={isKeypadOpen}
          >
            {t('desk.keypad')} <Keys keys="k" />
          </Button>
          <span className="q-grow" />
          <Button
            size="large"
            type="primary"
            danger
            disabled={actions.hangUp === undefined}
            loading={state.pending === 'hangUp'}
            onClick={actions.hangUp}
            icon={<PhoneFilled rotate={225} />}
            data-testid="hang-up"
          >
            {t('desk.hangUp')} <Keys keys="e" />
          </Button>
        </div>
      )}
      {inCall && isKeypadOpen && (
        <div className="keypad">
          <div className="keypad__keys">
            {DIGITS.map((digit) => (
              <Button key={digit} disabled={actions.sendDigit === undefined} onClick={() => actions.sendDigit?.(digit)}>
                {digit}
              </Button>
            ))}
          </div>
          <span className="q-num q-soft">{state.digits !== '' && t('desk.digits', { digits: state.digits })}</span>
        </div>
      )}
    </section>
  );
};

const Idle = ({ agent }: { readonly agent: AgentLive }) => {
  const { t } = useTranslation();
  switch (agent.phase) {
    case 'ready':
      return (
        <>
          <div className="call__who">{t('desk.waitingTitle')}</div>
          <div className="q-soft">{t('desk.waitingHint')}</div>
        </>
      );
    case 'connecting':
      return <div className="call__who">{t('desk.connectingTitle')}</div>;
    default:
      return (
        <>
          <div className="call__who">{t('desk.pausedTitle')}</div>
          {!agent.stationUp && <div className="q-soft">{t('desk.stationDown')}</div>}
        </>
      );
  }
};

/** Time talked; in wrap-up, time left. */
const CallClock = ({ agent }: { readonly agent: AgentLive }) => {
  const { t } = useTranslation();
  const now = useNow();
  const { call, phase } = agent;
  if (call === undefined || !(isInCall(phase) || phase === 'wrapUp')) return null;
  const from = call.bridgedAtMs ?? call.answeredAtMs;
  if (phase !== 'wrapUp') return <div className="call__clock">{clockText(now - from)}</div>;
  const left = call.wrapUpEndsAtMs === undefined ? undefined : Math.ceil((call.wrapUpEndsAtMs - now) / 1000);
  return (
    <div className="call__clock call__clock--wrap-up">
      {call.endedAtMs === undefined ? null : clockText(call.endedAtMs - from)}
      <small>
        {left === undefined
          ? t('desk.wrapUpManual')
          : left > 0
            ? t('desk.wrapUpLeft', { seconds: left })
            : t('desk.wrapUpReady')}
      </small>
    </div>
  );
};
