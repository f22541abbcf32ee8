import type { CountryCode } from '../compliance/rule-pack.ts';
import type { EpochMs, PhoneNumber, TrunkId } from '../ids.ts';

/** A number that may be shown, with its present use (counted from rows). */
export type CallerIdCandidate = {
  readonly number: PhoneNumber;
  readonly country: CountryCode;
  readonly areaCode?: string;
  readonly isEnabled: boolean;
  /** Trunks whose carrier has assigned it to us: a number is never shown through another. */
  readonly trunkIds: readonly TrunkId[];
  /** Dials that showed it on the present day of its own zone. */
  readonly dialsToday: number;
  /** Dials that showed it in the recent window by which use is spread, for example an hour. */
  readonly dialsInWindow: number;
  readonly concurrent: number;
  /** The number's own daily cap; the campaign's may be lower. */
  readonly maxPerDay?: number;
  /** Put to rest by a person or by `restDecision`. */
  readonly restsUntilMs?: EpochMs;
};

export type CallerIdQuestion = {
  readonly nowMs: EpochMs;
  readonly trunkId: TrunkId;
  readonly callee: { readonly country: CountryCode; readonly areaCode?: string };
  /** The campaign's numbers; others are passed over. */
  readonly allowed: readonly PhoneNumber[];
  readonly use: { readonly sameCityFirst: boolean; readonly maxPerDay: number; readonly maxConcurrent: number };
  readonly callerIds: readonly CallerIdCandidate[];
};

export type CallerIdObjection =
  'notInCampaign' | 'disabled' | 'notOnTrunk' | 'resting' | 'dailyCapReached' | 'tooManyAtOnce';

export type CallerIdChoice = {
  /** `null`: no number may be shown now, and so nothing is dialled. */
  readonly chosen: PhoneNumber | null;
  readonly because: 'sameCity' | 'leastUsed' | 'none';
  readonly passedOver: readonly { readonly number: PhoneNumber; readonly objections: readonly CallerIdObjection[] }[];
};

const objections = (candidate: CallerIdCandidate, question: CallerIdQuestion): readonly CallerIdObjection[] => {
  const found: CallerIdObjection[] = [];
  if (!question.allowed.includes(candidate.number)) found.push('notInCampaign');
  if (!candidate.isEnabled) found.push('disabled');
  if (!candidate.trunkIds.includes(question.trunkId)) found.push('notOnTrunk');
  if (candidate.restsUntilMs !== undefined && candidate.restsUntilMs > question.nowMs) found.push('resting');
  const maxPerDay = Math.min(candidate.maxPerDay ?? Infinity, question.use.maxPerDay);
  if (candidate.dialsToday >= maxPerDay) found.push('dailyCapReached');
  if (candidate.concurrent >= question.use.maxConcurrent) found.push('tooManyAtOnce');
  return found;
};

const isSameCity = (candidate: CallerIdCandidate, question: CallerIdQuestion): boolean =>
  candidate.country === question.callee.country &&
  candidate.areaCode !== undefined &&
  candidate.areaCode === question.callee.areaCode;

/**
 * Which number is shown: of the callee's own city first where the campaign wants it, then the one least used in the
 * recent window, then today, then by number. Only numbers that the trunk's carrier assigned to us: we never fake one.
 */
export const chooseCallerId = (question: CallerIdQuestion): CallerIdChoice => {
  const judged = question.callerIds.map((candidate) => ({ candidate, objections: objections(candidate, question) }));
  const free = judged.filter((one) => one.objections.length === 0).map((one) => one.candidate);
  const near = question.use.sameCityFirst ? free.filter((candidate) => isSameCity(candidate, question)) : [];
  const [chosen] = (near.length > 0 ? near : free).toSorted(
    (a, b) =>
      a.dialsInWindow - b.dialsInWindow ||
      a.dialsToday - b.dialsToday ||
      (a.number < b.number ? -1 : a.number > b.number ? 1 : 0),
  );
  return {
    chosen: chosen?.number ?? null,
    because: chosen === undefined ? 'none' : near.length > 0 ? 'sameCity' : 'leastUsed',
    passedOver: judged
      .filter((one) => one.objections.length > 0)
      .map((one) => ({ number: one.candidate.number, objections: one.objections })),
  };
};

/** Answers among the dials that showed a caller ID: of late, and as is usual for the same leads. */
export type CallerIdRecord = {
  readonly recentDials: number;
  readonly recentAnswers: number;
  readonly usualDials: number;
  readonly usualAnswers: number;
};

/** When a falling answer rate puts a number to rest. */
export type RestPolicy = {
  /** Share of the usual answer rate below which a number rests, for example 0.5. */
  readonly floor: number;
  /** Least recent dials before anything is concluded. */
  readonly minDials: number;
  readonly restMs: number;
};

export const defaultRestPolicy: RestPolicy = { floor: 0.5, minDials: 50, restMs: 3 * 86_400_000 };

/** Upper bound of a share by Wilson's score interval at z = 1.645 (one-sided 95 %; Wilson 1927). */
const wilsonUpper = (hits: number, trials: number): number => {
  const z = 1.645;
  const share = hits / trials;
  const centre = share + (z * z) / (2 * trials);
  const spread = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return (centre + spread) / (1 + (z * z) / trials);
};

/**
 * Whether a number should rest because fewer people answer it than usual: only when even the optimistic end of its recent
 * rate lies under the floor, so that a few unlucky calls put nothing to rest.
 */
export const restDecision = (record: CallerIdRecord, policy: RestPolicy): { readonly rests: boolean } => {
  if (record.recentDials < Math.max(1, policy.minDials) || record.usualDials <= 0) return { rests: false };
  const usualRate = record.usualAnswers / record.usualDials;
  return { rests: wilsonUpper(record.recentAnswers, record.recentDials) < usualRate * policy.floor };
};
