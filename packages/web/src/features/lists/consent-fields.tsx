import { Checkbox, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import '../../ui/field.css';

/** A statement as it is being written: it counts only when both parts are there. */
export type ConsentDraft = { readonly isGiven: boolean; readonly evidence: string };

export const emptyConsent: ConsentDraft = { isGiven: false, evidence: '' };

/** The statement, once somebody has really made it. */
export const statementOf = (draft: ConsentDraft): { readonly evidence: string } | undefined => {
  const evidence = draft.evidence.trim();
  return draft.isGiven && evidence !== '' ? { evidence } : undefined;
};

/** Whether it was begun and left half done. */
export const isHalf = (draft: ConsentDraft): boolean => draft.isGiven && statementOf(draft) === undefined;

/** The question whether the people of a list agreed to be called. Never ticked beforehand: it is a statement of a person. */
export const ConsentFields = ({
  draft,
  onChange,
}: {
  readonly draft: ConsentDraft;
  readonly onChange: (draft: ConsentDraft) => void;
}) => {
  const { t } = useTranslation();
  return (
    <div className="q-stack" style={{ gap: 10 }}>
      <p className="q-soft">{t('consent.why')}</p>
      <Checkbox checked={draft.isGiven} onChange={(event) => onChange({ ...draft, isGiven: event.target.checked })}>
        {t('consent.statement')}
      </Checkbox>
      {draft.isGiven && (
        <label className="field field--wide">
          <span className="field__label">{t('consent.evidence')}</span>
          <Input.TextArea
            value={draft.evidence}
            rows={2}
            maxLength={2000}
            autoFocus
            placeholder={t('consent.evidenceExample')}
            onChange={(event) => onChange({ ...draft, evidence: event.target.value })}
          />
          <span className="field__hint">{t('consent.evidenceHint')}</span>
        </label>
      )}
    </div>
  );
};
