import { leadWhyRoutes, type LeadView, type LeadWhy } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { useLanguage } from '../../i18n/use-language.ts';
import { useDoneReasonText } from '../../i18n/use-reason-text.ts';
import { momentText, phoneText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { VerdictView } from '../verdict/verdict-view.tsx';

type InCampaign = LeadWhy['campaigns'][number];

/** Whether a lead would be dialled at this moment, and everything that keeps it, per campaign. */
export const LeadWhyView = ({ leadId }: { readonly leadId: string }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['leads', 'why', leadId],
    queryFn: ({ signal }) =>
      api.call(leadWhyRoutes.getLeadWhy, { params: { leadId: leadId as LeadView['leadId'] }, signal }),
  });
  return (
    <section>
      <h2 className="q-card__title">
        {t('list.why')}{' '}
        <Button size="small" type="link" loading={query.isFetching} onClick={() => void query.refetch()}>
          {t('list.whyAgain')}
        </Button>
      </h2>
      <AsyncView query={query}>
        {(why) =>
          why.campaigns.length === 0 ? (
            <p className="q-faint">{t('list.whyNoCampaign')}</p>
          ) : (
            <div className="q-stack">
              {why.campaigns.map((one) => (
                <WhyInCampaign key={one.campaignId} one={one} />
              ))}
            </div>
          )
        }
      </AsyncView>
    </section>
  );
};

const WhyInCampaign = ({ one }: { readonly one: InCampaign }) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const codeText = useCodeText();
  const doneText = useDoneReasonText();
  const next = one.numbers.find((number) => number.isNext);
  const isFree = one.waits.length === 0 && next?.verdict.mayBeTried === true && !next.isInCall;
  const detailOf = ({ code, detail = '' }: InCampaign['waits'][number]): string =>
    code === 'leadDone'
      ? doneText(detail)
      : code === 'campaignNotRunning'
        ? codeText('campaign.phase', detail)
        : codeText('campaign.limitedBy', detail);
  return (
    <div>
      <p>
        <Link to={`/campaigns/${one.campaignId}`}>{one.name}</Link>{' '}
        <span className="q-faint">{codeText('campaign.phase', one.phase)}</span>
      </p>
      <ul className="lead-why">
        {isFree && <li>{t('list.whyInTurn')}</li>}
        {one.waits.map((wait) => (
          <li key={wait.code}>
            {t(`list.whyWait.${wait.code}`, {
              detail: detailOf(wait),
              time: wait.atMs === undefined ? '' : momentText(wait.atMs, serverTime.now(), locale),
            })}
          </li>
        ))}
      </ul>
      {one.numbers.map((number) => (
        <div key={number.number}>
          <p>
            <strong className="q-num">{phoneText(number.number)}</strong>{' '}
            {one.numbers.length > 1 && number.isNext && <span className="q-soft">{t('list.whyNext')}</span>}{' '}
            {number.isInCall && <span className="q-soft">{t('list.whyInCall')}</span>}
          </p>
          <VerdictView verdict={number.verdict} />
        </div>
      ))}
    </div>
  );
};
