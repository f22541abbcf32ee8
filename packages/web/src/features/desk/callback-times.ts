export type QuickCallback = 'hour' | 'afternoon' | 'tomorrow' | 'monday';

const at = (day: Date, hour: number): number => {
  const time = new Date(day);
  time.setHours(hour, 0, 0, 0);
  return time.getTime();
};

/** Times that people promise most often; those that are past are left out. In this browser's zone. */
export const quickCallbacks = (nowMs: number): readonly (readonly [QuickCallback, number])[] => {
  const now = new Date(nowMs);
  const days = (count: number): Date => {
    const day = new Date(now);
    day.setDate(day.getDate() + count);
    return day;
  };
  const untilMonday = (8 - now.getDay()) % 7 || 7;
  const all: readonly (readonly [QuickCallback, number])[] = [
    ['hour', nowMs + 3_600_000],
    ['afternoon', at(now, 15)],
    ['tomorrow', at(days(1), 10)],
    ['monday', at(days(untilMonday), 10)],
  ];
  // On Sunday, Monday is tomorrow: one of the two is enough.
  return all.filter(([name, time], index) => time > nowMs && !(name === 'monday' && all[index - 1]?.[1] === time));
};

/** Epoch milliseconds as the value of a `datetime-local` input, and back. */
export const toLocalInput = (atMs: number | undefined): string => {
  if (atMs === undefined) return '';
  const date = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
};

export const fromLocalInput = (text: string): number | undefined => {
  const atMs = new Date(text).getTime();
  return Number.isNaN(atMs) ? undefined : atMs;
};
