import { sessionRoutes } from '@qianhu/contracts';
import { Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../../api/problem.ts';
import { useServices } from '../../services.ts';
import { Page } from '../../ui/page.tsx';
import { useCommand } from '../../ui/use-command.ts';

type Fields = { readonly currentPassword: string; readonly newPassword: string; readonly again: string };

/** One's own password. Forced after a log-in with a password that somebody else knows. */
export const AccountPage = ({ isForced = false }: { readonly isForced?: boolean }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const [form] = Form.useForm<Fields>();
  const save = useCommand(
    ({ currentPassword, newPassword }: Fields) =>
      api.call(sessionRoutes.changePassword, { body: { currentPassword, newPassword } }),
    { refresh: ['session'], done: t('password.changed'), isQuiet: true, onDone: () => form.resetFields() },
  );
  const problem = save.isError ? toApiError(save.error) : undefined;
  return (
    <Page title={t('password.title')} {...(isForced ? { lead: t('password.must') } : {})}>
      <section className="q-card" style={{ maxWidth: 420 }}>
        <Form<Fields> form={form} layout="vertical" requiredMark={false} onFinish={(fields) => save.mutate(fields)}>
          <Form.Item
            name="currentPassword"
            label={t('password.present')}
            rules={[{ required: true, message: t('login.needPassword') }]}
          >
            <Input.Password autoComplete="current-password" autoFocus={isForced} />
          </Form.Item>
          <Form.Item
            name="newPassword"
            label={t('password.next')}
            rules={[{ required: true, min: 10, message: t('password.tooShort', { count: 10 }) }]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          <Form.Item
            name="again"
            label={t('password.again')}
            dependencies={['newPassword']}
            rules={[
              { required: true, message: t('password.different') },
              ({ getFieldValue }) => ({
                validator: (_, value) =>
                  value === undefined || value === getFieldValue('newPassword')
                    ? Promise.resolve()
                    : Promise.reject(new Error(t('password.different'))),
              }),
            ]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          {problem !== undefined && (
            <p role="alert" style={{ color: 'var(--q-danger)', marginBottom: 12 }}>
              {problem.message === '' ? t(`error.title.${problem.kind}`) : problem.message}
            </p>
          )}
          <Button type="primary" htmlType="submit" loading={save.isPending}>
            {t('action.save')}
          </Button>
        </Form>
      </section>
    </Page>
  );
};
