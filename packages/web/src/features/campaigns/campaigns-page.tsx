import { PlusOutlined } from '@ant-design/icons';
import { campaignRoutes, type Campaign } from '@qianhu/contracts';
import { Button, type TableColumnsType } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { floorTopic } from '../../api/topics.ts';
import { dataOf, useTopic } from '../../api/use-topic.ts';
import { usePages } from '../../api/use-pages.ts';
import { useLanguage } from '../../i18n/use-language.ts';
import { shareText } from '../../lib/format.ts';
import { useServices } from '../../services.ts';
import { DemoBadge } from '../../ui/demo-badge.tsx';
import { Moment } from '../../ui/moment.tsx';
import { Page } from '../../ui/page.tsx';
import { PagedTable } from '../../ui/paged-table.tsx';
import { CampaignPhaseMark } from '../../ui/phase.tsx';
import { ShareBar } from '../../ui/share-bar.tsx';
import { Empty } from '../../ui/states.tsx';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { CampaignCommands } from './campaign-command-buttons.tsx';

type Row = {
  readonly campaignId: Campaign['campaignId'];
  readonly name: string;
  readonly phase: Campaign['phase'];
  readonly isDemo: boolean;
  readonly modeKind: 'progressive' | 'ratio' | 'predictive';
  readonly lists: readonly { readonly listId: string; readonly name: string }[];
  readonly leads: { readonly ready: number; readonly dialing: number; readonly done: number };
  readonly attempts: number;
  readonly answered: number;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
};

/** All campaigns, newest first; the running ones live. */
export const Component = () => {
  const { t } = useTranslation();
  const { api } = useServices();
  const { locale } = useLanguage();
  const navigate = useNavigate();
  const pages = usePages<Row>(['campaigns'], (cursor, signal) =>
    api.call(campaignRoutes.listCampaigns, { query: cursor === undefined ? {} : { cursor }, signal }),
  );
  const floor = dataOf(useTopic(floorTopic));
  useShortcuts([
    {
      keys: 'n',
      label: t('campaign.create'),
      group: t('shortcut.group.page'),
      run: () => void navigate('/campaigns/new'),
    },
  ]);
  const liveOf = (row: Row) => floor?.campaigns.find((view) => view.campaignId === row.campaignId);
  const columns: TableColumnsType<Row> = [
    {
      title: t('campaign.name'),
      key: 'name',
      render: (_, row) => (
        <div>
          <span className="q-row">
            <Link to={`/campaigns/${row.campaignId}`}>{row.name}</Link>
            {row.isDemo && <DemoBadge />}
          </span>
          <span className="q-small q-faint">
            {t(`campaign.modeName.${row.modeKind}`)} · {row.lists.map((list) => list.name).join('、')}
          </span>
        </div>
      ),
    },
    {
      title: t('campaign.phaseLabel'),
      key: 'phase',
      render: (_, row) => <CampaignPhaseMark phase={liveOf(row)?.phase ?? row.phase} />,
    },
    {
      title: t('campaign.talkingNow'),
      key: 'talking',
      align: 'right',
      render: (_, row) => <span className="q-num">{liveOf(row)?.calls.talking ?? '–'}</span>,
    },
    {
      title: t('campaign.progress'),
      key: 'progress',
      width: 190,
      render: (_, row) => {
        const leads = liveOf(row)?.leads ?? row.leads;
        return (
          <>
            <ShareBar
              label={t('campaign.progress')}
              segments={[
                { key: 'done', label: t('leadState.done'), value: leads.done, tone: 'primary' },
                { key: 'dialing', label: t('leadState.dialing'), value: leads.dialing, tone: 'ringing' },
                { key: 'ready', label: t('leadState.ready'), value: leads.ready, tone: 'line-strong' },
              ]}
            />
            <span className="q-small q-faint q-num">
              {t('leadState.ready')} {leads.ready.toLocaleString()}
            </span>
          </>
        );
      },
    },
    {
      title: t('campaign.attempts'),
      key: 'attempts',
      align: 'right',
      render: (_, row) => <span className="q-num">{row.attempts.toLocaleString()}</span>,
    },
    {
      title: t('campaign.answerRate'),
      key: 'answered',
      align: 'right',
      render: (_, row) => <span className="q-num">{shareText(row.answered, row.attempts, locale)}</span>,
    },
    {
      title: t('campaign.startedAt'),
      key: 'startedAt',
      render: (_, row) => (row.startedAtMs === undefined ? '–' : <Moment atMs={row.startedAtMs} />),
    },
    {
      key: 'commands',
      align: 'right',
      render: (_, row) => (
        <CampaignCommands campaignId={row.campaignId} phase={liveOf(row)?.phase ?? row.phase} isCompact />
      ),
    },
  ];
  const create = (
    <Link to="/campaigns/new">
      <Button type="primary" icon={<PlusOutlined />}>
        {t('campaign.create')}
      </Button>
    </Link>
  );
  return (
    <Page title={t('campaign.title')} lead={t('campaign.lead')} actions={create}>
      <PagedTable
        pages={pages}
        columns={columns}
        rowKey={(row) => row.campaignId}
        onOpen={(row) => void navigate(`/campaigns/${row.campaignId}`)}
        empty={
          <Empty
            title={t('campaign.empty')}
            hint={t('campaign.emptyHint')}
            action={
              <>
                {create}
                <Link to="/lists/import">
                  <Button>{t('campaign.needsList')}</Button>
                </Link>
              </>
            }
          />
        }
      />
    </Page>
  );
};
