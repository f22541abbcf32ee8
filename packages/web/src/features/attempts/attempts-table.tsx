import { AudioOutlined, DownloadOutlined } from '@ant-design/icons';
import { attemptRoutes, campaignRoutes, userRoutes, type Attempt } from '@qianhu/contracts';
import { OUTCOMES } from '@qianhu/core';
import { useQuery } from '@tanstack/react-query';
import { Button, Input, Segmented, Select, type TableColumnsType } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { usePages } from '../../api/use-pages.ts';
import { useDispositionText } from '../../i18n/use-disposition-text.ts';
import { clockText, phoneText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { useServices } from '../../services.ts';
import { useUser } from '../../session/session.ts';
import { Moment } from '../../ui/moment.tsx';
import { PagedTable } from '../../ui/paged-table.tsx';
import { OutcomeMark } from '../../ui/phase.tsx';
import { Empty } from '../../ui/states.tsx';
import { filtersFrom, PERIODS, periodStart } from './attempt-filters.ts';

/** Attempts with filters; of one campaign, or of all. */
export const AttemptsTable = ({ campaignId }: { readonly campaignId?: Attempt['campaignId'] }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const navigate = useNavigate();
  const dispositionText = useDispositionText();
  const isAgent = useUser().role === 'agent';
  const [search, setSearch] = useSearchParams();
  const filters = filtersFrom(search);
  const change = (key: string, value: string | undefined): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === undefined || value === '') next.delete(key);
        else next.set(key, value);
        return next;
      },
      { replace: true },
    );
  const fromMs = periodStart(filters.period, serverTime.now());
  const campaign = campaignId ?? (filters.campaign as Attempt['campaignId'] | undefined);
  const query = {
    ...(campaign === undefined ? {} : { campaignId: campaign }),
    ...(filters.outcome === undefined ? {} : { outcome: filters.outcome }),
    ...(filters.agent === undefined ? {} : { agentId: filters.agent as NonNullable<Attempt['agentId']> }),
    ...(filters.number === undefined ? {} : { number: filters.number }),
    ...(fromMs === undefined ? {} : { fromMs }),
  };
  const pages = usePages<Attempt>(['attempts', query], (cursor, signal) =>
    api.call(attemptRoutes.listAttempts, { query: { ...query, ...(cursor === undefined ? {} : { cursor }) }, signal }),
  );
  const campaigns = useQuery({
    queryKey: ['campaigns', 'choice'],
    queryFn: ({ signal }) => api.call(campaignRoutes.listCampaigns, { query: { limit: 200 }, signal }),
    enabled: campaignId === undefined && !isAgent,
  });
  const users = useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => api.call(userRoutes.listUsers, { signal }),
    enabled: !isAgent,
  });
  const isFiltered = Object.keys(filters).length > 1 || filters.period !== 'any';
  const columns: TableColumnsType<Attempt> = [
    {
      title: t('attempt.time'),
      key: 'time',
      render: (_, row) => (
        <Link to={`/attempts/${row.attemptId}`}>
          <Moment atMs={row.createdAtMs} />
        </Link>
      ),
    },
    {
      title: t('attempt.number'),
      key: 'number',
      render: (_, row) => (
        <span>
          <span className="q-num">{phoneText(row.number)}</span>
          {row.leadName !== undefined && <span className="q-soft"> {row.leadName}</span>}
        </span>
      ),
    },
    { title: t('attempt.outcome'), key: 'outcome', render: (_, row) => <OutcomeMark outcome={row.outcome} /> },
    {
      title: t('attempt.talk'),
      key: 'talk',
      align: 'right',
      render: (_, row) => (
        <span className="q-num">
          {row.hasRecording && <AudioOutlined title={t('attempt.hasRecording')} className="q-faint" />}{' '}
          {row.talkMs === undefined ? '–' : clockText(row.talkMs)}
        </span>
      ),
    },
    {
      title: t('attempt.disposition'),
      key: 'disposition',
      render: (_, row) => (row.disposition === undefined ? '–' : dispositionText(row.disposition)),
    },
    { title: t('attempt.agent'), key: 'agent', render: (_, row) => row.agentName ?? '–' },
    ...(campaignId === undefined
      ? [
          {
            title: t('attempt.campaign'),
            key: 'campaign',
            render: (_: unknown, row: Attempt) =>
              isAgent ? row.campaignName : <Link to={`/campaigns/${row.campaignId}`}>{row.campaignName}</Link>,
          },
        ]
      : []),
  ];
  return (
    <div className="q-stack" style={{ gap: 10 }}>
      <div className="q-row">
        <Input.Search
          allowClear
          defaultValue={filters.number ?? ''}
          placeholder={t('attempt.numberStartsWith')}
          aria-label={t('attempt.numberStartsWith')}
          style={{ width: 180 }}
          onSearch={(text) => change('number', text.trim())}
        />
        <Select
          value={filters.outcome ?? 'any'}
          aria-label={t('attempt.outcome')}
          style={{ width: 140 }}
          onChange={(value) => change('outcome', value === 'any' ? undefined : value)}
          options={[
            { value: 'any', label: t('attempt.anyOutcome') },
            { value: 'open', label: t('outcome.open') },
            ...OUTCOMES.map((value) => ({ value, label: t(`outcome.${value}`) })),
          ]}
        />
        {campaignId === undefined && !isAgent && (
          <Select
            value={filters.campaign ?? 'any'}
            aria-label={t('attempt.campaign')}
            style={{ width: 180 }}
            showSearch={{ optionFilterProp: 'label' }}
            onChange={(value) => change('campaign', value === 'any' ? undefined : value)}
            options={[
              { value: 'any', label: t('attempt.anyCampaign') },
              ...(campaigns.data?.items ?? []).map((item) => ({ value: item.campaignId as string, label: item.name })),
            ]}
          />
        )}
        {!isAgent && (
          <Select
            value={filters.agent ?? 'any'}
            aria-label={t('attempt.agent')}
            style={{ width: 140 }}
            showSearch={{ optionFilterProp: 'label' }}
            onChange={(value) => change('agent', value === 'any' ? undefined : value)}
            options={[
              { value: 'any', label: t('attempt.anyAgent') },
              ...(users.data?.items ?? [])
                .filter((user) => user.role === 'agent')
                .map((user) => ({ value: user.userId as string, label: user.displayName })),
            ]}
          />
        )}
        <Segmented
          value={filters.period}
          onChange={(value) => change('period', value === 'any' ? undefined : value)}
          options={PERIODS.map((value) => ({ value, label: t(`attempt.${value === 'any' ? 'anyTime' : value}`) }))}
        />
        <span className="q-grow" />
        {!isAgent && (
          <Button icon={<DownloadOutlined />} href={api.href(attemptRoutes.exportAttempts.path, query)} download>
            {t('campaign.exportCsv')}
          </Button>
        )}
      </div>
      <PagedTable
        pages={pages}
        columns={columns}
        rowKey={(row) => row.attemptId}
        onOpen={(row) => void navigate(`/attempts/${row.attemptId}`)}
        empty={
          isFiltered ? (
            <Empty
              title={t('attempt.noneFound')}
              action={<Button onClick={() => setSearch({}, { replace: true })}>{t('action.reset')}</Button>}
            />
          ) : (
            <Empty title={t('attempt.empty')} hint={t('attempt.emptyHint')} />
          )
        }
      />
    </div>
  );
};
