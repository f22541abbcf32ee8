import { useTranslation } from 'react-i18next';

/** Marks what belongs to the demonstration. */
export const DemoBadge = () => {
  const { t } = useTranslation();
  return <span className="demo-badge">{t('demo.badge')}</span>;
};
