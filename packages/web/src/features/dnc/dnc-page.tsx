import { PlusOutlined, UploadOutlined } from '@ant-design/icons';
import { dncRoutes, type DncEntryView } from '@qianhu/contracts';
import { App, Button, Checkbox, Input, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePages } from '../../api/use-pages.ts';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { useDispositionText } from '../../i18n/use-disposition-text.ts';
import { phoneText } from '../../lib/format.ts';
import { useServices } from '../../services.ts';
import { Moment } from '../../ui/moment.tsx';
import { Page } from '../../ui/page.tsx';
import { PagedTable } from '../../ui/paged-table.tsx';
import { Empty } from '../../ui/states.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { AddDnc, AddDncFile } from './dnc-forms.tsx';
import '../../ui/field.css';

/** What the server takes as the beginning of a number (contracts: numberPrefix). */
const isPrefix = (text: string): boolean => /^\+?[\d\s-]{3,20}$/.test(text);

/** Numbers that must not be called. */
export const Component = () => {
  const { t } = useTranslation();
  const { api } = useServices();
  const { modal } = App.useApp();
  const codeText = useCodeText();
  // What an agent chose stands there as the disposition's code; anything else is plain text and passes through.
  const dispositionText = useDispositionText();
  const [number, setNumber] = useState('');
  const [includeExpired, setIncludeExpired] = useState(false);
  const [adding, setAdding] = useState<'one' | 'file'>();
  const pages = usePages<DncEntryView>(['dnc', number, includeExpired], (cursor, signal) =>
    api.call(dncRoutes.listDnc, {
      query: {
        ...(isPrefix(number) ? { number } : {}),
        ...(includeExpired ? { includeExpired: 'true' } : {}),
        ...(cursor === undefined ? {} : { cursor }),
      },
      signal,
    }),
  );
  const remove = useCommand(
    ({ entryId, reason }: { readonly entryId: string; readonly reason: string }) =>
      api.call(dncRoutes.removeDnc, { params: { entryId }, body: { reason } }),
    { refresh: ['dnc'], done: t('dnc.removed') },
  );
  useShortcuts([{ keys: 'n', label: t('dnc.add'), group: t('shortcut.group.page'), run: () => setAdding('one') }]);
  const askToRemove = (entry: DncEntryView): void => {
    // The dialog reads it when it is confirmed; nothing else shows it.
    let reason = '';
    void modal.confirm({
      title: t('dnc.removeTitle', { number: phoneText(entry.number) }),
      content: (
        <label className="field field--wide">
          <span className="field__label">{t('dnc.removeReason')}</span>
          <Input.TextArea
            rows={2}
            maxLength={500}
            placeholder={t('dnc.removeExample')}
            onChange={(event) => (reason = event.target.value.trim())}
          />
        </label>
      ),
      okText: t('dnc.remove'),
      okButtonProps: { danger: true },
      cancelText: t('action.cancel'),
      // A rejection keeps the dialog open.
      onOk: () =>
        reason === ''
          ? Promise.reject(new Error('A reason is needed.'))
          : remove.mutateAsync({ entryId: entry.entryId, reason }).catch(() => undefined),
    });
  };
  const columns: TableColumnsType<DncEntryView> = [
    {
      title: t('dnc.number'),
      key: 'number',
      render: (_, entry) => <span className="q-num">{phoneText(entry.number)}</span>,
    },
    {
      title: t('dnc.scope'),
      key: 'scope',
      render: (_, entry) => (entry.campaignId === undefined ? t('dnc.everywhere') : t('dnc.oneCampaign')),
    },
    {
      title: t('dnc.reason'),
      key: 'reason',
      render: (_, entry) =>
        entry.reason === undefined ? <span className="q-faint">–</span> : dispositionText(entry.reason),
    },
    { title: t('dnc.source'), key: 'source', render: (_, entry) => codeText('dnc.sourceName', entry.source) },
    { title: t('dnc.createdAt'), key: 'createdAt', render: (_, entry) => <Moment atMs={entry.createdAtMs} /> },
    {
      title: t('dnc.until'),
      key: 'until',
      render: (_, entry) =>
        entry.expiresAtMs === undefined ? (
          t('dnc.forGood')
        ) : (
          <span className={entry.isExpired ? 'q-faint' : ''}>
            <Moment atMs={entry.expiresAtMs} /> {entry.isExpired && t('dnc.expired')}
          </span>
        ),
    },
    {
      key: 'remove',
      align: 'right',
      render: (_, entry) => (
        <Button size="small" type="text" onClick={() => askToRemove(entry)}>
          {t('dnc.remove')}
        </Button>
      ),
    },
  ];
  return (
    <Page
      title={t('dnc.title')}
      lead={t('dnc.lead')}
      actions={
        <>
          <Button icon={<UploadOutlined />} onClick={() => setAdding('file')}>
            {t('dnc.addFile')}
          </Button>
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding('one')}>
            {t('dnc.add')}
          </Button>
        </>
      }
    >
      <div className="q-row">
        <Input.Search
          allowClear
          placeholder={t('list.numberStartsWith')}
          aria-label={t('list.numberStartsWith')}
          style={{ width: 240 }}
          onSearch={(text) => setNumber(text.trim())}
        />
        <Checkbox checked={includeExpired} onChange={(event) => setIncludeExpired(event.target.checked)}>
          {t('dnc.showExpired')}
        </Checkbox>
        {number !== '' && !isPrefix(number) && <span className="q-faint">{t('dnc.searchHint')}</span>}
      </div>
      <PagedTable
        pages={pages}
        columns={columns}
        rowKey={(entry) => entry.entryId}
        empty={
          number === '' ? (
            <Empty title={t('dnc.empty')} hint={t('dnc.emptyHint')} />
          ) : (
            <Empty title={t('dnc.noneFound')} />
          )
        }
      />
      {adding === 'one' && <AddDnc onClose={() => setAdding(undefined)} />}
      {adding === 'file' && <AddDncFile onClose={() => setAdding(undefined)} />}
    </Page>
  );
};
