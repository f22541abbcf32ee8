import { everyDay, hours } from '../../dialing/calling-window.ts';
import type { RulePack } from '../rule-pack.ts';

const COMMON = {
  id: 'usa',
  isDemo: false,
  // The territories are under the same federal rules.
  countries: ['US', 'PR', 'GU', 'VI', 'AS', 'MP'],
  window: everyDay(hours(8, 21)),
  caps: {},
  quiet: { afterRejectedMs: 24 * 3_600_000, afterOptOutMs: 'forever' },
  minRingMs: 15_000,
  drop: { limit: 0.03, period: 'rolling30d', connectWithinMs: 2_000, messageRequired: true },
  keepRecordsDays: 0,
} as const satisfies Partial<RulePack>;

const SOURCES: RulePack['sources'] = [
  { rule: 'window', basis: 'law', text: 'FTC Telemarketing Sales Rule, 16 CFR 310.4(c): 8 am to 9 pm at the callee.' },
  { rule: 'minRing', basis: 'law', text: '16 CFR 310.4(b)(4): ring for at least 15 s or four rings.' },
  {
    rule: 'drop',
    basis: 'law',
    text: '16 CFR 310.4(b)(4), 47 CFR 64.1200(a)(7): at most 3 % of calls answered by a person per campaign and 30 days; an agent within 2 s of the greeting; else a recorded identification.',
  },
  {
    rule: 'quietAfterOptOut',
    basis: 'law',
    text: '16 CFR 310.4(b)(1)(iii): who asked not to be called is not called.',
  },
  { rule: 'quietAfterRejected', basis: 'house', text: 'A declined call is not repeated the same day.' },
];

/** United States, federal rules. Several states are stricter: a campaign narrows its window and caps for them. */
export const USA_PACKS: readonly RulePack[] = [
  { ...COMMON, version: '2012-11.1', effectiveFrom: '2012-11-21', consent: 'never', sources: SOURCES },
  {
    ...COMMON,
    version: '2024-02.1',
    effectiveFrom: '2024-02-08',
    consent: 'artificialVoice',
    sources: [
      ...SOURCES,
      { rule: 'consent', basis: 'law', text: 'FCC 24-17: a generated voice is an artificial voice; prior consent.' },
    ],
  },
];
