import type { Campaign } from '@qianhu/contracts';
import {
  addVerdict,
  defaultCampaignSettings,
  entryOfCall,
  judge,
  noCounts,
  type AnsweredCall,
  type CampaignId,
} from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import { realClock } from '../../platform/clock.ts';
import { createDropLedgerService } from './drop-ledger-service.ts';

const id = '018f3c2e-7d4a-7abc-8def-0123456789ab' as CampaignId;
/** 23:59:50 on Monday in Shanghai. */
const LATE = Date.UTC(2026, 10, 16, 15, 59, 50);

const ledgerOf = (calls: readonly AnsweredCall[]) =>
  createDropLedgerService({
    store: {
      firstAnswer: () => Promise.resolve(calls[0]?.answeredAtMs),
      tallies: (_, __, graceMs) =>
        Promise.resolve(
          calls.map((call) => ({
            atMs: call.answeredAtMs,
            counts: addVerdict(noCounts, judge(entryOfCall(call), graceMs)),
          })),
        ),
      zone: () => Promise.resolve('Asia/Shanghai'),
    },
    campaigns: {
      get: () =>
        Promise.resolve({
          campaignId: id,
          settings: { ...defaultCampaignSettings, mode: { kind: 'predictive', dropLimit: 0.02 } },
          startedAtMs: LATE - 60_000,
        } as unknown as Campaign),
    },
    clock: realClock(),
  });
const taken = (answeredAtMs: number): AnsweredCall => ({
  answeredAtMs,
  outcome: 'answered',
  detail: 'calleeHungUp',
  bridgedAtMs: answeredAtMs + 300,
  endedAtMs: answeredAtMs + 60_000,
});
const dropped = (answeredAtMs: number, detail = 'noAgentInTime', afterMs = 9000): AnsweredCall => ({
  answeredAtMs,
  outcome: 'dropped',
  detail,
  endedAtMs: answeredAtMs + afterMs,
});

describe('the ledger of dropped calls', () => {
  it('cuts days at the callees’ midnight, 24 hours from the start, and 30 days from the first day', async () => {
    const calls = [...Array.from({ length: 99 }, () => taken(LATE)), dropped(LATE + 20_000)];
    const { rows, limit, zone } = await ledgerOf(calls).ledger(id);
    expect({ limit, zone }).toEqual({ limit: 0.02, zone: 'Asia/Shanghai' });
    expect(rows.map((row) => [row.span, new Date(row.fromMs).toISOString(), row.connected, row.dropped])).toEqual([
      ['day', '2026-11-16T16:00:00.000Z', 0, 1],
      ['day', '2026-11-15T16:00:00.000Z', 99, 0],
      ['24hours', '2026-11-16T15:58:50.000Z', 99, 1],
      ['30days', '2026-11-15T16:00:00.000Z', 99, 1],
    ]);
    expect(rows.map((row) => row.isWithinLimit)).toEqual([false, true, true, true]);
    expect(rows[3]).toMatchObject({ ftc: 0.01, callLoss: 0.01, toMs: LATE + 10_000 + 29 * 86_400_000 });
    expect(rows[0]?.toMs).toBe(LATE + 10_000 + 86_400_000);
  });

  it('judges a late agent a drop, and one who hung up within two seconds apart from both', async () => {
    const late: AnsweredCall = { ...taken(LATE), bridgedAtMs: LATE + 2001 };
    const { rows } = await ledgerOf([taken(LATE), late, dropped(LATE, 'hungUpWaiting', 900)]).ledger(id);
    expect(rows.find((row) => row.span === '30days')).toMatchObject({
      connected: 1,
      dropped: 1,
      leftEarly: 1,
      ftc: 0.5,
      callLoss: 2 / 3,
    });
  });

  it('never takes a call for one that was given up early because we ended it at once', () => {
    expect(entryOfCall(dropped(LATE, 'switchDied', 100))).not.toHaveProperty('hungUpAtMs');
  });

  it('writes the same counts as evidence', async () => {
    const csv = await ledgerOf([taken(LATE), dropped(LATE)]).csv(id);
    expect(csv.split('\r\n')).toContain('"30days",2026-11-15T16:00:00.000Z,1,1,0,0,0.50000,0.50000,0.50000,0.0,false');
  });
});
