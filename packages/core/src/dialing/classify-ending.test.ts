import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../call/outcome.ts';
import type { DialEnding } from './classify-ending.ts';
import { classifyEnding } from './classify-ending.ts';

const base: DialEnding = {
  ending: { cause: 16, by: 'them' },
  rang: false,
  progressed: false,
  answered: false,
  ringTimedOut: false,
};
const them = (sipStatus: number | undefined, cause: number, more: Partial<DialEnding> = {}): DialEnding => ({
  ...base,
  ending: { cause, by: 'them', ...(sipStatus === undefined ? {} : { sipStatus }) },
  ...more,
});
const short = (ended: DialEnding): string => {
  const { outcome, isFinal } = classifyEnding(ended);
  return `${outcome} ${isFinal ? 'final' : 'next'}`;
};

describe('how a dial ended', () => {
  // Status, cause as Asterisk reports it (asterisk-trials §2), expectation before anything came, and after ringing.
  it.each([
    [486, 17, 'busy final', 'busy final'],
    [600, 17, 'busy final', 'busy final'],
    [603, 21, 'rejected final', 'rejected final'],
    [403, 21, 'congestion next', 'rejected final'],
    [404, 1, 'invalidNumber final', 'invalidNumber final'],
    [480, 19, 'noAnswer final', 'noAnswer final'],
    [503, 34, 'congestion next', 'congestion final'],
    [500, 38, 'congestion next', 'congestion final'],
    [408, 18, 'congestion next', 'noAnswer final'],
    [484, 28, 'invalidNumber final', 'invalidNumber final'],
    [410, 22, 'invalidNumber final', 'invalidNumber final'],
    [604, 1, 'invalidNumber final', 'invalidNumber final'],
    [488, 58, 'failed next', 'failed next'],
    [502, 27, 'congestion next', 'congestion final'],
    [504, 38, 'congestion next', 'congestion final'],
    [401, 21, 'failed next', 'failed next'],
    [402, 21, 'congestion next', 'congestion next'],
    [607, 21, 'rejected final', 'rejected final'],
    [433, 21, 'rejected final', 'rejected final'],
    [487, 19, 'noAnswer final', 'noAnswer final'],
  ])('reads %i with cause %i', (status, cause, silent, ringing) => {
    expect(short(them(status, cause))).toBe(silent);
    expect(short(them(status, cause, { rang: true }))).toBe(ringing);
  });

  it.each([
    [1, 'invalidNumber final', 'invalidNumber final'],
    [3, 'congestion next', 'congestion final'],
    [16, 'congestion next', 'noAnswer final'],
    [17, 'busy final', 'busy final'],
    [18, 'congestion next', 'noAnswer final'],
    [19, 'noAnswer final', 'noAnswer final'],
    [20, 'poweredOff final', 'poweredOff final'],
    [21, 'rejected final', 'rejected final'],
    [34, 'congestion next', 'congestion final'],
    [127, 'congestion next', 'noAnswer final'],
    [999, 'congestion next', 'noAnswer final'],
  ])('reads cause %i without a status', (cause, silent, ringing) => {
    expect(short(them(undefined, cause))).toBe(silent);
    expect(short(them(undefined, cause, { rang: true }))).toBe(ringing);
  });

  it('believes a stated cause more than a vague status', () => {
    expect(short(them(480, 20))).toBe('poweredOff final');
    expect(short(them(480, 17))).toBe('busy final');
    expect(short(them(503, 1, { progressed: true }))).toBe('invalidNumber final');
    expect(short(them(500, 21))).toBe('rejected final');
  });

  it('tries the next trunk after an announcement with a server failure, and not after a 403', () => {
    expect(short(them(503, 34, { progressed: true }))).toBe('congestion next');
    expect(short(them(403, 21, { progressed: true }))).toBe('rejected final');
  });

  it('tells our endings from theirs, whatever status the switch made up', () => {
    const ours = { cause: 19, sipStatus: 480, by: 'us' } as const;
    expect(short({ ...base, ending: ours, rang: true, ringTimedOut: true })).toBe('noAnswer final');
    expect(short({ ...base, ending: { cause: 17, sipStatus: 486, by: 'us' }, rang: true })).toBe('cancelled final');
    expect(short({ ...base, ending: { cause: 16, by: 'us' } })).toBe('cancelled final');
  });

  it('blames a silent gateway only when its health check does too', () => {
    const silent: DialEnding = { ...base, ending: { cause: 19, by: 'us' }, ringTimedOut: true };
    expect(short(silent)).toBe('noAnswer final');
    expect(short({ ...silent, trunkReachable: true })).toBe('noAnswer final');
    expect(short({ ...silent, trunkReachable: false })).toBe('failed next');
    expect(short({ ...silent, trunkReachable: false, rang: true })).toBe('noAnswer final');
  });

  it('tries the next trunk when the switch refused the dial, and never after it died', () => {
    const bySwitch: DialEnding = { ...base, ending: { cause: 38, by: 'switch' } };
    expect(short(bySwitch)).toBe('failed next');
    expect(short({ ...bySwitch, rang: true })).toBe('failed final');
    expect(short({ ...bySwitch, switchDied: true })).toBe('failed final');
  });

  it('lets a trunk’s own map speak first, but not over an answer or our own hang-up', () => {
    const vendorCauses = [
      { sipStatus: 480, reached: true, outcome: 'suspended', isFinal: true },
      { cause: 21, outcome: 'congestion', isFinal: false },
    ] as const;
    expect(short(them(480, 19, { progressed: true, vendorCauses }))).toBe('suspended final');
    expect(short(them(480, 19, { vendorCauses }))).toBe('noAnswer final');
    expect(short(them(603, 21, { vendorCauses }))).toBe('congestion next');
    expect(short(them(480, 19, { progressed: true, answered: true, vendorCauses }))).toBe('answered final');
    expect(short({ ...base, ending: { cause: 21, by: 'us' }, vendorCauses })).toBe('cancelled final');
  });

  it('has an outcome for every ending, and tries no other trunk after an answer or our own wish', () => {
    fc.assert(
      fc.property(
        fc.record({
          ending: fc.record(
            {
              cause: fc.integer({ min: 0, max: 200 }),
              by: fc.constantFrom('them', 'us', 'switch'),
              sipStatus: fc.integer({ min: 300, max: 699 }),
            },
            { requiredKeys: ['cause', 'by'] },
          ),
          rang: fc.boolean(),
          progressed: fc.boolean(),
          answered: fc.boolean(),
          ringTimedOut: fc.boolean(),
        }),
        (ended) => {
          const found = classifyEnding(ended as DialEnding);
          expect(OUTCOMES).toContain(found.outcome);
          if (!found.isFinal) expect(['congestion', 'failed']).toContain(found.outcome);
          if (ended.answered) expect(found).toMatchObject({ outcome: 'answered', isFinal: true });
          if (ended.ending.by === 'us' && !ended.ringTimedOut) expect(found.isFinal).toBe(true);
        },
      ),
    );
  });
});
