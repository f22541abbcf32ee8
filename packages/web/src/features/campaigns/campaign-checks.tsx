import { CheckCircleFilled, CloseCircleFilled, ExclamationCircleFilled } from '@ant-design/icons';
import type { CampaignCheck } from '@qianhu/contracts';
import { useTranslation } from 'react-i18next';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { fieldRoot, limitText } from './campaign-draft.ts';
import './campaign-form.css';

type Checks = { readonly canStart: boolean; readonly problems: readonly CampaignCheck[] };

/** What keeps a campaign from starting, or from dialing well, in words. */
export const CampaignChecksCard = ({ checks }: { readonly checks: Checks | undefined }) => {
  const { t } = useTranslation();
  const codeText = useCodeText();
  const errors = checks?.problems.filter((problem) => problem.severity === 'error').length ?? 0;
  const warnings = (checks?.problems.length ?? 0) - errors;
  const summary =
    checks === undefined
      ? t('campaignForm.checksIdle')
      : errors > 0
        ? t('campaignForm.checksBad', { count: errors })
        : warnings > 0
          ? t('campaignForm.checksWarn', { count: warnings })
          : t('campaignForm.checksOk');
  return (
    <section className="q-card checks" aria-live="polite">
      <h2>{t('campaignForm.checks')}</h2>
      <p className={errors > 0 ? 'checks__bad' : 'checks__good'}>
        {checks !== undefined && (errors > 0 ? <CloseCircleFilled /> : <CheckCircleFilled />)} {summary}
      </p>
      <ul>
        {checks?.problems.map((problem, index) => (
          <li key={index} className={`checks__item checks__item--${problem.severity}`}>
            {problem.severity === 'error' ? <CloseCircleFilled /> : <ExclamationCircleFilled />}
            <span>
              <strong>{codeText('campaignForm.field', fieldRoot(problem.field), undefined, problem.field)}</strong>{' '}
              {codeText(
                'campaignForm.check',
                problem.code,
                { limit: limitText(problem.field, problem.limit), subject: problem.subject ?? '' },
                problem.message,
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
};
