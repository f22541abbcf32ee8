import { campaignRoutes, type Campaign, type User } from '@qianhu/contracts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useBlocker, useNavigate } from 'react-router';
import { useDebounced } from '../../lib/use-debounced.ts';
import { useServices } from '../../services.ts';
import { useCommand } from '../../ui/use-command.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { CampaignChecksCard } from './campaign-checks.tsx';
import { agentsFor, type CampaignDraft, type DraftChoice } from './campaign-draft.ts';
import { BasicsSection, HowSection, WhoSection } from './campaign-form-basics.tsx';
import { AfterSection, MoreSection, RetrySection, WhenSection } from './campaign-form-rules.tsx';
import './campaign-form.css';

export type FormProps = {
  readonly draft: CampaignDraft;
  readonly change: (draft: CampaignDraft) => void;
  readonly choice: DraftChoice;
  readonly users: readonly User[];
};

/** One form for new campaigns and for the settings of one that is there; checked by the server as it is filled in. */
export const CampaignForm = ({
  campaign,
  choice,
  users,
  first,
}: {
  readonly campaign?: Campaign;
  readonly choice: DraftChoice;
  readonly users: readonly User[];
  readonly first: CampaignDraft;
}) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(first);
  const [saved, setSaved] = useState(first);
  const isDirty = draft !== saved;
  const quiet = useDebounced(draft, 400);
  const body = (from: CampaignDraft) => ({
    name: from.name.trim() === '' ? '–' : from.name.trim(),
    settings: from.settings,
    ...(from.agentIds !== undefined
      ? { agentIds: from.agentIds }
      : campaign === undefined
        ? {}
        : { agentIds: agentsFor(from.settings, users).map((user) => user.userId) }),
  });
  const checks = useQuery({
    queryKey: ['campaigns', 'draft-checks', quiet],
    queryFn: ({ signal }) => api.call(campaignRoutes.checkNewCampaign, { body: body(quiet), signal }),
    placeholderData: keepPreviousData,
    enabled: campaign === undefined || isDirty,
    gcTime: 0,
  });
  const save = useCommand(
    async (start: boolean) => {
      if (campaign !== undefined) {
        const { campaignId } = campaign;
        return api.call(campaignRoutes.updateCampaign, { params: { campaignId }, body: body(draft) });
      }
      const made = await api.call(campaignRoutes.createCampaign, { body: body(draft) });
      if (start) {
        await api.call(campaignRoutes.commandCampaign, { params: { campaignId: made.campaignId, command: 'start' } });
        void message.success(t('campaign.started'));
      }
      return made;
    },
    {
      refresh: ['campaigns', 'lists'],
      onDone: (result) => {
        setSaved(draft);
        if (campaign === undefined) {
          isLeaving.current = true;
          void navigate(`/campaigns/${result.campaignId}`);
        } else void message.success(t('campaignForm.saved'));
      },
    },
  );
  const [isLeaving] = useState({ current: false });
  useBlocker(({ currentLocation, nextLocation }) =>
    isDirty && campaign !== undefined && !isLeaving.current && currentLocation.pathname !== nextLocation.pathname
      ? !window.confirm(t('campaignForm.leave'))
      : false,
  );
  const hasName = draft.name.trim() !== '';
  const canStart = hasName && checks.data?.canStart === true && quiet === draft;
  useShortcuts([
    {
      keys: 'mod+enter',
      label: campaign === undefined ? t('campaignForm.createAndStart') : t('campaignForm.save'),
      group: t('shortcut.group.page'),
      inFields: true,
      run:
        campaign === undefined
          ? canStart
            ? () => save.mutate(true)
            : undefined
          : isDirty
            ? () => save.mutate(false)
            : undefined,
    },
  ]);
  const props: FormProps = { draft, change: setDraft, choice, users };
  return (
    <div className="campaign-form">
      <div>
        <BasicsSection {...props} {...(campaign === undefined ? {} : { campaignId: campaign.campaignId })} />
        <WhoSection {...props} />
        <HowSection {...props} />
        <WhenSection {...props} />
        <RetrySection {...props} />
        <AfterSection {...props} />
        <MoreSection {...props} />
      </div>
      <aside className="campaign-form__side">
        {campaign === undefined || isDirty ? <CampaignChecksCard checks={checks.data} /> : null}
        {campaign === undefined ? (
          <>
            <Button
              type="primary"
              size="large"
              disabled={!canStart}
              loading={save.isPending}
              onClick={() => save.mutate(true)}
            >
              {t('campaignForm.createAndStart')}
            </Button>
            <Button size="large" disabled={!hasName || save.isPending} onClick={() => save.mutate(false)}>
              {t('campaignForm.create')}
            </Button>
          </>
        ) : (
          <Button
            type="primary"
            size="large"
            disabled={!isDirty || !hasName}
            loading={save.isPending}
            onClick={() => save.mutate(false)}
          >
            {t('campaignForm.save')}
          </Button>
        )}
      </aside>
    </div>
  );
};
