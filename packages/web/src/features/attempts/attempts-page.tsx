import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { AttemptsTable } from './attempts-table.tsx';

/** All attempts of all campaigns. */
export const Component = () => {
  const { t } = useTranslation();
  return (
    <Page title={t('attempt.title')} lead={t('attempt.lead')}>
      <AttemptsTable />
    </Page>
  );
};
