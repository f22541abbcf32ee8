import type { Pacer, PacingAgent, PacingEvent, PacingLine, PacingView } from '../dialing/pacer.ts';
import type { AgentEvent } from '../agent/agent-machine.ts';
import type { CallId, CampaignId, DialId, LegId } from '../ids.ts';
import { createRandom } from '../stats/random.ts';
import { drawDuration } from './duration-law.ts';
import { EventQueue } from './event-queue.ts';
import type { LeadSupply, SimulatedLead, SimulatedOutcome } from './lead-supply.ts';
import { plainLeads } from './lead-supply.ts';
import type { Presence } from './simulated-agent.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import type { World } from './world.ts';

/** One simulated day. Seconds are of agents who are logged in and not on a break, within the shift. */
export type SimulatedDay = {
  readonly busySec: number;
  readonly idleSec: number;
  /** People who answered: connected, dropped or hung up on as machines. */
  readonly humans: number;
  /** People who met no agent in time, or were hung up on as machines. */
  readonly drops: number;
  readonly dials: number;
  readonly shed: number;
};

/** What a simulation measured. */
export type SimulationResult = {
  readonly days: readonly SimulatedDay[];
  /** Waits (ms) of connected callees, counted in bins of 100 ms; the last bin takes the rest. */
  readonly waits: readonly number[];
  readonly decisions: number;
  /** Named figures of the last decision. */
  readonly figures: Readonly<Record<string, number>>;
  /** Most lines that were out at once. */
  readonly peakLines: number;
};

/** Occupancy and drop rate over all days, 0–1. */
export const pooled = (
  result: Pick<SimulationResult, 'days'>,
): { readonly occupancy: number; readonly dropRate: number; readonly humans: number; readonly drops: number } => {
  let busy = 0;
  let idle = 0;
  let humans = 0;
  let drops = 0;
  for (const day of result.days) {
    busy += day.busySec;
    idle += day.idleSec;
    humans += day.humans;
    drops += day.drops;
  }
  return { occupancy: busy / Math.max(1e-9, busy + idle), dropRate: drops / Math.max(1, humans), humans, drops };
};

/** Options of a run. */
export type SimulateOptions = {
  readonly seed: number;
  /** Where leads come from; an endless uniform list by default. */
  readonly supply?: LeadSupply;
  readonly campaignId?: CampaignId;
  /** Continue from this state of the pacer (a campaign's own, for "what if"). */
  readonly startMs?: number;
};

type Line = {
  readonly seen: PacingLine;
  readonly lead: SimulatedLead;
  readonly outcome: SimulatedOutcome;
  slot: number;
  readonly falsePositive: boolean;
};
type Waiter = {
  readonly callId: CallId;
  readonly answeredAtMs: number;
  readonly lead: SimulatedLead;
  readonly isTransfer: boolean;
};
type Occurrence =
  | { readonly kind: 'resolve'; readonly line: Line }
  | { readonly kind: 'giveUp'; readonly waiter: Waiter }
  | { readonly kind: 'bridge'; readonly agent: SimulatedAgent; readonly waiter: Waiter }
  | { readonly kind: 'talkEnd'; readonly agent: SimulatedAgent }
  | { readonly kind: 'wrapUpEnd'; readonly agent: SimulatedAgent }
  | { readonly kind: 'logIn'; readonly agent: SimulatedAgent }
  | { readonly kind: 'leave'; readonly agent: SimulatedAgent; readonly forMs: number }
  | { readonly kind: 'announce'; readonly agent: SimulatedAgent; readonly leavesAtMs: number }
  | { readonly kind: 'return'; readonly agent: SimulatedAgent }
  | { readonly kind: 'clock'; readonly byMs: number }
  | { readonly kind: 'transfer' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'decide' };

const DAY_MS = 86_400_000;
const WAIT_BINS = 60;
const NO_LEG = 'none' as LegId;

/**
 * Runs a pacer through a world, event by event on virtual time. Deterministic: same world, pacer and seed, same result.
 * The pacer is driven as the engine drives it: each event once and in order, a decision every second and after every
 * change, at most one per `decisionGapSec`.
 */
export const simulate = <State>(world: World, pacer: Pacer<State>, options: SimulateOptions): SimulationResult => {
  const run = new Run(world, pacer, options);
  for (let day = 0; day < world.days; day++) run.day(day);
  return run.result();
};

class Run<State> {
  private readonly world: World;
  private readonly pacer: Pacer<State>;
  private readonly options: SimulateOptions;
  private readonly supply: LeadSupply;
  private state: State;
  private readonly campaignId: CampaignId;
  private readonly agents: SimulatedAgent[] = [];
  /** Numbers free agents in the order in which they became free. */
  private offers = 0;
  private queue = new EventQueue<Occurrence>();
  /** Lines that are out; `line.slot` is each one's index. */
  private lines: Line[] = [];
  private waiters: Waiter[] = [];
  private now = 0;
  /** What the pacer's wall clock is ahead of ours. */
  private clockOffset = 0;
  private dialNumber = 0;
  private leadsLeft = Infinity;
  private lastDecision = -Infinity;
  private isDecisionDue = false;
  private shiftStart = 0;
  private shiftEnd = 0;
  private answerLevel = 1;
  private shocks: number[] = [];
  private days: SimulatedDay[] = [];
  private busyMs = 0;
  private idleMs = 0;
  private humans = 0;
  private drops = 0;
  private dials = 0;
  private shed = 0;
  private decisions = 0;
  private readonly waits = new Array<number>(WAIT_BINS).fill(0);
  private figures: Readonly<Record<string, number>> = {};
  private peakLines = 0;
  private random = createRandom(0);

  constructor(world: World, pacer: Pacer<State>, options: SimulateOptions) {
    this.world = world;
    this.pacer = pacer;
    this.options = options;
    this.supply = options.supply ?? plainLeads(world, options.seed);
    this.campaignId = options.campaignId ?? ('simulated' as CampaignId);
    const start = options.startMs ?? 20_000 * DAY_MS;
    this.shiftStart = start + 9 * 3_600_000;
    this.state = pacer.initial(this.shiftStart);
    for (let i = 0; i < world.agents; i++) {
      const factor = Math.exp(world.agentSpread * createRandom(options.seed, 2, i).normal());
      this.agents.push(new SimulatedAgent(i, factor));
    }
  }

  day(number: number): void {
    const { world } = this;
    const start = (this.options.startMs ?? 20_000 * DAY_MS) + number * DAY_MS + 9 * 3_600_000;
    this.shiftStart = start;
    this.shiftEnd = start + world.shiftSec * 1000;
    this.now = start;
    this.random = createRandom(this.options.seed, 3, number);
    this.answerLevel = Math.max(0.2, 1 + world.dayLevelSd * this.random.normal());
    this.drawShocks();
    this.leadsLeft = world.leadsPerDay;
    this.busyMs = this.idleMs = this.humans = this.drops = this.dials = this.shed = 0;
    this.queue = new EventQueue();
    this.planShift(start);
    for (let ms = start; ms < this.shiftEnd; ms += 1000) this.queue.push(ms, { kind: 'tick' });
    while (this.queue.size > 0 && this.humans < world.stopAfterPeople) {
      this.now = this.queue.nextTime;
      const occurrence = this.queue.pop();
      if (occurrence !== undefined) this.happen(occurrence);
    }
    for (const agent of this.agents) {
      this.charge(agent, agent.presence);
      agent.stop(this.now);
    }
    const { humans, drops, dials, shed } = this;
    this.days.push({ busySec: this.busyMs / 1000, idleSec: this.idleMs / 1000, humans, drops, dials, shed });
  }

  result(): SimulationResult {
    const { days, waits, decisions, figures, peakLines } = this;
    return { days, waits, decisions, figures, peakLines };
  }

  private drawShocks(): void {
    // First-order autoregression on one-minute steps with a correlation time of 20 minutes.
    const keep = Math.exp(-1 / 20);
    let x = this.random.normal();
    this.shocks = [];
    for (let minute = 0; minute <= this.world.shiftSec / 60 + 60; minute++) {
      this.shocks.push(x);
      x = keep * x + Math.sqrt(1 - keep * keep) * this.random.normal();
    }
  }

  private planShift(start: number): void {
    const { world, random } = this;
    for (const agent of this.agents) {
      this.queue.push(start + random.next() * world.logInOverSec * 1000, { kind: 'logIn', agent });
      if (world.breaks) {
        const share = world.shiftSec / (8 * 3600);
        for (const [from, to, minutes] of [
          [1.5, 2.5, 10],
          [3.5, 5, 30],
          [6, 7, 10],
        ] as const) {
          const at = start + (from + (to - from) * random.next()) * 3_600_000 * share;
          this.planLeave(agent, Math.round(at), minutes * 60_000 * share);
        }
      }
    }
    for (const incident of world.incidents) {
      const at = start + incident.atSec * 1000;
      if (incident.kind === 'logOut') {
        const gone = Math.round(this.agents.length * incident.share);
        for (const agent of this.agents.slice(0, gone)) {
          this.queue.push(at, { kind: 'leave', agent, forMs: incident.forSec * 1000 });
        }
      } else if (incident.kind === 'clockJump') {
        this.queue.push(at, { kind: 'clock', byMs: incident.bySec * 1000 });
      }
    }
    if (world.transfersPerHour > 0) this.queue.push(start + this.nextTransferMs(), { kind: 'transfer' });
  }

  private planLeave(agent: SimulatedAgent, at: number, forMs: number): void {
    this.queue.push(at, { kind: 'leave', agent, forMs });
    const { announcedSec } = this.world;
    if (announcedSec > 0) this.queue.push(at - announcedSec * 1000, { kind: 'announce', agent, leavesAtMs: at });
  }

  private nextTransferMs(): number {
    return (-Math.log(1 - this.random.next()) * 3_600_000) / this.world.transfersPerHour;
  }

  private happen(occurrence: Occurrence): void {
    switch (occurrence.kind) {
      case 'tick':
        this.decide();
        return;
      case 'decide':
        this.isDecisionDue = false;
        this.decide();
        return;
      case 'resolve':
        this.resolve(occurrence.line);
        return;
      case 'giveUp':
        this.giveUp(occurrence.waiter);
        return;
      case 'bridge':
        this.bridge(occurrence.agent, occurrence.waiter);
        return;
      case 'talkEnd':
        this.talkEnd(occurrence.agent);
        return;
      case 'wrapUpEnd':
        this.wrapUpEnd(occurrence.agent);
        return;
      case 'logIn':
        this.charge(occurrence.agent, 'absent');
        occurrence.agent.start(this.now);
        this.changed(occurrence.agent, true);
        return;
      case 'return':
        this.step(occurrence.agent, { type: 'ready', atMs: this.now, legId: NO_LEG, ringTimeoutMs: 0 });
        return;
      case 'announce':
        occurrence.agent.leavesAtMs = occurrence.leavesAtMs;
        occurrence.agent.show(this.stamp);
        return;
      case 'leave':
        this.leave(occurrence.agent, occurrence.forMs);
        return;
      case 'clock':
        this.clockOffset += occurrence.byMs;
        return;
      case 'transfer':
        this.answered({
          callId: `transfer-${this.dialNumber++}` as CallId,
          answeredAtMs: this.now,
          lead: this.transferLead(),
          isTransfer: true,
        });
        if (this.now < this.shiftEnd) this.queue.push(this.now + this.nextTransferMs(), { kind: 'transfer' });
    }
  }

  private transferLead(): SimulatedLead {
    const talkSec = drawDuration(this.world.talk, this.random);
    const wrapUpSec = drawDuration(this.world.wrapUp, this.random);
    return { answerDraw: 0, factor: 1, answerDelaySec: 0, missDraw: 0, missDelaySec: 0, talkSec, wrapUpSec };
  }

  /** Charges the time since the agent's last change, which was spent so. */
  private charge(agent: SimulatedAgent, presence: Presence): void {
    const spent = Math.min(this.now, this.shiftEnd) - Math.min(agent.sinceMs, this.shiftEnd);
    if (presence === 'idle') this.idleMs += spent;
    else if (presence === 'busy') this.busyMs += spent;
    agent.sinceMs = this.now;
  }

  /** One event through the agent's machine, and what follows from it. */
  private step(agent: SimulatedAgent, event: AgentEvent): void {
    const { kind } = agent.state;
    const { presence } = agent;
    const { isOffered } = agent.step(event);
    if (agent.state.kind === kind) return;
    this.charge(agent, presence);
    this.changed(agent, isOffered);
  }

  private changed(agent: SimulatedAgent, isOffered: boolean): void {
    if (agent.state.kind === 'paused' && agent.awayForMs > 0) {
      this.queue.push(this.now + agent.awayForMs, { kind: 'return', agent });
      agent.awayForMs = 0;
      agent.leavesAtMs = undefined;
    }
    agent.show(this.stamp);
    if (!isOffered) return;
    agent.offered = ++this.offers;
    if (this.isOver()) {
      this.charge(agent, agent.presence);
      agent.stop(this.now);
      return;
    }
    const waiter = this.waiters.shift();
    if (waiter !== undefined) this.connect(agent, waiter);
    this.wantDecision();
  }

  /** Whether the shift has ended and nobody can come any more. */
  private isOver(): boolean {
    return this.now >= this.shiftEnd && this.lines.length === 0 && this.waiters.length === 0;
  }

  private readonly stamp = (ms: number): number => Math.round(ms + this.clockOffset);

  private emit(event: PacingEvent): void {
    this.state = this.pacer.observe(this.state, event);
  }

  private leave(agent: SimulatedAgent, forMs: number): void {
    if (agent.presence === 'absent') return;
    agent.awayForMs = forMs;
    // Who is in wrap-up finishes it first; `pause` would end it.
    if (agent.state.kind !== 'wrapUp') this.step(agent, { type: 'pause', atMs: this.now, reason: 'break' });
  }

  private answerRate(lead: SimulatedLead): number {
    const { world } = this;
    const at = (this.now - this.shiftStart) / 1000;
    const swing = 1 + world.swing * Math.sin((Math.PI * at) / world.shiftSec);
    const minute = this.shocks[Math.min(this.shocks.length - 1, Math.floor(at / 60))] ?? 0;
    let rate = world.answerRate * this.answerLevel * swing * Math.max(0, 1 + world.shockSd * minute) * lead.factor;
    for (const incident of world.incidents) {
      if (incident.kind === 'answerFactor' && at >= incident.atSec && at < incident.atSec + incident.forSec) {
        rate *= incident.factor;
      }
    }
    return Math.min(0.98, rate);
  }

  private dial(): boolean {
    const lead = this.leadsLeft > 0 ? this.supply.take(this.now) : undefined;
    if (lead === undefined) return false;
    this.leadsLeft--;
    this.dials++;
    const { world } = this;
    const isHuman = lead.answerDraw < this.answerRate(lead) && lead.answerDelaySec < world.ringTimeoutSec;
    const isMachine = lead.missDraw < world.failed.share + world.machine.share;
    const outcome: SimulatedOutcome = isHuman
      ? 'human'
      : lead.missDraw < world.failed.share
        ? 'failed'
        : isMachine
          ? 'machine'
          : 'noAnswer';
    const seen: PacingLine = {
      dialId: `dial-${this.dialNumber++}` as DialId,
      dialedAtMs: this.stamp(this.now),
      ...(lead.answerProbability === undefined ? {} : { answerProbability: lead.answerProbability }),
    };
    const falsePositive = isHuman && world.falsePositiveRate > 0 && this.random.next() < world.falsePositiveRate;
    const line: Line = { seen, lead, outcome, slot: this.lines.length, falsePositive };
    this.lines.push(line);
    this.peakLines = Math.max(this.peakLines, this.lines.length);
    const delay = isHuman ? lead.answerDelaySec : Math.min(lead.missDelaySec, world.ringTimeoutSec);
    this.queue.push(this.now + Math.round(delay * 1000), { kind: 'resolve', line });
    this.emit({ type: 'dialed', atMs: seen.dialedAtMs, ...seen });
    return true;
  }

  private removeLine(line: Line): boolean {
    if (this.lines[line.slot] !== line) return false;
    const last = this.lines.pop();
    if (last !== undefined && last !== line) {
      this.lines[line.slot] = last;
      last.slot = line.slot;
    }
    line.slot = -1;
    return true;
  }

  private resolve(line: Line): void {
    if (!this.removeLine(line)) return;
    const { dialId, dialedAtMs } = line.seen;
    const atMs = this.stamp(this.now);
    if (line.outcome === 'human') {
      this.humans++;
      this.emit({ type: 'answered', atMs, dialId, dialedAtMs, human: !line.falsePositive });
      if (line.falsePositive) this.drops++;
      else {
        const callId = dialId as string as CallId;
        this.answered({ callId, answeredAtMs: this.now, lead: line.lead, isTransfer: false });
      }
    } else if (line.outcome === 'machine') this.emit({ type: 'answered', atMs, dialId, dialedAtMs, human: false });
    else this.emit({ type: 'notAnswered', atMs, dialId, dialedAtMs });
    this.supply.resolved(line.lead, line.falsePositive ? 'machine' : line.outcome, this.now);
    this.wantDecision();
    if (!this.isOver()) return;
    for (const agent of this.agents) {
      if (agent.presence !== 'idle') continue;
      this.charge(agent, agent.presence);
      agent.stop(this.now);
    }
  }

  private answered(waiter: Waiter): void {
    let best: SimulatedAgent | undefined;
    for (const agent of this.agents) {
      if (agent.state.kind === 'ready' && (best === undefined || agent.offered < best.offered)) best = agent;
    }
    if (best !== undefined) this.connect(best, waiter);
    else {
      this.waiters.push(waiter);
      // Transfers wait in a queue as inbound callers do; only dialled people have the two-second clock.
      const patienceSec = waiter.isTransfer ? 120 : this.world.graceSec;
      this.queue.push(this.now + patienceSec * 1000, { kind: 'giveUp', waiter });
    }
  }

  private connect(agent: SimulatedAgent, waiter: Waiter): void {
    this.step(agent, { type: 'assigned', atMs: this.now, callId: waiter.callId });
    const delay = this.world.connectDelay;
    // No draw where there is no delay: worlds without one keep their random numbers.
    const delaySec = delay.kind === 'fixed' ? delay.sec : drawDuration(delay, this.random);
    if (delaySec <= 0) {
      this.bridge(agent, waiter);
      return;
    }
    this.queue.push(this.now + delaySec * 1000, { kind: 'bridge', agent, waiter });
  }

  private bridge(agent: SimulatedAgent, waiter: Waiter): void {
    const waitedMs = this.now - waiter.answeredAtMs;
    if (!waiter.isTransfer) {
      const bin = Math.min(WAIT_BINS - 1, Math.floor(waitedMs / 100));
      this.waits[bin] = (this.waits[bin] ?? 0) + 1;
    }
    this.step(agent, { type: 'callBridged', atMs: this.now, callId: waiter.callId });
    agent.wrapUpSec = waiter.lead.wrapUpSec * agent.factor;
    this.queue.push(this.now + waiter.lead.talkSec * agent.factor * 1000, { kind: 'talkEnd', agent });
    if (!waiter.isTransfer) this.emit({ type: 'connected', atMs: this.stamp(this.now), agentId: agent.id, waitedMs });
  }

  private giveUp(waiter: Waiter): void {
    const at = this.waiters.indexOf(waiter);
    if (at < 0) return;
    this.waiters.splice(at, 1);
    if (waiter.isTransfer) return;
    this.drops++;
    this.emit({ type: 'dropped', atMs: this.stamp(this.now), waitedMs: this.now - waiter.answeredAtMs });
    this.wantDecision();
  }

  private talkEnd(agent: SimulatedAgent): void {
    const talkMs = this.now - agent.sinceMs;
    this.emit({ type: 'talkEnded', atMs: this.stamp(this.now), agentId: agent.id, talkMs });
    const hasWrapUp = agent.wrapUpSec > 0;
    if (hasWrapUp) this.queue.push(this.now + agent.wrapUpSec * 1000, { kind: 'wrapUpEnd', agent });
    this.step(agent, {
      type: 'callReleased',
      atMs: this.now,
      callId: agent.callId,
      talked: true,
      wrapUpMs: hasWrapUp ? null : 0,
      reason: 'ended',
    });
  }

  private wrapUpEnd(agent: SimulatedAgent): void {
    const wrapUpMs = this.now - agent.sinceMs;
    this.emit({ type: 'wrapUpEnded', atMs: this.stamp(this.now), agentId: agent.id, wrapUpMs });
    this.step(
      agent,
      agent.awayForMs > 0
        ? { type: 'pause', atMs: this.now, reason: 'break' }
        : { type: 'disposed', atMs: this.now, callId: agent.callId },
    );
  }

  private wantDecision(): void {
    if (this.isDecisionDue || this.now >= this.shiftEnd) return;
    const at = Math.max(this.now, this.lastDecision + this.world.decisionGapSec * 1000);
    this.isDecisionDue = true;
    this.queue.push(at, { kind: 'decide' });
  }

  private decide(): void {
    if (this.now >= this.shiftEnd) return;
    this.lastDecision = this.now;
    const view = this.view();
    const { state, decision } = this.pacer.decide(this.state, view);
    this.decisions++;
    this.state = state;
    this.figures = decision.figures;
    for (const dialId of decision.shed) {
      const line = this.lines.find((x) => x.seen.dialId === dialId);
      if (line === undefined || !this.removeLine(line)) continue;
      this.shed++;
      this.emit({ type: 'notAnswered', atMs: this.stamp(this.now), dialId, dialedAtMs: line.seen.dialedAtMs });
      this.supply.resolved(line.lead, 'shed', this.now);
    }
    const lines = Math.min(decision.lines, view.linesAvailable, view.leadsAvailable);
    for (let i = 0; i < lines; i++) if (!this.dial()) break;
  }

  private view(): PacingView {
    const agents: PacingAgent[] = [];
    for (const { seen } of this.agents) if (seen !== undefined) agents.push(seen);
    const room = Math.max(0, this.world.maxLines - this.lines.length);
    const next = this.supply.peek(this.now, 40);
    return {
      nowMs: this.stamp(this.now),
      campaignId: this.campaignId,
      agents,
      ringing: this.lines.map((line) => line.seen),
      waiting: this.waiters.map((waiter) => ({ answeredAtMs: this.stamp(waiter.answeredAtMs) })),
      linesAvailable: Math.min(100_000, room),
      leadsAvailable: Math.min(100_000, this.leadsLeft, this.supply.readyAt?.(this.now) ?? Infinity),
      ...(next === undefined ? {} : { nextLeads: next }),
      closesAtMs: this.stamp(this.shiftEnd),
    };
  }
}
