import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyDay, hours } from '../dialing/calling-window.ts';
import { compareLeads, defaultLeadOrder } from '../dialing/lead-order.ts';
import { createRiskPacer } from '../dialing/pacing/risk-pacer.ts';
import { defaultRiskPacerSettings } from '../dialing/pacing/settings.ts';
import { defaultRetryPolicy } from '../dialing/retry.ts';
import type { LeadId } from '../ids.ts';
import type { BookedLead } from './lead-book.ts';
import { LeadBook } from './lead-book.ts';
import { campaignLeads } from './lead-supply.ts';
import { simulate } from './simulate.ts';
import { pooled } from './simulation-result.ts';
import { defaultWorld } from './world.ts';

const HOUR_MS = 3_600_000;
const START = 20_000 * 86_400_000;
const rules = { order: defaultLeadOrder, retry: defaultRetryPolicy };
const lead = (id: number, changes: Partial<BookedLead> = {}): BookedLead => ({
  leadId: String(id) as LeadId,
  priority: 50,
  attempts: 0,
  dueAtMs: START,
  attemptsByOutcome: {},
  ...changes,
});

describe('the book of simulated leads', () => {
  it('gives out what is due in the campaign’s own order', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            priority: fc.integer({ min: 1, max: 99 }),
            attempts: fc.nat(4),
            dueAtMs: fc.integer({ min: START, max: START + 20 }),
          }),
          { maxLength: 40 },
        ),
        fc.integer({ min: START, max: START + 20 }),
        (given, nowMs) => {
          const leads = given.map((changes, i) => lead(i + 1, changes));
          const book = new LeadBook(rules);
          for (const one of leads) book.add(one);
          const due = leads.filter((one) => one.dueAtMs <= nowMs).sort(compareLeads(defaultLeadOrder, nowMs));
          expect(book.readyAt(nowMs)).toBe(due.length);
          expect(due.map(() => book.take(nowMs)?.leadId)).toEqual(due.map((one) => one.leadId));
          expect(book.take(nowMs)).toBeUndefined();
        },
      ),
    );
  });

  it('plans by the retry policy: four hours after nobody answered, in the window, three times', () => {
    const book = new LeadBook({ ...rules, window: everyDay(hours(9, 20)), zone: 'Etc/UTC' });
    const first = book.after(lead(1), 'noAnswer', START + 10 * HOUR_MS);
    expect(first?.dueAtMs).toBe(START + 14 * HOUR_MS);
    const second = book.after(first!, 'shed', START + 14 * HOUR_MS);
    expect(second?.dueAtMs).toBe(START + 38 * HOUR_MS);
    expect(book.after(second!, 'noAnswer', START + 38 * HOUR_MS)).toBeUndefined();
    expect(book.after(lead(2), 'noAnswer', START + 19 * HOUR_MS)?.dueAtMs).toBe(START + 33 * HOUR_MS);
    expect(book.after(lead(3), 'human', START)).toBeUndefined();
  });
});

describe('a campaign with an end', { timeout: 60_000 }, () => {
  it('dials each lead as often as its policy says and then stops, within the limit', () => {
    const world = defaultWorld(5, 0.3, { shiftSec: 6 * 3600 });
    const list = { ...rules, leads: 1200, fromMs: START };
    const result = simulate(world, createRiskPacer(defaultRiskPacerSettings), {
      seed: 1,
      startMs: START,
      supply: campaignLeads(world, 1, list),
    });
    const [day] = result.days;
    // Each lead once, and again those whose first try was early enough to come due again before the end.
    expect(day?.dials).toBeGreaterThan(1200);
    expect(day?.dials).toBeLessThan(3 * 1200);
    expect(pooled(result).dropRate).toBeLessThanOrEqual(0.03);
  });

  it('dials no lead twice where nothing is tried again', () => {
    const world = defaultWorld(5, 0.3, { shiftSec: 2 * 3600 });
    const once = { order: defaultLeadOrder, retry: { maxAttempts: 1, perOutcome: {} }, leads: 300, fromMs: START };
    const { days } = simulate(world, createRiskPacer(defaultRiskPacerSettings), {
      seed: 1,
      startMs: START,
      supply: campaignLeads(world, 1, once),
    });
    expect(days[0]?.dials).toBe(300);
  });

  it('is the endless list of the benchmark, call for call, when nothing is tried again', () => {
    const world = defaultWorld(10, 0.3, { shiftSec: 2 * 3600 });
    const once = { order: defaultLeadOrder, retry: { maxAttempts: 1, perOutcome: {} }, leads: 20_000, fromMs: START };
    const options = { seed: 1, startMs: START };
    const pacer = createRiskPacer(defaultRiskPacerSettings);
    expect(simulate(world, pacer, { ...options, supply: campaignLeads(world, 1, once) })).toEqual(
      simulate(world, pacer, options),
    );
  });
});
