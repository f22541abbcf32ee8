import type { AttemptStory } from '@qianhu/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { offsetText } from '../../lib/format.ts';
import { timelineRows } from './timeline-model.ts';

/** What happened, in order, with the facts behind each line. */
export const TimelineCard = ({
  events,
  startMs,
}: {
  readonly events: AttemptStory['events'];
  readonly startMs: number;
}) => {
  const { t } = useTranslation();
  const codeText = useCodeText();
  const [openKey, setOpenKey] = useState<string>();
  const rows = timelineRows(events, startMs);
  return (
    <section className="q-card">
      <h2>{t('attempt.timeline')}</h2>
      {rows.length === 0 && <p className="q-faint">{t('attempt.noEvents')}</p>}
      <ol className="timeline">
        {rows.map((row) => {
          const isOpen = row.key === openKey;
          const hasData = Object.keys(row.data).length > 0;
          return (
            <li key={row.key} className={`timeline__row timeline__row--${row.aggregate}`}>
              <span className="timeline__time q-num" title={new Date(row.atMs).toISOString()}>
                {offsetText(row.offsetMs)}
              </span>
              <span className="timeline__dot" aria-hidden />
              <div className="q-grow">
                <span>{codeText('attempt.event', row.code)}</span>{' '}
                <span className="q-faint q-small">{codeText('attempt.aggregate', row.aggregate)}</span>
                {hasData && (
                  <button
                    className="timeline__more"
                    aria-expanded={isOpen}
                    onClick={() => setOpenKey(isOpen ? undefined : row.key)}
                  >
                    {isOpen ? t('attempt.hideRaw') : t('attempt.raw')}
                  </button>
                )}
                {isOpen && <pre className="timeline__data q-mono">{JSON.stringify(row.data, null, 2)}</pre>}
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  );
};
