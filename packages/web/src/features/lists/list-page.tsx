import { DeleteOutlined, EditOutlined, UploadOutlined } from '@ant-design/icons';
import { leadState, listRoutes, type LeadView, type ListView } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Input, Select, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { usePages } from '../../api/use-pages.ts';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { phoneText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { DemoBadge } from '../../ui/demo-badge.tsx';
import { Moment } from '../../ui/moment.tsx';
import { Page } from '../../ui/page.tsx';
import { PagedTable } from '../../ui/paged-table.tsx';
import { Stat, Stats } from '../../ui/stat.tsx';
import { Empty } from '../../ui/states.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { LeadDrawer } from './lead-drawer.tsx';
import { ListConsent } from './list-consent.tsx';
import { ListImports } from './list-imports.tsx';

const LEAD_STATES = leadState.options;

/** One list with its leads. */
export const Component = () => {
  const listId = (useParams()['listId'] ?? '') as ListView['listId'];
  const { t } = useTranslation();
  const { api } = useServices();
  const { modal } = App.useApp();
  const navigate = useNavigate();
  const [isRenaming, setRenaming] = useState(false);
  const query = useQuery({
    queryKey: ['lists', 'one', listId],
    queryFn: ({ signal }) => api.call(listRoutes.getList, { params: { listId }, signal }),
  });
  const rename = useCommand((name: string) => api.call(listRoutes.updateList, { params: { listId }, body: { name } }), {
    refresh: ['lists'],
    done: t('state.saved'),
    onDone: () => setRenaming(false),
  });
  const remove = useCommand(() => api.call(listRoutes.deleteList, { params: { listId } }), {
    done: t('list.removed'),
    refresh: ['lists'],
    onDone: () => void navigate('/lists'),
  });
  return (
    <AsyncView query={query}>
      {(list) => (
        <Page
          trail={[{ to: '/lists', text: t('list.title') }]}
          title={
            isRenaming ? (
              <Input
                defaultValue={list.name}
                autoFocus
                aria-label={t('list.name')}
                onPressEnter={(event) => rename.mutate(event.currentTarget.value.trim())}
                onBlur={() => setRenaming(false)}
              />
            ) : (
              list.name
            )
          }
          beside={list.isDemo && <DemoBadge />}
          actions={
            <>
              <Button icon={<EditOutlined />} onClick={() => setRenaming(true)}>
                {t('list.rename')}
              </Button>
              <Button
                danger
                icon={<DeleteOutlined />}
                onClick={() =>
                  void modal.confirm({
                    title: t('list.remove'),
                    content: t('list.removeConfirm', { name: list.name }),
                    okText: t('action.delete'),
                    okButtonProps: { danger: true },
                    cancelText: t('action.cancel'),
                    onOk: () => remove.mutateAsync().catch(() => undefined),
                  })
                }
              >
                {t('action.delete')}
              </Button>
              <Link to={`/lists/import?list=${list.listId}`}>
                <Button icon={<UploadOutlined />}>{t('list.importMore')}</Button>
              </Link>
              {list.campaigns.length === 0 && (
                <Link to={`/campaigns/new?list=${list.listId}`}>
                  <Button type="primary">{t('list.makeCampaign')}</Button>
                </Link>
              )}
            </>
          }
        >
          <section className="q-card">
            <Stats>
              {LEAD_STATES.map((state) => (
                <Stat key={state} label={t(`leadState.${state}`)} value={list.leads[state].toLocaleString()} />
              ))}
              <Stat
                label={t('list.usedBy')}
                value={
                  <span style={{ fontSize: 14, fontWeight: 400 }}>
                    {list.campaigns.length === 0
                      ? t('list.unused')
                      : list.campaigns.map((campaign) => (
                          <Link key={campaign.campaignId} to={`/campaigns/${campaign.campaignId}`}>
                            {campaign.name}{' '}
                          </Link>
                        ))}
                  </span>
                }
              />
            </Stats>
          </section>
          <ListConsent list={list} />
          <ListImports listId={list.listId} />
          <Leads listId={list.listId} />
        </Page>
      )}
    </AsyncView>
  );
};

const Leads = ({ listId }: { readonly listId: ListView['listId'] }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const codeText = useCodeText();
  const [search, setSearch] = useSearchParams();
  const state = LEAD_STATES.find((name) => name === search.get('state'));
  const number = search.get('number') ?? '';
  const name = search.get('name') ?? '';
  const openId = search.get('lead');
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
  const pages = usePages(['leads', listId, state, number, name], (cursor, signal) =>
    api.call(listRoutes.listLeads, {
      params: { listId },
      query: {
        ...(state === undefined ? {} : { state }),
        ...(number === '' ? {} : { number }),
        ...(name === '' ? {} : { name }),
        ...(cursor === undefined ? {} : { cursor }),
      },
      signal,
    }),
  );
  const isFiltered = state !== undefined || number !== '' || name !== '';
  const columns: TableColumnsType<LeadView> = [
    {
      title: t('list.number'),
      key: 'number',
      render: (_, lead) => (
        <a
          className="q-num"
          href={`?lead=${lead.leadId}`}
          onClick={(event) => {
            event.preventDefault();
            change('lead', lead.leadId);
          }}
        >
          {phoneText(lead.number)}
        </a>
      ),
    },
    { title: t('list.leadName'), key: 'name', render: (_, lead) => lead.name ?? <span className="q-faint">–</span> },
    {
      title: t('list.state'),
      key: 'state',
      render: (_, lead) => (
        <span>
          {t(`leadState.${lead.state}`)}
          {lead.isCallback && <span className="q-small q-soft"> · {t('list.callback')}</span>}
        </span>
      ),
    },
    { title: t('list.attempts'), key: 'attempts', align: 'right', dataIndex: 'attempts' },
    {
      title: t('list.lastOutcome'),
      key: 'lastOutcome',
      render: (_, lead) => (lead.lastOutcome === undefined ? '–' : codeText('outcome', lead.lastOutcome)),
    },
    {
      title: t('list.lastAttemptAt'),
      key: 'lastAttemptAt',
      render: (_, lead) => (lead.lastAttemptAtMs === undefined ? '–' : <Moment atMs={lead.lastAttemptAtMs} />),
    },
    {
      title: t('list.nextAt'),
      key: 'nextAt',
      render: (_, lead) =>
        lead.state === 'done' ? (
          '–'
        ) : lead.nextAtMs === undefined || lead.nextAtMs < serverTime.now() ? (
          t('list.now')
        ) : (
          <Moment atMs={lead.nextAtMs} />
        ),
    },
  ];
  return (
    <section className="q-stack" style={{ gap: 10 }}>
      <div className="q-row">
        <Input.Search
          allowClear
          defaultValue={number}
          placeholder={t('list.numberStartsWith')}
          aria-label={t('list.numberStartsWith')}
          style={{ width: 200 }}
          onSearch={(text) => change('number', text.trim())}
        />
        <Input.Search
          allowClear
          defaultValue={name}
          placeholder={t('list.nameContains')}
          aria-label={t('list.nameContains')}
          style={{ width: 200 }}
          onSearch={(text) => change('name', text.trim())}
        />
        <Select
          value={state ?? 'any'}
          aria-label={t('list.state')}
          style={{ width: 150 }}
          onChange={(value) => change('state', value === 'any' ? undefined : value)}
          options={[
            { value: 'any', label: t('list.anyState') },
            ...LEAD_STATES.map((value) => ({ value, label: t(`leadState.${value}`) })),
          ]}
        />
      </div>
      <PagedTable
        pages={pages}
        columns={columns}
        rowKey={(lead) => lead.leadId}
        onOpen={(lead) => change('lead', lead.leadId)}
        empty={<Empty title={isFiltered ? t('list.noLeadsFound') : t('list.noLeads')} />}
      />
      {openId !== null && <LeadDrawer leadId={openId} onClose={() => change('lead', undefined)} />}
    </section>
  );
};
