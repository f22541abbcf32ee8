import { App as AntApp, ConfigProvider } from 'antd';
import type { Locale } from 'antd/es/locale';
import { useEffect, useState } from 'react';
import { RouterProvider } from 'react-router';
import type { Language } from './i18n/i18n.ts';
import { useLanguage } from './i18n/use-language.ts';
import { useStore } from './lib/use-store.ts';
import { createAppRouter } from './routes.tsx';
import { useServices } from './services.ts';
import { antdThemeOf } from './theme/theme.ts';

const loadLocale = async (language: Language): Promise<Locale> =>
  language === 'zh' ? (await import('antd/es/locale/zh_CN')).default : (await import('antd/es/locale/en_GB')).default;

const router = createAppRouter();

/** Theme, language of the components, and the pages. */
export const App = () => {
  const { theme } = useServices();
  const name = useStore(theme.name);
  const { language } = useLanguage();
  const [locale, setLocale] = useState<Locale>();
  useEffect(() => {
    let isWanted = true;
    void loadLocale(language).then((loaded) => {
      if (isWanted) setLocale(loaded);
    });
    return () => {
      isWanted = false;
    };
  }, [language]);
  return (
    <ConfigProvider
      theme={antdThemeOf(name)}
      button={{ autoInsertSpace: false }}
      {...(locale === undefined ? {} : { locale })}
    >
      <AntApp style={{ height: '100%' }} message={{ maxCount: 3 }}>
        <RouterProvider router={router} />
      </AntApp>
    </ConfigProvider>
  );
};
