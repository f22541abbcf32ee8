import { ROLES, userRoutes, type PhoneAccount, type Station, type User } from '@qianhu/contracts';
import { Form, Input, Modal, Segmented, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../../api/problem.ts';
import { useServices } from '../../services.ts';
import { useUser } from '../../session/session.ts';
import { useCommand } from '../../ui/use-command.ts';

type Fields = {
  readonly login: string;
  readonly displayName: string;
  readonly role: User['role'];
  readonly locale: User['locale'];
  readonly password?: string;
  readonly stationKind: Station['kind'];
  readonly stationMode: 'keptUp' | 'perCall';
  readonly sipPhone: 'registers' | 'fixed';
  readonly contact?: string;
  readonly number?: string;
};

const stationOf = (fields: Fields): Station => {
  switch (fields.stationKind) {
    case 'browser':
      return { kind: 'browser', mode: fields.stationMode };
    case 'sip':
      return {
        kind: 'sip',
        mode: fields.stationMode,
        ...(fields.sipPhone === 'fixed' ? { contact: fields.contact ?? '' } : {}),
      };
    case 'mobile':
      return {
        kind: 'mobile',
        mode: 'perCall',
        number: (fields.number ?? '') as Extract<Station, { kind: 'mobile' }>['number'],
      };
  }
};

/** Whether this person's phone registers at our switch, with a password that somebody has to be told. */
export const hasPhoneAccount = ({ role, station }: Pick<User, 'role' | 'station'>): boolean =>
  role === 'agent' && station.kind === 'sip' && station.contact === undefined;

const fieldsOf = (user: User): Fields => ({
  login: user.login,
  displayName: user.displayName,
  role: user.role,
  locale: user.locale,
  stationKind: user.station.kind,
  stationMode: user.station.mode,
  sipPhone: user.station.kind === 'sip' && user.station.contact !== undefined ? 'fixed' : 'registers',
  ...(user.station.kind === 'sip' && user.station.contact !== undefined ? { contact: user.station.contact } : {}),
  ...(user.station.kind === 'mobile' ? { number: user.station.number } : {}),
});

const fresh: Fields = {
  login: '',
  displayName: '',
  role: 'agent',
  locale: 'zh',
  stationKind: 'browser',
  stationMode: 'keptUp',
  sipPhone: 'registers',
};

/** A new person, or changes to one. */
export const UserForm = ({
  user,
  onClose,
  onPassword,
  onPhoneAccount,
}: {
  readonly user?: User;
  readonly onClose: () => void;
  readonly onPassword: (name: string, password: string) => void;
  readonly onPhoneAccount: (name: string, account: PhoneAccount) => void;
}) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const me = useUser();
  const [form] = Form.useForm<Fields>();
  const kind = Form.useWatch('stationKind', form);
  const sipPhone = Form.useWatch('sipPhone', form);
  const role = Form.useWatch('role', form);
  const showPhoneAccount = async ({ userId, displayName }: User): Promise<void> =>
    onPhoneAccount(displayName, await api.call(userRoutes.mintPhoneAccount, { params: { userId } }));
  const save = useCommand(
    async (fields: Fields) => {
      const password = fields.password === undefined || fields.password === '' ? {} : { password: fields.password };
      const common = {
        displayName: fields.displayName,
        role: fields.role,
        locale: fields.locale,
        station: stationOf(fields),
      };
      if (user !== undefined) {
        const saved = await api.call(userRoutes.updateUser, {
          params: { userId: user.userId },
          body: { ...common, ...password },
        });
        if (hasPhoneAccount(saved) && !hasPhoneAccount(user)) await showPhoneAccount(saved);
        return;
      }
      const made = await api.call(userRoutes.createUser, { body: { login: fields.login, ...common, ...password } });
      if (hasPhoneAccount(made.user)) await showPhoneAccount(made.user);
      if (made.password !== undefined) onPassword(made.user.displayName, made.password);
    },
    { refresh: ['users'], done: t('user.saved'), onDone: onClose, isQuiet: true },
  );
  const problem = save.isError ? toApiError(save.error) : undefined;
  return (
    <Modal
      open
      title={user === undefined ? t('user.add') : t('user.edit')}
      okText={user === undefined ? t('action.create') : t('action.save')}
      cancelText={t('action.cancel')}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={user === undefined ? fresh : fieldsOf(user)}
        onFinish={(fields) => save.mutate({ ...(user === undefined ? fresh : fieldsOf(user)), ...fields })}
        autoComplete="off"
      >
        <Form.Item
          name="login"
          label={t('user.login')}
          extra={user === undefined ? t('user.loginHint') : undefined}
          rules={[{ required: true, pattern: /^[a-z0-9][a-z0-9._@-]{0,63}$/, message: t('user.loginHint') }]}
        >
          <Input autoFocus={user === undefined} disabled={user !== undefined} autoCapitalize="none" />
        </Form.Item>
        <Form.Item name="displayName" label={t('user.name')} rules={[{ required: true, whitespace: true, max: 80 }]}>
          <Input />
        </Form.Item>
        <Form.Item name="role" label={t('user.role')}>
          <Segmented
            disabled={user?.userId === me.userId}
            options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          />
        </Form.Item>
        {role === 'agent' && (
          <>
            <Form.Item name="stationKind" label={t('user.station')}>
              <Segmented
                options={(['browser', 'sip', 'mobile'] as const).map((value) => ({
                  value,
                  label: t(`user.stationName.${value}`),
                }))}
              />
            </Form.Item>
            {kind !== 'mobile' && (
              <Form.Item name="stationMode">
                <Segmented
                  size="small"
                  options={(['keptUp', 'perCall'] as const).map((value) => ({ value, label: t(`user.mode.${value}`) }))}
                />
              </Form.Item>
            )}
            {kind === 'sip' && (
              <Form.Item
                name="sipPhone"
                extra={sipPhone === 'registers' && !(user && hasPhoneAccount(user)) ? t('user.phoneHint') : undefined}
              >
                <Segmented
                  size="small"
                  options={(['registers', 'fixed'] as const).map((value) => ({
                    value,
                    label: t(`user.sipPhone.${value}`),
                  }))}
                />
              </Form.Item>
            )}
            {kind === 'sip' && sipPhone === 'fixed' && (
              <Form.Item
                name="contact"
                label={t('user.contact')}
                rules={[{ required: true, pattern: /^sips?:[^@\s]+@\S+$/ }]}
              >
                <Input placeholder="sip:desk7@192.0.2.20:5060" />
              </Form.Item>
            )}
            {kind === 'mobile' && (
              <Form.Item
                name="number"
                label={t('user.mobileNumber')}
                rules={[{ required: true, pattern: /^\+[1-9]\d{4,14}$/, message: t('trunk.test.bad') }]}
              >
                <Input placeholder="+8613800138000" />
              </Form.Item>
            )}
          </>
        )}
        <Form.Item name="locale" label={t('user.language')}>
          <Select
            options={[
              { value: 'zh', label: '中文' },
              { value: 'en', label: 'English' },
            ]}
          />
        </Form.Item>
        <Form.Item
          name="password"
          label={user === undefined ? t('user.password') : t('user.passwordNew')}
          extra={user === undefined ? t('user.passwordHint') : undefined}
          rules={[{ min: 10, message: t('password.tooShort', { count: 10 }) }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {problem !== undefined && (
          <p role="alert" style={{ color: 'var(--q-danger)' }}>
            {problem.message === '' ? t(`error.title.${problem.kind}`) : problem.message}
          </p>
        )}
      </Form>
    </Modal>
  );
};
