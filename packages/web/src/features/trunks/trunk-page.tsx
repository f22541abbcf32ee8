import { trunkRoutes, type Trunk } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Segmented, Switch } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { DemoBadge } from '../../ui/demo-badge.tsx';
import { Page } from '../../ui/page.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { draftFromPreset, draftOf, PRESETS, trunkFaults, type PresetName, type TrunkDraft } from './trunk-draft.ts';
import { TrunkFields } from './trunk-fields.tsx';
import { TrunkStateMark } from './trunk-state-mark.tsx';
import { TrunkTest } from './trunk-test.tsx';

type TrunkId = Trunk['trunkId'];

/** A trunk that is there, or a new one from a template. */
export const Component = () => {
  const { trunkId } = useParams();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['trunks', 'one', trunkId],
    queryFn: ({ signal }) => api.call(trunkRoutes.getTrunk, { params: { trunkId: trunkId as TrunkId }, signal }),
    enabled: trunkId !== undefined,
  });
  if (trunkId === undefined) return <TrunkEditor key="new" />;
  return <AsyncView query={query}>{(trunk) => <TrunkEditor key={trunkId} trunk={trunk} />}</AsyncView>;
};

const TrunkEditor = ({ trunk }: { readonly trunk?: Trunk }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const { modal } = App.useApp();
  const navigate = useNavigate();
  const [preset, setPreset] = useState<PresetName>('chinaIp');
  const [draft, setDraft] = useState<TrunkDraft>(() =>
    trunk === undefined ? draftFromPreset('chinaIp') : draftOf(trunk),
  );
  const [isTried, setTried] = useState(false);
  const faults = trunkFaults(draft);
  const save = useCommand(
    () => {
      const { name, settings, priority, isEnabled } = draft;
      const body = {
        name: name.trim(),
        settings,
        priority,
        isEnabled,
        ...(draft.password === '' ? {} : { password: draft.password }),
      };
      return trunk === undefined
        ? api.call(trunkRoutes.createTrunk, { body })
        : api.call(trunkRoutes.updateTrunk, { params: { trunkId: trunk.trunkId }, body });
    },
    {
      refresh: ['trunks'],
      done: t('trunk.saved'),
      onDone: (saved) => {
        setDraft(draftOf(saved));
        if (trunk === undefined) void navigate(`/trunks/${saved.trunkId}`, { replace: true });
      },
    },
  );
  const remove = useCommand(
    () => api.call(trunkRoutes.deleteTrunk, { params: { trunkId: (trunk as Trunk).trunkId } }),
    { refresh: ['trunks'], done: t('trunk.removed'), onDone: () => void navigate('/trunks') },
  );
  const submit = (): void => {
    setTried(true);
    if (Object.keys(faults).length === 0) save.mutate();
  };
  useShortcuts([
    { keys: 'mod+enter', label: t('trunk.save'), group: t('shortcut.group.page'), inFields: true, run: submit },
  ]);
  return (
    <Page
      trail={[{ to: '/trunks', text: t('trunk.title') }]}
      title={trunk === undefined ? t('trunk.add') : trunk.name}
      beside={
        trunk !== undefined && (
          <>
            <TrunkStateMark trunk={trunk} />
            {trunk.isDemo && <DemoBadge />}
          </>
        )
      }
      actions={
        <>
          {trunk !== undefined && (
            <Button
              danger
              type="text"
              onClick={() =>
                void modal.confirm({
                  title: t('trunk.removeConfirm', { name: trunk.name }),
                  okText: t('action.delete'),
                  okButtonProps: { danger: true },
                  cancelText: t('action.cancel'),
                  onOk: () => remove.mutateAsync().catch(() => undefined),
                })
              }
            >
              {t('action.delete')}
            </Button>
          )}
          <label className="q-row" style={{ gap: 6 }}>
            <Switch checked={draft.isEnabled} onChange={(isEnabled) => setDraft({ ...draft, isEnabled })} />
            {t('trunk.enabled')}
          </label>
          <Button type="primary" loading={save.isPending} onClick={submit}>
            {t('trunk.save')}
          </Button>
        </>
      }
    >
      {trunk === undefined && (
        <div className="q-row">
          <span className="q-faint">{t('trunk.preset')}</span>
          <Segmented<PresetName>
            value={preset}
            onChange={(next) => {
              setPreset(next);
              const { host, port } = draft.settings;
              const fresh = draftFromPreset(next, draft.name);
              // The address that was typed is the carrier's, whatever the template.
              setDraft({ ...fresh, settings: { ...fresh.settings, host, port }, password: draft.password });
            }}
            options={PRESETS.map((value) => ({ value, label: t(`trunk.presets.${value}`) }))}
          />
          <span className="q-faint q-small">{t('trunk.presetHint')}</span>
        </div>
      )}
      {trunk !== undefined && <TrunkTest trunk={trunk} />}
      <TrunkFields
        draft={draft}
        onChange={setDraft}
        faults={isTried ? faults : {}}
        hasPassword={trunk?.hasPassword ?? false}
      />
    </Page>
  );
};
