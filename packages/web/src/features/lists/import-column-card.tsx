import type { ColumnTarget, ImportPreview } from '@qianhu/contracts';
import { Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { shareText } from '../../lib/format.ts';
import { targetFor, TARGETS, type TargetName } from './import-mapping.ts';

/** One column of the file: its name, some of its content, and what it becomes. */
export const ImportColumnCard = ({
  column,
  target,
  onChange,
}: {
  readonly column: ImportPreview['columns'][number];
  readonly target: ColumnTarget;
  readonly onChange: (target: ColumnTarget) => void;
}) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  return (
    <div className={`import-column import-column--${target.to}`}>
      <span className="import-column__name" title={column.name}>
        {column.name}
      </span>
      <Select<TargetName>
        value={target.to}
        aria-label={`${column.name}: ${t('importer.becomes')}`}
        options={TARGETS.map((value) => ({ value, label: t(`importer.to.${value}`) }))}
        onChange={(name) => onChange(targetFor(name, column.name))}
      />
      {target.to === 'field' && (
        <Input
          size="small"
          value={target.key}
          maxLength={64}
          aria-label={t('importer.fieldKey')}
          onChange={(event) => onChange({ to: 'field', key: event.target.value })}
        />
      )}
      <ul className="import-column__samples q-num" aria-label={t('importer.samples')}>
        {column.samples.slice(0, 5).map((sample, index) => (
          <li key={index} title={sample}>
            {sample === '' ? ' ' : sample}
          </li>
        ))}
      </ul>
      {target.to === 'phone' && (
        <span className="q-small q-soft">
          {t('importer.phoneShare', { percent: shareText(column.phoneShare, 1, locale) })}
        </span>
      )}
    </div>
  );
};
