import { useTranslation } from 'react-i18next';

/** Three voices of different length: 千呼. */
export const BrandMark = ({ className }: { readonly className?: string }) => (
  <svg className={className} viewBox="0 0 32 32" aria-hidden>
    <rect width="32" height="32" rx="7" fill="var(--q-primary)" />
    <g fill="none" stroke="var(--q-on-primary)" strokeWidth="2.6" strokeLinecap="round">
      <path d="M10.5 21.5v-4" />
      <path d="M16 24V9" />
      <path d="M21.5 20v-6.5" />
    </g>
  </svg>
);

export const Brand = () => {
  const { t } = useTranslation();
  return (
    <>
      <BrandMark className="brand__mark" />
      <span className="brand__name">{t('app.name')}</span>
    </>
  );
};
