import fc from 'fast-check';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

import type { Character } from './character.ts';
import { planOf, type PlanStep } from './plan.ts';
import { characterOf, DEFAULT_POPULATION } from './population.ts';
import { wavLengths } from './wav-length.ts';

const assets = join(dirname(fileURLToPath(import.meta.url)), '..', 'assets');
const lengths = wavLengths(assets);
const plan = (character: Character, seed = 1): readonly PlanStep[] =>
  planOf(character, (sound) => lengths.get(sound), seed);
const atMs = (steps: readonly PlanStep[], wanted: PlanStep['do']): number => {
  let ms = 0;
  for (const step of steps) {
    ms += step.afterMs;
    if (step.do === wanted) return ms;
  }
  return Number.NaN;
};

test('a talker rings, answers, speaks and hangs up when the talk is over', () => {
  const steps = plan({ kind: 'talks', ringAfterMs: 500, answerAfterMs: 6000, talkMs: 60_000, voice: 'b' });
  expect(steps.slice(0, 3)).toMatchObject([{ do: 'ring' }, { do: 'answer' }, { do: 'say', sound: 'people/b-hello' }]);
  expect(atMs(steps, 'answer')).toBe(6000);
  expect(atMs(steps, 'hangUp')).toBe(66_000);
  expect(steps.filter((step) => step.do === 'say').length).toBeGreaterThan(5);
});

test('whoever can be met: steps go forward, what is answered or refused comes last, and every sound exists', () => {
  fc.assert(
    fc.property(fc.integer({ min: 13_000_000_000, max: 19_999_999_999 }), fc.nat({ max: 5 }), (number, attempt) => {
      const character = characterOf(DEFAULT_POPULATION, String(number), attempt);
      const steps = plan(character, attempt);
      for (const step of steps) {
        expect(step.afterMs).toBeGreaterThanOrEqual(0);
        if (step.do === 'say' || step.do === 'announce')
          expect(existsSync(join(assets, `${step.sound}.wav`))).toBe(true);
      }
      const last = steps.at(-1)?.do;
      expect(['ring', 'refuse', 'hangUp']).toContain(last);
      if (last === 'refuse') expect(steps.some((step) => step.do === 'answer')).toBe(false);
      if (last === 'hangUp') expect(atMs(steps, 'answer')).toBe((character as { answerAfterMs: number }).answerAfterMs);
    }),
    { numRuns: 500 },
  );
});

test('an announcement is heard twice before the vague status', () => {
  const steps = plan({ kind: 'poweredOff', afterMs: 800 });
  expect(steps.map((step) => step.do)).toEqual(['announce', 'announce', 'refuse']);
  expect(steps.at(-1)).toMatchObject({ sipStatus: 480 });
  expect(atMs(steps, 'refuse')).toBeGreaterThan(2 * (lengths.get('carrier/powered-off') ?? 0));
});

test('voicemail greets, beeps, and listens', () => {
  const steps = plan({ kind: 'voicemail', ringAfterMs: 300, answerAfterMs: 18_000, recordMs: 10_000 });
  expect(steps.map((step) => ('sound' in step ? step.sound : step.do))).toEqual([
    'ring',
    'answer',
    'voicemail-greeting',
    'voicemail-beep',
    'hangUp',
  ]);
});
