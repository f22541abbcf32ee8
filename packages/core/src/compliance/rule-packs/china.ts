import { everyDay, hours } from '../../dialing/calling-window.ts';
import type { RulePack } from '../rule-pack.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Mainland China. The law gives duties without numbers (the notice of June 2020 of the Ministry of Industry and
 * Information Technology on call-centre business); the numbers are those for which platforms and carriers cut lines off,
 * the strictest published of each kind. Statutory holidays change every year and are given by the campaign's `dates`.
 */
export const CHINA_PACKS: readonly RulePack[] = [
  {
    id: 'china',
    version: '2020-06.1',
    effectiveFrom: '2020-06-01',
    isDemo: false,
    countries: ['CN'],
    window: everyDay(hours(9, 12), hours(14, 21)),
    caps: { perHour: 5, per24h: 3, per30d: 10, minGapMs: 60_000 },
    quiet: { afterRejectedMs: DAY_MS, afterOptOutMs: 'forever' },
    consent: 'always',
    minRingMs: 15_000,
    drop: { limit: 0.03, period: 'day', connectWithinMs: 2_000, messageRequired: true },
    keepRecordsDays: 30,
    sources: [
      { rule: 'consent', basis: 'law', text: 'MIIT notice of June 2020: outbound only with consent.' },
      { rule: 'window', basis: 'law', text: 'MIIT notice of June 2020: rest hours are avoided; it names none.' },
      { rule: 'window', basis: 'carrier', text: 'Aliyun: no tasks 12:00–14:00 and 21:00–09:00, not liftable.' },
      { rule: 'perHour', basis: 'carrier', text: 'Aliyun: 5 calls an hour to one callee.' },
      { rule: 'minGap', basis: 'carrier', text: 'Aliyun: 1 call a minute to one callee.' },
      { rule: 'per24h', basis: 'carrier', text: 'Huawei: at most 3 in 24 h to one callee (Volcengine 10, Aliyun 20).' },
      { rule: 'per30d', basis: 'carrier', text: 'Huawei: at most 10 in 30 days to one callee.' },
      { rule: 'quietAfterRejected', basis: 'house', text: 'A declined call is not repeated the same day.' },
      { rule: 'quietAfterOptOut', basis: 'law', text: 'Draft rules of August 2020: no explicit consent is refusal.' },
      { rule: 'drop', basis: 'house', text: 'No numeric limit was found; 3 % a day is taken over as a default.' },
      { rule: 'minRing', basis: 'house', text: 'No minimum was found; 15 s as in the USA and the UK.' },
      {
        rule: 'keepRecords',
        basis: 'law',
        text: 'MIIT notice of June 2020: recordings, numbers, times, 30 days or more.',
      },
    ],
  },
];
