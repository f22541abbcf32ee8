import { importOptions, type ImportOptions } from '@qianhu/contracts';
import { Checkbox, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { RegionSelect } from '../../ui/region-select.tsx';

/** What happens to numbers that are there already and to odd rows. Defaults are the contract's. */
export const ImportOptionFields = ({
  options,
  onChange,
}: {
  readonly options: Partial<ImportOptions>;
  readonly onChange: (options: Partial<ImportOptions>) => void;
}) => {
  const { t } = useTranslation();
  const full = importOptions.parse(options);
  return (
    <section className="q-card">
      <h2>{t('importer.options')}</h2>
      <div className="import-options">
        <label>
          <span>{t('importer.region')}</span>
          <RegionSelect
            value={full.defaultRegion}
            onChange={(defaultRegion) => onChange({ ...options, defaultRegion })}
          />
        </label>
        <label>
          <span>{t('importer.inList')}</span>
          <Select
            style={{ width: '100%' }}
            value={full.inList}
            options={[
              { value: 'skip', label: t('importer.skip') },
              { value: 'update', label: t('importer.update') },
            ]}
            onChange={(inList) => onChange({ ...options, inList })}
          />
        </label>
        <label>
          <span>{t('importer.acrossLists')}</span>
          <Select
            style={{ width: '100%' }}
            value={full.acrossLists}
            options={[
              { value: 'allow', label: t('importer.allow') },
              { value: 'skip', label: t('importer.skip') },
              { value: 'update', label: t('importer.update') },
            ]}
            onChange={(acrossLists) => onChange({ ...options, acrossLists })}
          />
        </label>
        <label>
          <span>{t('importer.tooMany', { count: full.maxNumbers })}</span>
          <Select
            style={{ width: '100%' }}
            value={full.tooManyNumbers}
            options={[
              { value: 'reject', label: t('importer.tooManyReject') },
              { value: 'keepFirst', label: t('importer.tooManyKeep') },
            ]}
            onChange={(tooManyNumbers) => onChange({ ...options, tooManyNumbers })}
          />
        </label>
      </div>
      <Checkbox
        style={{ marginTop: 12 }}
        checked={full.checkDnc}
        onChange={(event) => onChange({ ...options, checkDnc: event.target.checked })}
      >
        {t('importer.checkDnc')}
      </Checkbox>
    </section>
  );
};
