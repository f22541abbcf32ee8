import { listRoutes, verdict as verdictSchema, type LeadView } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { Drawer } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { useDoneReasonText } from '../../i18n/use-reason-text.ts';
import { phoneText } from '../../lib/format.ts';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { Moment } from '../../ui/moment.tsx';
import { Facts } from '../../ui/stat.tsx';
import { LeadWhyView } from './lead-why.tsx';
import { VerdictView } from '../verdict/verdict-view.tsx';

/** One lead: its data, its attempts, and why it was last not dialled. */
export const LeadDrawer = ({ leadId, onClose }: { readonly leadId: string; readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const codeText = useCodeText();
  const doneText = useDoneReasonText();
  const query = useQuery({
    queryKey: ['leads', 'one', leadId],
    queryFn: ({ signal }) => api.call(listRoutes.getLead, { params: { leadId: leadId as LeadView['leadId'] }, signal }),
  });
  return (
    <Drawer open size={520} onClose={onClose} title={query.data?.name ?? t('list.leadsOf')}>
      <AsyncView query={query}>
        {(lead) => {
          const blocked = verdictSchema.safeParse(lead.blockedVerdict).data;
          return (
            <div className="q-stack">
              <Facts
                items={[
                  [
                    t('list.number'),
                    <span key="n" className="q-num">
                      {phoneText(lead.number)}
                    </span>,
                  ],
                  lead.altNumbers.length > 0 && [t('list.altNumbers'), lead.altNumbers.map(phoneText).join('、')],
                  [t('list.state'), t(`leadState.${lead.state}`)],
                  lead.doneReason !== undefined && [t('list.doneReason'), doneText(lead.doneReason)],
                  [t('list.zone'), lead.zones.join('、') || t('state.unknown')],
                  [t('list.priority'), lead.priority],
                  [t('list.attempts'), lead.attempts],
                  ...Object.entries(lead.fields).map(([key, value]) => [key, value] as const),
                ]}
              />
              <LeadWhyView leadId={leadId} />
              <section>
                <h2 className="q-card__title">{t('list.history')}</h2>
                {lead.attemptList.length === 0 && <p className="q-faint">{t('list.noHistory')}</p>}
                <ul>
                  {lead.attemptList.map((attempt) => (
                    <li key={attempt.attemptId} className="q-row">
                      <Link to={`/attempts/${attempt.attemptId}`}>
                        <Moment atMs={attempt.createdAtMs} />
                      </Link>
                      <span>{codeText('outcome', attempt.outcome ?? 'open')}</span>
                      {attempt.note !== undefined && <span className="q-soft">{attempt.note}</span>}
                    </li>
                  ))}
                </ul>
              </section>
              {blocked !== undefined && (
                <section>
                  <h2 className="q-card__title">{t('list.blocked')}</h2>
                  <VerdictView verdict={blocked} />
                </section>
              )}
            </div>
          );
        }}
      </AsyncView>
    </Drawer>
  );
};
