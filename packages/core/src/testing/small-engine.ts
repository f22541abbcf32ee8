import { agentDeadlines, agentTransition, isFree } from '../agent/agent-machine.ts';
import type { AgentEffect, AgentEvent, AgentState, StationMode } from '../agent/agent-machine.ts';
import { callDeadlines, callTransition } from '../call/call-machine.ts';
import type { AgentLink, CallEffect, CallEvent, CallPolicy, CallState } from '../call/call-state.ts';
import type { AgentId, CallId, EpochMs, LegId, RecordingId } from '../ids.ts';
import { InvalidStateError, isIgnored } from '../machine.ts';
import { dialingCall, T0 } from './call-samples.ts';
import { RING_MS, restingAgent } from './agent-samples.ts';

/** Something the switch will do sooner or later, in any order; `fails` chooses between its two ends where it has two. */
type InFlight = { readonly what: string; readonly happen: (fails: boolean) => void };

/**
 * Calls and agents together, without any I/O: effects are routed from one machine to the other as the engine does it (one
 * turn at a time, posted steps in order), and everything that the switch answers waits in `inFlight` until the test lets
 * it happen.
 */
export class SmallEngine {
  nowMs: EpochMs = T0;
  readonly calls = new Map<CallId, CallState>();
  readonly agents = new Map<AgentId, AgentState>();
  readonly inFlight: InFlight[] = [];
  /** Attempts settled, by call: one each. */
  readonly settled: CallId[] = [];
  /** Legs alive at the switch. */
  readonly legs = new Set<LegId>();
  readonly recordings = new Set<RecordingId>();
  readonly #waiting = new Set<CallId>();
  readonly #free = new Set<AgentId>();
  readonly #inbox: (() => void)[] = [];
  #nextId = 0;

  /** `modes`: one agent each. Every call of `calls` begins dialing at once, on one trunk. */
  constructor(modes: readonly StationMode[], calls: number, policy: Partial<CallPolicy>) {
    for (const [i, mode] of modes.entries()) {
      const agent = restingAgent(i + 1);
      this.agents.set(agent.agentId, agent);
      this.turn(() => this.sendAgent(agent.agentId, { type: 'logIn', atMs: this.nowMs, mode, ...this.#ring() }));
    }
    for (let i = 1; i <= calls; i++) {
      const { state, effects } = dialingCall(policy, 0, `call-${i}`);
      const legId = `dial-of-${i}` as LegId;
      const own: CallState = { ...state, callee: { ...state.callee, legId, dialId: legId as never } };
      this.calls.set(state.callId, own);
      this.turn(() => effects.forEach((effect) => this.#actCall(own, effect)));
    }
  }

  get agentIds(): readonly AgentId[] {
    return [...this.agents.keys()];
  }
  get callIds(): readonly CallId[] {
    return [...this.calls.keys()];
  }

  /** Runs one turn to its end: the given step and everything it posts. */
  turn(run: () => void): void {
    this.#inbox.push(run);
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) next();
  }

  /** A person's command; one that means nothing now is refused and changes nothing. */
  command(id: AgentId, type: 'ready' | 'pause' | 'logOut'): void {
    this.turn(() => {
      try {
        const common = { atMs: this.nowMs, ...this.#ring() };
        this.sendAgent(id, type === 'pause' ? { type, atMs: this.nowMs, reason: 'break' } : { type, ...common });
      } catch (error) {
        if (!(error instanceof InvalidStateError)) throw error;
      }
    });
  }

  /** An agent's phone or browser registers again. */
  register(id: AgentId): void {
    this.turn(() => this.sendAgent(id, { type: 'phoneRegistered', atMs: this.nowMs, ...this.#ring() }));
  }

  /** Time goes on to the next deadline of anybody; false when there is none. */
  passTime(): boolean {
    const due = [
      ...this.callIds.flatMap((id) => callDeadlines(this.#call(id)).map((d) => ({ ...d, id }))),
      ...this.agentIds.flatMap((id) => agentDeadlines(this.#agent(id)).map((d) => ({ ...d, id }))),
    ].sort((a, b) => a.atMs - b.atMs)[0];
    if (due === undefined) return false;
    this.nowMs = Math.max(this.nowMs, due.atMs);
    const event = { type: 'deadline', name: due.name, atMs: this.nowMs } as CallEvent & AgentEvent;
    this.turn(() =>
      this.calls.has(due.id as CallId)
        ? this.sendCall(due.id as CallId, event)
        : this.sendAgent(due.id as AgentId, event),
    );
    return true;
  }

  /** The far end of a leg hangs up, or the switch loses it. */
  endLeg(legId: LegId): void {
    if (!this.legs.delete(legId)) return;
    const ending = { cause: 16, by: 'them' as const };
    this.turn(() => {
      for (const id of this.callIds) {
        const event = { type: 'legEnded' as const, atMs: this.nowMs, ending };
        this.sendCall(id, { type: 'callee', legId, event, judgement: { outcome: 'noAnswer', isFinal: true } });
      }
      for (const id of this.agentIds) this.sendAgent(id, { type: 'stationEnded', atMs: this.nowMs, legId, ending });
    });
  }

  sendCall(id: CallId, event: CallEvent): boolean {
    const result = callTransition(this.#call(id), event);
    if (isIgnored(result)) return false;
    this.calls.set(id, result.state);
    if (result.state.kind === 'ended') this.#waiting.delete(id);
    for (const effect of result.effects) this.#actCall(result.state, effect);
    return true;
  }

  sendAgent(id: AgentId, event: AgentEvent): boolean {
    const result = agentTransition(this.#agent(id), event);
    if (isIgnored(result)) return false;
    this.agents.set(id, result.state);
    for (const effect of result.effects) this.#actAgent(id, effect);
    return true;
  }

  /** What is wrong between the machines at the end of a turn; undefined when all fits. */
  fault(): string | undefined {
    for (const id of this.callIds) {
      const call = this.#call(id);
      if (this.#waiting.has(id) !== (call.kind === 'waiting'))
        return `${id} is ${call.kind}, waiting ${this.#waiting.has(id)}`;
      if (call.kind !== 'connecting' && call.kind !== 'talking') continue;
      const agent = this.#agent(call.agent.agentId);
      const wanted = call.kind === 'talking' ? 'talking' : 'reserved';
      if (agent.kind !== wanted || agent.callId !== id)
        return `${id} is ${call.kind} with an agent who is ${agent.kind}`;
    }
    for (const id of this.agentIds) {
      const agent = this.#agent(id);
      if (this.#free.has(id) !== isFree(agent)) return `${id} is ${agent.kind}, offered ${this.#free.has(id)}`;
      if (agent.kind !== 'reserved' && agent.kind !== 'talking') continue;
      const call = this.#call(agent.callId);
      if (!('agent' in call) || call.agent.agentId !== id)
        return `${id} is ${agent.kind} for a call that is ${call.kind}`;
    }
    return undefined;
  }

  #actCall(call: CallState, effect: CallEffect): void {
    const id = call.callId;
    switch (effect.type) {
      case 'originate': {
        const legId = effect.dialId as string as LegId;
        const own = 'callee' in call ? call.callee.legId : legId;
        this.legs.add(own);
        this.#later('the callee answers', (fails) => {
          if (fails) this.endLeg(own);
          else if (this.legs.has(own))
            this.turn(() =>
              this.sendCall(id, { type: 'callee', legId: own, event: { type: 'legAnswered', atMs: this.nowMs } }),
            );
        });
        return;
      }
      case 'requestAgent':
        this.#waiting.add(id);
        this.#inbox.push(() => this.#match());
        return;
      case 'withdrawRequest':
        this.#waiting.delete(id);
        return;
      case 'ringAgent':
        this.#inbox.push(() => {
          const { agent, ringTimeoutMs } = effect;
          this.sendAgent(agent.agentId, {
            type: 'ring',
            atMs: this.nowMs,
            callId: id,
            legId: agent.agentLegId,
            ringTimeoutMs,
          });
        });
        return;
      case 'bridge': {
        const recordingId = effect.record ? (`recording-${this.#nextId++}` as RecordingId) : undefined;
        if (recordingId !== undefined) this.recordings.add(recordingId);
        this.#later('the bridge is made', (fails) =>
          this.turn(() => this.#bridged(id, effect.agent, recordingId, fails)),
        );
        return;
      }
      case 'play':
        this.#later('the message ends', () =>
          this.turn(() =>
            this.sendCall(id, { type: 'playbackFinished', atMs: this.nowMs, playbackId: effect.playbackId }),
          ),
        );
        return;
      case 'hangUp':
        this.#later('the callee is hung up', (fails) => (fails ? undefined : this.endLeg(effect.legId)));
        return;
      case 'stopRecording':
        this.recordings.delete(effect.recordingId);
        return;
      case 'releaseAgent':
        this.#inbox.push(() =>
          this.sendAgent(effect.agentId, {
            type: 'callReleased',
            atMs: this.nowMs,
            callId: id,
            talked: effect.talked,
            wrapUpMs: 1_000,
            reason: effect.reason,
          }),
        );
        return;
      case 'settle':
        this.settled.push(id);
        return;
      case 'closeDial':
      case 'writeNextDial':
      case 'hold':
        return;
    }
  }

  #bridged(id: CallId, agent: AgentLink, recordingId: RecordingId | undefined, fails: boolean): void {
    const { agentId } = agent;
    const atMs = this.nowMs;
    const recorded = recordingId === undefined ? {} : { recordingId };
    const moved = fails
      ? this.sendCall(id, { type: 'agentUnavailable', atMs, agentId, reason: 'bridgeFailed' })
      : this.sendCall(id, { type: 'bridged', atMs, bridgeId: agent.bridgeId, ...recorded });
    const isTalking = !fails && moved && this.#call(id).kind === 'talking';
    if (isTalking) this.sendAgent(agentId, { type: 'callBridged', atMs, callId: id });
    // Nobody else knows of a recording whose bridge failed or whose call is over.
    if ((fails || !moved) && recordingId !== undefined) this.recordings.delete(recordingId);
  }

  #actAgent(id: AgentId, effect: AgentEffect): void {
    switch (effect.type) {
      case 'ringStation':
        this.legs.add(effect.legId);
        this.#later('the phone answers', (fails) => {
          if (fails) this.endLeg(effect.legId);
          else if (this.legs.has(effect.legId))
            this.turn(() => this.sendAgent(id, { type: 'stationAnswered', atMs: this.nowMs, legId: effect.legId }));
        });
        return;
      case 'hangUpStation':
        this.#later('the phone is hung up', () => this.endLeg(effect.legId));
        return;
      case 'tellAgentAnswered':
        this.#inbox.push(() =>
          this.sendCall(effect.callId, { type: 'agentAnswered', atMs: this.nowMs, agentLegId: effect.legId }),
        );
        return;
      case 'tellAgentUnavailable':
        this.#inbox.push(() =>
          this.sendCall(effect.callId, {
            type: 'agentUnavailable',
            atMs: this.nowMs,
            agentId: id,
            reason: effect.reason,
          }),
        );
        return;
      case 'tellAgentLost':
        this.#inbox.push(() =>
          this.sendCall(effect.callId, { type: 'agentLost', atMs: this.nowMs, agentId: id, hungUp: effect.hungUp }),
        );
        return;
      case 'offer':
        this.#free.add(id);
        this.#inbox.push(() => this.#match());
        return;
      case 'withdraw':
        this.#free.delete(id);
        return;
      case 'parkStation':
      case 'closeBridge':
        return;
    }
  }

  #match(): void {
    for (const callId of [...this.#waiting]) {
      const agentId = [...this.#free][0];
      if (agentId === undefined) return;
      this.#waiting.delete(callId);
      this.#free.delete(agentId);
      const { station, bridgeId } = this.#agent(agentId);
      const agentLegId = station.phase === 'up' ? station.legId : this.#ring().legId;
      if (!this.sendAgent(agentId, { type: 'assigned', atMs: this.nowMs, callId })) continue;
      const agent = { agentId, agentLegId, bridgeId, stationUp: station.phase === 'up' };
      this.sendCall(callId, { type: 'agentOffered', atMs: this.nowMs, agent });
    }
  }

  #later(what: string, happen: InFlight['happen']): void {
    this.inFlight.push({ what, happen });
  }

  #ring(): { readonly legId: LegId; readonly ringTimeoutMs: number } {
    return { legId: `leg-${++this.#nextId}` as LegId, ringTimeoutMs: RING_MS };
  }

  #call(id: CallId): CallState {
    const call = this.calls.get(id);
    if (call === undefined) throw new Error(`No call ${id}.`);
    return call;
  }

  #agent(id: AgentId): AgentState {
    const agent = this.agents.get(id);
    if (agent === undefined) throw new Error(`No agent ${id}.`);
    return agent;
  }
}
