import { PlusOutlined } from '@ant-design/icons';
import { userRoutes, type PhoneAccount, type User } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Dropdown, Table, Typography, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../../services.ts';
import { useUser } from '../../session/session.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { DemoBadge } from '../../ui/demo-badge.tsx';
import { Moment } from '../../ui/moment.tsx';
import { Page } from '../../ui/page.tsx';
import { StateMark } from '../../ui/phase.tsx';
import { Empty } from '../../ui/states.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { hasPhoneAccount, UserForm } from './user-form.tsx';

/** Everybody who may log in. */
export const Component = () => {
  const { t } = useTranslation();
  const { api } = useServices();
  const { modal } = App.useApp();
  const me = useUser();
  const [edited, setEdited] = useState<User | 'new'>();
  const query = useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => api.call(userRoutes.listUsers, { signal }),
  });
  const update = useCommand(
    (change: { userId: User['userId']; isDisabled: boolean }) =>
      api.call(userRoutes.updateUser, { params: { userId: change.userId }, body: { isDisabled: change.isDisabled } }),
    { refresh: ['users'], done: t('user.saved') },
  );
  const revoke = useCommand((userId: User['userId']) => api.call(userRoutes.revokeSessions, { params: { userId } }), {
    done: t('user.loggedOut'),
  });
  useShortcuts([{ keys: 'n', label: t('user.add'), group: t('shortcut.group.page'), run: () => setEdited('new') }]);
  const showPassword = (name: string, password: string): void =>
    void modal.success({
      title: t('user.madePassword', { name }),
      content: (
        <div>
          <Typography.Text copyable className="q-mono" style={{ fontSize: 18 }}>
            {password}
          </Typography.Text>
          <p className="q-soft" style={{ marginTop: 8 }}>
            {t('user.madePasswordHint')}
          </p>
        </div>
      ),
      okText: t('action.close'),
    });
  const showPhoneAccount = (name: string, account: PhoneAccount): void =>
    void modal.success({
      title: t('user.phoneAccountOf', { name }),
      content: (
        <div>
          {(
            [
              ['phoneServer', account.server],
              ['phoneUsername', account.username],
              ['phonePassword', account.password],
            ] as const
          ).map(([label, text]) => (
            <div key={label}>
              {t(`user.${label}`)}：
              <Typography.Text copyable className="q-mono" data-testid={label}>
                {text}
              </Typography.Text>
            </div>
          ))}
          <p className="q-soft" style={{ marginTop: 8 }}>
            {t('user.phoneAccountHint')}
          </p>
        </div>
      ),
      okText: t('action.close'),
    });
  const mintPhone = useCommand(({ userId }: User) => api.call(userRoutes.mintPhoneAccount, { params: { userId } }), {
    onDone: (account, { displayName }) => showPhoneAccount(displayName, account),
  });
  const columns: TableColumnsType<User> = [
    {
      title: t('user.name'),
      key: 'name',
      render: (_, user) => (
        <span className="q-row">
          <a
            href="#edit"
            onClick={(event) => {
              event.preventDefault();
              setEdited(user);
            }}
          >
            {user.displayName}
          </a>
          {user.isDemo && <DemoBadge />}
        </span>
      ),
    },
    { title: t('user.login'), key: 'login', render: (_, user) => <span className="q-mono">{user.login}</span> },
    { title: t('user.role'), key: 'role', render: (_, user) => t(`role.${user.role}`) },
    {
      title: t('user.station'),
      key: 'station',
      render: (_, { station, role }) =>
        role === 'agent' ? (
          <span>
            {t(`user.stationName.${station.kind}`)}{' '}
            <span className="q-small q-faint">{t(`user.mode.${station.mode}`)}</span>
          </span>
        ) : (
          '–'
        ),
    },
    {
      title: t('user.state'),
      key: 'state',
      render: (_, user) =>
        user.isDisabled ? (
          <StateMark tone="paused" shape="cross" text={t('user.disabled')} />
        ) : (
          <StateMark tone="ready" shape="check" text={t('user.active')} />
        ),
    },
    { title: t('user.createdAt'), key: 'createdAt', render: (_, user) => <Moment atMs={user.createdAtMs} /> },
    {
      key: 'more',
      align: 'right',
      render: (_, user) => (
        <Dropdown
          trigger={['click']}
          menu={{
            items: [
              { key: 'edit', label: t('action.edit'), onClick: () => setEdited(user) },
              ...(hasPhoneAccount(user)
                ? [{ key: 'phone', label: t('user.phoneAccount'), onClick: () => mintPhone.mutate(user) }]
                : []),
              { key: 'revoke', label: t('user.logOutEverywhere'), onClick: () => revoke.mutate(user.userId) },
              {
                key: 'disable',
                danger: !user.isDisabled,
                // Nobody can lock themselves out.
                disabled: user.userId === me.userId,
                label: user.isDisabled ? t('user.enable') : t('user.disable'),
                onClick: () => update.mutate({ userId: user.userId, isDisabled: !user.isDisabled }),
              },
            ],
          }}
        >
          <Button type="text" size="small" aria-label={`${t('action.more')}: ${user.displayName}`}>
            ⋯
          </Button>
        </Dropdown>
      ),
    },
  ];
  return (
    <Page
      title={t('user.title')}
      lead={t('user.lead')}
      actions={
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')}>
          {t('user.add')}
        </Button>
      }
    >
      <AsyncView query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('user.empty')} />
          ) : (
            <div className="q-card q-card--flush">
              <Table<User>
                dataSource={[...items]}
                columns={columns}
                rowKey={(user) => user.userId}
                pagination={false}
                scroll={{ x: 'max-content' }}
              />
            </div>
          )
        }
      </AsyncView>
      {edited !== undefined && (
        <UserForm
          {...(edited === 'new' ? {} : { user: edited })}
          onClose={() => setEdited(undefined)}
          onPassword={showPassword}
          onPhoneAccount={showPhoneAccount}
        />
      )}
    </Page>
  );
};
