import { pacingRoutes, type Campaign, type ForecastRecord } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { durationText, momentText, shareText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';

/** What was foretold before the start beside what happened. */
export const ForecastRecordCard = ({ campaignId }: { readonly campaignId: Campaign['campaignId'] }) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['campaigns', 'forecast-record', campaignId],
    queryFn: ({ signal }) => api.call(pacingRoutes.getForecast, { params: { campaignId }, signal }),
  });
  return (
    <section className="q-card">
      <h2>{t('forecast.recordTitle')}</h2>
      <AsyncView query={query} rows={3}>
        {(record) => <RecordTable record={record} />}
      </AsyncView>
    </section>
  );
};

const RecordTable = ({ record }: { readonly record: ForecastRecord }) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const language = locale.startsWith('zh') ? 'zh' : 'en';
  const { predicted, happened } = record;
  if (happened.dials === 0) return <p className="q-soft">{t('forecast.recordEmpty')}</p>;
  const share = (value: number): string => shareText(value, 1, locale);
  const seconds = (value: number): string => durationText(Math.round(value) * 1000, language);
  const minutes = (value: number): string =>
    `${value.toLocaleString(locale, { maximumFractionDigits: 1 })} ${t('forecast.talkUnit')}`;
  const rows = [
    ['talk', predicted?.talkMinutesPerHour, happened.talkMinutesPerHour, minutes],
    ['wait', predicted?.agentWaitSec, happened.agentWaitSec, seconds],
    ['drops', predicted?.dropRate, happened.dropRate, share],
  ] as const;
  const figures = [
    ['answerRate', predicted?.basis.answerRate.value, happened.answerRate, share],
    ['talkSec', predicted?.basis.talkSec.value, happened.talkSec, seconds],
  ] as const;
  return (
    <>
      {predicted === undefined && <p className="q-soft">{t('forecast.notForetold')}</p>}
      <table className="forecast__table">
        <thead>
          <tr>
            <th />
            {predicted !== undefined && <th scope="col">{t('forecast.foretold')}</th>}
            <th scope="col">{t('forecast.happened')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, range, value, text]) => (
            <tr key={name}>
              <th scope="row">{t(`forecast.${name}`)}</th>
              {predicted !== undefined && (
                <td className="q-num">
                  {range === undefined ? '–' : `${text(range.middle)}（${text(range.low)} – ${text(range.high)}）`}
                </td>
              )}
              <td className="q-num">{value === undefined ? t('forecast.nothingYet') : text(value)}</td>
            </tr>
          ))}
          {figures.map(([name, mean, value, text]) => (
            <tr key={name}>
              <th scope="row">{t(`forecast.basis.${name}`)}</th>
              {predicted !== undefined && <td className="q-num">{mean === undefined ? '–' : text(mean)}</td>}
              <td className="q-num">{value === undefined ? t('forecast.nothingYet') : text(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="q-soft q-small" style={{ marginTop: 8 }}>
        {t('forecast.agentHours', {
          hours: happened.agentHours.toLocaleString(locale, { maximumFractionDigits: 1 }),
          people: happened.people.toLocaleString(),
        })}
        {predicted !== undefined &&
          ` · ${t('forecast.madeAt', {
            time: momentText(predicted.madeAtMs, serverTime.now(), locale),
            agents: predicted.asked.agents,
          })}`}
      </p>
    </>
  );
};
