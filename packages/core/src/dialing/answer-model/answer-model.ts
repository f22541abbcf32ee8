import type { Feature, LeadFacts } from './features.ts';
import { featuresOf } from './features.ts';

/** Belief about one value's weight on the log-odds of an answer. */
type Weight = { readonly mean: number; readonly variance: number };

/** Everything the model has learned. Plain data. */
export type AnswerModel = {
  readonly version: 1;
  readonly bias: Weight;
  readonly weights: Readonly<Record<string, Readonly<Record<string, Weight>>>>;
  /** Second stage: log-odds are corrected to `shift + scale · x`. */
  readonly shift: Weight;
  readonly scale: Weight;
  readonly score: Score;
};

/** How well the model foretold each dial before it learned from it, against the plain rate so far. */
export type Score = {
  readonly dials: number;
  readonly answers: number;
  /** Sums of −log P(what came). */
  readonly logLoss: number;
  readonly plainLogLoss: number;
  /** Ten bins of foretold probability: dials, sum of probabilities, answers. */
  readonly bins: readonly { readonly dials: number; readonly foretold: number; readonly answers: number }[];
};

/** One reason of a probability: how many times the odds of an answer are multiplied by this value. */
export type Reason = { readonly feature: string; readonly value: string; readonly oddsFactor: number };

/** An answer probability (0–1) with its strongest reasons first. */
export type Explained = { readonly probability: number; readonly reasons: readonly Reason[] };

const PRIOR_VARIANCE = 0.25;
const LEAST_VARIANCE = 2e-4;

const logit = (p: number): number => Math.log(p / (1 - p));
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** A model that knows nothing but a first guess of the answer rate (0–1). */
export const initialAnswerModel = (answerRate: number): AnswerModel => ({
  version: 1,
  bias: { mean: logit(Math.min(0.95, Math.max(0.01, answerRate))), variance: 1 },
  weights: {},
  shift: { mean: 0, variance: 0.05 },
  scale: { mean: 1, variance: 0.02 },
  score: {
    dials: 0,
    answers: 0,
    logLoss: 0,
    plainLogLoss: 0,
    bins: Array.from({ length: 10 }, () => ({ dials: 0, foretold: 0, answers: 0 })),
  },
});

const UNKNOWN: Weight = { mean: 0, variance: PRIOR_VARIANCE };

/** Values are people's words (a list's name, a region): `valueOf` must not find what every object inherits. */
const weightOf = (model: AnswerModel, [feature, value]: Feature): Weight => {
  const known = model.weights[feature];
  return known !== undefined && Object.hasOwn(known, value) ? (known[value] ?? UNKNOWN) : UNKNOWN;
};

type Sum = { readonly mean: number; readonly variance: number };

const rawSum = (model: AnswerModel, features: readonly Feature[]): Sum => {
  let { mean, variance } = model.bias;
  for (const feature of features) {
    const weight = weightOf(model, feature);
    mean += weight.mean;
    variance += weight.variance;
  }
  return { mean, variance };
};

/** Log-odds shrunk by what is not known (MacKay 1992: σ(x / √(1 + πs²/8))). */
const moderated = ({ mean, variance }: Sum): number => mean / Math.sqrt(1 + (Math.PI * variance) / 8);

const calibrated = (model: AnswerModel, x: number): number => {
  const p = logistic(model.shift.mean + model.scale.mean * x);
  return Math.min(0.98, Math.max(0.002, p));
};

/** Probability (0–1) that a person answers a dial to this lead now. */
export const answerProbability = (model: AnswerModel, facts: LeadFacts): number =>
  calibrated(model, moderated(rawSum(model, featuresOf(facts))));

/**
 * What a pacer is told about a lead: `plain` (its own base, 0–1), more or less by how this lead compares with those dialled
 * of late, all seen by the model of this moment. The level of answers is the pacer's to know: a model that is still
 * learning moves all leads up and down together, and would make the pacer doubt a level that stands still.
 */
export const relativeOdds = (model: AnswerModel, recent: readonly LeadFacts[], plain: number): RelativeOdds => {
  const mean = recent.reduce((sum, facts) => sum + answerProbability(model, facts), 0) / Math.max(1, recent.length);
  return (facts) =>
    recent.length === 0 ? plain : Math.min(0.98, Math.max(0.002, (plain * answerProbability(model, facts)) / mean));
};

/** Gives the pacer's probability (0–1) of a lead. */
export type RelativeOdds = (facts: LeadFacts) => number;

/** The probability with its reasons, strongest first. */
export const explainAnswer = (model: AnswerModel, facts: LeadFacts): Explained => {
  const features = featuresOf(facts);
  const reasons = features
    .map((feature) => ({
      feature: feature[0],
      value: feature[1],
      oddsFactor: Math.exp(weightOf(model, feature).mean),
    }))
    .sort((a, b) => Math.abs(Math.log(b.oddsFactor)) - Math.abs(Math.log(a.oddsFactor)));
  return { probability: calibrated(model, moderated(rawSum(model, features))), reasons };
};

const loss = (p: number, answered: boolean): number => -Math.log(answered ? p : 1 - p);

const scored = (score: Score, p: number, answered: boolean): Score => {
  const plain = (score.answers + 1) / (score.dials + 4);
  const at = Math.min(9, Math.floor(p * 10));
  const y = answered ? 1 : 0;
  return {
    dials: score.dials + 1,
    answers: score.answers + y,
    logLoss: score.logLoss + loss(p, answered),
    plainLogLoss: score.plainLogLoss + loss(plain, answered),
    bins: score.bins.map((bin, i) =>
      i === at ? { dials: bin.dials + 1, foretold: bin.foretold + p, answers: bin.answers + y } : bin,
    ),
  };
};

/**
 * Learns from one finished dial. A Kalman step on log-odds with independent weights (assumed-density filtering, Opper 1998;
 * used for the same purpose by Graepel et al. 2010): each weight moves by its own uncertainty, so rare values learn fast
 * and common ones stay calm. Variances have a floor, so that the model keeps following what changes.
 */
export const learnAnswer = (model: AnswerModel, facts: LeadFacts, answered: boolean): AnswerModel => {
  const features = featuresOf(facts);
  const sum = rawSum(model, features);
  const x = moderated(sum);
  const y = answered ? 1 : 0;
  const p = logistic(x);
  const spread = p * (1 - p);
  const gain = 1 / (1 + spread * sum.variance);
  const learned = (weight: Weight): Weight => ({
    mean: weight.mean + weight.variance * gain * (y - p),
    variance: Math.max(LEAST_VARIANCE, weight.variance * (1 - weight.variance * spread * gain)),
  });
  const weights: Record<string, Readonly<Record<string, Weight>>> = { ...model.weights };
  for (const feature of features) {
    weights[feature[0]] = { ...weights[feature[0]], [feature[1]]: learned(weightOf(model, feature)) };
  }
  const foretold = calibrated(model, x);
  const slope = foretold * (1 - foretold);
  const calibrationGain = 1 / (1 + slope * (model.shift.variance + x * x * model.scale.variance));
  return {
    version: 1,
    bias: learned(model.bias),
    weights,
    shift: {
      mean: model.shift.mean + model.shift.variance * calibrationGain * (y - foretold),
      variance: Math.max(LEAST_VARIANCE, model.shift.variance * (1 - model.shift.variance * slope * calibrationGain)),
    },
    scale: {
      mean: Math.max(0.2, model.scale.mean + model.scale.variance * x * calibrationGain * (y - foretold)),
      variance: Math.max(
        LEAST_VARIANCE,
        model.scale.variance * (1 - model.scale.variance * x * x * slope * calibrationGain),
      ),
    },
    score: scored(model.score, foretold, answered),
  };
};

/** Quality of the model: mean log losses (nats per dial), and mean distance of foretold from real rates over bins. */
export const qualityOf = (
  score: Score,
): { readonly logLoss: number; readonly plainLogLoss: number; readonly calibrationError: number } => {
  const dials = Math.max(1, score.dials);
  const error = score.bins.reduce((sum, bin) => sum + Math.abs(bin.foretold - bin.answers), 0);
  return { logLoss: score.logLoss / dials, plainLogLoss: score.plainLogLoss / dials, calibrationError: error / dials };
};

/**
 * How good now is for calling this lead against its other allowed hours: the probability now divided by the mean over
 * `hours`. Leads are dialled in falling order of this, so that each is called at its own best time and not the easy ones
 * first.
 */
export const bestTimeScore = (model: AnswerModel, facts: LeadFacts, hours: readonly number[]): number => {
  if (hours.length === 0) return 1;
  const mean = hours.reduce((sum, hour) => sum + answerProbability(model, { ...facts, hour }), 0) / hours.length;
  return answerProbability(model, facts) / Math.max(1e-6, mean);
};
