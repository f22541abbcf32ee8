import type { EpochMs } from '../../ids.ts';
import type { Pacer, PacingDecision, PacingEvent, PacingLimit, PacingView } from '../pacer.ts';
import type { ClockJump } from './clock.ts';
import { byPresentClock, jumpBetween, keepJumps } from './clock.ts';
import type { Estimates } from './estimates.ts';
import {
  PLAIN_PROBABILITY,
  closeCohorts,
  countDial,
  countHandle,
  countHuman,
  countMiss,
  countShed,
  initialEstimates,
  isSilent,
  levelNow,
  shiftCohorts,
} from './estimates.ts';
import type { Model, ModelBasis } from './model.ts';
import { NODES, ageRow, classOf, freeRow, freeTable, linesTable, modelOf } from './model.ts';
import { levelOf } from './level.ts';
import type { PriceState, Tuning } from './price.ts';
import { bestTuning, budgetOf, countPerson, movePrice, periodOf, predict, rollWindows } from './price.ts';
import { Risk, RiskRoom } from './risk.ts';
import type { RiskPacerSettings } from './settings.ts';

/** Everything the pacer knows. JSON round-trips it. */
export type RiskPacerState = {
  readonly version: typeof VERSION;
  readonly nowMs: EpochMs;
  readonly estimates: Estimates;
  readonly basis: ModelBasis;
  readonly pricing: PriceState;
  /** The highest level of the answer rate of late; halves in an hour. Nothing is believed under a quarter of it. */
  readonly anchor: number;
  /** Jumps of the wall clock that stamps may still have to be corrected for. */
  readonly jumps: readonly ClockJump[];
  /** Lines that this pacer asked to hang up and whose end has not come yet. */
  readonly shedding: readonly string[];
};

const VERSION = 2;

/** A state as it was kept, if it is of the present shape; one of an older shape is begun anew. */
export const keptRiskPacer = (kept: unknown): RiskPacerState | undefined =>
  typeof kept === 'object' && kept !== null && 'version' in kept && kept.version === VERSION
    ? (kept as RiskPacerState)
    : undefined;

const REFRESH_MS = 60_000;

const basisOf = (estimates: Estimates, settings: RiskPacerSettings, atMs: EpochMs): ModelBasis => ({
  atMs,
  answerAges: estimates.answerAges,
  missAges: estimates.missAges,
  talk: estimates.talk,
  wrapUp: estimates.wrapUp,
  graceSec: settings.graceMs / 1000,
  paces: estimates.paces,
});

/**
 * Dials while the risk that a person who answers finds nobody is below a price, the price being steered by what the legal
 * windows still allow. `docs/pacing.md` has the model. `tuning` is for experiments.
 */
export const createRiskPacer = (settings: RiskPacerSettings, tuning: Tuning = bestTuning): Pacer<RiskPacerState> => {
  const steady = Math.min(...settings.windows.map((window) => window.limit * settings.aim));
  const room: Room = { tables: new RiskRoom(), spare: new Float64Array(NODES), partly: new Float64Array(NODES) };

  const observe = (state: RiskPacerState, event: PacingEvent): RiskPacerState => {
    const { estimates } = state;
    switch (event.type) {
      case 'dialed':
        return { ...state, estimates: countDial(estimates, event.atMs, event.answerProbability) };
      case 'answered':
        return {
          ...state,
          estimates: event.human
            ? countHuman(estimates, event.atMs, byPresentClock(event.dialedAtMs, state.jumps, event.atMs))
            : countMiss(estimates, event.atMs, byPresentClock(event.dialedAtMs, state.jumps, event.atMs)),
        };
      case 'notAnswered':
        if (state.shedding.includes(event.dialId)) {
          return { ...state, shedding: state.shedding.filter((id) => id !== event.dialId) };
        }
        return {
          ...state,
          estimates: countMiss(estimates, event.atMs, byPresentClock(event.dialedAtMs, state.jumps, event.atMs)),
        };
      case 'connected':
      case 'dropped': {
        const { atMs } = event;
        const person = { answeredAtMs: atMs - event.waitedMs, atMs, isDropped: event.type === 'dropped' };
        return { ...state, pricing: countPerson(state.pricing, settings.windows, person) };
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
    const jump = jumpBetween(before.nowMs, now);
    const jumps = keepJumps(before.jumps, jump, now);
    const moved = jump === undefined ? before.estimates : shiftCohorts(before.estimates, jump.byMs);
    const estimates = closeCohorts(moved, now, settings.ringTimeoutMs, tuning.levelDials);
    const basis = Math.abs(now - before.basis.atMs) >= REFRESH_MS ? basisOf(estimates, settings, now) : before.basis;
    const model = modelOf(basis);
    const windows = rollWindows(before.pricing.windows, settings.windows, now);
    let pricing = windows === before.pricing.windows ? before.pricing : { ...before.pricing, windows };
    const believed =
      tuning.levelDials === undefined
        ? levelNow(estimates, now, (age) => 1 - model.answersLater[ageRow(age)]!)
        : levelOf(estimates.level, 0, 0);
    // A trunk that answers nothing for a while must not make the pacer flood it: when it comes back, everything that rings
    // would be answered at once. Dials without answers convince any filter, so this bound goes by time, not by dials.
    const passedMs = Math.min(60_000, Math.max(0, now - before.nowMs));
    const anchor = Math.max(believed, before.anchor * 2 ** (-passedMs / 3_600_000));
    const level = Math.max(believed, anchor / 4, 0.01 / PLAIN_PROBABILITY);
    const closesSec = view.closesAtMs === undefined ? 4 * 3600 : (view.closesAtMs - now) / 1000;
    // People per second: agents' capacity at the occupancy that is likely.
    const rate = (0.75 * view.agents.length) / Math.max(5, model.handleSec);
    // One line per agent: each person costs the handle time and the lines that come to nothing first.
    const perPersonSec = model.handleSec + model.missSec / Math.min(0.98, Math.max(0.005, level * PLAIN_PROBABILITY));
    const guarded = (view.agents.length * Math.max(0, closesSec)) / perPersonSec;
    // A list that ends before the day brings no more people than are on it, so that the day's luck must be mended by then.
    const rings = view.ringing.length;
    const onList =
      tuning.levelDials === undefined ? ((view.leadsAvailable || 0) + rings) * level * PLAIN_PROBABILITY : Infinity;
    const budget = budgetOf(
      pricing,
      settings,
      Math.min(onList, Math.max(0, closesSec * rate)),
      Math.min(onList, guarded),
      rate,
      model.answerLateSec,
      now,
      tuning,
    );
    const { risk, staying } = load(view, model, basis, level, jumps, room);
    let lines = 0;
    const outside = view.ringing.length + (view.otherLines?.length ?? 0) + (view.transfers?.length ?? 0);
    const cap = Math.max(0, Math.min(view.linesAvailable, view.leadsAvailable) || 0);
    let { price } = pricing;
    const silent = tuning.levelDials === undefined && isSilent(estimates);
    let expectedDrops = 0;
    let limitedBy: PacingLimit;
    let first = -1;
    if (view.agents.length === 0) limitedBy = 'noAgents';
    else if (closesSec < model.answerLateSec) limitedBy = 'windowClosed';
    else
      for (;;) {
        const marginal = risk.marginal();
        if (first < 0) first = marginal;
        // One line for each agent who is idle and stays can harm nobody, whatever the approximation says.
        const isFree = outside + lines < staying;
        if (!isFree && (budget.isGuarded || marginal > price)) {
          limitedBy = budget.isGuarded ? 'guard' : budget.aim < steady / 2 ? 'budget' : 'enoughLines';
          break;
        }
        if (lines >= cap) {
          limitedBy = view.linesAvailable <= view.leadsAvailable ? 'noLines' : 'noLeads';
          break;
        }
        const p = Math.min(0.98, level * (view.nextLeads?.[lines] ?? PLAIN_PROBABILITY));
        // Lines that nobody can answer teach nothing about the price.
        if (!silent) {
          price = movePrice(price, marginal, budget.target, tuning.priceStepPerDial ?? tuning.priceStep * p);
          expectedDrops += p * marginal;
        }
        risk.addLine(model.answeredBy, 0, p);
        lines++;
      }
    pricing = predict(pricing, expectedDrops, price);
    let shedding = before.shedding;
    let next = estimates;
    const shed = [];
    // A lead that is hung up on may have answered later. While leads last longer than the day, time is what is short; a list
    // that ends before has more people in it than time without shedding can lose.
    const leadsUntilClose = (closesSec * rate) / Math.min(0.98, Math.max(0.005, level * PLAIN_PROBABILITY));
    const mayShed = settings.shedAfterMs !== undefined && view.leadsAvailable >= leadsUntilClose;
    if (mayShed && lines === 0 && first > 3 * Math.max(price, 0.01)) {
      let oldest;
      for (const line of view.ringing) if (oldest === undefined || line.dialedAtMs < oldest.dialedAtMs) oldest = line;
      const rangMs = oldest === undefined ? 0 : now - byPresentClock(oldest.dialedAtMs, jumps, now);
      if (oldest !== undefined && rangMs >= Math.max(settings.shedAfterMs ?? Infinity, settings.minRingMs)) {
        shed.push(oldest.dialId);
        shedding = [...shedding.slice(-50), oldest.dialId];
        const later = model.answersLater[ageRow(rangMs / 1000)]!;
        next = countShed(estimates, now - rangMs, oldest.answerProbability ?? PLAIN_PROBABILITY, later);
      }
    }
    return {
      state: { version: VERSION, nowMs: now, estimates: next, basis, pricing, anchor, jumps, shedding },
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
          predictedDrops: pricing.predicted,
          realisedDrops: pricing.realised,
        },
      },
    };
  };

  return {
    name: 'risk',
    initial: (nowMs) => {
      const estimates = initialEstimates(settings);
      return {
        version: VERSION,
        nowMs,
        estimates,
        basis: basisOf(estimates, settings, nowMs),
        pricing: {
          price: 0.03,
          predicted: 0,
          realised: 0,
          windows: settings.windows.map((w) => ({ period: periodOf(w, nowMs), humans: 0, drops: 0 })),
        },
        anchor: 0,
        jumps: [],
        shedding: [],
      };
    },
    observe,
    decide,
  };
};

/** Numbers that a decision needs only while it is made; kept, so that it makes no garbage. */
type Room = { readonly tables: RiskRoom; readonly spare: Float64Array; readonly partly: Float64Array };

/** Turns the view into the risk of what is out already. */
const load = (
  view: PacingView,
  model: Model,
  basis: ModelBasis,
  level: number,
  jumps: readonly ClockJump[],
  room: Room,
): { readonly risk: Risk; readonly staying: number } => {
  const now = view.nowMs;
  const { nodes, answersLater, missesLater } = model;
  const width = nodes.length;
  const others = view.otherLines ?? [];
  const spare = room.spare.fill(-view.waiting.length);
  let busy = 0;
  for (const agent of view.agents) {
    if (agent.state !== 'idle') busy++;
    else if (agent.leavesAtMs === undefined) for (let k = 0; k < width; k++) spare[k] = spare[k]! + 1;
    else {
      const leavesIn = (agent.leavesAtMs - now) / 1000;
      for (let k = 0; k < width; k++) if (nodes[k]! < leavesIn) spare[k] = spare[k]! + 1;
    }
  }
  const risk = new Risk(spare, busy, view.ringing.length + others.length + (view.transfers?.length ?? 0), room.tables);
  const { partly } = room;
  for (const agent of view.agents) {
    if (agent.state === 'idle') continue;
    const factor = classOf(model, basis, agent.agentId);
    const row = freeRow((now - byPresentClock(agent.sinceMs, jumps, now)) / 1000, factor);
    const table = freeTable(model, agent.state === 'wrapUp' ? 'wrapUp' : 'talk', factor, row);
    if (agent.leavesAtMs === undefined) {
      risk.addCompletion(table, row * width);
      continue;
    }
    // Who leaves before a node takes no call there, and what ends before may still be followed by the leave.
    const leavesIn = (agent.leavesAtMs - now) / 1000;
    for (let k = 0; k < width; k++) partly[k] = nodes[k]! < leavesIn ? table[row * width + k]! : 0;
    risk.addCompletion(partly, 0);
  }
  for (const lines of [view.ringing, others]) {
    for (const line of lines) {
      const row = ageRow((now - byPresentClock(line.dialedAtMs, jumps, now)) / 1000);
      const p = Math.min(0.98, level * (line.answerProbability ?? PLAIN_PROBABILITY));
      const alive = p * answersLater[row]! + (1 - p) * missesLater[row]!;
      risk.addLine(linesTable(model, row), row * width, alive <= 1e-12 ? 0 : p / alive);
    }
  }
  for (const { probability, withinMs } of view.transfers ?? []) {
    const p = Math.min(1, Math.max(0, probability));
    for (let k = 0; k < width; k++) partly[k] = p * Math.min(1, (1000 * nodes[k]!) / Math.max(1, withinMs));
    risk.addLine(partly, 0, 1);
  }
  let staying = Infinity;
  for (let k = 0; k < width; k++) if (spare[k]! < staying) staying = spare[k]!;
  return { risk, staying };
};
