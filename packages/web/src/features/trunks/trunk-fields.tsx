import type { TrunkSettings } from '@qianhu/contracts';
import { FORMAT_PRESETS } from '@qianhu/core';
import { Collapse, Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { Field, NumberField } from '../../ui/field.tsx';
import { formatNameOf, FORMATS, setOptional, type FormatName, type TrunkDraft } from './trunk-draft.ts';
import '../campaigns/campaign-form.css';

const REGIONS = ['CN', 'HK', 'MO', 'TW', 'SG', 'MY', 'JP', 'KR', 'US', 'CA', 'GB', 'DE', 'FR', 'AU'];
const CALLER_ID_PLACES = {
  from: 'From',
  pAssertedIdentity: 'P-Asserted-Identity',
  remotePartyId: 'Remote-Party-ID',
  diversion: 'Diversion',
} as const;

type Props = {
  readonly draft: TrunkDraft;
  readonly onChange: (draft: TrunkDraft) => void;
  readonly faults: Readonly<Record<string, string>>;
  readonly hasPassword: boolean;
};

/** All fields of a trunk. */
export const TrunkFields = ({ draft, onChange, faults, hasPassword }: Props) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const { settings } = draft;
  const set = (patch: Partial<TrunkSettings>): void => onChange({ ...draft, settings: { ...settings, ...patch } });
  const fault = (field: string): { fault?: string } => {
    const code = faults[field];
    return code === undefined ? {} : { fault: code === 'missing' ? t('campaignForm.check.missing') : code };
  };
  const names = new Intl.DisplayNames(locale, { type: 'region' });
  const regions = REGIONS.map((value) => ({ value, label: names.of(value) ?? value }));
  const { auth, limits, allowedCountries } = settings;
  const countries =
    allowedCountries === undefined || allowedCountries === 'any' ? [settings.home.country] : allowedCountries;
  const formatOptions = (rules: TrunkSettings['dialFormat']) => [
    ...FORMATS.map((value) => ({ value, label: t(`trunk.format.${value}`) })),
    ...(formatNameOf(rules) === undefined ? [{ value: 'custom' as const, label: t('trunk.format.custom') }] : []),
  ];
  return (
    <>
      <section className="q-card">
        <h2>{t('trunk.section.connect')}</h2>
        <div className="campaign-form__grid">
          <Field label={t('trunk.name')} {...fault('name')}>
            <Input
              value={draft.name}
              maxLength={80}
              onChange={(event) => onChange({ ...draft, name: event.target.value })}
            />
          </Field>
          <Field label={t('trunk.auth')}>
            <Select
              style={{ width: '100%' }}
              value={auth.kind}
              onChange={(kind) =>
                set({ auth: kind === 'ip' ? { kind } : { kind, username: auth.kind === 'ip' ? '' : auth.username } })
              }
              options={(['ip', 'digest', 'registration'] as const).map((value) => ({
                value,
                label: t(`trunk.authName.${value}`),
              }))}
            />
          </Field>
          <Field label={t('trunk.host')} {...fault('host')}>
            <Input
              value={settings.host}
              placeholder="sip.carrier.example"
              onChange={(event) => set({ host: event.target.value.trim() })}
            />
          </Field>
          <div className="q-row" style={{ alignItems: 'flex-start' }}>
            <Field label={t('trunk.port')} {...fault('port')}>
              <NumberField value={settings.port} min={1} max={65535} onChange={(port) => set({ port })} />
            </Field>
            <Field label={t('trunk.transport')}>
              <Select
                style={{ width: 90 }}
                value={settings.transport}
                onChange={(transport) => set({ transport })}
                options={(['udp', 'tcp', 'tls'] as const).map((value) => ({ value, label: value.toUpperCase() }))}
              />
            </Field>
            <Field label={t('trunk.priority')} hint={t('trunk.priorityHint')}>
              <NumberField
                value={draft.priority}
                min={1}
                max={1000}
                onChange={(priority) => onChange({ ...draft, priority })}
              />
            </Field>
          </div>
          {settings.transport === 'tls' && (
            <Field
              label={t('trunk.certificate')}
              hint={settings.certificate === 'unchecked' ? t('trunk.certificateWarning') : t('trunk.certificateHint')}
            >
              <Select
                value={settings.certificate ?? 'verified'}
                onChange={(certificate) => set({ certificate })}
                options={(['verified', 'unchecked'] as const).map((value) => ({
                  value,
                  label: t(`trunk.certificateName.${value}`),
                }))}
              />
            </Field>
          )}
          <Field
            label={t('trunk.media')}
            hint={
              settings.media === 'srtp' && settings.transport !== 'tls'
                ? t('trunk.mediaWarning')
                : t(`trunk.mediaHint.${settings.media ?? 'rtp'}`)
            }
          >
            <Select
              value={settings.media ?? 'rtp'}
              onChange={(media) => set({ media })}
              options={(['rtp', 'srtp'] as const).map((value) => ({ value, label: t(`trunk.mediaName.${value}`) }))}
            />
          </Field>
          {auth.kind !== 'ip' && (
            <>
              <Field label={t('trunk.username')} {...fault('auth.username')}>
                <Input
                  value={auth.username}
                  autoComplete="off"
                  onChange={(event) => set({ auth: { ...auth, username: event.target.value.trim() } })}
                />
              </Field>
              <Field label={t('trunk.password')} {...(hasPassword ? { hint: t('trunk.passwordKept') } : {})}>
                <Input.Password
                  value={draft.password}
                  autoComplete="new-password"
                  onChange={(event) => onChange({ ...draft, password: event.target.value })}
                />
              </Field>
            </>
          )}
        </div>
      </section>
      <section className="q-card">
        <h2>{t('trunk.section.numbers')}</h2>
        <div className="campaign-form__grid">
          <Field label={t('trunk.home')}>
            <Select
              style={{ width: '100%' }}
              value={settings.home.country}
              showSearch={{ optionFilterProp: 'label' }}
              options={regions}
              onChange={(country) => set({ home: { ...settings.home, country } })}
            />
          </Field>
          <Field label={t('trunk.areaCode')} {...fault('home.areaCode')}>
            <Input
              value={settings.home.areaCode ?? ''}
              style={{ width: 130 }}
              onChange={(event) => {
                const areaCode = event.target.value.trim().replace(/^0/, '');
                set({ home: { country: settings.home.country, ...(areaCode === '' ? {} : { areaCode }) } });
              }}
            />
          </Field>
          {(['dialFormat', 'callerIdFormat'] as const).map((key) => (
            <Field key={key} label={t(`trunk.${key}`)}>
              <Select<FormatName | 'custom'>
                style={{ width: '100%' }}
                value={formatNameOf(settings[key]) ?? 'custom'}
                options={formatOptions(settings[key])}
                onChange={(name) => {
                  if (name !== 'custom') set({ [key]: FORMAT_PRESETS[name] });
                }}
              />
            </Field>
          ))}
          <Field label={t('trunk.callerIdIn')}>
            <Select
              style={{ width: '100%' }}
              value={settings.callerIdIn}
              onChange={(callerIdIn) => set({ callerIdIn })}
              options={Object.entries(CALLER_ID_PLACES).map(([value, label]) => ({
                value: value as keyof typeof CALLER_ID_PLACES,
                label,
              }))}
            />
          </Field>
          <Field label={t('trunk.allowed')} hint={t('trunk.allowedHint')}>
            <Select
              mode="multiple"
              style={{ width: '100%' }}
              value={[...countries]}
              options={regions}
              showSearch={{ optionFilterProp: 'label' }}
              onChange={(chosen: string[]) =>
                set({ allowedCountries: chosen.length === 0 ? [settings.home.country] : chosen })
              }
            />
          </Field>
        </div>
      </section>
      <section className="q-card">
        <h2>{t('trunk.section.limits')}</h2>
        <div className="q-row" style={{ gap: 22 }}>
          <Field label={t('trunk.maxConcurrent')} {...fault('limits.maxConcurrent')}>
            <NumberField
              value={limits.maxConcurrent}
              min={1}
              onChange={(maxConcurrent) => set({ limits: { ...limits, maxConcurrent } })}
            />
          </Field>
          <Field label={t('trunk.perSecond')} {...fault('limits.newCalls.perSecond')}>
            <NumberField
              value={limits.newCalls.perSecond}
              min={0.1}
              step={0.5}
              onChange={(perSecond) =>
                set({ limits: { ...limits, newCalls: { perSecond, burst: Math.max(1, Math.ceil(perSecond * 2)) } } })
              }
            />
          </Field>
          <Field label={t('trunk.maxCallsPerHour')}>
            <NumberField
              value={limits.maxCallsPerHour}
              min={1}
              onChange={(maxCallsPerHour) => set({ limits: { ...limits, maxCallsPerHour } })}
              onClear={() => {
                const { maxCallsPerHour: _, ...rest } = limits;
                set({ limits: rest });
              }}
            />
          </Field>
        </div>
      </section>
      <Collapse
        items={[
          {
            key: 'more',
            label: t('trunk.section.advanced'),
            children: (
              <div className="campaign-form__grid">
                {(['outboundProxy', 'fromDomain', 'fromUser'] as const).map((key) => (
                  <Field key={key} label={t(`trunk.${key}`)} {...fault(key)}>
                    <Input
                      value={settings[key] ?? ''}
                      onChange={(event) =>
                        onChange({ ...draft, settings: setOptional(settings, key, event.target.value) })
                      }
                    />
                  </Field>
                ))}
                <Field label={t('trunk.codecs')}>
                  <Select
                    mode="multiple"
                    style={{ width: '100%' }}
                    value={[...settings.codecs]}
                    onChange={(codecs) => set({ codecs })}
                    options={(['alaw', 'ulaw', 'opus', 'g722', 'g729'] as const).map((value) => ({
                      value,
                      label: value,
                    }))}
                  />
                </Field>
                <Field label={t('trunk.dtmf')}>
                  <Select
                    style={{ width: '100%' }}
                    value={settings.dtmf}
                    onChange={(dtmf) => set({ dtmf })}
                    options={[
                      { value: 'rfc4733', label: 'RFC 4733' },
                      { value: 'info', label: 'SIP INFO' },
                      { value: 'inband', label: 'In-band' },
                      { value: 'auto', label: 'Auto' },
                    ]}
                  />
                </Field>
                <Field label={t('trunk.qualify')}>
                  <NumberField
                    value={settings.qualifySec}
                    min={0}
                    max={3600}
                    unit={t('trunk.seconds')}
                    onChange={(qualifySec) => set({ qualifySec })}
                  />
                </Field>
              </div>
            ),
          },
        ]}
      />
    </>
  );
};
