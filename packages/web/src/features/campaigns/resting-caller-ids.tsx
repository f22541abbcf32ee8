import { callerIdRoutes, type CallerIdRestView } from '@qianhu/contracts';
import { Button, Popconfirm } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { momentText, phoneText, shareText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { useServices } from '../../services.ts';
import { useCommand } from '../../ui/use-command.ts';

/** Caller IDs that are not shown for a while, why, until when, and the way to show one again at once. */
export const RestingCallerIds = ({ rests }: { readonly rests: readonly CallerIdRestView[] }) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const { api } = useServices();
  const end = useCommand((number: string) => api.call(callerIdRoutes.endCallerIdRest, { params: { number } }), {
    done: t('campaign.restEnded'),
  });
  return (
    <section className="q-card live__rests">
      <h2>{t('campaign.resting')}</h2>
      <p className="q-soft q-small">{t('campaign.restingHint')}</p>
      <ul>
        {rests.map((rest) => (
          <li key={rest.number}>
            <strong className="q-num">{phoneText(rest.number)}</strong>
            <span>
              {t('campaign.restWhy', {
                answers: rest.recentAnswers.toLocaleString(),
                dials: rest.recentDials.toLocaleString(),
                share: shareText(rest.recentAnswers, rest.recentDials, locale),
                usual: shareText(rest.usualShare, 1, locale),
              })}
            </span>
            <span className="q-soft">
              {t('campaign.restUntil', { time: momentText(rest.untilMs, serverTime.now(), locale) })}
            </span>
            <Popconfirm
              title={t('campaign.restEndAsk')}
              okText={t('campaign.restEnd')}
              cancelText={t('action.cancel')}
              onConfirm={() => end.mutate(rest.number)}
            >
              <Button size="small" loading={end.isPending && end.variables === rest.number}>
                {t('campaign.restEnd')}
              </Button>
            </Popconfirm>
          </li>
        ))}
      </ul>
    </section>
  );
};
