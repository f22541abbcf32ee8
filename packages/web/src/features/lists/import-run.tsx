import { importRoutes, NOTE_REASONS, REJECT_REASONS, type ImportView } from '@qianhu/contracts';
import { Alert, Button, Popconfirm, Progress } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { dataOf, useTopic } from '../../api/use-topic.ts';
import { useLanguage } from '../../i18n/use-language.ts';
import { durationText } from '../../lib/format.ts';
import { useNow } from '../../lib/use-now.ts';
import { useServices } from '../../services.ts';
import { Stat, Stats } from '../../ui/stat.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { importLeftMs, importRatio } from './import-mapping.ts';
import { importTopic, notesPath, rejectsPath } from './lists-api.ts';

const progressStatus = {
  uploaded: 'normal',
  running: 'active',
  done: 'success',
  cancelled: 'normal',
  failed: 'exception',
} as const;

/** Third step: progress while it runs, then what became of every row. */
export const ImportRun = ({ first }: { readonly first: ImportView }) => {
  const { t } = useTranslation();
  const { api, queries } = useServices();
  const { language } = useLanguage();
  const now = useNow();
  const live = dataOf(useTopic(first.state === 'running' ? importTopic(first.importId) : undefined));
  const view = live ?? first;
  const cancel = useCommand(() => api.call(importRoutes.cancelImport, { params: { importId: first.importId } }), {
    refresh: ['imports', 'lists', 'leads'],
  });
  const restart = useCommand(
    async () => {
      if (view.listId === undefined || view.settings === undefined) return;
      const { columns, options, source } = view.settings;
      await api.call(importRoutes.startImport, {
        params: { importId: view.importId },
        body: { listId: view.listId, columns, options, source },
      });
    },
    { refresh: ['imports', 'lists'] },
  );
  const isOver = view.state !== 'running';
  useEffect(() => {
    if (!isOver) return;
    for (const key of ['imports', 'lists', 'leads']) void queries.invalidateQueries({ queryKey: [key] });
  }, [isOver, queries]);
  const left = importLeftMs(view, now);
  const reasons = [...REJECT_REASONS, ...NOTE_REASONS].flatMap((reason) => {
    const rows = view.reasons[reason] ?? 0;
    return rows > 0 ? [{ reason, rows }] : [];
  });
  return (
    <div className="q-stack">
      <section className="q-card" aria-live="polite">
        <div className="q-row q-row--between">
          <strong>
            {t(`importer.stateText.${view.state}`)} · {view.fileName}
          </strong>
          <span className="q-soft">
            {left !== undefined && t('importer.left', { text: durationText(left, language) })}
          </span>
        </div>
        <Progress
          percent={Math.floor(importRatio(view) * 100)}
          status={progressStatus[view.state]}
          aria-label={t(`importer.stateText.${view.state}`)}
        />
        <Stats>
          <Stat label={t('importer.counts.read')} value={view.rowsRead.toLocaleString()} />
          <Stat label={t('importer.counts.imported')} value={view.rowsImported.toLocaleString()} tone="ready" />
          {view.rowsUpdated > 0 && (
            <Stat label={t('importer.counts.updated')} value={view.rowsUpdated.toLocaleString()} />
          )}
          <Stat
            label={t('importer.counts.rejected')}
            value={view.rowsRejected.toLocaleString()}
            {...(view.rowsRejected > 0 ? { tone: 'danger' } : {})}
          />
          <Stat label={t('importer.counts.duplicate')} value={view.rowsDuplicate.toLocaleString()} />
          {view.rowsNoted > 0 && <Stat label={t('importer.counts.noted')} value={view.rowsNoted.toLocaleString()} />}
        </Stats>
      </section>
      {view.error !== undefined && (
        <Alert
          type="error"
          showIcon
          title={t(`importer.fileFault.${view.error.code}`)}
          description={view.error.message}
        />
      )}
      {reasons.length > 0 && (
        <section className="q-card">
          <h2>{t('importer.reasonsTitle')}</h2>
          <ul>
            {reasons.map(({ reason, rows }) => (
              <li key={reason} className="q-row q-row--between">
                <span>{t(`importer.reason.${reason}`)}</span>
                <span className="q-num">{rows.toLocaleString()}</span>
              </li>
            ))}
          </ul>
          <p className="q-faint q-small" style={{ marginTop: 8 }}>
            {t('importer.rejectsHint')}
          </p>
        </section>
      )}
      <div className="q-row">
        {view.state === 'running' && (
          <Popconfirm
            title={t('importer.cancelConfirm')}
            okText={t('importer.cancel')}
            cancelText={t('action.back')}
            onConfirm={() => cancel.mutate()}
          >
            <Button danger loading={cancel.isPending}>
              {t('importer.cancel')}
            </Button>
          </Popconfirm>
        )}
        {isOver && view.canStart && view.state !== 'done' && (
          <Button onClick={() => restart.mutate()} loading={restart.isPending}>
            {t('importer.restart')}
          </Button>
        )}
        {isOver && view.listId !== undefined && (
          <>
            <Link to={`/campaigns/new?list=${view.listId}`}>
              <Button type="primary">{t('list.makeCampaign')}</Button>
            </Link>
            <Link to={`/lists/${view.listId}`}>
              <Button>{t('importer.openList')}</Button>
            </Link>
          </>
        )}
        {isOver && view.hasRejects && (
          <Button href={api.href(rejectsPath(view.importId))} download>
            {t('importer.downloadRejects')}
          </Button>
        )}
        {isOver && view.hasNotes && (
          <Button href={api.href(notesPath(view.importId))} download>
            {t('importer.downloadNotes')}
          </Button>
        )}
        {isOver && <Link to="/lists/import">{t('importer.again')}</Link>}
      </div>
    </div>
  );
};
