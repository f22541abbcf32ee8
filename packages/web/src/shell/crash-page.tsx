import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useRouteError } from 'react-router';

/** A page that threw. The shell and a call in progress go on beside it. */
export const CrashPage = () => {
  const { t } = useTranslation();
  const error = useRouteError();
  return (
    <div className="page" role="alert">
      <div className="state-box state-box--error">
        <h2>{t('error.crash.title')}</h2>
        <p>{t('error.crash.hint')}</p>
        <div className="state-box__action">
          <Button type="primary" onClick={() => window.location.reload()}>
            {t('error.crash.reload')}
          </Button>
        </div>
        <details className="q-small q-faint">
          <summary>{t('error.details')}</summary>
          <pre className="q-mono">{error instanceof Error ? error.message : String(error)}</pre>
        </details>
      </div>
    </div>
  );
};
