import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { WEEKDAYS, type CallingWindow, type CampaignSettings, type DaySpan, type RulePackId } from '@qianhu/core';
import { Button, Checkbox, Collapse, Input, Radio, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { serverTime } from '../../lib/server-time.ts';
import { Field, NumberField } from '../../ui/field.tsx';
import { changeRetry, packOf, RETRY_OUTCOMES, retryFieldsOf } from './campaign-draft.ts';
import { withSettings } from './campaign-form-basics.tsx';
import type { FormProps } from './campaign-form.tsx';
import { ORDER_NAMES, orderNameOf, ORDERS, type OrderName } from './lead-order-form.ts';
import { changeHours } from './special-dates.ts';
import { SpecialDatesFields } from './special-dates-fields.tsx';
import { minuteText, parseMinute, spansText, toSimple } from './window-form.ts';

const REAL_PACKS = ['china', 'usa', 'uk'] as const satisfies readonly RulePackId[];

export const WhenSection = (props: FormProps) => {
  const { t } = useTranslation();
  const { settings } = props.draft;
  const pack = packOf(settings, serverTime.now());
  const { simple, isExact } = toSimple(settings.window);
  const packHours = (window: CallingWindow): string =>
    WEEKDAYS.every((day) => spansText(window.weekly[day]) === spansText(window.weekly.mon))
      ? hoursText(window.weekly.mon)
      : WEEKDAYS.map((day) => `${t(`campaignForm.weekday.${day}`)} ${hoursText(window.weekly[day])}`).join('；');
  const hoursText = (spans: readonly DaySpan[]): string =>
    spans.length === 0
      ? t('campaignForm.closed')
      : spans.length === 1 && spans[0]?.fromMinute === 0 && spans[0].toMinute === 1440
        ? t('campaignForm.allDay')
        : spansText(spans);
  const setSpans = (spans: readonly DaySpan[]): void =>
    withSettings(props, { window: changeHours(settings.window, { ...simple, spans }) });
  return (
    <section className="q-card">
      <h2>{t('campaignForm.section.when')}</h2>
      <div className="campaign-form__grid">
        <Field
          label={t('campaignForm.rulePack')}
          hint={t('campaignForm.rulePackVersion', { version: pack.version, date: pack.effectiveFrom })}
        >
          <Select<RulePackId>
            style={{ width: '100%' }}
            value={settings.rulePack}
            disabled={settings.rulePack === 'lab'}
            onChange={(rulePack) => withSettings(props, { rulePack })}
            options={(settings.rulePack === 'lab' ? (['lab'] as const) : REAL_PACKS).map((value) => ({
              value,
              label: t(`campaignForm.rulePackName.${value}`),
            }))}
          />
        </Field>
        <div className="field">
          <span className="field__label">{t('campaignForm.packHours', { text: packHours(pack.window) })}</span>
          <span className="field__hint">{t('campaignForm.hoursHint')}</span>
        </div>
        <div className="field field--wide" role="group" aria-label={t('campaignForm.days')}>
          <span className="field__label">{t('campaignForm.days')}</span>
          <Checkbox.Group
            value={[...simple.days]}
            options={WEEKDAYS.map((value) => ({ value, label: t(`campaignForm.weekday.${value}`) }))}
            onChange={(days) =>
              withSettings(props, {
                window: changeHours(settings.window, {
                  ...simple,
                  days: WEEKDAYS.filter((day) => days.includes(day)),
                }),
              })
            }
          />
        </div>
        <div className="field field--wide" role="group" aria-label={t('campaignForm.hours')}>
          <span className="field__label">{t('campaignForm.hours')}</span>
          {simple.spans.map((span, index) => (
            <SpanRow
              key={index}
              span={span}
              onChange={(next) => setSpans(simple.spans.map((old, at) => (at === index ? next : old)))}
              {...(simple.spans.length > 1
                ? { onRemove: () => setSpans(simple.spans.filter((_, at) => at !== index)) }
                : {})}
            />
          ))}
          <Button
            size="small"
            icon={<PlusOutlined />}
            onClick={() => setSpans([...simple.spans, nextSpan(simple.spans)])}
          >
            {t('campaignForm.addSpan')}
          </Button>
          {!isExact && <span className="field__hint">{t('campaignForm.custom')}</span>}
        </div>
        <SpecialDatesFields window={settings.window} onChange={(window) => withSettings(props, { window })} />
      </div>
    </section>
  );
};

/** After whole days: office hours with a noon break; after others: two hours more, or the evening. */
const nextSpan = (spans: readonly DaySpan[]): DaySpan => {
  const end = spans.at(-1)?.toMinute ?? 540;
  return end >= 1320
    ? { fromMinute: 840, toMinute: 1200 }
    : { fromMinute: end + 60, toMinute: Math.min(1440, end + 180) };
};

const SpanRow = ({
  span,
  onChange,
  onRemove,
}: {
  readonly span: DaySpan;
  readonly onChange: (span: DaySpan) => void;
  readonly onRemove?: () => void;
}) => {
  const { t } = useTranslation();
  return (
    <div className="span-row">
      <TimeInput
        label={t('campaignForm.from')}
        minute={span.fromMinute}
        onChange={(fromMinute) => onChange({ ...span, fromMinute })}
      />
      –
      <TimeInput
        label={t('campaignForm.to')}
        minute={span.toMinute}
        onChange={(toMinute) => onChange({ ...span, toMinute })}
      />
      {onRemove !== undefined && (
        <Button type="text" icon={<DeleteOutlined />} aria-label={t('campaignForm.removeSpan')} onClick={onRemove} />
      )}
    </div>
  );
};

const TimeInput = ({
  label,
  minute,
  onChange,
}: {
  readonly label: string;
  readonly minute: number;
  readonly onChange: (minute: number) => void;
}) => {
  const [text, setText] = useState<string>();
  return (
    <Input
      aria-label={label}
      style={{ width: 84 }}
      value={text ?? minuteText(minute)}
      status={text !== undefined && parseMinute(text) === undefined ? 'error' : ''}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => {
        const parsed = text === undefined ? undefined : parseMinute(text);
        if (parsed !== undefined) onChange(parsed);
        setText(undefined);
      }}
    />
  );
};

export const RetrySection = (props: FormProps) => {
  const { t } = useTranslation();
  const { draft, change } = props;
  const { settings } = draft;
  return (
    <section className="q-card">
      <h2>{t('campaignForm.section.retry')}</h2>
      <div className="q-row" style={{ marginBottom: 10 }}>
        {t('campaignForm.maxAttempts')}
        <NumberField
          label={t('campaignForm.maxAttempts')}
          value={settings.retry.maxAttempts}
          unit={t('campaignForm.times')}
          min={1}
          onChange={(maxAttempts) => withSettings(props, { retry: { ...settings.retry, maxAttempts } })}
        />
      </div>
      <table className="retry-table">
        <thead>
          <tr>
            <th>{t('campaignForm.retryOutcome')}</th>
            <th>{t('campaignForm.retryMax')}</th>
            <th>{t('campaignForm.retryAfter')}</th>
          </tr>
        </thead>
        <tbody>
          {RETRY_OUTCOMES.map((outcome) => {
            const fields = retryFieldsOf(settings.retry.perOutcome[outcome]);
            const set = (next: CampaignSettings): void => change({ ...draft, settings: next });
            return (
              <tr key={outcome}>
                <td>{t(`outcome.${outcome}`)}</td>
                <td>
                  <NumberField
                    label={`${t(`outcome.${outcome}`)} ${t('campaignForm.retryMax')}`}
                    value={fields?.max ?? 0}
                    min={0}
                    unit={t('campaignForm.times')}
                    onChange={(max) => set(changeRetry(settings, outcome, { max }))}
                  />
                </td>
                <td>
                  {fields === undefined ? (
                    <span className="q-faint">{t('campaignForm.retryOff')}</span>
                  ) : (
                    <NumberField
                      label={`${t(`outcome.${outcome}`)} ${t('campaignForm.retryAfter')}`}
                      value={fields.minutes}
                      min={0}
                      unit={t('campaignForm.minutes')}
                      onChange={(minutes) => set(changeRetry(settings, outcome, { minutes }))}
                    />
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
};

export const AfterSection = (props: FormProps) => {
  const { t } = useTranslation();
  const { settings } = props.draft;
  const { wrapUp } = settings;
  return (
    <section className="q-card">
      <h2>{t('campaignForm.section.after')}</h2>
      <div className="q-stack" style={{ gap: 10 }}>
        <div className="q-row">
          <span className="field__label">{t('campaignForm.wrapUp')}</span>
          <Radio.Group
            value={wrapUp.maxMs === null ? 'manual' : 'auto'}
            onChange={(event) =>
              withSettings(props, { wrapUp: { ...wrapUp, maxMs: event.target.value === 'auto' ? 30_000 : null } })
            }
            options={[
              { value: 'auto', label: t('campaignForm.wrapUpAuto', { seconds: (wrapUp.maxMs ?? 30_000) / 1000 }) },
              { value: 'manual', label: t('campaignForm.wrapUpManual') },
            ]}
          />
          {wrapUp.maxMs !== null && (
            <NumberField
              label={t('campaignForm.wrapUp')}
              value={wrapUp.maxMs / 1000}
              unit={t('campaignForm.seconds')}
              min={0}
              onChange={(seconds) => withSettings(props, { wrapUp: { ...wrapUp, maxMs: Math.round(seconds * 1000) } })}
            />
          )}
        </div>
        <Checkbox
          checked={wrapUp.dispositionRequired}
          onChange={(event) =>
            withSettings(props, { wrapUp: { ...wrapUp, dispositionRequired: event.target.checked } })
          }
        >
          {t('campaignForm.dispositionRequired')}
        </Checkbox>
        <Checkbox
          checked={settings.recording === 'answered'}
          onChange={(event) => withSettings(props, { recording: event.target.checked ? 'answered' : 'none' })}
        >
          {t('campaignForm.recordAnswered')}
        </Checkbox>
        <Checkbox
          checked={settings.dropMessage !== null}
          onChange={(event) => withSettings(props, { dropMessage: event.target.checked ? 'drop' : null })}
        >
          {t('campaignForm.dropMessage')}
        </Checkbox>
      </div>
    </section>
  );
};

export const MoreSection = (props: FormProps) => {
  const { t } = useTranslation();
  const { settings } = props.draft;
  const pack = packOf(settings, serverTime.now());
  const { perDay: _, ...otherCaps } = settings.caps;
  const order = orderNameOf(settings.leadOrder);
  return (
    <Collapse
      items={[
        {
          key: 'more',
          label: t('campaignForm.section.more'),
          children: (
            <div className="campaign-form__grid">
              <Field label={t('campaignForm.order')} hint={t(`campaignForm.orderHint.${order}`)} isWide>
                <Select<OrderName>
                  style={{ width: 280 }}
                  value={order}
                  onChange={(name) => {
                    if (name !== 'other') withSettings(props, { leadOrder: ORDERS[name] });
                  }}
                  options={(order === 'other' ? ORDER_NAMES : ORDER_NAMES.slice(0, 2)).map((value) => ({
                    value,
                    label: t(`campaignForm.orderName.${value}`),
                  }))}
                />
              </Field>
              <Field label={t('campaignForm.maxChannels')}>
                <NumberField
                  value={settings.maxChannels}
                  onChange={(maxChannels) => withSettings(props, { maxChannels })}
                />
              </Field>
              <Field label={t('campaignForm.newCalls')}>
                <NumberField
                  value={settings.newCallsPerSecond}
                  step={0.5}
                  onChange={(newCallsPerSecond) => withSettings(props, { newCallsPerSecond })}
                />
              </Field>
              <Field
                label={t('campaignForm.perDay')}
                hint={t('campaignForm.perDayHint', { limit: pack.caps.perDay ?? t('state.unlimited') })}
              >
                <NumberField
                  value={settings.caps.perDay}
                  unit={t('campaignForm.times')}
                  onChange={(perDay) => withSettings(props, { caps: { ...otherCaps, perDay } })}
                  onClear={() => withSettings(props, { caps: otherCaps })}
                />
              </Field>
              <Field label={t('campaignForm.maxPerCallerId')}>
                <NumberField
                  value={settings.callerIdUse.maxPerDay}
                  unit={t('campaignForm.times')}
                  onChange={(maxPerDay) => withSettings(props, { callerIdUse: { ...settings.callerIdUse, maxPerDay } })}
                />
              </Field>
              <Field label={t('campaignForm.agentWait')}>
                <NumberField
                  value={settings.agentWaitMs / 1000}
                  unit={t('campaignForm.seconds')}
                  step={0.5}
                  onChange={(seconds) => withSettings(props, { agentWaitMs: Math.round(seconds * 1000) })}
                />
              </Field>
              <Field label={t('campaignForm.priority')}>
                <NumberField value={settings.priority} onChange={(priority) => withSettings(props, { priority })} />
              </Field>
            </div>
          ),
        },
      ]}
    />
  );
};
