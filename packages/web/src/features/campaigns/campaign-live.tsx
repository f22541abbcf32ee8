import type { CampaignLive } from '@qianhu/contracts';
import { OUTCOMES, type Outcome } from '@qianhu/core';
import { useTranslation } from 'react-i18next';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { useLanguage } from '../../i18n/use-language.ts';
import { momentText, shareText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { AgentPhaseMark, agentMarks, OutcomeMark, outcomeMarks, type AgentPhaseName } from '../../ui/phase.tsx';
import { ShareBar } from '../../ui/share-bar.tsx';
import { Facts } from '../../ui/stat.tsx';
import { isPriced, PacingCard } from './pacing-card.tsx';
import { RestingCallerIds } from './resting-caller-ids.tsx';
import './campaign-live.css';

const CALL_PHASES = ['dialing', 'ringing', 'waiting', 'talking', 'announcing'] as const;
const callTones = {
  dialing: 'paused',
  ringing: 'ringing',
  waiting: 'danger',
  talking: 'talking',
  announcing: 'wrap-up',
} as const;
const AGENT_PHASES = Object.keys(agentMarks) as readonly AgentPhaseName[];
const cssTone = (tone: string): string => (tone === 'wrapUp' ? 'wrap-up' : tone);

/** A campaign as it is at this moment. */
export const CampaignLiveView = ({ view }: { readonly view: CampaignLive }) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const codeText = useCodeText();
  const isActive = view.phase === 'running' || view.phase === 'draining';
  const settled = OUTCOMES.reduce((sum, outcome) => sum + (view.outcomes[outcome] ?? 0), 0);
  const leads = view.leads.ready + view.leads.dialing + view.leads.done;
  const limitedBy = view.limitedBy ?? (view.phase === 'running' ? 'none' : view.phase);
  return (
    <div className="live">
      <section className="q-card live__calls">
        <h2>{t('campaign.calls')}</h2>
        <dl className="live__phases">
          {CALL_PHASES.map((phase) => (
            <div key={phase} className={view.calls[phase] === 0 ? 'live__phase live__phase--zero' : 'live__phase'}>
              <dd style={{ color: view.calls[phase] === 0 ? undefined : `var(--q-${callTones[phase]})` }}>
                {view.calls[phase].toLocaleString()}
              </dd>
              <dt>{t(`callPhase.${phase}`)}</dt>
            </div>
          ))}
        </dl>
        {isActive && (
          <p className="live__why" aria-live="polite">
            <span className="q-faint">{t('campaign.limitedTitle')}</span>
            <strong>{codeText('campaign.limitedBy', limitedBy)}</strong>
            {view.nextOpeningMs !== undefined && (
              <span>{t('campaign.opensAt', { time: momentText(view.nextOpeningMs, serverTime.now(), locale) })}</span>
            )}
          </p>
        )}
      </section>
      <section className="q-card">
        <h2>{t('campaign.agents')}</h2>
        {AGENT_PHASES.every((phase) => phase === 'loggedOut' || (view.agents[phase] ?? 0) === 0) && (
          <p className="q-faint">{t('campaign.noAgents')}</p>
        )}
        <ul className="live__rows">
          {AGENT_PHASES.filter((phase) => (view.agents[phase] ?? 0) > 0).map((phase) => (
            <li key={phase}>
              <AgentPhaseMark phase={phase} />
              <span className="live__count">{view.agents[phase]}</span>
            </li>
          ))}
        </ul>
      </section>
      <section className="q-card">
        <h2>{t('campaign.leadsLeft')}</h2>
        <div className="live__left q-num">{(view.leads.ready + view.leads.dialing).toLocaleString()}</div>
        <p className="q-soft q-small">
          {t('campaign.leadsOf', { total: leads.toLocaleString(), percent: shareText(view.leads.done, leads, locale) })}
        </p>
        <div style={{ margin: '10px 0' }}>
          <ShareBar
            label={t('campaign.leadsLeft')}
            segments={[
              { key: 'done', label: t('leadState.done'), value: view.leads.done, tone: 'primary' },
              { key: 'dialing', label: t('leadState.dialing'), value: view.leads.dialing, tone: 'ringing' },
              { key: 'ready', label: t('leadState.ready'), value: view.leads.ready, tone: 'line-strong' },
            ]}
          />
        </div>
        {!isPriced(view.pacing) && <Figures figures={view.pacing} />}
      </section>
      <section className="q-card live__outcomes">
        <h2>
          {t('campaign.outcomes')} <span className="q-faint q-num">{settled.toLocaleString()}</span>
        </h2>
        {settled === 0 && <p className="q-faint">{t('campaign.noOutcomes')}</p>}
        <ul>
          {OUTCOMES.filter((outcome) => (view.outcomes[outcome] ?? 0) > 0)
            .sort((a, b) => (view.outcomes[b] ?? 0) - (view.outcomes[a] ?? 0))
            .map((outcome) => (
              <OutcomeRow key={outcome} outcome={outcome} count={view.outcomes[outcome] ?? 0} settled={settled} />
            ))}
        </ul>
      </section>
      {view.restingCallerIds !== undefined && <RestingCallerIds rests={view.restingCallerIds} />}
      {isActive && isPriced(view.pacing) && <PacingCard figures={view.pacing} />}
    </div>
  );
};

const OutcomeRow = ({
  outcome,
  count,
  settled,
}: {
  readonly outcome: Outcome;
  readonly count: number;
  readonly settled: number;
}) => {
  const { locale } = useLanguage();
  return (
    <li className="outcome">
      <OutcomeMark outcome={outcome} />
      <span className="outcome__bar" aria-hidden>
        <span
          style={{ width: `${(count / settled) * 100}%`, background: `var(--q-${cssTone(outcomeMarks[outcome][0])})` }}
        />
      </span>
      <span className="q-num">{count.toLocaleString()}</span>
      <span className="q-num q-faint">{shareText(count, settled, locale)}</span>
    </li>
  );
};

/** The pacer's named figures; shares as per cent. */
const Figures = ({ figures }: { readonly figures: Readonly<Record<string, number>> }) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const codeText = useCodeText();
  const entries = Object.entries(figures);
  if (entries.length === 0) return null;
  return (
    <>
      <h2 className="q-card__title" style={{ marginTop: 14 }}>
        {t('campaign.pacing')}
      </h2>
      <Facts
        items={entries.map(([name, value]) => [
          codeText('campaign.figure', name),
          <span key={name} className="q-num">
            {/[Rr]ate$|^risk$|^aim$|^target$/.test(name)
              ? shareText(value, 1, locale)
              : value.toLocaleString(locale, { maximumFractionDigits: 2 })}
          </span>,
        ])}
      />
    </>
  );
};
