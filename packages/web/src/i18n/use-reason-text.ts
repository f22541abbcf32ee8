import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { useCodeText } from './use-code-text.ts';
import { useDispositionText } from './use-disposition-text.ts';

/** Says no more than the outcome beside it. */
const SILENT = 'dialEnded';

/** Why an attempt ended as it did: the call machine's codes, several with commas between. Undefined: nothing to add. */
export const useDetailText = (): ((detail: string | undefined) => string | undefined) => {
  const codeText = useCodeText();
  const { t } = useTranslation();
  return useCallback(
    (detail) => {
      const texts = (detail ?? '')
        .split(', ')
        .filter((code) => code !== '' && code !== SILENT)
        .map((code) => codeText('attempt.because', code));
      return texts.length === 0 ? undefined : texts.join(t('attempt.becauseAnd'));
    },
    [codeText, t],
  );
};

const DISPOSITION = 'disposition:';

/** Why nothing more is to do for a lead: a rule, the retry policy, or what an agent wrote. */
export const useDoneReasonText = (): ((reason: string) => string) => {
  const codeText = useCodeText();
  const dispositionText = useDispositionText(undefined);
  const { t } = useTranslation();
  return useCallback(
    (reason) =>
      reason.startsWith(DISPOSITION)
        ? t('list.done.disposition', { text: dispositionText(reason.slice(DISPOSITION.length)) })
        : codeText('list.done', reason),
    [codeText, dispositionText, t],
  );
};
