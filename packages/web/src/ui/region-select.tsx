import { Select } from 'antd';
import { useLanguage } from '../i18n/use-language.ts';

const REGIONS = ['CN', 'HK', 'MO', 'TW', 'SG', 'MY', 'JP', 'KR', 'US', 'CA', 'GB', 'DE', 'FR', 'AU'];

/** The country of numbers that have no country code; its label is the caller's. */
export const RegionSelect = ({
  value,
  onChange,
  label,
}: {
  readonly value: string;
  readonly onChange: (region: string) => void;
  readonly label?: string;
}) => {
  const { locale } = useLanguage();
  const names = new Intl.DisplayNames(locale, { type: 'region' });
  return (
    <Select
      style={{ width: '100%' }}
      value={value}
      {...(label === undefined ? {} : { 'aria-label': label })}
      showSearch={{ optionFilterProp: 'label' }}
      options={[...new Set([...REGIONS, value])].map((code) => ({ value: code, label: names.of(code) ?? code }))}
      onChange={onChange}
    />
  );
};
