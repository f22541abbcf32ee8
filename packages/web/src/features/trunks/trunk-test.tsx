import { PhoneOutlined } from '@ant-design/icons';
import { trunkRoutes, type Trunk } from '@qianhu/contracts';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCodeText } from '../../i18n/use-code-text.ts';
import { useLanguage } from '../../i18n/use-language.ts';
import { durationText, offsetText } from '../../lib/format.ts';
import { useServices } from '../../services.ts';
import { OutcomeMark } from '../../ui/phase.tsx';
import { useCommand } from '../../ui/use-command.ts';
import { parseCallerIds } from '../campaigns/campaign-draft.ts';
import './trunk-test.css';

const RING_MS = 30_000;

/** One test call: what came of it, what to mend, and the SIP messages. */
export const TrunkTest = ({ trunk }: { readonly trunk: Trunk }) => {
  const { t } = useTranslation();
  const { language } = useLanguage();
  const { api } = useServices();
  const codeText = useCodeText();
  const [text, setText] = useState('');
  const number = parseCallerIds([text]).numbers[0];
  const test = useCommand(() =>
    api.call(trunkRoutes.testTrunk, {
      params: { trunkId: trunk.trunkId },
      body: { number: number as string, ringTimeoutMs: RING_MS },
    }),
  );
  const result = test.data;
  const first = result?.trace[0]?.atMs;
  return (
    <section className="q-card">
      <h2>{t('trunk.test.title')}</h2>
      <form
        className="q-row"
        onSubmit={(event) => {
          event.preventDefault();
          if (number !== undefined) test.mutate();
        }}
      >
        <Input
          value={text}
          inputMode="tel"
          placeholder="+8613800138000"
          aria-label={t('trunk.test.number')}
          style={{ width: 200 }}
          status={text.trim() !== '' && number === undefined ? 'error' : ''}
          onChange={(event) => setText(event.target.value)}
        />
        <Button htmlType="submit" icon={<PhoneOutlined />} disabled={number === undefined} loading={test.isPending}>
          {t('trunk.test.run')}
        </Button>
        <span className="q-faint q-small">
          {test.isPending
            ? t('trunk.test.running', { seconds: RING_MS / 1000 })
            : text.trim() !== '' && number === undefined
              ? t('trunk.test.bad')
              : t(trunk.isDemo ? 'trunk.test.hintDemo' : 'trunk.test.hint')}
        </span>
      </form>
      {result !== undefined && !test.isPending && (
        <div className="trunk-test" aria-live="polite">
          <p className="q-row">
            <OutcomeMark outcome={result.outcome} />
            <strong>{codeText('trunk.advice', result.advice, undefined, result.text)}</strong>
            {result.sipStatus !== undefined && <span className="q-mono">SIP {result.sipStatus}</span>}
            {result.cause !== undefined && <span className="q-mono">Q.850 {result.cause}</span>}
            {result.ringMs !== undefined && (
              <span className="q-soft">{t('trunk.test.rang', { text: durationText(result.ringMs, language) })}</span>
            )}
          </p>
          <p className="q-soft">{result.text}</p>
          <h3 className="q-card__title">{t('trunk.test.trace')}</h3>
          {result.trace.length === 0 && <p className="q-faint">{t('trunk.test.noTrace')}</p>}
          {result.trace.map((message, index) => (
            <details key={index} className={`sip sip--${message.direction}`}>
              <summary>
                <span className="q-num q-faint">{offsetText(message.atMs - (first ?? message.atMs))}</span>
                <span>
                  {message.direction === 'sent' ? `→ ${t('trunk.test.sent')}` : `← ${t('trunk.test.received')}`}
                </span>
                <span className="q-mono">{message.text.split(/\r?\n/, 1)[0]}</span>
              </summary>
              <pre className="q-mono">{message.text}</pre>
            </details>
          ))}
        </div>
      )}
    </section>
  );
};
