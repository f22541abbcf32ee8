import { defaultDispositions, type Disposition } from '@qianhu/core';
import { useCallback } from 'react';
import { useLanguage } from './use-language.ts';

/** A disposition's label in the language in use: from the campaign's own codes where they are known, else the defaults. */
export const useDispositionText = (own: readonly Disposition[] = defaultDispositions): ((code: string) => string) => {
  const { language } = useLanguage();
  return useCallback((code) => own.find((item) => item.code === code)?.label[language] ?? code, [own, language]);
};
