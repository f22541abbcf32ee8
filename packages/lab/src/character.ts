/** Which of the recorded voices speaks. */
export const VOICES = ['a', 'b', 'c'] as const;
export type Voice = (typeof VOICES)[number];

/**
 * How one call to a number goes. Times are milliseconds: `ringAfterMs` and `afterMs` from the INVITE, `answerAfterMs` from
 * the INVITE too, all others from the answer.
 */
export type Character =
  /** Answers, says hello, talks until it has had enough. */
  | {
      readonly kind: 'talks';
      readonly ringAfterMs: number;
      readonly answerAfterMs: number;
      readonly talkMs: number;
      readonly voice: Voice;
      /** Music instead of a ringing tone before the answer (彩铃: 183 with media). */
      readonly colorRing?: boolean;
    }
  /** Answers and says nothing. */
  | {
      readonly kind: 'silent';
      readonly ringAfterMs: number;
      readonly answerAfterMs: number;
      readonly talkMs: number;
    }
  /** Answers and hangs up. */
  | {
      readonly kind: 'hangsUpAtOnce';
      readonly ringAfterMs: number;
      readonly answerAfterMs: number;
      readonly holdMs: number;
    }
  /** Answers, speaks, presses keys, goes on. */
  | {
      readonly kind: 'pressesKeys';
      readonly ringAfterMs: number;
      readonly answerAfterMs: number;
      readonly talkMs: number;
      readonly voice: Voice;
      readonly digits: string;
      readonly pressAfterMs: number;
    }
  /** Rings until the caller gives up. */
  | { readonly kind: 'ringsOut'; readonly ringAfterMs: number }
  /** 486. */
  | { readonly kind: 'busy'; readonly afterMs: number }
  /** Rings, then 603. */
  | { readonly kind: 'declines'; readonly ringAfterMs: number; readonly afterMs: number }
  /** 404, or the Chinese way: 183 with a spoken announcement, then 480. */
  | { readonly kind: 'invalidNumber'; readonly afterMs: number; readonly isAnnounced: boolean }
  /** 183 with the announcement, then 480. */
  | {
      readonly kind: 'poweredOff' | 'suspended' | 'unreachable' | 'inACall';
      readonly afterMs: number;
    }
  /** 503. */
  | { readonly kind: 'congestion'; readonly afterMs: number }
  /** Greeting, beep, then it listens until `recordMs` after the beep. */
  | {
      readonly kind: 'voicemail';
      readonly ringAfterMs: number;
      readonly answerAfterMs: number;
      readonly recordMs: number;
    }
  /** Answers and gives one steady tone, so that another's ear can be measured. */
  | {
      readonly kind: 'tone';
      readonly ringAfterMs: number;
      readonly answerAfterMs: number;
      readonly talkMs: number;
      readonly hz: number;
    }
  /** Answers with the fax tone (2100 Hz). */
  | { readonly kind: 'fax'; readonly ringAfterMs: number; readonly answerAfterMs: number }
  /** Never replies to the INVITE. */
  | { readonly kind: 'noReply' };

export type CharacterKind = Character['kind'];

/** Kinds in which a person (not a machine) answers. */
export const PEOPLE: readonly CharacterKind[] = ['talks', 'silent', 'hangsUpAtOnce', 'pressesKeys'];
