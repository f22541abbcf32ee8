import { SafetyCertificateOutlined } from '@ant-design/icons';
import { listRoutes, type ListView } from '@qianhu/contracts';
import { Alert, App, Button, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../../services.ts';
import { Moment } from '../../ui/moment.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { ConsentFields, emptyConsent, statementOf } from './consent-fields.tsx';

/** Whether the people of a list agreed to be called, with what can be done about it. Demonstration lists need none. */
export const ListConsent = ({ list }: { readonly list: ListView }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const { modal } = App.useApp();
  const [draft, setDraft] = useState<typeof emptyConsent>();
  const { listId, consent } = list;
  const save = useCommand(
    (statement: { readonly evidence: string } | null) =>
      api.call(listRoutes.updateList, { params: { listId }, body: { consent: statement } }),
    { refresh: ['lists', 'leads', 'campaigns'], done: t('state.saved'), onDone: () => setDraft(undefined) },
  );
  if (list.isDemo) return null;
  const statement = draft === undefined ? undefined : statementOf(draft);
  return (
    <>
      {consent === undefined ? (
        <Alert
          type="warning"
          showIcon
          title={t('consent.none')}
          description={t('consent.noneHint')}
          action={<Button onClick={() => setDraft(emptyConsent)}>{t('consent.record')}</Button>}
        />
      ) : (
        <section className="q-card">
          <div className="q-row q-row--between">
            <h2>
              <SafetyCertificateOutlined /> {t('consent.onRecord')}
            </h2>
            <span className="q-row">
              <Button size="small" onClick={() => setDraft({ isGiven: true, evidence: consent.evidence })}>
                {t('consent.change')}
              </Button>
              <Button
                size="small"
                danger
                onClick={() =>
                  void modal.confirm({
                    title: t('consent.withdraw'),
                    content: t('consent.withdrawConfirm'),
                    okText: t('consent.withdraw'),
                    okButtonProps: { danger: true },
                    cancelText: t('action.cancel'),
                    onOk: () => save.mutateAsync(null).catch(() => undefined),
                  })
                }
              >
                {t('consent.withdraw')}
              </Button>
            </span>
          </div>
          <p style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{consent.evidence}</p>
          <p className="q-faint q-small">
            {t('consent.since')} <Moment atMs={consent.atMs} />
          </p>
        </section>
      )}
      <Modal
        open={draft !== undefined}
        title={t('consent.title')}
        okText={t('action.save')}
        cancelText={t('action.cancel')}
        okButtonProps={{ disabled: statement === undefined }}
        confirmLoading={save.isPending}
        onCancel={() => setDraft(undefined)}
        onOk={() => statement !== undefined && save.mutate(statement)}
      >
        {draft !== undefined && <ConsentFields draft={draft} onChange={setDraft} />}
      </Modal>
    </>
  );
};
