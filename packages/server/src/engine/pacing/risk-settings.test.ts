import { checkRiskPacerSettings, defaultCampaignSettings, rulePackAt, type CampaignSettings } from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import { riskSettings } from './risk-settings.ts';

const NOW = Date.parse('2026-03-02T04:00:00Z');
const of = (pack: CampaignSettings['rulePack'], more: Partial<CampaignSettings> = {}) => ({
  settings: { ...defaultCampaignSettings, rulePack: pack, ...more },
  with: {
    pack: rulePackAt(pack, NOW),
    dropLimit: 0.03,
    zone: 'Asia/Shanghai',
    startedAtMs: Date.parse('2026-02-20T02:00:00Z'),
    nowMs: NOW,
    history: { dials: 0, answers: 0 },
  },
});

describe('the pacer’s settings', () => {
  it('begin the day at the callees’ midnight', () => {
    const { settings, with: rest } = of('china');
    const [day, ...others] = riskSettings(settings, rest).windows;
    expect(day).toEqual({
      name: 'day',
      lengthMs: 86_400_000,
      anchorMs: Date.parse('2026-03-01T16:00:00Z'),
      limit: 0.03,
    });
    expect(others).toEqual([]);
  });

  it('count the FTC’s thirty days from the campaign’s first day', () => {
    const { settings, with: rest } = of('usa');
    expect(riskSettings(settings, rest).windows[1]).toEqual({
      name: '30days',
      lengthMs: 30 * 86_400_000,
      anchorMs: Date.parse('2026-02-19T16:00:00Z'),
      limit: 0.03,
    });
  });

  it('never allow more than the rules do, and aim lower where the campaign asks for it', () => {
    const { settings, with: rest } = of('china');
    expect(riskSettings(settings, { ...rest, dropLimit: 0.2 }).windows[0]?.limit).toBe(0.03);
    expect(riskSettings(settings, { ...rest, dropLimit: 0.01 }).windows[0]?.limit).toBe(0.01);
  });

  it('give a line up only when it rang as long as the law asks, and not at all where it never rings so long', () => {
    const long = of('usa', { ringTimeoutMs: 30_000 });
    expect(riskSettings(long.settings, long.with).shedAfterMs).toBeGreaterThanOrEqual(rulePackAt('usa', NOW).minRingMs);
    const short = of('lab', { ringTimeoutMs: 8_000 });
    expect(riskSettings(short.settings, short.with)).not.toHaveProperty('shedAfterMs');
  });

  it('believe the installation’s own answer rate once it has seen enough', () => {
    const { settings, with: rest } = of('china');
    expect(riskSettings(settings, { ...rest, history: { dials: 1000, answers: 120 } }).prior.answerRate).toBe(0.12);
    expect(riskSettings(settings, { ...rest, history: { dials: 10, answers: 9 } }).prior.answerRate).toBe(0.3);
  });

  it('are always settings that the pacer accepts', () => {
    for (const pack of ['china', 'usa', 'uk', 'lab'] as const) {
      for (const ringTimeoutMs of [5_000, 20_000, 60_000]) {
        for (const maxMs of [0, 30_000, null]) {
          const { settings, with: rest } = of(pack, {
            ringTimeoutMs,
            wrapUp: { maxMs, dispositionRequired: false },
          });
          expect(checkRiskPacerSettings(riskSettings(settings, rest))).toEqual([]);
        }
      }
    }
  });
});
