import { PlusOutlined, UploadOutlined } from '@ant-design/icons';
import { listRoutes, type ListView } from '@qianhu/contracts';
import { Button, Form, Input, Modal, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { usePages } from '../../api/use-pages.ts';
import { useServices } from '../../services.ts';
import { DemoBadge } from '../../ui/demo-badge.tsx';
import { Moment } from '../../ui/moment.tsx';
import { Page } from '../../ui/page.tsx';
import { PagedTable } from '../../ui/paged-table.tsx';
import { ShareBar } from '../../ui/share-bar.tsx';
import { Empty } from '../../ui/states.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';

const total = (list: ListView): number => list.leads.ready + list.leads.dialing + list.leads.done;

/** All lists, newest first. */
export const Component = () => {
  const { t } = useTranslation();
  const { api } = useServices();
  const navigate = useNavigate();
  const [search, setSearch] = useState('');
  const [isCreating, setCreating] = useState(false);
  const pages = usePages(['lists', search], (cursor, signal) =>
    api.call(listRoutes.listLists, {
      query: { ...(search === '' ? {} : { search }), ...(cursor ? { cursor } : {}) },
      signal,
    }),
  );
  useShortcuts([
    { keys: 'n', label: t('list.import'), group: t('shortcut.group.page'), run: () => void navigate('/lists/import') },
  ]);
  const columns: TableColumnsType<ListView> = [
    {
      title: t('list.name'),
      key: 'name',
      render: (_, list) => (
        <span className="q-row">
          <Link to={`/lists/${list.listId}`}>{list.name}</Link>
          {list.isDemo && <DemoBadge />}
        </span>
      ),
    },
    {
      title: t('list.leads'),
      key: 'leads',
      align: 'right',
      render: (_, list) => <span className="q-num">{total(list).toLocaleString()}</span>,
    },
    {
      title: t('list.progress'),
      key: 'progress',
      width: 260,
      render: (_, list) => (
        <div>
          <ShareBar
            label={t('list.progress')}
            segments={[
              { key: 'done', label: t('leadState.done'), value: list.leads.done, tone: 'primary' },
              { key: 'dialing', label: t('leadState.dialing'), value: list.leads.dialing, tone: 'ringing' },
              { key: 'ready', label: t('leadState.ready'), value: list.leads.ready, tone: 'line-strong' },
            ]}
          />
          <span className="q-small q-faint q-num">
            {t('leadState.ready')} {list.leads.ready.toLocaleString()} · {t('leadState.done')}{' '}
            {list.leads.done.toLocaleString()}
          </span>
        </div>
      ),
    },
    {
      title: t('list.usedBy'),
      key: 'campaigns',
      render: (_, list) =>
        list.campaigns.length === 0 ? (
          <span className="q-faint">{t('list.unused')}</span>
        ) : (
          list.campaigns.map((campaign) => (
            <div key={campaign.campaignId}>
              <Link to={`/campaigns/${campaign.campaignId}`}>{campaign.name}</Link>
            </div>
          ))
        ),
    },
    { title: t('list.createdAt'), key: 'createdAt', render: (_, list) => <Moment atMs={list.createdAtMs} /> },
  ];
  const importButton = (
    <Link to="/lists/import">
      <Button type="primary" icon={<UploadOutlined />}>
        {t('list.import')}
      </Button>
    </Link>
  );
  return (
    <Page
      title={t('list.title')}
      lead={t('list.lead')}
      actions={
        <>
          <Button icon={<PlusOutlined />} onClick={() => setCreating(true)}>
            {t('list.createEmpty')}
          </Button>
          {importButton}
        </>
      }
    >
      <Input.Search
        allowClear
        placeholder={t('list.searchName')}
        aria-label={t('list.searchName')}
        style={{ maxWidth: 280 }}
        onSearch={(text) => setSearch(text.trim())}
      />
      <PagedTable
        pages={pages}
        columns={columns}
        rowKey={(list) => list.listId}
        onOpen={(list) => void navigate(`/lists/${list.listId}`)}
        empty={
          search === '' ? (
            <Empty title={t('list.empty')} hint={t('list.emptyHint')} action={importButton} />
          ) : (
            <Empty title={t('list.noneFound')} />
          )
        }
      />
      {isCreating && <CreateList onClose={() => setCreating(false)} />}
    </Page>
  );
};

const CreateList = ({ onClose }: { readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const navigate = useNavigate();
  const [form] = Form.useForm<{ name: string }>();
  const create = useCommand((name: string) => api.call(listRoutes.createList, { body: { name } }), {
    refresh: ['lists'],
    done: t('list.created'),
    onDone: (list) => void navigate(`/lists/${list.listId}`),
  });
  return (
    <Modal
      open
      title={t('list.createEmpty')}
      okText={t('action.create')}
      confirmLoading={create.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <Form form={form} layout="vertical" requiredMark={false} onFinish={({ name }) => create.mutate(name.trim())}>
        <Form.Item name="name" label={t('list.name')} rules={[{ required: true, whitespace: true, max: 200 }]}>
          <Input autoFocus />
        </Form.Item>
      </Form>
    </Modal>
  );
};
