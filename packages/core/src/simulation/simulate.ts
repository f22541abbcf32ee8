import type { Pacer, PacingAgent, PacingEvent, PacingLine, PacingView } from '../dialing/pacer.ts';
import type { AgentEvent } from '../agent/agent-machine.ts';
import type { CallId, CampaignId, DialId, LegId } from '../ids.ts';
import type { Random } from '../stats/random.ts';
import { createRandom } from '../stats/random.ts';
import { DayRate } from './day-rate.ts';
import { durationDrawer } from './duration-law.ts';
import { EventQueue } from './event-queue.ts';
import type { LeadSupply, SimulatedLead, SimulatedOutcome } from './lead-supply.ts';
import { plainLeads } from './lead-supply.ts';
import { LinePool } from './line-pool.ts';
import type { Line, Occurrence, Waiter } from './occurrence.ts';
import { nextTransferMs, planShift } from './occurrence.ts';
import type { Presence } from './simulated-agent.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import type { SimulatedDay, SimulationResult } from './simulation-result.ts';
import type { World } from './world.ts';

/** Options of a run. */
export type SimulateOptions = {
  readonly seed: number;
  /** Where leads come from; an endless uniform list by default. */
  readonly supply?: LeadSupply;
  readonly campaignId?: CampaignId;
  /** Continue from this state of the pacer (a campaign's own, for "what if"). */
  readonly startMs?: number;
};

const DAY_MS = 86_400_000;
const WAIT_BINS = 60;
const NO_LEG = 'none' as LegId;
const TICK: Occurrence = { kind: 'tick' };
const DECIDE: Occurrence = { kind: 'decide' };

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
  /** The agents as the pacer sees them; `undefined` when that has changed. */
  private seenAgents: readonly PacingAgent[] | undefined;
  /** Numbers free agents in the order in which they became free. */
  private offers = 0;
  private queue = new EventQueue<Occurrence>();
  /** Comes each second; before whatever else happens at that instant but for what was planned with the day. */
  private tickPlace = 0;
  private readonly lines = new LinePool();
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
  private rate: DayRate;
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
  private readonly drawTalk: (random: Random) => number;
  private readonly drawWrapUp: (random: Random) => number;
  private readonly drawConnectDelay: (random: Random) => number;

  constructor(world: World, pacer: Pacer<State>, options: SimulateOptions) {
    this.world = world;
    this.pacer = pacer;
    this.options = options;
    this.supply = options.supply ?? plainLeads(world, options.seed);
    this.campaignId = options.campaignId ?? ('simulated' as CampaignId);
    const start = options.startMs ?? 20_000 * DAY_MS;
    this.shiftStart = start + 9 * 3_600_000;
    this.rate = new DayRate(world, this.shiftStart, this.random);
    this.state = pacer.initial(this.shiftStart);
    this.drawTalk = durationDrawer(world.talk);
    this.drawWrapUp = durationDrawer(world.wrapUp);
    this.drawConnectDelay = durationDrawer(world.connectDelay);
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
    this.rate = new DayRate(world, start, this.random);
    this.leadsLeft = world.leadsPerDay;
    this.busyMs = this.idleMs = this.humans = this.drops = this.dials = this.shed = 0;
    this.queue = new EventQueue();
    planShift(this.queue, world, this.agents, start, this.random);
    this.tickPlace = this.queue.reserve();
    if (start < this.shiftEnd) this.queue.pushAt(start, this.tickPlace, TICK);
    while (this.queue.size > 0 && this.humans < world.stopAfterPeople) {
      this.now = this.queue.nextTime;
      const occurrence = this.queue.pop();
      if (occurrence !== undefined) this.happen(occurrence);
    }
    for (const agent of this.agents) this.stop(agent);
    const { humans, drops, dials, shed } = this;
    this.days.push({ busySec: this.busyMs / 1000, idleSec: this.idleMs / 1000, humans, drops, dials, shed });
  }

  result(): SimulationResult {
    const { days, waits, decisions, figures, peakLines } = this;
    return { days, waits, decisions, figures, peakLines };
  }

  private happen(occurrence: Occurrence): void {
    switch (occurrence.kind) {
      case 'tick':
        this.decide();
        if (this.now + 1000 < this.shiftEnd) this.queue.pushAt(this.now + 1000, this.tickPlace, TICK);
        return;
      case 'decide':
        this.isDecisionDue = false;
        this.decide();
        return;
      case 'resolve':
        this.resolve(occurrence);
        return;
      case 'giveUp':
        this.giveUp(occurrence);
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
        this.show(occurrence.agent);
        return;
      case 'leave':
        this.leave(occurrence.agent, occurrence.forMs);
        return;
      case 'clock':
        this.clockOffset += occurrence.byMs;
        return;
      case 'transfer':
        this.answered({
          kind: 'giveUp',
          callId: `transfer-${this.dialNumber++}` as CallId,
          answeredAtMs: this.now,
          lead: this.transferLead(),
          isTransfer: true,
        });
        if (this.now < this.shiftEnd) {
          this.queue.push(this.now + nextTransferMs(this.world, this.random), { kind: 'transfer' });
        }
    }
  }

  private transferLead(): SimulatedLead {
    const talkSec = this.drawTalk(this.random);
    const wrapUpSec = this.drawWrapUp(this.random);
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
    this.show(agent);
    if (!isOffered) return;
    agent.offered = ++this.offers;
    if (this.isOver()) {
      this.stop(agent);
      return;
    }
    const waiter = this.waiters.shift();
    if (waiter !== undefined) this.connect(agent, waiter);
    this.wantDecision();
  }

  private show(agent: SimulatedAgent): void {
    agent.show(this.stamp);
    this.seenAgents = undefined;
  }

  private stop(agent: SimulatedAgent): void {
    this.charge(agent, agent.presence);
    agent.stop(this.now);
    this.seenAgents = undefined;
  }

  /** Whether the shift has ended and nobody can come any more. */
  private isOver(): boolean {
    return this.now >= this.shiftEnd && this.lines.size === 0 && this.waiters.length === 0;
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

  private dial(): boolean {
    const lead = this.leadsLeft > 0 ? this.supply.take(this.now) : undefined;
    if (lead === undefined) return false;
    this.leadsLeft--;
    this.dials++;
    const { world } = this;
    const isHuman = lead.answerDraw < this.rate.at(this.now, lead.factor) && lead.answerDelaySec < world.ringTimeoutSec;
    const isMachine = lead.missDraw < world.failed.share + world.machine.share;
    const outcome: SimulatedOutcome = isHuman
      ? 'human'
      : lead.missDraw < world.failed.share
        ? 'failed'
        : isMachine
          ? 'machine'
          : 'noAnswer';
    const dialId = `dial-${this.dialNumber++}` as DialId;
    const dialedAtMs = this.stamp(this.now);
    const { answerProbability } = lead;
    const isTold = answerProbability !== undefined;
    const seen: PacingLine = isTold ? { dialId, dialedAtMs, answerProbability } : { dialId, dialedAtMs };
    const falsePositive = isHuman && world.falsePositiveRate > 0 && this.random.next() < world.falsePositiveRate;
    const line: Line = { kind: 'resolve', seen, lead, outcome, slot: -1, falsePositive };
    this.lines.add(line);
    this.peakLines = Math.max(this.peakLines, this.lines.size);
    const delay = isHuman ? lead.answerDelaySec : Math.min(lead.missDelaySec, world.ringTimeoutSec);
    this.queue.push(this.now + Math.round(delay * 1000), line);
    this.emit(
      isTold
        ? { type: 'dialed', atMs: dialedAtMs, dialId, answerProbability }
        : { type: 'dialed', atMs: dialedAtMs, dialId },
    );
    return true;
  }

  private resolve(line: Line): void {
    if (!this.lines.remove(line)) return;
    const { dialId, dialedAtMs } = line.seen;
    const atMs = this.stamp(this.now);
    if (line.outcome === 'human') {
      this.humans++;
      this.emit({ type: 'answered', atMs, dialId, dialedAtMs, human: !line.falsePositive });
      if (line.falsePositive) this.drops++;
      else {
        const callId = dialId as string as CallId;
        this.answered({ kind: 'giveUp', callId, answeredAtMs: this.now, lead: line.lead, isTransfer: false });
      }
    } else if (line.outcome === 'machine') this.emit({ type: 'answered', atMs, dialId, dialedAtMs, human: false });
    else this.emit({ type: 'notAnswered', atMs, dialId, dialedAtMs });
    this.supply.resolved(line.lead, line.falsePositive ? 'machine' : line.outcome, this.now);
    this.wantDecision();
    if (!this.isOver()) return;
    for (const agent of this.agents) if (agent.presence === 'idle') this.stop(agent);
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
      this.queue.push(this.now + patienceSec * 1000, waiter);
    }
  }

  private connect(agent: SimulatedAgent, waiter: Waiter): void {
    this.step(agent, { type: 'assigned', atMs: this.now, callId: waiter.callId });
    const delaySec = this.drawConnectDelay(this.random);
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
    this.queue.push(at, DECIDE);
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
      const line = this.lines.find(dialId);
      if (line === undefined || !this.lines.remove(line)) continue;
      this.shed++;
      this.emit({ type: 'notAnswered', atMs: this.stamp(this.now), dialId, dialedAtMs: line.seen.dialedAtMs });
      this.supply.resolved(line.lead, 'shed', this.now);
    }
    const lines = Math.min(decision.lines, view.linesAvailable, view.leadsAvailable);
    for (let i = 0; i < lines; i++) if (!this.dial()) break;
  }

  private seeAgents(): readonly PacingAgent[] {
    const agents: PacingAgent[] = [];
    for (const { seen } of this.agents) if (seen !== undefined) agents.push(seen);
    return agents;
  }

  private view(): PacingView {
    const room = Math.max(0, this.world.maxLines - this.lines.size);
    const next = this.supply.peek(this.now, 40);
    const waiting = this.waiters.map((waiter) => ({ answeredAtMs: this.stamp(waiter.answeredAtMs) }));
    return {
      nowMs: this.stamp(this.now),
      campaignId: this.campaignId,
      agents: (this.seenAgents ??= this.seeAgents()),
      ringing: this.lines.ringing,
      waiting,
      linesAvailable: Math.min(100_000, room),
      leadsAvailable: Math.min(Number.MAX_SAFE_INTEGER, this.leadsLeft, this.supply.readyAt?.(this.now) ?? Infinity),
      ...(next === undefined ? {} : { nextLeads: next }),
      closesAtMs: this.stamp(this.shiftEnd),
    };
  }
}
