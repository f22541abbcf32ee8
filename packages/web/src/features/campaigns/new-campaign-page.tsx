import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { Page } from '../../ui/page.tsx';
import { CampaignFormLoader } from './campaign-form-loader.tsx';

/** A new campaign: one form, with everything but lists and caller IDs filled in. */
export const Component = () => {
  const { t } = useTranslation();
  const [search] = useSearchParams();
  const listId = search.get('list');
  return (
    <Page title={t('campaign.createTitle')} trail={[{ to: '/campaigns', text: t('campaign.title') }]}>
      <CampaignFormLoader firstLists={listId === null ? [] : [listId]} />
    </Page>
  );
};
