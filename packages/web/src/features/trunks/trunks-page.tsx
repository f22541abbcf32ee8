import { PlusOutlined } from '@ant-design/icons';
import { trunkRoutes, type Trunk } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button, Table, type TableColumnsType } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { DemoBadge } from '../../ui/demo-badge.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { TrunkStateMark } from './trunk-state-mark.tsx';

/** All trunks with their state. */
export const Component = () => {
  const { t } = useTranslation();
  const { api } = useServices();
  const navigate = useNavigate();
  const query = useQuery({
    queryKey: ['trunks'],
    queryFn: ({ signal }) => api.call(trunkRoutes.listTrunks, { signal }),
  });
  useShortcuts([
    { keys: 'n', label: t('trunk.add'), group: t('shortcut.group.page'), run: () => void navigate('/trunks/new') },
    { keys: 'r', label: t('shortcut.refresh'), group: t('shortcut.group.page'), run: () => void query.refetch() },
  ]);
  const columns: TableColumnsType<Trunk> = [
    {
      title: t('trunk.name'),
      key: 'name',
      render: (_, trunk) => (
        <span className="q-row">
          <Link to={`/trunks/${trunk.trunkId}`}>{trunk.name}</Link>
          {trunk.isDemo && <DemoBadge />}
        </span>
      ),
    },
    { title: t('trunk.state'), key: 'state', render: (_, trunk) => <TrunkStateMark trunk={trunk} /> },
    {
      title: t('trunk.host'),
      key: 'host',
      render: (_, { settings }) => (
        <span className="q-mono">
          {settings.host}:{settings.port} {settings.transport.toUpperCase()}
        </span>
      ),
    },
    { title: t('trunk.auth'), key: 'auth', render: (_, trunk) => t(`trunk.authName.${trunk.settings.auth.kind}`) },
    {
      title: t('trunk.limits'),
      key: 'limits',
      render: (_, { settings }) => (
        <span className="q-num">
          {settings.limits.maxConcurrent} / {settings.limits.newCalls.perSecond}
        </span>
      ),
    },
    { title: t('trunk.priority'), key: 'priority', align: 'right', dataIndex: 'priority' },
  ];
  const add = (
    <Link to="/trunks/new">
      <Button type="primary" icon={<PlusOutlined />}>
        {t('trunk.add')}
      </Button>
    </Link>
  );
  return (
    <Page title={t('trunk.title')} lead={t('trunk.lead')} actions={add}>
      <AsyncView query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('trunk.empty')} hint={t('trunk.emptyHint')} action={add} />
          ) : (
            <div className="q-card q-card--flush">
              <Table<Trunk>
                dataSource={[...items]}
                columns={columns}
                rowKey={(trunk) => trunk.trunkId}
                pagination={false}
                scroll={{ x: 'max-content' }}
              />
            </div>
          )
        }
      </AsyncView>
    </Page>
  );
};
