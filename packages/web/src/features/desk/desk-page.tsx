import { agentRoutes } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { Alert, Button } from 'antd';
import { useEffect, useLayoutEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../../lib/use-store.ts';
import { useServices } from '../../services.ts';
import { useUser } from '../../session/session.ts';
import { chime } from '../../ui/chime.ts';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { CallPanel } from './call-panel.tsx';
import './desk.css';
import { isInCall, type DeskActions, type DeskState } from './desk-model.ts';
import { deskOf, type DeskRuntime } from './desk-runtime.ts';
import { useDeskShortcuts } from './desk-shortcuts.ts';
import { LeadPanel } from './lead-panel.tsx';
import { OfflinePanel } from './offline-panel.tsx';
import { ResultPanel } from './result-panel.tsx';
import { StateBar } from './state-bar.tsx';
import { TodayPanel } from './today-panel.tsx';

/** What the desk's parts are given. */
export type DeskParts = {
  readonly state: DeskState;
  readonly actions: DeskActions;
  readonly runtime: DeskRuntime;
};

/** The agent's desk. */
export const Component = () => {
  const services = useServices();
  const user = useUser();
  const [runtime, setRuntime] = useState<DeskRuntime>();
  // Not while rendering: the desk opens the live connection, whose state other components show.
  useLayoutEffect(() => setRuntime(deskOf(services, user)), [services, user]);
  return runtime === undefined ? null : <DeskOf runtime={runtime} />;
};

const DeskOf = ({ runtime }: { readonly runtime: DeskRuntime }) => {
  const { live } = useServices();
  const state = useStore(runtime.model.state);
  const { t } = useTranslation();
  if (state.link === 'refused')
    return (
      <div className="page">
        <ErrorState error={new Error(t('desk.refused'))} onRetry={() => live.retryNow()} />
      </div>
    );
  if (state.agent === undefined)
    return (
      <div className="page">
        <Loading />
      </div>
    );
  return <Desk runtime={runtime} state={state} actions={runtime.model.actionsOf(state)} />;
};

const Desk = (parts: DeskParts) => {
  const { state, runtime } = parts;
  const { t } = useTranslation();
  const { api } = useServices();
  const [isKeypadOpen, setKeypadOpen] = useState(false);
  const [isPauseOpen, setPauseOpen] = useState(false);
  const { agent, fault } = state;
  const callId = agent?.call?.callId;
  const isOut = agent?.phase === 'loggedOut';
  const me = useQuery({
    queryKey: ['desk', 'me', agent?.phase === 'wrapUp', callId],
    queryFn: ({ signal }) => api.call(agentRoutes.getAgentMe, { signal }),
    placeholderData: (previous) => previous,
  });
  const call = useQuery({
    queryKey: ['desk', 'call', callId],
    queryFn: ({ signal }) => api.call(agentRoutes.getAgentCall, { signal }),
    enabled: callId !== undefined,
    staleTime: Infinity,
  });
  // The pop-up of this call, not of the one before that the server may still have known when it was asked.
  const popUp = call.data?.callId === callId ? call.data : undefined;
  const dispositions = popUp?.dispositions;
  useEffect(() => {
    if (dispositions !== undefined) runtime.setDispositions(dispositions);
  }, [runtime, dispositions]);
  const inCall = isInCall(agent?.phase);
  useEffect(() => {
    if (!inCall) return;
    chime();
    const title = document.title;
    document.title = t('desk.incoming');
    return () => {
      document.title = title;
    };
  }, [inCall, callId, t]);
  useEffect(() => {
    if (!inCall) return;
    // The browser asks in its own words before a talk is cut off by a closed tab.
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => {
      window.removeEventListener('beforeunload', ask);
    };
  }, [inCall]);
  useDeskShortcuts(parts, popUp, {
    toggleKeypad: () => setKeypadOpen(!isKeypadOpen),
    openPause: () => setPauseOpen(true),
  });
  return (
    <div className="desk">
      <StateBar
        {...parts}
        pauseReasons={me.data?.pauseReasons ?? []}
        isPauseOpen={isPauseOpen}
        onPauseOpen={setPauseOpen}
      />
      {state.link === 'stale' && <Alert banner type="warning" title={t('desk.stale')} />}
      {state.isSoundBlocked && (
        <Alert
          banner
          type="warning"
          title={
            <Button size="small" type="primary" onClick={() => runtime.model.unblockSound()}>
              {t('desk.soundBlocked')}
            </Button>
          }
        />
      )}
      {fault !== undefined && (
        <Alert
          banner
          type="error"
          title={t(`desk.fault.${fault.command}`)}
          description={
            fault.error.code === 'phone.timeout'
              ? t('phone.timeout')
              : fault.error.reason === 'phoneNotRegistered' || fault.error.reason === 'phoneWithoutPassword'
                ? t(`desk.because.${fault.error.reason}`)
                : fault.error.message === ''
                  ? t(`error.hint.${fault.error.kind}`)
                  : fault.error.message
          }
          closable={{ onClose: () => runtime.model.dismissFault() }}
        />
      )}
      {isOut ? (
        <OfflinePanel {...parts} />
      ) : (
        <div className="desk__body">
          <div className="desk__call">
            <CallPanel {...parts} popUp={popUp} isKeypadOpen={isKeypadOpen} onKeypad={setKeypadOpen} />
            {callId !== undefined && (inCall || agent?.phase === 'wrapUp') ? (
              <ResultPanel {...parts} popUp={popUp} />
            ) : (
              <TodayPanel me={me.data} />
            )}
          </div>
          <div className="desk__lead">
            <LeadPanel query={call} popUp={popUp} hasCall={callId !== undefined} />
          </div>
        </div>
      )}
    </div>
  );
};
