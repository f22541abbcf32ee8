import { pacingRoutes, type Campaign, type CampaignForecast } from '@qianhu/contracts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Segmented, Slider } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../../api/problem.ts';
import { useLanguage } from '../../i18n/use-language.ts';
import { durationText, shareText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { useDebounced } from '../../lib/use-debounced.ts';
import { useServices } from '../../services.ts';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { packOf } from './campaign-draft.ts';
import { daysOf, questionOf, sliderEnd, type Wish } from './forecast-question.ts';
import { ForecastRecordCard } from './forecast-record.tsx';
import './pacing.css';

const useForecast = (campaignId: Campaign['campaignId'], question: ReturnType<typeof questionOf>, isEnabled = true) => {
  const { api } = useServices();
  return useQuery({
    queryKey: ['campaigns', 'forecast', campaignId, question],
    queryFn: ({ signal }) =>
      api.call(pacingRoutes.forecastCampaign, { params: { campaignId }, body: question, signal }),
    placeholderData: keepPreviousData,
    enabled: isEnabled,
    // Seconds of computing: asked again only when the question changes or somebody presses "retry".
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    retry: false,
  });
};

/** "What if": the campaign's days simulated, with sliders. */
export const ForecastPanel = ({ campaign }: { readonly campaign: Campaign }) => {
  const { t } = useTranslation();
  const { campaignId } = campaign;
  const [wish, setWish] = useState<Wish>({});
  const own = useForecast(campaignId, {});
  const question = questionOf(useDebounced(wish, 500), own.data?.asked);
  const isOwn = Object.keys(question).length === 0;
  const other = useForecast(campaignId, question, !isOwn && own.data !== undefined);
  const query = isOwn ? own : other;
  const answer = query.data ?? own.data;
  const isOld = query.isFetching || (!isOwn && query.isPlaceholderData);
  if (own.data === undefined)
    return (
      <div className="q-stack">
        {own.isError ? (
          <ErrorState error={own.error} onRetry={() => void own.refetch()} />
        ) : (
          <section className="q-card">
            <p className="q-soft" role="status">
              {t('forecast.computing')}
            </p>
            <Loading rows={5} />
          </section>
        )}
      </div>
    );
  return (
    <div className="q-stack" style={{ gap: 14 }}>
      <div className="forecast">
        <AskCard
          campaign={campaign}
          own={own.data}
          wish={wish}
          onWish={setWish}
          isChanged={Object.keys(wish).length > 0}
        />
        <div className={isOld ? 'forecast__answer forecast__answer--old' : 'forecast__answer'}>
          {query.isError && !query.isFetching ? (
            <ErrorState
              error={
                toApiError(query.error).kind === 'unavailable' && toApiError(query.error).status === 503
                  ? new Error(t('forecast.busyOther'))
                  : query.error
              }
              onRetry={() => void query.refetch()}
            />
          ) : (
            answer !== undefined && <AnswerCard answer={answer} {...(isOwn ? {} : { own: own.data })} isOld={isOld} />
          )}
          {answer !== undefined && <BasisCard answer={answer} />}
        </div>
      </div>
      <ForecastRecordCard campaignId={campaignId} />
    </div>
  );
};

const AskCard = ({
  campaign,
  own,
  wish,
  onWish,
  isChanged,
}: {
  readonly campaign: Campaign;
  readonly own: CampaignForecast;
  readonly wish: Wish;
  readonly onWish: (wish: Wish) => void;
  readonly isChanged: boolean;
}) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const { asked } = own;
  const { limit } = packOf(campaign.settings, serverTime.now()).drop;
  const mode = wish.mode ?? asked.mode;
  const agents = wish.agents ?? asked.agents;
  const lines = wish.lines ?? asked.lines;
  const dropLimit = wish.dropLimit ?? asked.dropLimit;
  return (
    <section className="q-card forecast__ask">
      <h2>{t('forecast.title')}</h2>
      <p className="q-soft q-small" style={{ marginBottom: 14 }}>
        {t('forecast.lead')}
      </p>
      <div className="field" role="group" aria-label={t('forecast.mode')}>
        <span className="field__label">{t('forecast.mode')}</span>
        <Segmented
          block
          value={mode}
          onChange={(value) => {
            if (value !== 'ratio') onWish({ ...wish, mode: value });
          }}
          options={[
            { value: 'progressive' as const, label: t('campaign.modeName.progressive') },
            ...(asked.mode === 'ratio'
              ? [{ value: 'ratio' as const, label: t('campaign.modeName.ratio'), disabled: mode !== 'ratio' }]
              : []),
            { value: 'predictive' as const, label: t('campaign.modeName.predictive'), disabled: limit <= 0 },
          ]}
        />
      </div>
      <SliderField
        label={t('forecast.agents')}
        text={agents.toLocaleString()}
        value={agents}
        min={1}
        max={sliderEnd(asked.agents, 20, 1000)}
        onChange={(value) => onWish({ ...wish, agents: value })}
      />
      <SliderField
        label={t('forecast.lines')}
        text={lines.toLocaleString()}
        value={lines}
        min={1}
        max={sliderEnd(Math.max(asked.lines, 2 * asked.agents), 30, 5000)}
        onChange={(value) => onWish({ ...wish, lines: value })}
      />
      {mode === 'predictive' && (
        <SliderField
          label={t('forecast.dropLimit')}
          text={shareText(dropLimit, 1, locale)}
          value={Math.round(dropLimit * 1000) / 10}
          min={0.5}
          max={Math.max(0.5, limit * 100)}
          step={0.1}
          onChange={(value) => onWish({ ...wish, dropLimit: Math.round(value * 10) / 1000 })}
        />
      )}
      <Button block disabled={!isChanged} onClick={() => onWish({})}>
        {t('forecast.asSet')}
      </Button>
    </section>
  );
};

const SliderField = ({
  label,
  text,
  value,
  min,
  max,
  step = 1,
  onChange,
}: {
  readonly label: string;
  readonly text: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly onChange: (value: number) => void;
}) => (
  <div className="field">
    <span className="field__label q-row q-row--between">
      {label} <b className="q-num">{text}</b>
    </span>
    <Slider
      min={min}
      max={max}
      step={step}
      value={value}
      onChange={onChange}
      ariaLabelForHandle={label}
      ariaValueTextFormatterForHandle={() => text}
      tooltip={{ open: false }}
    />
  </div>
);

type Figures = Pick<CampaignForecast, 'talkMinutesPerHour' | 'agentWaitSec' | 'dropRate' | 'finishHours'>;
type Told = { readonly value: string; readonly unit?: string; readonly range?: string };

const AnswerCard = ({
  answer,
  own,
  isOld,
}: {
  readonly answer: CampaignForecast;
  /** The answer for the campaign as it is set, where another question is answered. */
  readonly own?: CampaignForecast;
  readonly isOld: boolean;
}) => {
  const { t } = useTranslation();
  const { locale, language } = useForecastLanguage();
  const number = (value: number): string => value.toLocaleString(locale, { maximumFractionDigits: value < 10 ? 1 : 0 });
  const told = (from: Figures, text: (value: number) => string, of: keyof Figures, unit?: string): Told => {
    const range = from[of];
    if (range === null) return { value: t('forecast.finishNever') };
    return {
      value: text(range.middle),
      ...(unit === undefined ? {} : { unit }),
      range: t('forecast.range', { low: text(range.low), high: text(range.high) }),
    };
  };
  const seconds = (value: number): string => durationText(Math.round(value) * 1000, language);
  const share = (value: number): string => shareText(value, 1, locale);
  const { asked, dropRate, finishHours, linesNeeded } = answer;
  const isOver = dropRate.high > asked.dropLimit;
  const allLines = asked.lines;
  const figure = (
    label: string,
    of: keyof Figures,
    text: (value: number) => string,
    unit: string | undefined,
    note?: ReactNode,
  ): ReactNode => {
    const { value, range } = told(answer, text, of, unit);
    return (
      <div>
        <dt>{label}</dt>
        <dd className="forecast__value q-num">
          {value} {unit !== undefined && <small>{unit}</small>}
        </dd>
        {range !== undefined && <dd className="forecast__note q-num">{range}</dd>}
        {note}
        {own !== undefined && (
          <dd className="forecast__note q-num">{t('forecast.asSetValue', { value: told(own, text, of).value })}</dd>
        )}
      </div>
    );
  };
  return (
    <section className="q-card" aria-busy={isOld}>
      <p className="forecast__state" role="status">
        {isOld ? `${t('forecast.computing')} ${t('forecast.old')}` : t('forecast.days', { days: answer.days })}
      </p>
      <dl className="forecast__figures">
        {figure(t('forecast.talk'), 'talkMinutesPerHour', number, t('forecast.talkUnit'))}
        {figure(t('forecast.wait'), 'agentWaitSec', seconds, undefined)}
        {figure(
          t('forecast.drops'),
          'dropRate',
          share,
          undefined,
          <dd className={isOver ? 'forecast__note forecast__note--bad' : 'forecast__note'}>
            {t(isOver ? 'forecast.overLimit' : 'forecast.withinLimit', { limit: share(asked.dropLimit) })}
          </dd>,
        )}
        {figure(
          t('forecast.finish'),
          'finishHours',
          number,
          finishHours === null ? undefined : t('forecast.hours'),
          finishHours !== null && (
            <dd className="forecast__note">
              {t('forecast.finishNote', { days: daysOf(finishHours.middle, asked.hoursPerDay) })}
            </dd>
          ),
        )}
        <div>
          <dt>{t('forecast.linesNeeded')}</dt>
          <dd className="forecast__value q-num">{linesNeeded.toLocaleString()}</dd>
          <dd className={linesNeeded > allLines ? 'forecast__note forecast__note--bad' : 'forecast__note'}>
            {linesNeeded > allLines ? t('forecast.linesShort', { lines: allLines }) : t('forecast.linesNote')}
          </dd>
          {own !== undefined && (
            <dd className="forecast__note q-num">{t('forecast.asSetValue', { value: String(own.linesNeeded) })}</dd>
          )}
        </div>
      </dl>
    </section>
  );
};

const useForecastLanguage = () => {
  const { locale } = useLanguage();
  const language: 'zh' | 'en' = locale.startsWith('zh') ? 'zh' : 'en';
  return { locale, language };
};

const FIGURES = ['answerRate', 'talkSec', 'wrapUpSec', 'answerDelaySec'] as const;

const BasisCard = ({ answer }: { readonly answer: CampaignForecast }) => {
  const { t } = useTranslation();
  const { locale, language } = useForecastLanguage();
  const { basis, asked } = answer;
  return (
    <section className="q-card">
      <h2>{t('forecast.basisTitle')}</h2>
      <table className="forecast__table">
        <tbody>
          {FIGURES.map((name) => {
            const { value, from, seen } = basis[name];
            return (
              <tr key={name}>
                <th scope="row">{t(`forecast.basis.${name}`)}</th>
                <td className="q-num">
                  {name === 'answerRate'
                    ? shareText(value, 1, locale)
                    : durationText(Math.round(value) * 1000, language)}
                </td>
                <td className="q-soft" style={{ fontWeight: 400 }}>
                  {t(`forecast.from.${from}`, { seen: seen ?? 0 })}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className="q-soft q-small" style={{ marginTop: 8 }}>
        {t('forecast.leads', {
          leads: asked.leads.toLocaleString(),
          hours: asked.hoursPerDay.toLocaleString(locale, { maximumFractionDigits: 1 }),
        })}
      </p>
    </section>
  );
};
