import { createInstance, type i18n as I18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Dictionary } from './zh/index.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'app';
    resources: { app: Dictionary };
  }
}

export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** BCP 47 tags for the document, dates and numbers. */
export const localeOf = (language: Language): string => (language === 'zh' ? 'zh-CN' : 'en-GB');

const KEY = 'qianhu.language';

const isLanguage = (value: unknown): value is Language => value === 'zh' || value === 'en';

/** The language chosen in this browser, else the browser's own: Chinese for any kind of Chinese, English otherwise. */
export const preferredLanguage = (stored: string | null, browser: readonly string[]): Language => {
  if (isLanguage(stored)) return stored;
  return browser[0]?.toLowerCase().startsWith('zh') === true ? 'zh' : 'en';
};

/** Each language is a chunk of its own; the one in use is fetched first. */
const load = async (language: Language): Promise<Dictionary> =>
  language === 'zh' ? (await import('./zh/index.ts')).zh : (await import('./en/index.ts')).en;

const applyToDocument = (language: Language): void => {
  document.documentElement.lang = localeOf(language);
};

/** Starts i18next with the preferred language loaded. */
export const startI18n = async (): Promise<I18n> => {
  const language = preferredLanguage(localStorage.getItem(KEY), navigator.languages);
  const instance = createInstance();
  await instance.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    ns: ['app'],
    defaultNS: 'app',
    resources: { [language]: { app: await load(language) } },
    // React escapes what it renders.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  applyToDocument(language);
  return instance;
};

/** Changes the language at once, here and for the next visit. */
export const changeLanguage = async (instance: I18n, language: Language): Promise<void> => {
  localStorage.setItem(KEY, language);
  if (!instance.hasResourceBundle(language, 'app')) instance.addResourceBundle(language, 'app', await load(language));
  await instance.changeLanguage(language);
  applyToDocument(language);
};
