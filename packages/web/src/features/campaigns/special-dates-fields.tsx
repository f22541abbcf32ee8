import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import type { CallingWindow } from '@qianhu/core';
import { Button, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { addRange, MAX_RANGE_DAYS, rangeFault, rangesOf, removeRange, type DateRange } from './special-dates.ts';
import { sameSpans, spansText, toSimple } from './window-form.ts';

/** Days on which nobody is called, and days that are worked though their weekday is not: holidays and what makes up for them. */
export const SpecialDatesFields = ({
  window,
  onChange,
}: {
  readonly window: CallingWindow;
  readonly onChange: (window: CallingWindow) => void;
}) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [kind, setKind] = useState<'closed' | 'usual'>('closed');
  const [isTried, setTried] = useState(false);
  const usual = toSimple(window).simple.spans;
  const ranges = rangesOf(window);
  const last = to === '' ? from : to;
  const fault = rangeFault(from, last);
  const dateText = (date: string): string =>
    new Date(`${date}T00:00:00Z`).toLocaleDateString(locale, {
      timeZone: 'UTC',
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      weekday: 'short',
    });
  const rangeText = (range: DateRange): string =>
    range.from === range.to ? dateText(range.from) : `${dateText(range.from)} – ${dateText(range.to)}`;
  const hoursText = ({ spans }: DateRange): string =>
    spans.length === 0
      ? t('campaignForm.dateClosed')
      : sameSpans(spans, usual)
        ? t('campaignForm.dateUsual')
        : spansText(spans);
  const add = (): void => {
    setTried(fault !== undefined);
    if (fault !== undefined) return;
    onChange(addRange(window, { from, to: last, spans: kind === 'closed' ? [] : usual }));
    setFrom('');
    setTo('');
  };
  return (
    <div className="field field--wide" role="group" aria-label={t('campaignForm.dates')}>
      <span className="field__label">{t('campaignForm.dates')}</span>
      {ranges.map((range) => (
        <div className="span-row" key={range.from}>
          <span>{rangeText(range)}</span>
          <span className="q-soft">{hoursText(range)}</span>
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            aria-label={t('campaignForm.removeDates', { dates: rangeText(range) })}
            onClick={() => onChange(removeRange(window, range))}
          />
        </div>
      ))}
      <div className="span-row span-row--wraps">
        <Input
          type="date"
          aria-label={t('campaignForm.dateFrom')}
          style={{ width: 150 }}
          value={from}
          status={isTried && fault !== undefined ? 'error' : ''}
          onChange={(event) => setFrom(event.target.value)}
        />
        –
        <Input
          type="date"
          aria-label={t('campaignForm.dateTo')}
          style={{ width: 150 }}
          value={to}
          {...(from === '' ? {} : { min: from })}
          onChange={(event) => setTo(event.target.value)}
        />
        <Select<'closed' | 'usual'>
          aria-label={t('campaignForm.dateKind')}
          style={{ width: 190 }}
          value={kind}
          onChange={setKind}
          options={[
            { value: 'closed', label: t('campaignForm.dateClosed') },
            { value: 'usual', label: t('campaignForm.dateUsual'), disabled: usual.length === 0 },
          ]}
        />
        <Button size="small" icon={<PlusOutlined />} onClick={add}>
          {t('campaignForm.addDates')}
        </Button>
      </div>
      {isTried && fault !== undefined && (
        <span className="field__fault" role="alert">
          {t(`campaignForm.${fault}`, { days: MAX_RANGE_DAYS })}
        </span>
      )}
      <span className="field__hint">{t('campaignForm.datesHint')}</span>
    </div>
  );
};
