import { dncBulkResult, dncRoutes, REJECT_REASONS, type DncBulkResult } from '@qianhu/contracts';
import { Button, Form, Input, Modal } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../../services.ts';
import { RegionSelect } from '../../ui/region-select.tsx';
import { useCommand } from '../../ui/use-command.ts';
import '../../ui/field.css';

type Fields = { readonly number: string; readonly reason?: string; readonly defaultRegion: string };

/** One number. */
export const AddDnc = ({ onClose }: { readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const [form] = Form.useForm<Fields>();
  const add = useCommand(
    ({ number, reason = '', defaultRegion }: Fields) =>
      api.call(dncRoutes.addDnc, {
        body: { number, defaultRegion, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) },
      }),
    { refresh: ['dnc'], done: t('dnc.added'), onDone: onClose },
  );
  return (
    <Modal
      open
      title={t('dnc.add')}
      okText={t('action.add')}
      cancelText={t('action.cancel')}
      confirmLoading={add.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ defaultRegion: 'CN' }}
        onFinish={(fields) => add.mutate(fields)}
      >
        <Form.Item
          name="number"
          label={t('dnc.number')}
          rules={[{ required: true, whitespace: true, min: 3, max: 64, message: t('dnc.needNumber') }]}
        >
          <Input autoFocus inputMode="tel" placeholder="13800138000" />
        </Form.Item>
        <Form.Item name="defaultRegion" label={t('importer.region')}>
          <RegionField />
        </Form.Item>
        <Form.Item name="reason" label={t('dnc.reason')}>
          <Input maxLength={500} placeholder={t('dnc.reasonExample')} />
        </Form.Item>
      </Form>
    </Modal>
  );
};

/** The form gives value and change to its child. */
const RegionField = ({
  value = 'CN',
  onChange = () => undefined,
}: {
  readonly value?: string;
  readonly onChange?: (region: string) => void;
}) => <RegionSelect value={value} onChange={onChange} />;

const isRejectReason = (code: string): code is (typeof REJECT_REASONS)[number] =>
  REJECT_REASONS.some((reason) => reason === code);

/** All numbers of a file, and what became of them. */
export const AddDncFile = ({ onClose }: { readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const input = useRef<HTMLInputElement>(null);
  const [defaultRegion, setDefaultRegion] = useState('CN');
  const [reason, setReason] = useState('');
  const [result, setResult] = useState<DncBulkResult>();
  const send = useCommand(
    (file: File) =>
      api.upload('/dnc/file', file, dncBulkResult, {
        query: { defaultRegion, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) },
      }),
    { refresh: ['dnc'], onDone: setResult },
  );
  return (
    <Modal
      open
      title={t('dnc.addFile')}
      onCancel={onClose}
      footer={<Button onClick={onClose}>{t('action.close')}</Button>}
    >
      {result === undefined ? (
        <div className="q-stack" style={{ gap: 12 }}>
          <p className="q-soft">{t('dnc.fileHint')}</p>
          <label className="field field--wide">
            <span className="field__label">{t('importer.region')}</span>
            <RegionSelect value={defaultRegion} onChange={setDefaultRegion} />
          </label>
          <label className="field field--wide">
            <span className="field__label">{t('dnc.reason')}</span>
            <Input
              value={reason}
              maxLength={500}
              placeholder={t('dnc.reasonExample')}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          <Button type="primary" loading={send.isPending} onClick={() => input.current?.click()}>
            {t('importer.choose')}
          </Button>
          <input
            ref={input}
            type="file"
            accept=".csv,.txt,.tsv,.xlsx"
            hidden
            aria-label={t('importer.choose')}
            onChange={(event) => {
              const file = event.target.files?.[0];
              event.target.value = '';
              if (file !== undefined) send.mutate(file);
            }}
          />
        </div>
      ) : (
        <div aria-live="polite">
          <p>{t('dnc.fileDone', { added: result.added, existing: result.existing, rejected: result.rejected })}</p>
          <ul style={{ maxHeight: 240, overflowY: 'auto', marginTop: 8 }}>
            {result.rejects.map((reject) => (
              <li key={reject.row} className="q-row">
                <span className="q-faint q-num">{t('dnc.row', { count: reject.row })}</span>
                <span className="q-mono">{reject.text}</span>
                <span className="q-soft">
                  {isRejectReason(reject.reason) ? t(`importer.reason.${reject.reason}`) : reject.reason}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Modal>
  );
};
