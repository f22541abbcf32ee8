import { attemptRoutes, campaignRoutes, type AttemptStory } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useDetailText } from '../../i18n/use-reason-text.ts';
import { useDispositionText } from '../../i18n/use-disposition-text.ts';
import { clockText, phoneText } from '../../lib/format.ts';
import { useServices } from '../../services.ts';
import { useUser } from '../../session/session.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { Moment } from '../../ui/moment.tsx';
import { Page } from '../../ui/page.tsx';
import { OutcomeMark } from '../../ui/phase.tsx';
import { Facts } from '../../ui/stat.tsx';
import { VerdictView } from '../verdict/verdict-view.tsx';
import { DialsCard } from './dials-card.tsx';
import { OddsText } from './odds-text.tsx';
import { RecordingsCard } from './recordings-card.tsx';
import { TimelineCard } from './timeline-card.tsx';
import './attempt.css';

/** The whole story of one attempt. */
export const Component = () => {
  const { attemptId = '' } = useParams();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['attempts', 'one', attemptId],
    queryFn: ({ signal }) =>
      api.call(attemptRoutes.getAttempt, {
        params: { attemptId: attemptId as AttemptStory['attempt']['attemptId'] },
        signal,
      }),
  });
  return <AsyncView query={query}>{(story) => <Story story={story} />}</AsyncView>;
};

const Story = ({ story }: { readonly story: AttemptStory }) => {
  const { t } = useTranslation();
  const { attempt } = story;
  const detail = useDetailText()(attempt.outcomeDetail);
  const isAgent = useUser().role === 'agent';
  return (
    <Page
      trail={[
        ...(isAgent ? [] : [{ to: '/campaigns', text: t('campaign.title') }]),
        ...(isAgent ? [] : [{ to: `/campaigns/${attempt.campaignId}?tab=attempts`, text: attempt.campaignName }]),
      ]}
      title={<span className="q-num">{phoneText(attempt.number)}</span>}
      beside={
        <>
          {attempt.leadName !== undefined && <span className="attempt__name">{attempt.leadName}</span>}
          <OutcomeMark outcome={attempt.outcome} />
        </>
      }
      lead={
        <>
          <Moment atMs={attempt.createdAtMs} /> · {t('attempt.ordinal', { count: attempt.ordinal })}
          {detail !== undefined && ` · ${detail}`}
        </>
      }
    >
      <div className="attempt">
        <div className="attempt__main">
          <RecordingsCard recordings={story.recordings} />
          <section className="q-card">
            <h2>{story.verdict.allowed === false ? t('verdict.titleBlocked') : t('verdict.title')}</h2>
            <VerdictView verdict={story.verdict} />
          </section>
          <DialsCard dials={story.dials} />
          <TimelineCard events={story.events} startMs={attempt.createdAtMs} />
        </div>
        <aside className="attempt__side">
          <FactsCard story={story} />
        </aside>
      </div>
    </Page>
  );
};

const FactsCard = ({ story }: { readonly story: AttemptStory }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const { attempt } = story;
  const isAgent = useUser().role === 'agent';
  const { campaignId } = attempt;
  const campaign = useQuery({
    queryKey: ['campaigns', 'one', campaignId],
    queryFn: ({ signal }) => api.call(campaignRoutes.getCampaign, { params: { campaignId }, signal }),
    enabled: !isAgent,
  });
  const dispositionText = useDispositionText(campaign.data?.settings.dispositions);
  const wait =
    attempt.answeredAtMs === undefined || attempt.bridgedAtMs === undefined
      ? undefined
      : attempt.bridgedAtMs - attempt.answeredAtMs;
  return (
    <>
      <section className="q-card">
        <h2>{t('attempt.disposition')}</h2>
        {attempt.disposition === undefined ? (
          <p className="q-faint">{t('attempt.noDisposition')}</p>
        ) : (
          <p className="attempt__disposition">{dispositionText(attempt.disposition)}</p>
        )}
        {story.note !== undefined && <blockquote className="attempt__note">{story.note}</blockquote>}
        <Facts
          items={[
            story.callbackAtMs !== undefined && [t('attempt.callbackAt'), <Moment key="c" atMs={story.callbackAtMs} />],
            story.disposedAtMs !== undefined && [t('attempt.disposedAt'), <Moment key="d" atMs={story.disposedAtMs} />],
          ]}
        />
      </section>
      <section className="q-card">
        <h2>{t('attempt.facts')}</h2>
        <Facts
          items={[
            [
              t('attempt.campaign'),
              isAgent ? (
                attempt.campaignName
              ) : (
                <Link key="c" to={`/campaigns/${attempt.campaignId}`}>
                  {attempt.campaignName}
                </Link>
              ),
            ],
            [t('attempt.agent'), attempt.agentName ?? '–'],
            [t('attempt.talk'), attempt.talkMs === undefined ? '–' : clockText(attempt.talkMs)],
            wait !== undefined && [t('attempt.wait'), `${wait} ms`],
            story.odds !== undefined && [t('attempt.odds'), <OddsText key="o" odds={story.odds} />],
          ]}
        />
      </section>
      {story.leadFields.length > 0 && (
        <section className="q-card">
          <h2>{t('attempt.lead_')}</h2>
          <Facts items={story.leadFields.map((field) => [field.label, field.value])} />
        </section>
      )}
    </>
  );
};
