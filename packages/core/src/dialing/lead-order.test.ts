import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeadId } from '../ids.ts';
import type { LeadOrderPolicy, OrderedLead } from './lead-order.ts';
import { compareLeads, defaultLeadOrder, leadOrderTerms } from './lead-order.ts';

const lead = (leadId: string, more: Partial<OrderedLead> = {}): OrderedLead => ({
  leadId: leadId as LeadId,
  priority: 50,
  attempts: 0,
  dueAtMs: 0,
  ...more,
});
const order = (leads: OrderedLead[], policy: LeadOrderPolicy = defaultLeadOrder): string[] =>
  leads.toSorted(compareLeads(policy, 1_000)).map((one) => one.leadId);

const anyPolicy: fc.Arbitrary<LeadOrderPolicy> = fc.record({
  dueCallbacks: fc.constantFrom('first', 'inTurn'),
  untried: fc.constantFrom('first', 'last', 'inTurn'),
  fewerAttemptsFirst: fc.boolean(),
  then: fc.constantFrom('oldest', 'newest', 'longestDue', 'bestTime'),
});
const anyLead = fc
  .record({
    leadId: fc.bigInt({ min: 1n, max: 10n ** 18n }),
    priority: fc.integer({ min: 1, max: 3 }),
    attempts: fc.nat(3),
    dueAtMs: fc.nat(3_000),
    callbackAtMs: fc.option(fc.nat(2_000), { nil: undefined }),
  })
  .map(({ leadId, callbackAtMs, ...rest }) =>
    lead(String(leadId), { ...rest, ...(callbackAtMs === undefined ? {} : { callbackAtMs }) }),
  );

describe('the order of leads', () => {
  it('puts due callbacks first, then priority, then the untried, then fewer attempts, then the longest due', () => {
    expect(
      order([
        lead('1', { attempts: 2 }),
        lead('2', { attempts: 1, dueAtMs: 9 }),
        lead('3', { attempts: 1, dueAtMs: 5 }),
        lead('4'),
        lead('5', { priority: 60, attempts: 4 }),
        lead('6', { attempts: 4, callbackAtMs: 1_000 }),
        lead('7', { attempts: 4, callbackAtMs: 1_001 }),
      ]),
    ).toEqual(['6', '5', '4', '3', '2', '1', '7']);
  });

  it('does otherwise when told so', () => {
    const policy: LeadOrderPolicy = {
      dueCallbacks: 'inTurn',
      untried: 'last',
      fewerAttemptsFirst: false,
      then: 'newest',
    };
    expect(
      order([lead('9'), lead('10'), lead('2', { attempts: 3 }), lead('3', { attempts: 1, callbackAtMs: 0 })], policy),
    ).toEqual(['3', '2', '10', '9']);
  });

  it('compares ids as numbers of any length', () => {
    expect(order([lead('9007199254740993'), lead('9007199254740992'), lead('9')])).toEqual([
      '9',
      '9007199254740992',
      '9007199254740993',
    ]);
  });

  it('ends every policy’s terms with the unique id', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        expect(leadOrderTerms(policy).at(-1)?.field).toBe('leadId');
      }),
    );
  });

  it('is one order for any arrangement of the same leads', () => {
    fc.assert(
      fc.property(
        anyPolicy,
        fc
          .uniqueArray(anyLead, { selector: (one) => one.leadId, maxLength: 12 })
          .chain((leads) => fc.tuple(fc.constant(leads), fc.shuffledSubarray(leads, { minLength: leads.length }))),
        (policy, [leads, shuffled]) => {
          expect(order(shuffled, policy)).toEqual(order(leads, policy));
          const compare = compareLeads(policy, 1_000);
          for (const a of leads)
            for (const b of leads) expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        },
      ),
    );
  });
});
