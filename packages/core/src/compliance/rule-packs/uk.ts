import { everyDay, hours } from '../../dialing/calling-window.ts';
import type { RulePack } from '../rule-pack.ts';

const HOUR_MS = 3_600_000;

/** United Kingdom: Ofcom's policy on persistent misuse, in force from 1 March 2017. Hours are our own caution. */
export const UK_PACKS: readonly RulePack[] = [
  {
    id: 'uk',
    version: '2017-03.1',
    effectiveFrom: '2017-03-01',
    isDemo: false,
    countries: ['GB'],
    window: everyDay(hours(8, 21)),
    caps: {},
    quiet: {
      afterRejectedMs: 24 * HOUR_MS,
      afterOptOutMs: 'forever',
      afterDropMs: 72 * HOUR_MS,
      afterMachineMs: 24 * HOUR_MS,
    },
    consent: 'artificialVoice',
    minRingMs: 15_000,
    drop: { limit: 0.03, period: 'rolling24h', connectWithinMs: 2_000, messageRequired: true },
    keepRecordsDays: 0,
    sources: [
      {
        rule: 'quietAfterDrop',
        basis: 'law',
        text: 'Ofcom: after a dropped call none for 72 h without a dedicated agent.',
      },
      { rule: 'quietAfterMachine', basis: 'law', text: 'Ofcom: 24 h after a call that detection hung up on.' },
      { rule: 'minRing', basis: 'law', text: 'Ofcom: ring for at least 15 s.' },
      {
        rule: 'drop',
        basis: 'house',
        text: 'Ofcom has no safe threshold since 1 March 2017; the earlier 3 % per campaign and 24 h is kept. The message within 2 s is Ofcom’s.',
      },
      { rule: 'window', basis: 'house', text: 'No hours in the sources read; 8:00–21:00 as a caution.' },
      {
        rule: 'consent',
        basis: 'house',
        text: 'Automated calls need prior consent (PECR, not checked against the text).',
      },
      { rule: 'quietAfterRejected', basis: 'house', text: 'A declined call is not repeated the same day.' },
    ],
  },
];
