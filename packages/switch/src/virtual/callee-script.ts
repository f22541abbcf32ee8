/** One thing a far end does. */
export type CalleeAct =
  /** 180 Ringing. */
  | { readonly do: 'ring' }
  /** 183 with media; `says` names what is heard before the answer (an announcement, a ring tune). */
  | { readonly do: 'progress'; readonly says?: string }
  /** 200 OK (an outgoing leg); a caller's leg is answered by us. */
  | { readonly do: 'answer' }
  /** A final refusal before the answer. */
  | { readonly do: 'reject'; readonly sipStatus: number; readonly cause?: number }
  /** Hangs up: BYE after the answer, CANCEL of an incoming call before it. */
  | { readonly do: 'hangUp'; readonly cause?: number }
  /** Presses keys, one every `gapMs` (default 250). */
  | { readonly do: 'press'; readonly digits: string; readonly gapMs?: number; readonly durationMs?: number }
  /** What the far end says from now on (a name for `audibleTo`); undefined = it falls silent. */
  | { readonly do: 'say'; readonly says: string | undefined }
  /** Pauses the script until the leg is answered (for callers). */
  | { readonly do: 'waitForAnswer' }
  /** Its power or network goes: no more RTP, no BYE. The switch notices by its RTP time-out. */
  | { readonly do: 'vanish' };

/** An act and how long after the one before it comes (milliseconds). */
export type CalleeStep = { readonly afterMs: number } & CalleeAct;

/**
 * What a far end does with one call. After the last step it stays as it is. Scripts are plain shared data: thousands of
 * legs may run the same one.
 */
export type CalleeScript = {
  readonly steps: readonly CalleeStep[];
  /** `answer`: a 200 that crosses our CANCEL on the wire; the leg is answered and ended in the same breath. Default `end`. */
  readonly onCancel?: 'end' | 'answer';
};

export type AnswersOptions = {
  /** From the dial to 180; default 500. */
  readonly ringAfterMs?: number;
  /** From the dial to 200. */
  readonly answerAfterMs: number;
  /** From 200 to their BYE; absent: they stay. */
  readonly talkMs?: number;
  /** Keys pressed `afterMs` after the answer. */
  readonly press?: { readonly digits: string; readonly afterMs: number };
  readonly says?: string;
};

/** Rings, answers, talks, hangs up. */
export const answers = (options: AnswersOptions): CalleeScript => {
  const ringAfterMs = Math.min(options.ringAfterMs ?? 500, options.answerAfterMs);
  const steps: CalleeStep[] = [
    { afterMs: ringAfterMs, do: 'ring' },
    { afterMs: options.answerAfterMs - ringAfterMs, do: 'answer' },
  ];
  if (options.says !== undefined) steps.push({ afterMs: 0, do: 'say', says: options.says });
  if (options.press !== undefined)
    steps.push({ afterMs: options.press.afterMs, do: 'press', digits: options.press.digits });
  if (options.talkMs !== undefined)
    steps.push({ afterMs: Math.max(0, options.talkMs - (options.press?.afterMs ?? 0)), do: 'hangUp' });
  return { steps };
};

/** Rings for ever (the ring time-out ends it). */
export const ringsOut = (ringAfterMs = 500): CalleeScript => ({ steps: [{ afterMs: ringAfterMs, do: 'ring' }] });

/** Ends with a final status; `ringMs` of ringing before it when given. */
export const rejects = (sipStatus: number, afterMs = 300, ringMs?: number): CalleeScript =>
  ringMs === undefined
    ? { steps: [{ afterMs, do: 'reject', sipStatus }] }
    : {
        steps: [
          { afterMs, do: 'ring' },
          { afterMs: ringMs, do: 'reject', sipStatus },
        ],
      };

export const busy = (afterMs = 300): CalleeScript => rejects(486, afterMs);
export const declines = (afterMs = 4000): CalleeScript => rejects(603, 500, afterMs);
export const invalidNumber = (afterMs = 300): CalleeScript => rejects(404, afterMs);
export const congested = (afterMs = 300): CalleeScript => rejects(503, afterMs);

/** The Chinese way to say that a number can't be reached: a spoken announcement in early media, then a vague status. */
export const announces = (says: string, announcementMs: number, sipStatus = 480, afterMs = 800): CalleeScript => ({
  steps: [
    { afterMs, do: 'progress', says },
    { afterMs: announcementMs, do: 'reject', sipStatus },
  ],
});

/** Never answers the INVITE at all. */
export const deadAir: CalleeScript = { steps: [] };

/** An agent's phone that answers by itself and stays. */
export const autoAnswers = (afterMs = 200): CalleeScript => ({ steps: [{ afterMs, do: 'answer' }] });
