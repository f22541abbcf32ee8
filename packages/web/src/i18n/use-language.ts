import { useTranslation } from 'react-i18next';
import { changeLanguage, localeOf, type Language } from './i18n.ts';

/** The language in use, its locale tag, and how to change it. */
export const useLanguage = (): {
  readonly language: Language;
  readonly locale: string;
  readonly change: (language: Language) => void;
} => {
  const { i18n } = useTranslation();
  const language: Language = i18n.language === 'en' ? 'en' : 'zh';
  return {
    language,
    locale: localeOf(language),
    change: (next) => {
      void changeLanguage(i18n, next);
    },
  };
};
