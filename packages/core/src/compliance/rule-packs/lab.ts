import { ALWAYS_OPEN } from '../../dialing/calling-window.ts';
import type { RulePack } from '../rule-pack.ts';

/** The simulated network: always open, no caps. Do-not-call entries hold here too. Only for demonstration lists. */
export const LAB_PACKS: readonly RulePack[] = [
  {
    id: 'lab',
    version: '1',
    effectiveFrom: '1970-01-01',
    isDemo: true,
    countries: 'any',
    window: ALWAYS_OPEN,
    caps: {},
    quiet: { afterOptOutMs: 'forever' },
    consent: 'never',
    minRingMs: 0,
    drop: { limit: 0.03, period: 'day', connectWithinMs: 2_000, messageRequired: false },
    keepRecordsDays: 0,
    sources: [{ rule: 'all', basis: 'house', text: 'Nobody is called: the lab answers for itself.' }],
  },
];
