import { importRoutes, type ImportView, type ListView } from '@qianhu/contracts';
import { Steps } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { useQuery } from '@tanstack/react-query';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { Page } from '../../ui/page.tsx';
import { ImportColumns } from './import-columns.tsx';
import { ImportFile } from './import-file.tsx';
import { ImportRun } from './import-run.tsx';

/**
 * The way of a file into a list. Each step is at an address of its own import, so that a reload or a shared link comes back
 * to where the import is.
 */
export const Component = () => {
  const { t } = useTranslation();
  const { api, queries } = useServices();
  const { importId } = useParams();
  const [search] = useSearchParams();
  const listId = (search.get('list') ?? undefined) as ListView['listId'] | undefined;
  const navigate = useNavigate();
  const query = useQuery({
    queryKey: ['imports', 'one', importId],
    queryFn: ({ signal }) =>
      api.call(importRoutes.getImport, { params: { importId: (importId ?? '') as ImportView['importId'] }, signal }),
    enabled: importId !== undefined,
  });
  const step = importId === undefined ? 0 : query.data === undefined || query.data.state === 'uploaded' ? 1 : 2;
  return (
    <Page title={t('importer.title')} trail={[{ to: '/lists', text: t('list.title') }]}>
      <Steps
        current={step}
        size="small"
        items={[
          { title: t('importer.step.file') },
          { title: t('importer.step.columns') },
          { title: t('importer.step.run') },
        ]}
      />
      {importId === undefined ? (
        <ImportFile
          onUploaded={(view) => {
            queries.setQueryData(['imports', 'one', view.importId], view);
            void navigate(`/lists/import/${view.importId}${listId === undefined ? '' : `?list=${listId}`}`);
          }}
        />
      ) : (
        <AsyncView query={query}>
          {(view) =>
            view.state === 'uploaded' ? (
              <ImportColumns
                view={view}
                listId={listId}
                onStarted={(next) => queries.setQueryData(['imports', 'one', view.importId], next)}
              />
            ) : (
              <ImportRun first={view} />
            )
          }
        </AsyncView>
      )}
    </Page>
  );
};
