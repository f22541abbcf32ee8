import type { AgentCall, AgentLive } from '@qianhu/contracts';
import { Button, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { serverTime } from '../../lib/server-time.ts';
import { Keys } from '../../shell/shortcut-help.tsx';
import { fromLocalInput, quickCallbacks, toLocalInput } from './callback-times.ts';
import { NOTE_ID } from './desk-shortcuts.ts';
import type { DeskParts } from './desk-page.tsx';

/** What came of the call: a code, a note, a promise. Can be written while talking; sent ends wrap-up. */
export const ResultPanel = ({
  state,
  actions,
  runtime,
  popUp,
}: DeskParts & { readonly popUp: AgentCall | undefined }) => {
  const { t } = useTranslation();
  const { language } = useLanguage();
  const { draft } = state;
  const agent = state.agent as AgentLive;
  const edit = (change: Partial<typeof draft>): void => runtime.model.edit(change);
  const chosen = popUp?.dispositions.find((item) => item.code === draft.code);
  const saved = popUp?.dispositions.find((item) => item.code === agent.call?.disposition);
  return (
    <section className="result q-card">
      <h2>
        {t('desk.result')}{' '}
        {popUp?.dispositionRequired === true && <span className="q-small q-faint">{t('desk.resultRequired')}</span>}
        {saved !== undefined && (
          <span className="q-small q-soft">
            {' '}
            · {t('desk.saved')}: {saved.label[language]}
          </span>
        )}
      </h2>
      <div className="result__codes" role="radiogroup" aria-label={t('desk.result')}>
        {(popUp?.dispositions ?? []).map((item, index) => (
          <button
            key={item.code}
            type="button"
            role="radio"
            aria-checked={item.code === draft.code}
            className={`result__code${item.code === draft.code ? ' result__code--chosen' : ''}`}
            onClick={() => edit({ code: item.code })}
          >
            {index < 9 && <Keys keys={String(index + 1)} />} {item.label[language]}
          </button>
        ))}
      </div>
      {chosen?.then === 'callback' && (
        <div className="q-row" style={{ marginBottom: 10 }}>
          <label>
            {t('desk.callbackAt')}{' '}
            <input
              type="datetime-local"
              className="result__time"
              value={toLocalInput(draft.callbackAtMs)}
              min={toLocalInput(serverTime.now())}
              onChange={(event) => edit({ callbackAtMs: fromLocalInput(event.target.value) })}
            />
          </label>
          {quickCallbacks(serverTime.now()).map(([name, atMs]) => (
            <Button key={name} size="small" onClick={() => edit({ callbackAtMs: atMs })}>
              {t(`desk.callbackQuick.${name}`)}
            </Button>
          ))}
        </div>
      )}
      <Input.TextArea
        id={NOTE_ID}
        value={draft.note}
        aria-label={t('desk.note')}
        placeholder={t('desk.notePlaceholder')}
        maxLength={4000}
        autoSize={{ minRows: 2, maxRows: 6 }}
        onChange={(event) => edit({ note: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <div className="q-row" style={{ marginTop: 10, justifyContent: 'flex-end' }}>
        <Button
          type="primary"
          size="large"
          disabled={actions.dispose === undefined}
          loading={state.pending === 'dispose'}
          onClick={actions.dispose}
          data-testid="dispose"
        >
          {agent.phase === 'wrapUp' ? t('desk.finish') : t('desk.saveResult')} <Keys keys="mod+enter" />
        </Button>
      </div>
    </section>
  );
};
