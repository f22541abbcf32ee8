import type { EpochMs } from '../../ids.ts';
import type { Pacer, PacingDecision, PacingEvent, PacingLimit, PacingView } from '../pacer.ts';
import type { Estimates, LevelMemory } from './estimates.ts';
import {
  PLAIN_PROBABILITY,
  agentFactor,
  closeCohorts,
  countDial,
  countHandle,
  countHuman,
  countMiss,
  countShed,
  initialEstimates,
} from './estimates.ts';
import type { Model, ModelBasis } from './model.ts';
import { ageRow, freeBy, modelOf } from './model.ts';
import type { PriceState } from './price.ts';
import { budgetOf, countPerson, movePrice, periodOf, predict, rollWindows } from './price.ts';
import { Risk } from './risk.ts';
import type { RiskPacerSettings } from './settings.ts';

/** Everything the pacer knows. JSON round-trips it. */
export type RiskPacerState = {
  readonly version: 1;
  readonly nowMs: EpochMs;
  readonly estimates: Estimates;
  readonly basis: ModelBasis;
  readonly pricing: PriceState;
  /** Lines that this pacer asked to hang up and whose end has not come yet. */
  readonly shedding: readonly string[];
};

const REFRESH_MS = 30_000;
const MEMORY: LevelMemory = { kind: 'dials', dials: 400 };

const basisOf = (estimates: Estimates, settings: RiskPacerSettings, atMs: EpochMs): ModelBasis => ({
  atMs,
  answerAges: estimates.answerAges,
  missAges: estimates.missAges,
  talk: estimates.talk,
  wrapUp: estimates.wrapUp,
  graceSec: settings.graceMs / 1000,
});

/** Level by which answer probabilities are multiplied. */
const levelOf = (estimates: Estimates): number => {
  const { humans, weight } = estimates;
  return humans / Math.max(1e-9, weight);
};

export const createRiskPacer = (settings: RiskPacerSettings): Pacer<RiskPacerState> => {
  const observe = (state: RiskPacerState, event: PacingEvent): RiskPacerState => {
    const { estimates } = state;
    switch (event.type) {
      case 'dialed':
        return { ...state, estimates: countDial(estimates, event.atMs, event.answerProbability) };
      case 'answered':
        return {
          ...state,
          estimates: event.human
            ? countHuman(estimates, event.atMs, event.dialedAtMs)
            : countMiss(estimates, event.atMs, event.dialedAtMs),
        };
      case 'notAnswered':
        if (state.shedding.includes(event.dialId)) {
          return { ...state, shedding: state.shedding.filter((id) => id !== event.dialId) };
        }
        return { ...state, estimates: countMiss(estimates, event.atMs, event.dialedAtMs) };
      case 'connected':
      case 'dropped': {
        const rolled = rollWindows(state.pricing.windows, settings.windows, event.atMs);
        return { ...state, pricing: countPerson({ ...state.pricing, windows: rolled }, event.type === 'dropped') };
      }
      case 'talkEnded':
        return { ...state, estimates: countHandle(estimates, 'talk', event.agentId, event.talkMs) };
      case 'wrapUpEnded':
        return { ...state, estimates: countHandle(estimates, 'wrapUp', event.agentId, event.wrapUpMs) };
    }
  };

  const decide = (
    before: RiskPacerState,
    view: PacingView,
  ): { readonly state: RiskPacerState; readonly decision: PacingDecision } => {
    const now = view.nowMs;
    const estimates = closeCohorts(before.estimates, now, settings.ringTimeoutMs, MEMORY);
    const basis = Math.abs(now - before.basis.atMs) >= REFRESH_MS ? basisOf(estimates, settings, now) : before.basis;
    const model = modelOf(basis);
    let pricing: PriceState = {
      ...before.pricing,
      windows: rollWindows(before.pricing.windows, settings.windows, now),
    };
    const level = levelOf(estimates);
    const closesSec = view.closesAtMs === undefined ? 4 * 3600 : (view.closesAtMs - now) / 1000;
    // People per second: agents' capacity at the occupancy that is likely.
    const rate = (0.75 * view.agents.length) / Math.max(5, model.handleSec);
    const budget = budgetOf(pricing, settings, Math.max(0, closesSec * rate));
    const { risk, spareNow } = load(view, model, estimates, level);
    let lines = 0;
    const cap = Math.min(view.linesAvailable, view.leadsAvailable);
    let price = pricing.price;
    let limitedBy: PacingLimit = 'enoughLines';
    let first = -1;
    if (closesSec < model.answerLateSec) limitedBy = 'windowClosed';
    else
      for (;;) {
        const marginal = risk.marginal();
        if (first < 0) first = marginal;
        const isFree = marginal <= 1e-9;
        if (!isFree && (budget.isGuarded || marginal > price)) {
          limitedBy = budget.isGuarded ? 'guard' : 'enoughLines';
          break;
        }
        if (lines >= cap) {
          limitedBy = view.linesAvailable <= view.leadsAvailable ? 'noLines' : 'noLeads';
          break;
        }
        if (lines > 2000) break;
        const p = Math.min(0.98, level * (view.nextLeads?.[lines] ?? PLAIN_PROBABILITY));
        price = movePrice(price, marginal, budget.target);
        pricing = predict(pricing, p * marginal);
        risk.add(model.answeredBy, p);
        lines++;
      }
    pricing = { ...pricing, price };
    let shedding = before.shedding;
    let next = estimates;
    const shed = [];
    if (settings.shedAfterMs !== undefined && lines === 0 && first > 3 * Math.max(price, 0.01)) {
      let oldest;
      for (const line of view.ringing) if (oldest === undefined || line.dialedAtMs < oldest.dialedAtMs) oldest = line;
      if (oldest !== undefined && now - oldest.dialedAtMs >= settings.shedAfterMs) {
        shed.push(oldest.dialId);
        shedding = [...shedding.slice(-50), oldest.dialId];
        const later = model.answersLater[ageRow((now - oldest.dialedAtMs) / 1000)]!;
        next = countShed(estimates, oldest.dialedAtMs, oldest.answerProbability ?? PLAIN_PROBABILITY, later);
      }
    }
    return {
      state: { version: 1, nowMs: now, estimates: next, basis, pricing, shedding },
      decision: {
        lines,
        shed,
        limitedBy,
        figures: {
          risk: Math.max(0, first),
          price,
          aim: budget.aim,
          target: budget.target,
          bias: budget.bias,
          budgetLeft: budget.left,
          answerRate: level * PLAIN_PROBABILITY,
          spare: spareNow,
        },
      },
    };
  };

  return {
    name: 'risk',
    initial: (nowMs) => {
      const estimates = initialEstimates(settings, nowMs);
      return {
        version: 1,
        nowMs,
        estimates,
        basis: basisOf(estimates, settings, nowMs),
        pricing: {
          price: 0.03,
          predicted: 0,
          realised: 0,
          windows: settings.windows.map((w) => ({ period: periodOf(w, nowMs), humans: 0, drops: 0 })),
        },
        shedding: [],
      };
    },
    observe,
    decide,
  };
};

/** Turns the view into probabilities at each node. */
const load = (
  view: PacingView,
  model: Model,
  estimates: Estimates,
  level: number,
): { readonly risk: Risk; readonly spareNow: number } => {
  const now = view.nowMs;
  const width = model.nodes.length;
  let busy = 0;
  for (const agent of view.agents) if (agent.state !== 'idle') busy++;
  const spare = model.nodes.map(() => -view.waiting.length);
  const completions = model.nodes.map(() => new Float64Array(busy));
  let j = 0;
  for (const agent of view.agents) {
    const leavesIn = agent.leavesAtMs === undefined ? Infinity : (agent.leavesAtMs - now) / 1000;
    if (agent.state === 'idle') {
      for (let k = 0; k < width; k++) if (model.nodes[k]! < leavesIn) spare[k] = spare[k]! + 1;
      continue;
    }
    const age = Math.max(0, (now - agent.sinceMs) / 1000);
    const factor = agentFactor(estimates, agent.agentId);
    const table = agent.state === 'wrapUp' ? model.freeFromWrapUp : model.freeFromTalk;
    for (let k = 0; k < width; k++) {
      completions[k]![j] = model.nodes[k]! < leavesIn ? freeBy(table, width, age, factor, k) : 0;
    }
    j++;
  }
  const answers = model.nodes.map(() => new Float64Array(view.ringing.length));
  for (let i = 0; i < view.ringing.length; i++) {
    const line = view.ringing[i]!;
    const row = ageRow((now - line.dialedAtMs) / 1000);
    const p = Math.min(0.98, level * (line.answerProbability ?? PLAIN_PROBABILITY));
    const later = p * model.answersLater[row]!;
    const alive = later + (1 - p) * model.missesLater[row]!;
    if (alive <= 1e-12) continue;
    for (let k = 0; k < width; k++) answers[k]![i] = (p * model.answersWithin[row * width + k]!) / alive;
  }
  return { risk: new Risk(spare, answers, completions), spareNow: spare[0] ?? 0 };
};
