import type { AgentCall } from '@qianhu/contracts';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { useDispositionText } from '../../i18n/use-disposition-text.ts';
import { phoneText } from '../../lib/format.ts';
import { Moment } from '../../ui/moment.tsx';
import { Facts } from '../../ui/stat.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';

/** Who is on the line: the pop-up. */
export const LeadPanel = ({
  query,
  popUp,
  hasCall,
}: {
  readonly query: UseQueryResult<AgentCall>;
  readonly popUp: AgentCall | undefined;
  readonly hasCall: boolean;
}) => {
  const { t } = useTranslation();
  const codeText = useCodeText();
  const dispositionText = useDispositionText(popUp?.dispositions);
  if (!hasCall)
    return (
      <section className="q-card lead-empty">
        <p className="q-faint">{t('desk.noLead')}</p>
      </section>
    );
  if (popUp === undefined) {
    if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    return <Loading />;
  }
  return (
    <>
      <section className="q-card" data-testid="lead">
        <h2>{t('desk.lead')}</h2>
        <p className="lead-name">{popUp.name ?? '–'}</p>
        <Facts
          items={[
            popUp.number !== undefined && [
              t('list.number'),
              <span key="n" className="q-num">
                {phoneText(popUp.number)}
              </span>,
            ],
            popUp.campaignName !== undefined && [t('attempt.campaign'), popUp.campaignName],
            ...popUp.fields.map((field) => [field.label, field.value] as const),
          ]}
        />
      </section>
      <section className="q-card">
        <h2>{t('desk.earlier')}</h2>
        {popUp.earlier.length === 0 && <p className="q-faint">{t('desk.noEarlier')}</p>}
        <ul className="earlier">
          {popUp.earlier.map((attempt) => (
            <li key={attempt.attemptId}>
              <Link to={`/attempts/${attempt.attemptId}`}>
                <Moment atMs={attempt.atMs} />
              </Link>{' '}
              {codeText('outcome', attempt.outcome ?? 'open')}
              {attempt.disposition !== undefined && ` · ${dispositionText(attempt.disposition)}`}
              {attempt.note !== undefined && <p className="q-soft">{attempt.note}</p>}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
};
