import { useLanguage } from '../i18n/use-language.ts';
import { clockText, momentText } from '../lib/format.ts';
import { serverTime } from '../lib/server-time.ts';
import { useNow } from '../lib/use-now.ts';

/** A point in time; the whole of it in the tooltip. */
export const Moment = ({ atMs }: { readonly atMs: number }) => {
  const { locale } = useLanguage();
  const at = new Date(atMs);
  return (
    <time className="q-num" dateTime={at.toISOString()} title={at.toLocaleString(locale)}>
      {momentText(atMs, serverTime.now(), locale)}
    </time>
  );
};

/** Time since, running. */
export const Since = ({ atMs }: { readonly atMs: number }) => (
  <span className="q-num">{clockText(useNow() - atMs)}</span>
);
