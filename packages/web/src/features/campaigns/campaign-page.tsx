import { campaignRoutes, type Campaign } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Tabs } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { campaignTopic } from '../../api/topics.ts';
import { dataOf, useTopic } from '../../api/use-topic.ts';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { DemoBadge } from '../../ui/demo-badge.tsx';
import { Page } from '../../ui/page.tsx';
import { CampaignPhaseMark } from '../../ui/phase.tsx';
import { Empty, Loading } from '../../ui/states.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { AttemptsTable } from '../attempts/attempts-table.tsx';
import { CampaignChecksCard } from './campaign-checks.tsx';
import { CampaignCommands } from './campaign-command-buttons.tsx';
import { CampaignFormLoader } from './campaign-form-loader.tsx';
import { CampaignLiveView } from './campaign-live.tsx';
import { DropsTab } from './drops-tab.tsx';
import { ForecastPanel } from './forecast-panel.tsx';
import { settledRefresher } from './settled-refresher.ts';

const TABS = ['live', 'forecast', 'drops', 'attempts', 'settings'] as const;
type Tab = (typeof TABS)[number];

/** One campaign: live, its attempts, its settings. */
export const Component = () => {
  const { campaignId = '' } = useParams();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['campaigns', 'one', campaignId],
    queryFn: ({ signal }) =>
      api.call(campaignRoutes.getCampaign, { params: { campaignId: campaignId as Campaign['campaignId'] }, signal }),
  });
  return (
    <AsyncView query={query}>
      {(campaign) => (
        // The engine knows a campaign from its start on: read the live topic anew then.
        <CampaignDetail key={campaign.phase === 'draft' ? 'draft' : 'started'} campaign={campaign} />
      )}
    </AsyncView>
  );
};

const CampaignDetail = ({ campaign }: { readonly campaign: Campaign }) => {
  const { t } = useTranslation();
  const { api, queries, clock } = useServices();
  const { modal } = App.useApp();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const tab: Tab =
    TABS.find((name) => name === search.get('tab')) ?? (campaign.phase === 'draft' ? 'settings' : 'live');
  const { campaignId } = campaign;
  const [refresher] = useState(() =>
    settledRefresher(clock, () => void queries.invalidateQueries({ queryKey: ['attempts'] })),
  );
  const reader = useMemo(() => campaignTopic(campaignId, refresher), [campaignId, refresher]);
  const topic = useTopic(reader);
  const view = dataOf(topic) ?? campaign.live;
  const phase = view?.phase ?? campaign.phase;
  const isStartable = phase === 'draft' || phase === 'stopped' || phase === 'finished' || phase === 'paused';
  const checks = useQuery({
    queryKey: ['campaigns', 'checks', campaignId],
    queryFn: ({ signal }) => api.call(campaignRoutes.checkCampaign, { params: { campaignId }, signal }),
    enabled: isStartable,
  });
  const remove = useCommand(() => api.call(campaignRoutes.deleteCampaign, { params: { campaignId } }), {
    refresh: ['campaigns', 'lists'],
    done: t('campaign.removed'),
    onDone: () => void navigate('/campaigns'),
  });
  return (
    <Page
      trail={[{ to: '/campaigns', text: t('campaign.title') }]}
      title={campaign.name}
      beside={
        <>
          <CampaignPhaseMark phase={phase} />
          {campaign.isDemo && <DemoBadge />}
          {topic.kind === 'stale' && <span className="q-small q-faint">{t('live.stale')}</span>}
        </>
      }
      actions={
        <>
          {phase === 'draft' && (
            <Button
              danger
              type="text"
              onClick={() =>
                void modal.confirm({
                  title: t('campaign.remove'),
                  content: t('campaign.removeConfirm'),
                  okText: t('action.delete'),
                  okButtonProps: { danger: true },
                  cancelText: t('action.cancel'),
                  onOk: () => remove.mutateAsync().catch(() => undefined),
                })
              }
            >
              {t('action.delete')}
            </Button>
          )}
          <CampaignCommands campaignId={campaignId} phase={phase} canStart={checks.data?.canStart !== false} />
        </>
      }
    >
      {isStartable && checks.data !== undefined && checks.data.problems.length > 0 && (
        <CampaignChecksCard checks={checks.data} />
      )}
      <Tabs
        activeKey={tab}
        onChange={(key) => setSearch(key === 'live' ? {} : { tab: key }, { replace: true })}
        items={[
          {
            key: 'live',
            label: t('campaign.tab.live'),
            children:
              view !== undefined ? (
                <CampaignLiveView view={view} />
              ) : topic.kind === 'refused' ? (
                <Empty title={t('campaign.noOutcomes')} hint={t('campaign.commandHint.start')} />
              ) : (
                <Loading />
              ),
          },
          {
            key: 'forecast',
            label: t('campaign.tab.forecast'),
            children: <ForecastPanel campaign={campaign} />,
          },
          {
            key: 'drops',
            label: t('campaign.tab.drops'),
            children: <DropsTab campaignId={campaignId} />,
          },
          {
            key: 'attempts',
            label: t('campaign.tab.attempts'),
            children: <AttemptsTable campaignId={campaignId} />,
          },
          {
            key: 'settings',
            label: t('campaign.tab.settings'),
            children: <CampaignFormLoader campaign={campaign} />,
          },
        ]}
      />
    </Page>
  );
};
