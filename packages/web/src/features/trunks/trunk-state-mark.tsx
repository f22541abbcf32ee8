import type { Trunk } from '@qianhu/contracts';
import { useTranslation } from 'react-i18next';
import { StateMark } from '../../ui/phase.tsx';

/** How a line is: whether it answers, and whether we are registered. */
export const TrunkStateMark = ({ trunk }: { readonly trunk: Trunk }) => {
  const { t } = useTranslation();
  if (!trunk.isEnabled) return <StateMark tone="paused" shape="square" text={t('trunk.disabled')} />;
  const { state } = trunk;
  const reachable = state?.reachable ?? 'unknown';
  const registration = state?.registration ?? 'notUsed';
  const isBad = reachable === 'unreachable' || registration === 'rejected' || registration === 'unregistered';
  const isGood = reachable === 'reachable' || registration === 'registered';
  const words = [
    ...(registration === 'notUsed' || reachable === 'unreachable' ? [t(`trunk.reachable.${reachable}`)] : []),
    ...(registration === 'notUsed' ? [] : [t(`trunk.registration.${registration}`)]),
  ];
  return (
    <span title={state?.detail}>
      <StateMark
        tone={isBad ? 'danger' : isGood ? 'ready' : 'paused'}
        shape={isBad ? 'cross' : isGood ? 'check' : 'ring'}
        text={words.join(' · ')}
      />
      {state?.rttMs !== undefined && (
        <span className="q-small q-faint"> {t('trunk.rtt', { ms: Math.round(state.rttMs) })}</span>
      )}
    </span>
  );
};
