import type { AgentEvent, AgentState } from '../agent/agent-machine.ts';
import { agentTransition, loggedOutAgent } from '../agent/agent-machine.ts';
import type { PacingAgent } from '../dialing/pacer.ts';
import type { AgentId, BridgeId, CallId, LegId } from '../ids.ts';
import { isIgnored } from '../machine.ts';

/** What an agent's state is for the accounts: there and busy, there and free, or not there. */
export type Presence = 'busy' | 'idle' | 'absent';

const PRESENCE: Readonly<Record<AgentState['kind'], Presence>> = {
  loggedOut: 'absent',
  connecting: 'absent',
  paused: 'absent',
  ready: 'idle',
  reserved: 'busy',
  talking: 'busy',
  wrapUp: 'busy',
};

const SEEN_AS: Readonly<Partial<Record<AgentState['kind'], PacingAgent['state']>>> = {
  ready: 'idle',
  reserved: 'reserved',
  talking: 'talking',
  wrapUp: 'wrapUp',
};

/** A person at a desk, in the engine's own agent machine; the phone is rung per call, so that nobody waits for a station. */
export class SimulatedAgent {
  readonly id: AgentId;
  /** How much longer than the team's this agent's calls take. */
  readonly factor: number;
  state: AgentState;
  /** As the pacer sees the agent; `undefined` while absent. */
  seen: PacingAgent | undefined = undefined;
  /** When the present kind of state began. */
  sinceMs = 0;
  /** How long the absence will last that waits for the present call to end; 0 when none does. */
  awayForMs = 0;
  /** A leave that was announced. */
  leavesAtMs: number | undefined = undefined;
  /** Wrap-up of the present call, seconds. */
  wrapUpSec = 0;
  /** Place in the queue of free agents. */
  offered = 0;

  constructor(index: number, factor: number) {
    this.id = `agent-${index}` as AgentId;
    this.factor = factor;
    this.state = loggedOutAgent(this.id, `bridge-${index}` as BridgeId, 0);
  }

  get presence(): Presence {
    return PRESENCE[this.state.kind];
  }

  /** One event through the machine; tells whether the agent became free for the router. */
  step(event: AgentEvent): { readonly isOffered: boolean } {
    const result = agentTransition(this.state, event);
    if (isIgnored(result)) return { isOffered: false };
    this.state = result.state;
    return { isOffered: result.effects.some((effect) => effect.type === 'offer') };
  }

  /** Comes to work and is ready for calls. */
  start(atMs: number): boolean {
    this.step({ type: 'logIn', atMs, mode: 'perCall', legId: NO_LEG, ringTimeoutMs: 0 });
    return this.step({ type: 'ready', atMs, legId: NO_LEG, ringTimeoutMs: 0 }).isOffered;
  }

  /** Stops at once, whatever the agent does; for the end of a day. */
  stop(atMs: number): void {
    this.state = loggedOutAgent(this.id, this.state.bridgeId, atMs);
    this.seen = undefined;
    this.awayForMs = 0;
    this.leavesAtMs = undefined;
  }

  /** Puts the state where the pacer sees it; `stamp` gives a time by its clock. */
  show(stamp: (ms: number) => number): void {
    const state = SEEN_AS[this.state.kind];
    this.seen =
      state === undefined
        ? undefined
        : {
            agentId: this.id,
            state,
            sinceMs: stamp(this.sinceMs),
            ...(this.leavesAtMs === undefined ? {} : { leavesAtMs: stamp(this.leavesAtMs) }),
          };
  }

  /** The call this agent has, or had until the wrap-up ends. */
  get callId(): CallId {
    return 'callId' in this.state ? this.state.callId : NO_CALL;
  }
}

const NO_LEG = 'none' as LegId;
const NO_CALL = 'none' as CallId;
