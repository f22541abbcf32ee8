import { auditRoutes } from '@qianhu/contracts';
import { Select, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePages } from '../../api/use-pages.ts';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { useServices } from '../../services.ts';
import { Moment } from '../../ui/moment.tsx';
import { Page } from '../../ui/page.tsx';
import { PagedTable } from '../../ui/paged-table.tsx';
import { Empty } from '../../ui/states.tsx';

type Entry = {
  readonly entryId: string;
  readonly atMs: number;
  readonly userName?: string;
  readonly action: string;
  readonly subjectType: string;
  readonly subjectId?: string;
  readonly details: Readonly<Record<string, unknown>>;
};

const SUBJECTS = [
  'campaigns',
  'lists',
  'imports',
  'dnc',
  'trunks',
  'users',
  'session',
  'settings',
  'attempts',
  'recordings',
  'demo',
] as const;

/** Who changed what. */
export const Component = () => {
  const { t } = useTranslation();
  const { api } = useServices();
  const codeText = useCodeText();
  const [subjectType, setSubjectType] = useState<string>();
  const pages = usePages<Entry>(['audit', subjectType], (cursor, signal) =>
    api.call(auditRoutes.listAudit, {
      query: {
        ...(subjectType === undefined ? {} : { subjectType }),
        ...(cursor === undefined ? {} : { cursor }),
      },
      signal,
    }),
  );
  const columns: TableColumnsType<Entry> = [
    { title: t('audit.time'), key: 'time', render: (_, entry) => <Moment atMs={entry.atMs} /> },
    {
      title: t('audit.who'),
      key: 'who',
      render: (_, entry) => entry.userName ?? <span className="q-faint">{t('audit.system')}</span>,
    },
    {
      title: t('audit.action'),
      key: 'action',
      render: (_, entry) => (
        <>
          {codeText('audit.verb', entry.action)}
          {entry.details['unfinished'] === true && (
            <small className="q-faint" style={{ display: 'block' }}>
              {t('audit.unfinished')}
            </small>
          )}
        </>
      ),
    },
    {
      title: t('audit.subject'),
      key: 'subject',
      render: (_, entry) => (
        <span>
          {codeText('audit.subjectType', entry.subjectType)}{' '}
          {entry.subjectId !== undefined && (
            <span className="q-mono q-faint" title={entry.subjectId}>
              {entry.subjectId.slice(-8)}
            </span>
          )}
        </span>
      ),
    },
    {
      title: t('audit.details'),
      key: 'details',
      render: (_, entry) =>
        Object.keys(entry.details).every((key) => key === 'unfinished') ? (
          '–'
        ) : (
          <span className="q-mono q-soft" style={{ overflowWrap: 'anywhere' }}>
            {Object.entries(entry.details)
              .filter(([key]) => key !== 'unfinished')
              .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
              .join(' · ')}
          </span>
        ),
    },
  ];
  return (
    <Page title={t('audit.title')} lead={t('audit.lead')}>
      <Select
        value={subjectType ?? 'any'}
        aria-label={t('audit.subject')}
        style={{ width: 160 }}
        onChange={(value) => setSubjectType(value === 'any' ? undefined : value)}
        options={[
          { value: 'any', label: t('audit.anySubject') },
          ...SUBJECTS.map((value) => ({ value, label: t(`audit.subjectType.${value}`) })),
        ]}
      />
      <PagedTable
        pages={pages}
        columns={columns}
        rowKey={(entry) => entry.entryId}
        empty={<Empty title={subjectType === undefined ? t('audit.empty') : t('audit.noneFound')} />}
      />
    </Page>
  );
};
