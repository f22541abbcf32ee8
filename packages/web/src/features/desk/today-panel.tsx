import { attemptRoutes } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useDispositionText } from '../../i18n/use-disposition-text.ts';
import { clockText, phoneText } from '../../lib/format.ts';
import { useServices } from '../../services.ts';
import { Moment } from '../../ui/moment.tsx';
import { OutcomeMark } from '../../ui/phase.tsx';
import { Stat, Stats } from '../../ui/stat.tsx';

type Me = {
  readonly today: {
    readonly calls: number;
    readonly talkMs: number;
    readonly dispositions: Readonly<Record<string, number>>;
  };
};

/** The day so far, and the latest calls, while nobody is on the line. */
export const TodayPanel = ({ me }: { readonly me: Me | undefined }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const dispositionText = useDispositionText();
  const calls = me?.today.calls;
  const recent = useQuery({
    queryKey: ['attempts', 'mine', calls],
    queryFn: ({ signal }) => api.call(attemptRoutes.listAttempts, { query: { limit: 6 }, signal }),
    placeholderData: (previous) => previous,
  });
  const results = Object.entries(me?.today.dispositions ?? {}).sort(([, a], [, b]) => b - a);
  return (
    <>
      <section className="q-card">
        <h2>{t('desk.today')}</h2>
        <Stats>
          <Stat label={t('desk.todayCalls')} value={calls ?? '–'} />
          <Stat label={t('desk.todayTalk')} value={me === undefined ? '–' : clockText(me.today.talkMs)} />
          <Stat
            label={t('desk.todayAverage')}
            value={me === undefined || me.today.calls === 0 ? '–' : clockText(me.today.talkMs / me.today.calls)}
          />
          {results.slice(0, 3).map(([code, count]) => (
            <Stat key={code} label={dispositionText(code)} value={count} />
          ))}
        </Stats>
      </section>
      {recent.data !== undefined && recent.data.items.length > 0 && (
        <section className="q-card">
          <h2>{t('desk.recentCalls')}</h2>
          <ul className="recent">
            {recent.data.items.map((attempt) => (
              <li key={attempt.attemptId}>
                <Link to={`/attempts/${attempt.attemptId}`}>
                  <Moment atMs={attempt.createdAtMs} />
                </Link>
                <span>
                  {attempt.leadName} <span className="q-num q-soft">{phoneText(attempt.number)}</span>
                </span>
                <OutcomeMark outcome={attempt.outcome} />
                <span>{attempt.disposition === undefined ? '–' : dispositionText(attempt.disposition)}</span>
                <span className="q-num">{attempt.talkMs === undefined ? '–' : clockText(attempt.talkMs)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
};
