import { expect } from 'vitest';
import { TONE_NUMBERS } from './house.ts';
import { MICROPHONE_HZ } from './people.ts';
import { toneIn } from './tones.ts';

/** Most of what is heard is this side's tone, it is heard often, and the other side's is not. */
export const expectTone = (samples: readonly number[], rate: number, hz: number, where: string): void => {
  const { heard, pure } = toneIn(samples, rate, hz);
  const other = hz === MICROPHONE_HZ ? TONE_NUMBERS.hz : MICROPHONE_HZ;
  expect.soft(toneIn(samples, rate, other).pure, `share of ${other} Hz in what is heard ${where}`).toBeLessThan(0.02);
  expect.soft(heard, `how often anything is heard ${where}`).toBeGreaterThan(0.25);
  expect.soft(pure, `share of ${hz} Hz in what is heard ${where}`).toBeGreaterThan(0.7);
};
