import { importRoutes, type ListView } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useServices } from '../../services.ts';
import { Moment } from '../../ui/moment.tsx';
import { rejectsPath } from './lists-api.ts';

/** The imports of a list: few, so all on one card; nothing while there are none. */
export const ListImports = ({ listId }: { readonly listId: ListView['listId'] }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['imports', listId],
    queryFn: ({ signal }) => api.call(importRoutes.listImports, { query: { listId }, signal }),
  });
  if (query.data === undefined || query.data.items.length === 0) return null;
  return (
    <section className="q-card">
      <h2>{t('list.imports')}</h2>
      <ul>
        {query.data.items.map((item) => (
          <li key={item.importId} className="q-row" style={{ columnGap: 16 }}>
            <Link to={`/lists/import/${item.importId}`}>{item.fileName}</Link>
            <span>{t(`importer.stateText.${item.state}`)}</span>
            <span className="q-soft q-num">
              {t('importer.counts.imported')} {item.rowsImported.toLocaleString()} · {t('importer.counts.rejected')}{' '}
              {item.rowsRejected.toLocaleString()}
            </span>
            {item.hasRejects && (
              <a href={api.href(rejectsPath(item.importId))} download>
                {t('importer.downloadRejects')}
              </a>
            )}
            <span className="q-faint">
              <Moment atMs={item.createdAtMs} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
};
