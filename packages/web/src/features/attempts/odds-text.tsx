import type { AttemptStory } from '@qianhu/contracts';
import { useTranslation } from 'react-i18next';

type Odds = NonNullable<AttemptStory['odds']>;

/** What was foretold of a dial: "30 %", and under it why it was more or less than usual. */
export const OddsText = ({ odds }: { readonly odds: Odds }) => {
  const { t, i18n } = useTranslation();
  const reasonText = ({ feature, value, oddsFactor }: Odds['reasons'][number]): string => {
    const key = `attempt.oddsReason.${feature}`;
    const known = i18n.exists(`${key}_${value}`) ? `${key}_${value}` : i18n.exists(key) ? key : undefined;
    const what =
      known === undefined ? feature : t(known as 'attempt.oddsReason.hour', { value: valueText(feature, value) });
    return `${oddsFactor > 1 ? '↑' : '↓'} ${what}`;
  };
  const valueText = (feature: string, value: string): string => {
    if (feature === 'lastOutcome') return t(`outcome.${value}` as 'outcome.answered');
    if (feature === 'hour') return `${value}:00–${value}:59`;
    return value;
  };
  return (
    <span>
      {Math.round(odds.probability * 100)} %
      {odds.reasons.map((reason) => (
        <small key={reason.feature} className="q-faint" style={{ display: 'block' }}>
          {reasonText(reason)}
        </small>
      ))}
    </span>
  );
};
