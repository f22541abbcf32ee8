import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../lib/use-now.ts';
import { useStore } from '../lib/use-store.ts';
import { useServices } from '../services.ts';

/** Whether what is on the screen is live. Says nothing where nothing live is shown. */
export const LiveState = () => {
  const { t } = useTranslation();
  const { live } = useServices();
  const state = useStore(live.state);
  useEffect(() => {
    const online = (): void => live.retryNow();
    window.addEventListener('online', online);
    return () => {
      window.removeEventListener('online', online);
    };
  }, [live]);
  if (state.kind === 'idle') return null;
  const isOff = state.kind === 'waiting';
  return (
    <div className={`link-state${isOff ? ' link-state--off' : ''}`} role="status">
      <span className="link-state__dot" />
      {state.kind === 'waiting' ? (
        <span>
          <Waiting untilMs={state.retryAtMs} /> <button onClick={() => live.retryNow()}>{t('live.retryNow')}</button>
        </span>
      ) : (
        <span>{t(`live.${state.kind}`)}</span>
      )}
    </div>
  );
};

const Waiting = ({ untilMs }: { readonly untilMs: number }) => {
  const { t } = useTranslation();
  const now = useNow();
  return <>{t('live.waiting', { seconds: Math.max(1, Math.ceil((untilMs - now) / 1000)) })}</>;
};
