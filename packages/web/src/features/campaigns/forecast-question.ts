import type { CampaignForecast, ForecastBody } from '@qianhu/contracts';

type Asked = CampaignForecast['asked'];
/** What the sliders change. */
export type Wish = Partial<Pick<Asked, 'agents' | 'lines' | 'dropLimit'>> & {
  readonly mode?: 'progressive' | 'predictive';
};

/** A wish without what is as the campaign is set: asked with an empty body, the server keeps the answer as its forecast. */
export const questionOf = (wish: Wish, own: Asked | undefined): ForecastBody => {
  const differs = <K extends keyof Wish>(key: K): boolean => wish[key] !== undefined && wish[key] !== own?.[key];
  const mode = wish.mode ?? own?.mode;
  return {
    ...(differs('agents') && wish.agents !== undefined ? { agents: wish.agents } : {}),
    ...(differs('lines') && wish.lines !== undefined ? { lines: wish.lines } : {}),
    ...(differs('mode') && wish.mode !== undefined ? { mode: wish.mode } : {}),
    // Without drops their limit says nothing.
    ...(differs('dropLimit') && mode === 'predictive' && wish.dropLimit !== undefined
      ? { dropLimit: wish.dropLimit }
      : {}),
  };
};

/** Where a slider ends: room to try three times the own value, and never a handful only. */
export const sliderEnd = (own: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, Math.ceil((own * 3) / 10) * 10));

/** Working days from hours of dialing, rounded as people say them. */
export const daysOf = (hours: number, hoursPerDay: number): string => {
  const days = hours / Math.max(0.5, hoursPerDay);
  return days < 1 ? '1' : days < 10 ? (Math.round(days * 2) / 2).toString() : Math.round(days).toString();
};
