import { seededRandom, type Random } from '@qianhu/switch';

import { VOICES, type Character } from './character.ts';

/** A lognormal length, by its own mean and standard deviation. */
type Spread = { readonly meanMs: number; readonly sdMs: number };

/**
 * A world of callees. Defaults are those of the pacing benchmark (shares seen in call logs there are its sources): a person
 * answers 3 s plus a lognormal of 8 ± 4 s after the dial, talks 120 ± 120 s; of the calls that no person answers 10 % fail
 * within 2–5 s, 30 % reach voicemail after 18–22 s, 60 % ring out.
 */
export type Population = {
  /** Another seed is another town. */
  readonly seed: number;
  /** Chance per call that a person answers, among numbers that can be reached. */
  readonly answerRate: number;
  readonly answerAfter: Spread & { readonly minMs: number };
  readonly talk: Spread;
  /** Shares among the people who answer; the rest talks. */
  readonly people: {
    readonly hangsUpAtOnce: number;
    readonly silent: number;
    readonly pressesKeys: number;
  };
  /** Shares of what happens when no person answers; any scale. */
  readonly others: {
    readonly ringsOut: number;
    readonly voicemail: number;
    readonly busy: number;
    readonly declines: number;
    readonly invalidNumber: number;
    readonly poweredOff: number;
    readonly suspended: number;
    readonly unreachable: number;
    readonly inACall: number;
    readonly congestion: number;
    readonly fax: number;
  };
  /** Share of invalid numbers that are told by announcement and a vague status instead of 404. */
  readonly announced: number;
  /** Share of talkers with music instead of a ringing tone. */
  readonly colorRing: number;
};

export const DEFAULT_POPULATION: Population = {
  seed: 1,
  answerRate: 0.25,
  answerAfter: { minMs: 3000, meanMs: 8000, sdMs: 4000 },
  talk: { meanMs: 120_000, sdMs: 120_000 },
  people: { hangsUpAtOnce: 0.06, silent: 0.04, pressesKeys: 0.03 },
  others: {
    ringsOut: 60,
    voicemail: 30,
    busy: 2.5,
    declines: 1.5,
    invalidNumber: 1.5,
    poweredOff: 1.5,
    suspended: 0.8,
    unreachable: 0.7,
    inACall: 0.8,
    congestion: 0.4,
    fax: 0.3,
  },
  announced: 0.6,
  colorRing: 0.15,
};

/** What belongs to the number and not to the moment: called again, it is the same. */
const LASTING = ['invalidNumber', 'suspended', 'fax'] as const;

/**
 * Who answers the `attempt`-th call (from 0) to a number. Pure: the same population, number and attempt give the same
 * character on every machine. A number that is invalid, suspended or a fax stays so; all else is drawn per call.
 */
export const characterOf = (population: Population, number: string, attempt = 0): Character => {
  const { others } = population;
  const total = Object.values(others).reduce((sum, share) => sum + share, 0);
  const forNumber = randomOf(population.seed, number, 'number');
  const lasting = draw(forNumber(), (1 - population.answerRate) / Math.max(total, Number.MIN_VALUE), [
    ...LASTING.map((kind) => [kind, others[kind]] as const),
  ]);
  const random = randomOf(population.seed, number, `call ${attempt}`);
  if (lasting !== undefined) return other(lasting, population, random);

  // Those that last are already out, so the rest shares what is left of the chances.
  const out = ((1 - population.answerRate) * LASTING.reduce((sum, kind) => sum + others[kind], 0)) / (total || 1);
  if (random() < population.answerRate / Math.max(1 - out, Number.MIN_VALUE)) return person(population, random);
  const rest = Object.entries(others).filter(([kind]) => !LASTING.some((each) => each === kind)) as [
    Exclude<keyof Population['others'], (typeof LASTING)[number]>,
    number,
  ][];
  const restTotal = rest.reduce((sum, [, share]) => sum + share, 0);
  return other(draw(random(), 1 / (restTotal || 1), rest) ?? 'ringsOut', population, random);
};

const person = (population: Population, random: Random): Character => {
  const ringAfterMs = Math.round(300 + 900 * random());
  const { minMs } = population.answerAfter;
  const answerAfterMs = Math.max(ringAfterMs, Math.round(minMs + lognormal(population.answerAfter, random)));
  const talkMs = Math.round(lognormal(population.talk, random));
  const voice = VOICES[Math.floor(random() * VOICES.length)] ?? 'a';
  const kind = draw(random(), 1, Object.entries(population.people) as [keyof Population['people'], number][]);
  switch (kind) {
    case 'hangsUpAtOnce':
      return { kind, ringAfterMs, answerAfterMs, holdMs: Math.round(200 + 1300 * random()) };
    case 'silent':
      return { kind, ringAfterMs, answerAfterMs, talkMs };
    case 'pressesKeys': {
      const digits = String(Math.floor(random() * 10));
      return {
        kind,
        ringAfterMs,
        answerAfterMs,
        talkMs,
        voice,
        digits,
        pressAfterMs: Math.round(2000 + 3000 * random()),
      };
    }
    case undefined: {
      const colorRing = random() < population.colorRing;
      return { kind: 'talks', ringAfterMs, answerAfterMs, talkMs, voice, ...(colorRing ? { colorRing } : {}) };
    }
  }
};

const other = (kind: keyof Population['others'], population: Population, random: Random): Character => {
  const ringAfterMs = Math.round(300 + 900 * random());
  // "Fails in 2–5 s."
  const afterMs = Math.round(2000 + 3000 * random());
  switch (kind) {
    case 'ringsOut':
      return { kind, ringAfterMs };
    case 'voicemail':
      return {
        kind,
        ringAfterMs,
        answerAfterMs: Math.round(18_000 + 4000 * random()),
        recordMs: Math.round(20_000 + 40_000 * random()),
      };
    case 'declines':
      return { kind, ringAfterMs, afterMs: afterMs + 2000 };
    case 'invalidNumber':
      return { kind, afterMs, isAnnounced: random() < population.announced };
    case 'fax':
      return { kind, ringAfterMs, answerAfterMs: afterMs + 3000 };
    case 'busy':
    case 'congestion':
    case 'poweredOff':
    case 'suspended':
    case 'unreachable':
    case 'inACall':
      return { kind, afterMs };
  }
};

/** Picks by `at` in [0, 1) along the shares (times `scale`); undefined beyond their sum. */
const draw = <K extends string>(
  at: number,
  scale: number,
  shares: readonly (readonly [K, number])[],
): K | undefined => {
  let below = 0;
  for (const [kind, share] of shares) {
    below += share * scale;
    if (at < below) return kind;
  }
  return undefined;
};

/** Lognormal by its own mean and deviation: sigma² = ln(1 + sd²/mean²), mu = ln(mean) - sigma²/2. */
const lognormal = ({ meanMs, sdMs }: Spread, random: Random): number => {
  if (meanMs <= 0) return 0;
  const variance = Math.log(1 + (sdMs / meanMs) ** 2);
  // Box–Muller; 1 - u keeps the logarithm finite.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(Math.log(meanMs) - variance / 2 + Math.sqrt(variance) * normal);
};

/** A stream of its own for each purpose, so that a new draw in one place moves nothing elsewhere. */
const randomOf = (seed: number, number: string, purpose: string): Random =>
  seededRandom(fnv1a(`${seed}\0${number}\0${purpose}`));

/** FNV-1a, 32 bits, with a final mix (numbers of a list differ in their last digits only). */
const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
