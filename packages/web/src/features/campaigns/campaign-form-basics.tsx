import type { Campaign } from '@qianhu/contracts';
import type { CampaignSettings, DialMode } from '@qianhu/core';
import { Input, Radio, Select, Slider } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { shareText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { Field, NumberField } from '../../ui/field.tsx';
import { agentsFor, chooseLists, packOf, parseCallerIds } from './campaign-draft.ts';
import type { FormProps } from './campaign-form.tsx';

/** Changes settings inside a draft. */
export const withSettings = (
  { draft, change }: Pick<FormProps, 'draft' | 'change'>,
  patch: Partial<CampaignSettings>,
): void => change({ ...draft, settings: { ...draft.settings, ...patch } });

export const BasicsSection = (props: FormProps & { readonly campaignId?: Campaign['campaignId'] }) => {
  const { t } = useTranslation();
  const { draft, change, choice, campaignId } = props;
  const { settings } = draft;
  const [invalid, setInvalid] = useState<readonly string[]>([]);
  const isDemo = settings.rulePack === 'lab';
  const otherUse = (listId: string) =>
    choice.lists
      .find((list) => list.listId === listId)
      ?.campaigns.find((use) => use.campaignId !== campaignId && !['stopped', 'finished', 'draft'].includes(use.phase));
  return (
    <section className="q-card">
      <h2>{t('campaignForm.section.basics')}</h2>
      <div className="campaign-form__grid">
        <Field label={t('campaignForm.lists')} hint={t('campaignForm.listsHint')} isWide>
          <Select
            mode="multiple"
            style={{ width: '100%' }}
            value={[...settings.listIds] as string[]}
            showSearch={{ optionFilterProp: 'label' }}
            onChange={(ids: string[]) => change(chooseLists(draft, ids, choice))}
            options={choice.lists.map((list) => {
              const use = otherUse(list.listId);
              return {
                value: list.listId as string,
                disabled: use !== undefined,
                label:
                  use === undefined
                    ? t('campaignForm.listLeads', {
                        name: list.name,
                        count: list.leads.ready + list.leads.dialing + list.leads.done,
                      })
                    : t('campaignForm.listBusy', { name: list.name, campaign: use.name }),
              };
            })}
          />
        </Field>
        <Field label={t('campaignForm.name')} isWide>
          <Input
            value={draft.name}
            maxLength={80}
            onChange={(event) => change({ ...draft, name: event.target.value })}
          />
        </Field>
        <Field label={t('campaignForm.trunks')} hint={t('campaignForm.trunksHint')}>
          <Select
            mode="multiple"
            style={{ width: '100%' }}
            value={[...settings.trunkIds] as string[]}
            onChange={(ids: string[]) =>
              withSettings(props, { trunkIds: ids as unknown as CampaignSettings['trunkIds'] })
            }
            options={choice.trunks
              .filter((trunk) => trunk.isDemo === isDemo)
              .map((trunk) => ({ value: trunk.trunkId as string, label: trunk.name, disabled: !trunk.isEnabled }))}
          />
        </Field>
        <Field
          label={t('campaignForm.callerIds')}
          hint={t('campaignForm.callerIdsHint')}
          {...(invalid.length > 0 ? { fault: t('campaignForm.callerIdInvalid', { value: invalid.join(', ') }) } : {})}
        >
          <Select
            mode="tags"
            open={false}
            suffixIcon={null}
            tokenSeparators={[',', ';', '，', '、', '\n']}
            style={{ width: '100%' }}
            value={[...settings.callerIds] as string[]}
            onChange={(texts: string[]) => {
              const parsed = parseCallerIds(texts);
              setInvalid(parsed.invalid);
              withSettings(props, { callerIds: parsed.numbers });
            }}
          />
        </Field>
      </div>
    </section>
  );
};

export const WhoSection = ({ draft, change, users }: FormProps) => {
  const { t } = useTranslation();
  const everyone = agentsFor(draft.settings, users);
  // By name anybody may be chosen: a real agent may take the demonstration's calls to try it.
  const agents = users.filter((user) => !user.isDisabled && user.role === 'agent');
  const isChosen = draft.agentIds !== undefined;
  return (
    <section className="q-card">
      <h2>{t('campaignForm.section.who')}</h2>
      <div className="q-row">
        <Radio.Group
          value={isChosen ? 'some' : 'all'}
          aria-label={t('campaignForm.agents')}
          onChange={(event) => change({ ...draft, agentIds: event.target.value === 'some' ? [] : undefined })}
          options={[
            { value: 'all', label: `${t('campaignForm.allAgents')} (${everyone.length})` },
            { value: 'some', label: t('campaignForm.someAgents') },
          ]}
        />
        {isChosen && (
          <Select
            mode="multiple"
            style={{ flex: 1, minWidth: 240 }}
            aria-label={t('campaignForm.pickAgents')}
            placeholder={t('campaignForm.pickAgents')}
            value={[...(draft.agentIds ?? [])] as string[]}
            showSearch={{ optionFilterProp: 'label' }}
            options={agents.map((user) => ({ value: user.userId as string, label: user.displayName }))}
            onChange={(ids: string[]) => change({ ...draft, agentIds: ids as unknown as Campaign['agentIds'] })}
          />
        )}
      </div>
    </section>
  );
};

const MODES = ['progressive', 'predictive', 'ratio'] as const satisfies readonly DialMode['kind'][];

export const HowSection = (props: FormProps) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const { settings } = props.draft;
  const { mode } = settings;
  const packLimit = packOf(settings, serverTime.now()).drop.limit;
  const share = (value: number): string => shareText(value, 1, locale);
  const modeOf = (kind: DialMode['kind']): DialMode =>
    kind === 'ratio' ? { kind, linesPerAgent: 1.5 } : kind === 'predictive' ? { kind, dropLimit: packLimit } : { kind };
  return (
    <section className="q-card">
      <h2>{t('campaignForm.section.how')}</h2>
      <div className="choice" role="radiogroup" aria-label={t('campaignForm.mode')}>
        {MODES.map((kind) => {
          // Both may leave somebody without an agent, which these rules do not allow at all.
          const isForbidden = kind !== 'progressive' && packLimit <= 0;
          return (
            <label
              key={kind}
              className={[
                'choice__item',
                ...(kind === 'ratio' ? ['choice__item--wide'] : []),
                ...(isForbidden ? ['choice__item--off'] : []),
              ].join(' ')}
            >
              <Radio
                name="mode"
                checked={mode.kind === kind}
                disabled={isForbidden}
                onChange={() => withSettings(props, { mode: modeOf(kind) })}
              >
                <strong>{t(`campaignForm.${kind}`)}</strong>
              </Radio>
              <small>
                {isForbidden
                  ? t('campaignForm.dropForbidden', { pack: t(`campaignForm.rulePackName.${settings.rulePack}`) })
                  : t(`campaignForm.${kind}Hint`, {
                      limit: share(mode.kind === 'predictive' ? mode.dropLimit : packLimit),
                    })}
              </small>
            </label>
          );
        })}
      </div>
      <div className="campaign-form__grid" style={{ marginTop: 14 }}>
        {mode.kind === 'ratio' && (
          <Field label={`${t('campaignForm.linesPerAgent')}: ${mode.linesPerAgent.toFixed(1)}`}>
            <Slider
              min={1}
              max={5}
              step={0.1}
              value={mode.linesPerAgent}
              onChange={(linesPerAgent) => withSettings(props, { mode: { kind: 'ratio', linesPerAgent } })}
            />
          </Field>
        )}
        {mode.kind === 'predictive' && (
          <Field
            label={`${t('campaignForm.dropLimit')}: ${share(mode.dropLimit)}`}
            hint={t('campaignForm.dropLimitHint', { limit: share(packLimit) })}
          >
            <Slider
              min={0.5}
              max={Math.max(0.5, packLimit * 100)}
              step={0.1}
              value={Math.round(mode.dropLimit * 1000) / 10}
              ariaLabelForHandle={t('campaignForm.dropLimit')}
              onChange={(percent) =>
                withSettings(props, { mode: { kind: 'predictive', dropLimit: Math.round(percent * 10) / 1000 } })
              }
            />
          </Field>
        )}
        <Field label={t('campaignForm.ringTimeout')}>
          <NumberField
            value={settings.ringTimeoutMs / 1000}
            unit={t('campaignForm.seconds')}
            onChange={(seconds) => withSettings(props, { ringTimeoutMs: Math.round(seconds * 1000) })}
          />
        </Field>
      </div>
    </section>
  );
};
