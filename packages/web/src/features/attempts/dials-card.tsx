import type { AttemptStory } from '@qianhu/contracts';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { durationText } from '../../lib/format.ts';
import { Moment } from '../../ui/moment.tsx';
import { OutcomeMark } from '../../ui/phase.tsx';
import { dialSteps, Q850_NAMES } from './timeline-model.ts';

/** Each INVITE of the attempt with its SIP progress. */
export const DialsCard = ({ dials }: { readonly dials: AttemptStory['dials'] }) => {
  const { t } = useTranslation();
  const { language } = useLanguage();
  return (
    <section className="q-card">
      <h2>{t('attempt.dials')}</h2>
      {dials.length === 0 && <p className="q-faint">{t('state.none')}</p>}
      {dials.map((dial, index) => (
        <div key={dial.dialId} className="dial">
          <div className="q-row q-row--between">
            <strong>{t('attempt.dialOn', { count: index + 1, trunk: dial.trunkName ?? dial.trunkId })}</strong>
            <OutcomeMark outcome={dial.outcome} />
          </div>
          <ol className="dial__steps">
            {dialSteps(dial).map(({ step, atMs, afterMs }) => (
              <li key={step}>
                <span>{t(`attempt.step.${step}`)}</span>
                <Moment atMs={atMs} />
                {afterMs > 0 && (
                  <span className="q-faint q-small">
                    {t('attempt.after', { text: durationText(afterMs, language) })}
                  </span>
                )}
              </li>
            ))}
          </ol>
          <p className="q-small q-soft">
            {t('attempt.sentAs')} <span className="q-mono">{dial.dialString}</span>
            {dial.callerId !== undefined && (
              <>
                {' · '}
                {t('attempt.shownAs')} <span className="q-mono">{dial.callerId}</span>
              </>
            )}
            {dial.sipStatus !== undefined && (
              <>
                {' · '}
                {t('attempt.sip')} <span className="q-mono">{dial.sipStatus}</span>
              </>
            )}
            {dial.cause !== undefined && (
              <>
                {' · '}
                {t('attempt.cause')} <span className="q-mono">{dial.cause}</span> {Q850_NAMES[dial.cause]}
              </>
            )}
            {dial.endedBy !== undefined && ` · ${t(`attempt.endedBy.${dial.endedBy}`)}`}
          </p>
        </div>
      ))}
    </section>
  );
};
