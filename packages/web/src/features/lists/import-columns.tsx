import {
  IMPORT_DELIMITERS,
  IMPORT_ENCODINGS,
  importRoutes,
  listRoutes,
  type ColumnTarget,
  type ImportOptions,
  type ImportPreview,
  type ImportSourceOptions,
  type ImportView,
  type ListView,
} from '@qianhu/contracts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Alert, Button, Checkbox, Input, Segmented, Select, Switch } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../../services.ts';
import { useSession } from '../../session/session.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { ConsentFields, emptyConsent, isHalf, statementOf } from './consent-fields.tsx';
import { ImportColumnCard } from './import-column-card.tsx';
import { ImportOptionFields } from './import-option-fields.tsx';
import { listNameFrom, mappingFaults, suggestedMapping } from './import-mapping.ts';

type Props = {
  readonly view: ImportView;
  readonly listId: ListView['listId'] | undefined;
  readonly onStarted: (view: ImportView) => void;
};

type ImportTarget = {
  readonly isNew: boolean;
  readonly name: string;
  /** The new list is for the lab only; offered while a demonstration is loaded. */
  readonly isDemo: boolean;
  readonly listId: ListView['listId'] | undefined;
};

/** Second step: how the file is read and what each column becomes. */
export const ImportColumns = (props: Props) => {
  const { api } = useServices();
  const [source, setSource] = useState<ImportSourceOptions>({});
  const importId = props.view.importId;
  const query = useQuery({
    queryKey: ['imports', 'preview', importId, source],
    queryFn: ({ signal }) => api.call(importRoutes.previewImport, { params: { importId }, body: { source }, signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <AsyncView query={query} rows={10}>
      {(preview) => (
        <Mapping
          // Another reading of the file has other columns: start from what is suggested for them.
          key={`${JSON.stringify(source)} ${preview.columns.length}`}
          {...props}
          preview={preview}
          source={source}
          onSource={setSource}
        />
      )}
    </AsyncView>
  );
};

const Mapping = ({
  view,
  listId,
  onStarted,
  preview,
  source,
  onSource,
}: Props & {
  readonly preview: ImportPreview;
  readonly source: ImportSourceOptions;
  readonly onSource: (source: ImportSourceOptions) => void;
}) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const [columns, setColumns] = useState<readonly ColumnTarget[]>(() => suggestedMapping(preview));
  const [target, setTarget] = useState<ImportTarget>({
    isNew: listId === undefined,
    name: listNameFrom(view.fileName),
    isDemo: false,
    listId,
  });
  const [options, setOptions] = useState<Partial<ImportOptions>>({});
  const [consent, setConsent] = useState(emptyConsent);
  const lists = useQuery({
    queryKey: ['lists', 'choice'],
    queryFn: ({ signal }) => api.call(listRoutes.listLists, { query: { limit: 200 }, signal }),
  });
  const chosen = target.isNew ? undefined : lists.data?.items.find((list) => list.listId === target.listId);
  const isConsentNeeded = chosen?.consent !== undefined;
  // Nobody is asked for a list of simulated people.
  const statement = target.isNew && target.isDemo ? undefined : statementOf(consent);
  const faults = mappingFaults(columns);
  const fileFaults = preview.faults.filter((fault) => fault !== 'noPhoneColumn');
  const isTargetChosen = target.isNew ? target.name.trim() !== '' : target.listId !== undefined;
  const start = useCommand(
    async () => {
      const id = target.isNew
        ? (await api.call(listRoutes.createList, { body: { name: target.name.trim(), isDemo: target.isDemo } })).listId
        : target.listId;
      if (id === undefined) throw new Error('The button is disabled without a list.');
      // A second try after a failed start must not make a second list.
      setTarget({ ...target, isNew: false, listId: id });
      return api.call(importRoutes.startImport, {
        params: { importId: view.importId },
        body: {
          listId: id,
          source,
          columns: [...columns],
          options,
          ...(statement === undefined ? {} : { consent: statement }),
        },
      });
    },
    { refresh: ['lists'], onDone: onStarted },
  );
  const isConsentClear =
    (target.isNew && target.isDemo) || (!isHalf(consent) && (statement !== undefined || !isConsentNeeded));
  const canStart =
    faults.length === 0 && fileFaults.length === 0 && isTargetChosen && isConsentClear && !start.isPending;
  useShortcuts([
    {
      keys: 'mod+enter',
      label: t('importer.start'),
      group: t('shortcut.group.page'),
      inFields: true,
      run: canStart ? () => start.mutate() : undefined,
    },
  ]);
  return (
    <div className="q-stack">
      {fileFaults.map((fault) => (
        <Alert key={fault} type="error" showIcon title={t(`importer.fileFault.${fault}`)} />
      ))}
      <div className="q-row">
        <Target
          view={view}
          target={target}
          lists={lists.data?.items ?? []}
          isLoading={lists.isPending}
          onChange={setTarget}
        />
      </div>
      <SourceFields preview={preview} source={source} onSource={onSource} />
      <section>
        <h2 className="q-card__title">
          {t('importer.columns')} <span className="q-faint q-small">{t('importer.columnsHint')}</span>
        </h2>
        <div className="import-columns">
          {preview.columns.map((column, index) => (
            <ImportColumnCard
              key={index}
              column={column}
              target={columns[index] ?? { to: 'ignore' }}
              onChange={(next) => setColumns(columns.map((old, at) => (at === index ? next : old)))}
            />
          ))}
        </div>
      </section>
      {faults.map((fault) => (
        <p key={fault} className="import-fault" role="alert">
          {t(`importer.fault.${fault}`)}
        </p>
      ))}
      {!(target.isNew ? target.isDemo : chosen?.isDemo === true) && (
        <section className="q-card">
          <h2>{t('consent.title')}</h2>
          <ConsentFields draft={consent} onChange={setConsent} />
          {isConsentNeeded && statement === undefined && (
            <p className="import-fault" role="alert">
              {t('consent.needed')}
            </p>
          )}
          {isHalf(consent) && <p className="q-soft">{t('consent.missingEvidence')}</p>}
          {!isConsentNeeded && !consent.isGiven && <p className="q-faint q-small">{t('consent.later')}</p>}
        </section>
      )}
      <ImportOptionFields options={options} onChange={setOptions} />
      <div className="q-row">
        <Button
          type="primary"
          size="large"
          disabled={!canStart}
          loading={start.isPending}
          onClick={() => start.mutate()}
        >
          {t('importer.start')}
        </Button>
      </div>
    </div>
  );
};

const Target = ({
  view,
  target,
  lists,
  isLoading,
  onChange,
}: {
  readonly view: ImportView;
  readonly lists: readonly ListView[];
  readonly isLoading: boolean;
  readonly target: ImportTarget;
  readonly onChange: (target: ImportTarget) => void;
}) => {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <>
      <strong>{view.fileName}</strong>
      <span className="q-faint">{t('importer.target')}</span>
      <Segmented
        value={target.isNew ? 'new' : 'old'}
        onChange={(value) => onChange({ ...target, isNew: value === 'new' })}
        options={[
          { value: 'new', label: t('importer.newList') },
          { value: 'old', label: t('importer.existingList') },
        ]}
      />
      {target.isNew ? (
        <>
          <Input
            value={target.name}
            aria-label={t('importer.listName')}
            placeholder={t('importer.listName')}
            style={{ width: 260 }}
            maxLength={200}
            onChange={(event) => onChange({ ...target, name: event.target.value })}
          />
          {session.data?.demo === true && (
            <Checkbox
              checked={target.isDemo}
              onChange={(event) => onChange({ ...target, isDemo: event.target.checked })}
            >
              {t('importer.demoList')}
            </Checkbox>
          )}
        </>
      ) : (
        <Select<ListView['listId'] | null>
          value={target.listId ?? null}
          aria-label={t('importer.pickList')}
          placeholder={t('importer.pickList')}
          style={{ width: 260 }}
          loading={isLoading}
          showSearch={{ optionFilterProp: 'label' }}
          options={lists.map((list) => ({ value: list.listId, label: list.name }))}
          onChange={(listId) => onChange({ ...target, listId: listId ?? undefined })}
        />
      )}
    </>
  );
};

const delimiterNames = { ',': 'comma', '\t': 'tab', ';': 'semicolon', '|': 'pipe' } as const;

const SourceFields = ({
  preview,
  source,
  onSource,
}: {
  readonly preview: ImportPreview;
  readonly source: ImportSourceOptions;
  readonly onSource: (source: ImportSourceOptions) => void;
}) => {
  const { t } = useTranslation();
  const found = preview.source;
  return (
    <div className="q-row" style={{ columnGap: 18 }}>
      <span className="q-faint">{t('importer.source')}</span>
      {found.format === 'csv' ? (
        <>
          <label>
            {t('importer.encoding')}{' '}
            <Select
              size="small"
              style={{ width: 120 }}
              value={found.encoding}
              options={IMPORT_ENCODINGS.map((value) => ({
                value,
                label: value === 'gb18030' ? 'GBK' : value.toUpperCase(),
              }))}
              onChange={(encoding) => onSource({ ...source, encoding })}
            />
          </label>
          <label>
            {t('importer.delimiter')}{' '}
            <Select
              size="small"
              style={{ width: 110 }}
              value={found.delimiter}
              options={IMPORT_DELIMITERS.map((value) => ({
                value,
                label: t(`importer.delimiterName.${delimiterNames[value]}`),
              }))}
              onChange={(delimiter) => onSource({ ...source, delimiter })}
            />
          </label>
        </>
      ) : (
        found.sheets.length > 1 && (
          <label>
            {t('importer.sheet')}{' '}
            <Select
              size="small"
              style={{ width: 160 }}
              value={found.sheet}
              options={found.sheets.map((label, value) => ({ value, label }))}
              onChange={(sheet) => onSource({ ...source, sheet })}
            />
          </label>
        )
      )}
      <label className="q-row">
        <Switch size="small" checked={found.hasHeader} onChange={(hasHeader) => onSource({ ...source, hasHeader })} />
        {t('importer.hasHeader')}
      </label>
    </div>
  );
};
