/** `1:05`, `12:40`, `1:02:03`: a running time that is read at a glance. Negative counts as zero. */
export const clockText = (ms: number): string => {
  const total = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
};

/** `+2.340 s`-style offsets on a time line: milliseconds matter near zero, not after a minute. */
export const offsetText = (ms: number): string => {
  const sign = ms < 0 ? '−' : '+';
  const size = Math.abs(ms);
  return size < 60_000 ? `${sign}${(size / 1000).toFixed(3)} s` : `${sign}${clockText(size)}`;
};

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** `3 分钟前`, `in 2 hours`: the largest unit that fits. */
export const relativeText = (atMs: number, nowMs: number, locale: string): string => {
  const delta = atMs - nowMs;
  const [unit, size] = UNITS.find(([, ms]) => Math.abs(delta) >= ms) ?? ['second', 1000];
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.round(delta / size), unit);
};

const sameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString();

/** Time alone for today, date and time otherwise, seconds always: calls are told apart by seconds. */
export const momentText = (atMs: number, nowMs: number, locale: string): string => {
  const at = new Date(atMs);
  const now = new Date(nowMs);
  const time = at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
  if (sameDay(at, now)) return time;
  const date = at.toLocaleDateString(locale, {
    ...(at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }),
    month: '2-digit',
    day: '2-digit',
  });
  return `${date} ${time}`;
};

/** A length for people: `45 秒`, `2 分 30 秒`, `3 h`, `10 d`. At most two units. */
export const durationText = (ms: number, language: 'zh' | 'en'): string => {
  const names =
    language === 'zh'
      ? { day: ' 天', hour: ' 小时', minute: ' 分', second: ' 秒', milli: ' 毫秒' }
      : { day: ' d', hour: ' h', minute: ' min', second: ' s', milli: ' ms' };
  if (ms > 0 && ms < 1000) return `${Math.round(ms)}${names.milli}`;
  const total = Math.round(Math.max(0, ms) / 1000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(total / 86_400), names.day],
    [Math.floor(total / 3600) % 24, names.hour],
    [Math.floor(total / 60) % 60, names.minute],
    [total % 60, names.second],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return `0${names.second}`;
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count}${name}`)
    .join(' ');
};

/** Country codes of two digits (ITU-T E.164 assignments); 1 and 7 have one, all others three. */
const TWO_DIGIT_CODES = /^(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** An E.164 number for people: country code apart, then groups. Masked digits (`*`) count as digits. */
export const phoneText = (number: string): string => {
  if (!/^\+[\d*]{6,}$/.test(number)) return number;
  const digits = number.slice(1);
  const codeLength = /^[17]/.test(digits) ? 1 : TWO_DIGIT_CODES.test(digits) ? 2 : 3;
  const code = digits.slice(0, codeLength);
  const rest = digits.slice(codeLength);
  // Mainland China: mobiles by 3-4-4; landlines with the area code apart (10, 2x, or three digits).
  const china =
    code === '86' ? /^(1[3-9*][\d*])([\d*]{4})([\d*]{4})$|^(10|2\d|[3-9]\d\d)([\d*]{3,4})([\d*]{4})$/.exec(rest) : null;
  const groups = china?.slice(1).filter((group) => group !== undefined) ??
    rest.match(/[\d*]{1,4}(?=(?:[\d*]{4})*$)/g) ?? [rest];
  return `+${code} ${groups.join(' ')}`;
};

/** `1.2 MB`. */
export const bytesText = (bytes: number, locale: string): string => {
  const units = ['B', 'KB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString(locale, { maximumFractionDigits: unit === 0 ? 0 : 1 })} ${units[unit] ?? 'B'}`;
};

/** A share as per cent; a dash where there is nothing to divide. */
export const shareText = (part: number, whole: number, locale: string): string =>
  whole === 0 ? '–' : (part / whole).toLocaleString(locale, { style: 'percent', maximumFractionDigits: 1 });
