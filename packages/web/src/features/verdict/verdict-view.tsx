import { CheckCircleFilled, CloseCircleFilled, MinusCircleOutlined } from '@ant-design/icons';
import type { AttemptStory } from '@qianhu/contracts';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { useLanguage } from '../../i18n/use-language.ts';
import { durationText, momentText } from '../../lib/format.ts';
import { serverTime } from '../../lib/server-time.ts';
import { findingValues } from './finding-values.ts';
import './verdict.css';

type Verdict = AttemptStory['verdict'];
const icons = { pass: <CheckCircleFilled />, block: <CloseCircleFilled />, notApplicable: <MinusCircleOutlined /> };

/** The answer to "may this number be called now?", rule by rule, in words. What blocks comes first. */
export const VerdictView = ({ verdict }: { readonly verdict: Verdict }) => {
  const { t } = useTranslation();
  const { language, locale } = useLanguage();
  const codeText = useCodeText();
  const [isAll, setAll] = useState(false);
  const moment = (atMs: number): string => momentText(atMs, serverTime.now(), locale);
  const regions = new Intl.DisplayNames(locale, { type: 'region' });
  const words = {
    moment,
    duration: (ms: number) => durationText(ms, language),
    country: (code: string) => {
      try {
        return regions.of(code) ?? code;
      } catch {
        return code;
      }
    },
    origin: (from: string) => codeText('verdict.from', from),
    none: t('state.none'),
  };
  const isGood = verdict.allowed ?? verdict.mayBeTried ?? false;
  const order = { block: 0, pass: 1, notApplicable: 2 } as const;
  const rules = [...verdict.rules].sort((a, b) => order[a.result] - order[b.result]);
  const shown = isAll ? rules : rules.filter((finding) => finding.result !== 'notApplicable');
  return (
    <div>
      <p className={`verdict__answer verdict__answer--${isGood ? 'pass' : 'block'}`}>
        {icons[isGood ? 'pass' : 'block']}
        {verdict.allowed === undefined && isGood
          ? t('verdict.mayBeTried')
          : t(isGood ? 'verdict.allowed' : 'verdict.blocked')}
        {verdict.retryAtMs !== undefined && (
          <span className="q-soft">{t('verdict.retryAt', { time: moment(verdict.retryAtMs) })}</span>
        )}
      </p>
      <p className="q-small q-faint">
        {t('verdict.pack', {
          pack: codeText('campaignForm.rulePackName', verdict.pack),
          version: verdict.packVersion,
        })}{' '}
        · {t('verdict.checkedAt', { time: moment(verdict.atMs) })}
      </p>
      <ul className="verdict__rules">
        {shown.map((finding) => {
          const values = findingValues(finding.input, words);
          return (
            <li key={finding.rule} className={`verdict__rule verdict__rule--${finding.result}`}>
              {icons[finding.result]}
              <div>
                <strong>{codeText('verdict.rule', finding.rule)}</strong>
                <span>
                  {finding.code === 'ok'
                    ? codeText('verdict.ok', finding.rule, values)
                    : codeText('verdict.code', finding.code, values)}
                  {finding.retryAtMs !== undefined && (
                    <span className="q-soft"> · {t('verdict.retryAt', { time: moment(finding.retryAtMs) })}</span>
                  )}
                </span>
              </div>
            </li>
          );
        })}
      </ul>
      <Button type="link" size="small" style={{ padding: 0 }} onClick={() => setAll(!isAll)}>
        {isAll ? t('verdict.hideSkipped') : t('verdict.showAll', { count: rules.length })}
      </Button>
    </div>
  );
};
