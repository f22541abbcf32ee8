import { Button, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../api/problem.ts';
import './states.css';

/** While data are on their way: the outline of what will come. Appears a moment late, so that quick answers do not flicker. */
export const Loading = ({ rows = 6 }: { readonly rows?: number }) => {
  const { t } = useTranslation();
  return (
    <div className="state-loading" role="status" aria-label={t('state.loading')}>
      <Skeleton active title={false} paragraph={{ rows }} />
    </div>
  );
};

/** Nothing there yet, with what to do about it. */
export const Empty = ({
  title,
  hint,
  action,
}: {
  readonly title: string;
  readonly hint?: ReactNode;
  readonly action?: ReactNode;
}) => (
  <div className="state-box">
    <svg className="state-box__mark" viewBox="0 0 48 48" aria-hidden>
      <path d="M14 31v-6M21 36V14M28 31V20M35 27v-3" />
    </svg>
    <h2>{title}</h2>
    {hint !== undefined && <p>{hint}</p>}
    {action !== undefined && <div className="state-box__action">{action}</div>}
  </div>
);

/** What went wrong, in words, with the server's own text and a way on. */
export const ErrorState = ({
  error,
  onRetry,
}: {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
}) => {
  const { t } = useTranslation();
  const problem = toApiError(error);
  return (
    <div className="state-box state-box--error" role="alert">
      <svg className="state-box__mark" viewBox="0 0 48 48" aria-hidden>
        <path d="M24 12v15M24 34.5v.5" />
        <circle cx="24" cy="24" r="17" />
      </svg>
      <h2>{t(`error.title.${problem.kind}`)}</h2>
      <p>{problem.message === '' ? t(`error.hint.${problem.kind}`) : problem.message}</p>
      {problem.fields.length > 0 && (
        <ul className="state-box__fields">
          {problem.fields.map((fault) => (
            <li key={`${fault.path} ${fault.message}`}>
              {fault.path === '' ? fault.message : t('error.field', { path: fault.path, message: fault.message })}
            </li>
          ))}
        </ul>
      )}
      {onRetry !== undefined && problem.kind !== 'forbidden' && (
        <div className="state-box__action">
          <Button onClick={onRetry}>{t('action.retry')}</Button>
        </div>
      )}
    </div>
  );
};
