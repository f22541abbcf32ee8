import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { houseSettings, settingsRoutes, type HouseSettings } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button, Checkbox, Input, Segmented } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { Field } from '../../ui/field.tsx';
import { Page } from '../../ui/page.tsx';
import { RegionSelect } from '../../ui/region-select.tsx';
import { useCommand } from '../../ui/use-command.ts';

/** Settings of the whole house. */
export const Component = () => {
  const { t } = useTranslation();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api.call(settingsRoutes.getSettings, { signal }),
  });
  return (
    <Page title={t('house.title')} lead={t('house.lead')}>
      <AsyncView query={query}>{(settings) => <SettingsForm stored={settings} />}</AsyncView>
    </Page>
  );
};

const SettingsForm = ({ stored }: { readonly stored: HouseSettings }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const [draft, setDraft] = useState(stored);
  const save = useCommand(() => api.call(settingsRoutes.putSettings, { body: draft }), {
    refresh: ['settings'],
    done: t('state.saved'),
  });
  const reasons = draft.pauseReasons;
  const codes = new Set(reasons.map((reason) => reason.code));
  const canSave = codes.size === reasons.length && houseSettings.safeParse(draft).success;
  const change = (index: number, next: HouseSettings['pauseReasons'][number]): void =>
    setDraft({ ...draft, pauseReasons: reasons.map((reason, at) => (at === index ? next : reason)) });
  return (
    <div className="q-stack" style={{ maxWidth: 720 }}>
      <section className="q-card q-stack" style={{ gap: 14 }}>
        <h2>{t('house.numbers')}</h2>
        <Checkbox
          checked={draft.maskNumbersForAgents}
          onChange={(event) => setDraft({ ...draft, maskNumbersForAgents: event.target.checked })}
        >
          {t('house.mask')}
        </Checkbox>
        <Field label={t('house.region')}>
          <RegionSelect
            value={draft.defaultRegion}
            onChange={(defaultRegion) => setDraft({ ...draft, defaultRegion })}
          />
        </Field>
        <div className="field">
          <span className="field__label">{t('house.prompts')}</span>
          <Segmented
            value={draft.promptLocale}
            options={[
              { value: 'zh' as const, label: t('house.locale.zh') },
              { value: 'en' as const, label: t('house.locale.en') },
            ]}
            onChange={(promptLocale) => setDraft({ ...draft, promptLocale })}
          />
        </div>
      </section>
      <section className="q-card">
        <h2>{t('house.pauseReasons')}</h2>
        <p className="q-soft q-small">{t('house.pauseHint')}</p>
        <ul className="q-stack" style={{ gap: 8, margin: '10px 0' }}>
          {reasons.map((reason, index) => (
            <li key={index} className="q-row" style={{ flexWrap: 'nowrap' }}>
              <Input
                className="q-mono"
                value={reason.code}
                aria-label={t('house.code')}
                placeholder={t('house.code')}
                maxLength={40}
                onChange={(event) => change(index, { ...reason, code: event.target.value.trim() })}
              />
              {(['zh', 'en'] as const).map((language) => (
                <Input
                  key={language}
                  value={reason.label[language]}
                  aria-label={t(`house.label.${language}`)}
                  placeholder={t(`house.label.${language}`)}
                  maxLength={40}
                  onChange={(event) =>
                    change(index, { ...reason, label: { ...reason.label, [language]: event.target.value } })
                  }
                />
              ))}
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={`${t('action.delete')}: ${reason.label.zh}`}
                disabled={reasons.length === 1}
                onClick={() => setDraft({ ...draft, pauseReasons: reasons.filter((_, at) => at !== index) })}
              />
            </li>
          ))}
        </ul>
        <Button
          icon={<PlusOutlined />}
          onClick={() => setDraft({ ...draft, pauseReasons: [...reasons, { code: '', label: { zh: '', en: '' } }] })}
        >
          {t('action.add')}
        </Button>
      </section>
      <div className="q-row">
        <Button type="primary" size="large" disabled={!canSave} loading={save.isPending} onClick={() => save.mutate()}>
          {t('action.save')}
        </Button>
        {!canSave && <span className="q-faint">{t('house.faulty')}</span>}
      </div>
    </div>
  );
};
