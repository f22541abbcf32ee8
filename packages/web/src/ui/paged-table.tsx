import { Button, Table, type TableColumnsType } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { usePages } from '../api/use-pages.ts';
import { ErrorState, Loading } from './states.tsx';
import './paged-table.css';

type Pages<T> = ReturnType<typeof usePages<T>>;

/**
 * Rows read by cursor, with "load more" below. The first cell should hold a link: rows can also be opened by a click, but
 * the keyboard goes by links.
 */
export const PagedTable = <T extends object>({
  pages,
  columns,
  rowKey,
  empty,
  onOpen,
}: {
  readonly pages: Pages<T>;
  readonly columns: TableColumnsType<T>;
  readonly rowKey: (row: T) => string;
  readonly empty: ReactNode;
  readonly onOpen?: (row: T) => void;
}) => {
  const { t } = useTranslation();
  const { query, items } = pages;
  if (items === undefined) {
    if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    return <Loading />;
  }
  if (items.length === 0) return <>{empty}</>;
  return (
    <div className="q-card q-card--flush">
      <Table<T>
        dataSource={items}
        columns={columns}
        rowKey={rowKey}
        pagination={false}
        size="middle"
        scroll={{ x: 'max-content' }}
        {...(onOpen === undefined
          ? {}
          : {
              rowClassName: 'paged-table__row',
              onRow: (row: T) => ({
                onClick: (event) => {
                  // A click on something of its own, or the end of marking text, opens nothing.
                  if ((event.target as HTMLElement).closest('a, button, input, label') !== null) return;
                  if ((window.getSelection()?.toString() ?? '') !== '') return;
                  onOpen(row);
                },
              }),
            })}
      />
      {query.hasNextPage && (
        <div className="paged-table__more">
          <Button onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>
            {t('action.loadMore')}
          </Button>
        </div>
      )}
      {query.isFetchNextPageError && <ErrorState error={query.error} onRetry={() => void query.fetchNextPage()} />}
    </div>
  );
};
