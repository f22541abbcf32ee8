import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';

/**
 * Text for a code that the server sends and this page may not know yet (a newer server, a pack of one's own): the
 * translation where there is one, else the fallback, else the code itself.
 */
export const useCodeText = (): ((
  prefix: string,
  code: string,
  values?: Readonly<Record<string, string | number>>,
  fallback?: string,
) => string) => {
  const { i18n } = useTranslation();
  return useCallback(
    (prefix, code, values, fallback) => {
      const key = `${prefix}.${code}`;
      if (!i18n.exists(key)) return fallback ?? code;
      const translate = i18n.t as unknown as (
        key: string,
        values?: Readonly<Record<string, string | number>>,
      ) => string;
      return translate(key, values);
    },
    [i18n],
  );
};
