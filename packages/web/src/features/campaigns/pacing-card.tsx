import type { CampaignLive } from '@qianhu/contracts';
import { Tooltip } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/use-language.ts';
import { shareText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { addSample, stepPath, type PacingSample } from './pacing-trend.ts';
import './pacing.css';

/** Whether these are the figures of the predictive pacer. */
export const isPriced = (figures: CampaignLive['pacing']): boolean => 'price' in figures && 'risk' in figures;

/** The predictive pacer at this moment, in words a supervisor understands. */
export const PacingCard = ({ figures }: { readonly figures: CampaignLive['pacing'] }) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const { risk = 0, price = 0, aim, budgetLeft, answerRate, predictedDrops, realisedDrops } = figures;
  const share = (value: number): string => shareText(value, 1, locale);
  const number = (value: number): string => value.toLocaleString(locale, { maximumFractionDigits: 1 });
  const facts: readonly (readonly [string, ReactNode, string?] | false)[] = [
    budgetLeft !== undefined && [
      t('pacing.budget'),
      budgetLeft < 1 ? t('pacing.budgetNone') : Math.floor(budgetLeft).toLocaleString(),
      t('pacing.budgetHint'),
    ],
    predictedDrops !== undefined &&
      realisedDrops !== undefined && [
        t('pacing.drops'),
        `${number(predictedDrops)} / ${number(realisedDrops)}`,
        t('pacing.dropsHint'),
      ],
    aim !== undefined && [t('pacing.aim'), share(aim)],
    answerRate !== undefined && [t('pacing.answerRate'), share(answerRate)],
  ];
  return (
    <section className="q-card live__pacing">
      <h2>{t('pacing.title')}</h2>
      <p className="pacing__sentence">
        {risk <= 0 ? t('pacing.sentenceFree') : t('pacing.sentenceDial', { risk: share(risk), price: share(price) })}
      </p>
      <div className="pacing">
        <Trend risk={risk} price={price} />
        <dl className="facts">
          {facts.map(
            (fact, index) =>
              fact !== false && (
                <div key={index}>
                  <dt>{fact[2] === undefined ? fact[0] : <Tooltip title={fact[2]}>{fact[0]}</Tooltip>}</dt>
                  <dd className="q-num">{fact[1]}</dd>
                </div>
              ),
          )}
        </dl>
      </div>
    </section>
  );
};

const WIDTH = 320;
const HEIGHT = 72;

/** Risk against what is accepted, over the last minutes that this page was open. */
const Trend = ({ risk, price }: { readonly risk: number; readonly price: number }) => {
  const { t } = useTranslation();
  const { locale } = useLanguage();
  const [history, setHistory] = useState<readonly PacingSample[]>([]);
  useEffect(() => {
    setHistory((before) => addSample(before, { atMs: serverTime.now(), risk, price }));
  }, [risk, price]);
  const [first, last] = [history[0], history.at(-1)];
  const share = (value: number | undefined): string => shareText(value ?? 0, 1, locale);
  // Spikes of the risk are cut: what matters is whether it is above or below what is accepted.
  const top = Math.max(0.02, ...history.map((one) => one.price * 2.5));
  const line = (pick: (one: PacingSample) => number): string =>
    stepPath(
      history.map((one) => ({ atMs: one.atMs, value: pick(one) })),
      { width: WIDTH, height: HEIGHT, top },
    );
  return (
    <figure className="pacing__trend">
      <svg
        viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('pacing.trendLabel', {
          first: share(first?.risk),
          last: share(last?.risk),
          firstPrice: share(first?.price),
          lastPrice: share(last?.price),
        })}
      >
        <path className="pacing__risk" d={line((one) => one.risk)} />
        <path className="pacing__price" d={line((one) => one.price)} />
      </svg>
      <figcaption>
        <span className="pacing__key pacing__key--risk">
          {t('pacing.risk')} <b className="q-num">{share(risk)}</b>
        </span>
        <Tooltip title={t('pacing.priceHint')}>
          <span className="pacing__key pacing__key--price">
            {t('pacing.price')} <b className="q-num">{share(price)}</b>
          </span>
        </Tooltip>
      </figcaption>
    </figure>
  );
};
