import { CheckCircleFilled, DownloadOutlined, ExclamationCircleFilled } from '@ant-design/icons';
import { buildPath, pacingRoutes, type Campaign, type DropLedger, type LedgerRow } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button, Segmented, Table, Tooltip, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { shareText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { Empty } from '../../ui/states.tsx';
import './pacing.css';

/** The drop ledger of a campaign. */
export const DropsTab = ({ campaignId }: { readonly campaignId: Campaign['campaignId'] }) => {
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['campaigns', 'drops', campaignId],
    queryFn: ({ signal }) => api.call(pacingRoutes.getDropLedger, { params: { campaignId }, signal }),
  });
  return (
    <AsyncView query={query}>
      {(ledger) => (
        <Ledger ledger={ledger} csv={api.href(buildPath(pacingRoutes.exportDropLedger.path, { campaignId }))} />
      )}
    </AsyncView>
  );
};

const SPANS = ['day', '24hours', '30days'] as const satisfies readonly LedgerRow['span'][];
const peopleOf = (row: LedgerRow): number => row.connected + row.dropped;

const Ledger = ({ ledger, csv }: { readonly ledger: DropLedger; readonly csv: string }) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const { limit, ruling, zone } = ledger;
  const [span, setSpan] = useState<LedgerRow['span']>(ruling);
  const present = ledger.rows.find((row) => row.span === ruling);
  if (present === undefined) return <Empty title={t('drops.none')} hint={t('drops.noneHint')} />;
  const share = (value: number): string => value.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 2 });
  const timeText = (atMs: number): string =>
    new Date(atMs).toLocaleString(locale, {
      timeZone: zone,
      ...(span === 'day' ? {} : { hour: '2-digit', minute: '2-digit', hour12: false }),
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
  const count = (key: 'dropped' | 'leftEarly' | 'machines', hint?: string): TableColumnsType<LedgerRow>[number] => ({
    title: hint === undefined ? t(`drops.${key}`) : <Tooltip title={hint}>{t(`drops.${key}`)}</Tooltip>,
    key,
    align: 'right',
    render: (_, row) => <span className="q-num">{row[key].toLocaleString()}</span>,
  });
  const rate = (key: 'ftc' | 'ofcom' | 'callLoss'): TableColumnsType<LedgerRow>[number] => ({
    title: <Tooltip title={t(`drops.${key}Hint`)}>{t(`drops.${key}`)}</Tooltip>,
    key,
    align: 'right',
    render: (_, row) => <span className="q-num">{share(row[key])}</span>,
  });
  const columns: TableColumnsType<LedgerRow> = [
    {
      title: t('drops.period'),
      key: 'from',
      render: (_, row) => (
        <span className="q-num">
          {span === 'day' ? timeText(row.fromMs) : `${timeText(row.fromMs)} – ${timeText(row.toMs)}`}
        </span>
      ),
    },
    {
      title: t('drops.people'),
      key: 'people',
      align: 'right',
      render: (_, row) => <span className="q-num">{peopleOf(row).toLocaleString()}</span>,
    },
    count('dropped'),
    count('leftEarly', t('drops.leftEarlyHint')),
    count('machines'),
    rate('ftc'),
    rate('callLoss'),
    rate('ofcom'),
    { title: t('drops.state'), key: 'state', render: (_, row) => <Kept row={row} /> },
  ];
  // The bar goes to twice the limit: beyond that it is full.
  const fill = Math.min(1, present.ftc / Math.max(1e-9, limit * 2));
  return (
    <div className="q-stack" style={{ gap: 14 }}>
      <section className="q-card">
        <div className="drops__head">
          <div>
            <h2 className="q-card__title">{t('drops.title')}</h2>
            <p className="q-soft q-small">{t('drops.lead', { seconds: ledger.graceMs / 1000 })}</p>
          </div>
          <Button icon={<DownloadOutlined />} href={csv} download>
            {t('drops.exportCsv')}
          </Button>
        </div>
        <div style={{ maxWidth: 560, marginTop: 12 }}>
          <div className="q-row q-row--between" style={{ alignItems: 'flex-end' }}>
            <span className="drops__share q-num">{share(present.ftc)}</span>
            <Kept row={present} />
          </div>
          <div className={`drops__bar${present.isWithinLimit ? '' : ' drops__bar--bad'}`} aria-hidden>
            <span style={{ width: `${fill * 100}%` }} />
            <i style={{ left: '50%' }} />
          </div>
          <p className="q-soft q-small q-num">
            {t('drops.now', {
              span: t(`drops.spanName.${ruling}`),
              dropped: present.dropped.toLocaleString(),
              people: peopleOf(present).toLocaleString(),
            })}
            {' · '}
            {t('drops.limit', { limit: share(limit) })}
            {' · '}
            {t('drops.likely', {
              low: shareText(present.likelyLow, 1, locale),
              high: shareText(present.likelyHigh, 1, locale),
            })}
          </p>
        </div>
      </section>
      <section className="q-card">
        <div className="q-row" style={{ marginBottom: 10 }}>
          <Segmented
            value={span}
            onChange={setSpan}
            options={SPANS.map((value) => ({ value, label: t(`drops.spanName.${value}`) }))}
          />
          <span className="q-soft q-small">
            {t(`drops.spanHint.${span}`, { zone })}
            {span === ruling && ` · ${t('drops.ruling')}`}
          </span>
        </div>
        <Table<LedgerRow>
          size="small"
          columns={columns}
          dataSource={ledger.rows.filter((row) => row.span === span)}
          rowKey={(row) => row.fromMs}
          pagination={{ hideOnSinglePage: true, pageSize: 31 }}
          scroll={{ x: 'max-content' }}
        />
      </section>
    </div>
  );
};

const Kept = ({ row }: { readonly row: LedgerRow }) => {
  const { t } = useTranslation();
  return (
    <span style={{ color: `var(--q-${row.isWithinLimit ? 'ready' : 'danger'})`, whiteSpace: 'nowrap' }}>
      {row.isWithinLimit ? <CheckCircleFilled /> : <ExclamationCircleFilled />}{' '}
      {t(`drops.${row.isWithinLimit ? 'within' : 'beyond'}${row.toMs > serverTime.now() ? 'SoFar' : ''}`)}
    </span>
  );
};
