import { z } from 'zod';

import { VOICES, type Character } from './character.ts';
import { characterOf, type Population } from './population.ts';

const ms = z.number().int().min(0).max(86_400_000);
const answerMs = { ringAfterMs: ms.default(300), answerAfterMs: ms };
const voice = z.enum(VOICES).default('a');

/** A character as written by people: what is left out has a default. */
const characterSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('talks'),
    ...answerMs,
    talkMs: ms.default(60_000),
    voice,
    colorRing: z.boolean().optional(),
  }),
  z.object({ kind: z.literal('silent'), ...answerMs, talkMs: ms.default(60_000) }),
  z.object({ kind: z.literal('hangsUpAtOnce'), ...answerMs, holdMs: ms.default(500) }),
  z.object({
    kind: z.literal('pressesKeys'),
    ...answerMs,
    talkMs: ms.default(60_000),
    voice,
    digits: z.string().regex(/^[0-9A-D*#]+$/),
    pressAfterMs: ms.default(2000),
  }),
  z.object({ kind: z.literal('ringsOut'), ringAfterMs: ms.default(300) }),
  z.object({ kind: z.literal('busy'), afterMs: ms.default(300) }),
  z.object({ kind: z.literal('declines'), ringAfterMs: ms.default(300), afterMs: ms.default(4000) }),
  z.object({ kind: z.literal('invalidNumber'), afterMs: ms.default(300), isAnnounced: z.boolean().default(false) }),
  z.object({ kind: z.enum(['poweredOff', 'suspended', 'unreachable', 'inACall']), afterMs: ms.default(500) }),
  z.object({ kind: z.literal('congestion'), afterMs: ms.default(300) }),
  z.object({ kind: z.literal('voicemail'), ...answerMs, recordMs: ms.default(30_000) }),
  z.object({
    kind: z.literal('tone'),
    ...answerMs,
    talkMs: ms.default(60_000),
    hz: z.number().int().min(50).max(3900).default(700),
  }),
  z.object({ kind: z.literal('fax'), ...answerMs }),
  z.object({ kind: z.literal('noReply') }),
]);

const spread = z.object({ meanMs: ms, sdMs: ms });
const share = z.number().min(0);

const populationSchema = z.object({
  seed: z.number().int(),
  answerRate: z.number().min(0).max(1),
  answerAfter: spread.extend({ minMs: ms }),
  talk: spread,
  people: z.object({ hangsUpAtOnce: share, silent: share, pressesKeys: share }).partial(),
  others: z
    .object({
      ringsOut: share,
      voicemail: share,
      busy: share,
      declines: share,
      invalidNumber: share,
      poweredOff: share,
      suspended: share,
      unreachable: share,
      inACall: share,
      congestion: share,
      fax: share,
    })
    .partial(),
  announced: z.number().min(0).max(1),
  colorRing: z.number().min(0).max(1),
});

/** A population's settings with anything left out: `{ answerRate: 1 }`. */
export const populationPatchSchema = populationSchema.partial();
export type PopulationPatch = z.infer<typeof populationPatchSchema>;

/**
 * A rule for numbers. `prefix`: those that begin so; `from` and `to`: those of that length between them (both included);
 * `numbers`: just those; nothing: all. Then either one character for each call, or other settings of the population.
 */
export const ruleSchema = z
  .object({
    prefix: z.string().min(1).optional(),
    from: z.string().regex(/^\d+$/).optional(),
    to: z.string().regex(/^\d+$/).optional(),
    numbers: z.array(z.string()).optional(),
    character: characterSchema.optional(),
    population: populationPatchSchema.optional(),
  })
  .refine((rule) => (rule.character === undefined) !== (rule.population === undefined), {
    message: 'A rule has either a character or a population.',
  })
  .refine((rule) => (rule.from === undefined) === (rule.to === undefined) && rule.from?.length === rule.to?.length, {
    message: 'from and to come together and have the same length.',
  });

export type Rule = z.infer<typeof ruleSchema>;
/** A rule as people write it, before defaults. */
export type RuleInput = z.input<typeof ruleSchema>;

/** Whether a rule speaks of a number. */
export const ruleMatches = (rule: Rule, number: string): boolean => {
  if (rule.numbers !== undefined && !rule.numbers.includes(number)) return false;
  if (rule.prefix !== undefined && !number.startsWith(rule.prefix)) return false;
  if (rule.from === undefined || rule.to === undefined) return true;
  // Text of one length and of digits only compares as its number does.
  return number.length === rule.from.length && number >= rule.from && number <= rule.to && /^\d+$/.test(number);
};

/** Lays settings over a population; shares of a group are replaced one by one. */
export const patched = (population: Population, patch: PopulationPatch): Population => {
  const defined = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  return {
    ...population,
    ...(defined as Partial<Population>),
    people: { ...population.people, ...withoutUndefined(patch.people) },
    others: { ...population.others, ...withoutUndefined(patch.others) },
  };
};

const withoutUndefined = <T extends object>(value: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value ?? {}).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** Who answers, by the first rule that matches, else by the population. Pure. */
export const castCall = (
  population: Population,
  rules: readonly Rule[],
  number: string,
  attempt: number,
): Character => {
  const rule = rules.find((each) => ruleMatches(each, number));
  if (rule?.character !== undefined) return tidy(rule.character);
  if (rule?.population !== undefined) return characterOf(patched(population, rule.population), number, attempt);
  return characterOf(population, number, attempt);
};

/** An answer never comes before its ringing. */
const tidy = (character: NonNullable<Rule['character']>): Character => {
  const plain = withoutUndefined(character) as Character;
  return 'answerAfterMs' in plain ? { ...plain, ringAfterMs: Math.min(plain.ringAfterMs, plain.answerAfterMs) } : plain;
};
