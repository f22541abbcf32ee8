import { seededRandom } from '@qianhu/switch';

import type { Character, Voice } from './character.ts';

/** One act of a callee, `afterMs` after the one before it (the first: after the INVITE). */
export type PlanStep = { readonly afterMs: number } & (
  | { readonly do: 'ring' }
  /** 183 with media; the sound is heard before the answer. */
  | { readonly do: 'announce'; readonly sound: string }
  | { readonly do: 'answer' }
  /** Names a file of the assets, without its ending. */
  | { readonly do: 'say'; readonly sound: string }
  /** A steady tone until the end or the next sound. */
  | { readonly do: 'tone'; readonly hz: number }
  | { readonly do: 'press'; readonly digits: string }
  | { readonly do: 'refuse'; readonly sipStatus: 404 | 480 | 486 | 503 | 603 }
  | { readonly do: 'hangUp' }
  /** Lets time pass. */
  | { readonly do: 'wait' }
);

/** How long each sound of the assets lasts, milliseconds; unknown ones count as 2 s. */
export type SoundLengths = (sound: string) => number | undefined;

const PHRASES = ['who', 'yes', 'ok', 'no', 'when', 'price'] as const;

/**
 * What a character does, step by step. Pure.
 * @param seed Makes two talkers of the same length say different things.
 */
export const planOf = (character: Character, lengthMs: SoundLengths, seed: number): readonly PlanStep[] => {
  const msOf = (sound: string): number => lengthMs(sound) ?? 2000;
  switch (character.kind) {
    case 'talks':
      return [
        ...(character.colorRing === true
          ? ([{ afterMs: character.ringAfterMs, do: 'announce', sound: 'color-ring' }] as const)
          : ([{ afterMs: character.ringAfterMs, do: 'ring' }] as const)),
        { afterMs: character.answerAfterMs - character.ringAfterMs, do: 'answer' },
        ...talk(character.talkMs, character.voice, msOf, seed),
        { afterMs: 0, do: 'hangUp' },
      ];
    case 'pressesKeys': {
      const { talkMs, pressAfterMs, voice, digits } = character;
      return [
        { afterMs: character.ringAfterMs, do: 'ring' },
        { afterMs: character.answerAfterMs - character.ringAfterMs, do: 'answer' },
        { afterMs: 300, do: 'say', sound: `people/${voice}-hello` },
        { afterMs: Math.max(0, pressAfterMs - 300), do: 'press', digits },
        { afterMs: Math.max(0, talkMs - pressAfterMs), do: 'hangUp' },
      ];
    }
    case 'silent':
      return [
        { afterMs: character.ringAfterMs, do: 'ring' },
        { afterMs: character.answerAfterMs - character.ringAfterMs, do: 'answer' },
        { afterMs: character.talkMs, do: 'hangUp' },
      ];
    case 'tone':
      return [
        { afterMs: character.ringAfterMs, do: 'ring' },
        { afterMs: character.answerAfterMs - character.ringAfterMs, do: 'answer' },
        { afterMs: 0, do: 'tone', hz: character.hz },
        { afterMs: character.talkMs, do: 'hangUp' },
      ];
    case 'hangsUpAtOnce':
      return [
        { afterMs: character.ringAfterMs, do: 'ring' },
        { afterMs: character.answerAfterMs - character.ringAfterMs, do: 'answer' },
        { afterMs: character.holdMs, do: 'hangUp' },
      ];
    case 'ringsOut':
      return [{ afterMs: character.ringAfterMs, do: 'ring' }];
    case 'busy':
      return [{ afterMs: character.afterMs, do: 'refuse', sipStatus: 486 }];
    case 'declines':
      return [
        { afterMs: character.ringAfterMs, do: 'ring' },
        { afterMs: Math.max(0, character.afterMs - character.ringAfterMs), do: 'refuse', sipStatus: 603 },
      ];
    case 'invalidNumber':
      return character.isAnnounced
        ? announced('carrier/invalid-number', character.afterMs, msOf)
        : [{ afterMs: character.afterMs, do: 'refuse', sipStatus: 404 }];
    case 'poweredOff':
      return announced('carrier/powered-off', character.afterMs, msOf);
    case 'suspended':
      return announced('carrier/suspended', character.afterMs, msOf);
    case 'unreachable':
      return announced('carrier/unreachable', character.afterMs, msOf);
    case 'inACall':
      return announced('carrier/in-a-call', character.afterMs, msOf);
    case 'congestion':
      return [{ afterMs: character.afterMs, do: 'refuse', sipStatus: 503 }];
    case 'voicemail':
      return [
        { afterMs: character.ringAfterMs, do: 'ring' },
        { afterMs: character.answerAfterMs - character.ringAfterMs, do: 'answer' },
        { afterMs: 400, do: 'say', sound: 'voicemail-greeting' },
        { afterMs: msOf('voicemail-greeting') + 300, do: 'say', sound: 'voicemail-beep' },
        { afterMs: msOf('voicemail-beep') + character.recordMs, do: 'hangUp' },
      ];
    case 'fax':
      return [
        { afterMs: character.ringAfterMs, do: 'ring' },
        { afterMs: character.answerAfterMs - character.ringAfterMs, do: 'answer' },
        { afterMs: 0, do: 'say', sound: 'fax' },
        // The called terminal repeats its signals for about 35 s (T.30 timer T1).
        ...Array.from({ length: 5 }, () => ({ afterMs: msOf('fax'), do: 'say', sound: 'fax' }) as const),
        { afterMs: msOf('fax'), do: 'hangUp' },
      ];
    case 'noReply':
      return [];
  }
};

/** Heard twice, as carriers do, and then a vague status. */
const announced = (sound: string, afterMs: number, msOf: (sound: string) => number): readonly PlanStep[] => [
  { afterMs: Math.min(afterMs, 1000), do: 'announce', sound },
  { afterMs: msOf(sound) + 400, do: 'announce', sound },
  { afterMs: msOf(sound) + 200, do: 'refuse', sipStatus: 480 },
];

/** Hello, then a phrase every few seconds; the last step comes when the talk is over. */
const talk = (talkMs: number, voice: Voice, msOf: (sound: string) => number, seed: number): readonly PlanStep[] => {
  const random = seededRandom(seed);
  const steps: PlanStep[] = [];
  let pauseMs = Math.min(300, talkMs);
  let leftMs = talkMs;
  let sound = `people/${voice}-hello`;
  while (pauseMs < leftMs) {
    steps.push({ afterMs: pauseMs, do: 'say', sound });
    leftMs -= pauseMs;
    pauseMs = msOf(sound) + 2000 + Math.round(4000 * random());
    sound = `people/${voice}-${PHRASES[Math.floor(random() * PHRASES.length)] ?? 'yes'}`;
  }
  return [...steps, { afterMs: leftMs, do: 'wait' }];
};
