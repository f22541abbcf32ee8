import type {
  AgentId,
  AttemptId,
  BridgeId,
  CallId,
  CampaignId,
  DialId,
  EpochMs,
  LegId,
  PlaybackId,
  RecordingId,
  TrunkId,
} from '../ids.ts';
import type { LegEnding } from './hangup.ts';
import type { LegEvent, LegState } from './leg-machine.ts';
import type { Outcome } from './outcome.ts';

/** What a call may do, fixed when it begins (a change of the campaign touches later calls only). */
export type CallPolicy = {
  /** How long the carrier may let it ring; the switch keeps the time, we only guard. */
  readonly ringTimeoutMs: number;
  /** From the answer until it counts as dropped when no agent is bridged (2,000 ms: 16 CFR 310.4(b)(4)(iii)). */
  readonly agentWaitMs: number;
  /** How long an agent's phone may ring when it is rung per call. */
  readonly agentRingMs: number;
  /** Whether talks are recorded. */
  readonly record: boolean;
  /** Message for who is dropped; null: hang up at once. A prompt's name, not a path. */
  readonly dropPrompt: string | null;
  /** What the callee gets when the agent's leg vanishes in mid-call. */
  readonly onAgentLost:
    | { readonly kind: 'anotherAgent'; readonly waitMs: number; readonly message: string }
    | { readonly kind: 'message'; readonly message: string };
};

/** What every state of a call carries. */
export type CallBase = {
  readonly callId: CallId;
  readonly campaignId: CampaignId;
  readonly attemptId: AttemptId;
  readonly policy: CallPolicy;
  /** Trunks that may still be tried after a carrier's failure, in order. */
  readonly trunksLeft: readonly TrunkId[];
  readonly startedAtMs: EpochMs;
};

/** The callee's leg while it lives: `dialId` and `legId` are the same text. */
export type CalleeLeg = {
  readonly dialId: DialId;
  readonly legId: LegId;
  readonly dialedAtMs: EpochMs;
  readonly leg: LegState;
};

/** How an agent is reached for a call. `bridgeId` is the station's (kept up) or made for the call. */
export type AgentLink = {
  readonly agentId: AgentId;
  readonly agentLegId: LegId;
  readonly bridgeId: BridgeId;
  readonly stationUp: boolean;
};

/**
 * A campaign's call.
 *
 * ```
 *            carrier failed            noNextDial
 *   dialing ───────────────► redialing ───────────► ended
 *    │  ▲                        │
 *    │  └───────── nextDial ─────┘
 *    │ answered
 *    ▼      agentOffered             bridged
 *  waiting ─────────────► connecting ───────► talking
 *    │  ▲                    │   │               │
 *    │  └── agentUnavailable ┘   │   agent lost  │ (requeue → waiting)
 *    │ agentWait over            │               │
 *    ▼                           ▼               ▼
 *  announcing ──────────────► ending ─────────► ended     (legEnded of the callee: ended from anywhere)
 * ```
 */
export type CallState =
  /** A dial is written and out; the callee's leg is being set up. `guardAtMs`: past it we hang up ourselves. */
  | (CallBase & { readonly kind: 'dialing'; readonly callee: CalleeLeg; readonly guardAtMs: EpochMs })
  /** The carrier failed; the next dial is being written. */
  | (CallBase & {
      readonly kind: 'redialing';
      readonly lastOutcome: Outcome;
      readonly lastEnding: LegEnding;
      readonly guardAtMs: EpochMs;
    })
  /** Answered; no agent yet. Past `dropAtMs` it is dropped. `lostAgents`: agents that vanished before (requeued). */
  | (CallBase & {
      readonly kind: 'waiting';
      readonly callee: CalleeLeg;
      readonly answeredAtMs: EpochMs;
      readonly dropAtMs: EpochMs;
      readonly talkedBefore?: TalkSoFar;
    })
  /**
   * An agent is reserved: the bridge is being made, or the agent's phone rings. Only `giveUpAtMs` is armed; `dropAtMs` is
   * the callee's own deadline, kept for the case that this agent fails.
   */
  | (CallBase & {
      readonly kind: 'connecting';
      readonly callee: CalleeLeg;
      readonly answeredAtMs: EpochMs;
      readonly agent: AgentLink;
      readonly dropAtMs: EpochMs;
      readonly giveUpAtMs: EpochMs;
      readonly talkedBefore?: TalkSoFar;
    })
  /** Callee and agent are bridged. */
  | (CallBase & {
      readonly kind: 'talking';
      readonly callee: CalleeLeg;
      readonly answeredAtMs: EpochMs;
      readonly agent: AgentLink;
      readonly bridgedAtMs: EpochMs;
      readonly held: boolean;
      readonly recordingId?: RecordingId;
    })
  /** Nobody is (or will be) there: the callee hears a message, then we hang up. */
  | (CallBase & {
      readonly kind: 'announcing';
      readonly callee: CalleeLeg;
      readonly answeredAtMs: EpochMs;
      readonly playbackId: PlaybackId;
      readonly outcome: Outcome;
      readonly detail: string;
      readonly giveUpAtMs: EpochMs;
      readonly talkedBefore?: TalkSoFar;
    })
  /** We hang up the callee's leg and wait for its end. */
  | (CallBase & {
      readonly kind: 'ending';
      readonly callee: CalleeLeg;
      readonly outcome: Outcome;
      readonly detail: string;
      readonly answeredAtMs?: EpochMs;
      readonly giveUpAtMs: EpochMs;
      readonly talk?: TalkSoFar;
    })
  /** Over; absorbs everything. */
  | (CallBase & {
      readonly kind: 'ended';
      readonly outcome: Outcome;
      readonly detail: string;
      readonly endedAtMs: EpochMs;
    });

/** A talk that took place in this call. */
export type TalkSoFar = { readonly agentId: AgentId; readonly bridgedAtMs: EpochMs };

/** Why a dial was refused before the carrier saw it. */
export type DialRefusal = { readonly code: string; readonly text: string };

/** How the engine judged an ended dial (core: dialing/classify-ending). `isFinal`: no other trunk is tried. */
export type DialJudgement = { readonly outcome: Outcome; readonly isFinal: boolean };

/** Everything a call can be told. `leg` events carry the leg they are about; those of other legs are ignored. */
export type CallEvent =
  | { readonly type: 'callee'; readonly legId: LegId; readonly event: LegEvent; readonly judgement?: DialJudgement }
  /** The switch refused the originate: nothing was sent. */
  | { readonly type: 'dialRefused'; readonly atMs: EpochMs; readonly legId: LegId; readonly refusal: DialRefusal }
  /** The next dial is committed. */
  | {
      readonly type: 'nextDial';
      readonly atMs: EpochMs;
      readonly dialId: DialId;
      readonly legId: LegId;
      readonly trunkId: TrunkId;
      readonly trunksLeft: readonly TrunkId[];
    }
  /** No other trunk may take it (or the rules forbid it now). */
  | { readonly type: 'noNextDial'; readonly atMs: EpochMs }
  | { readonly type: 'agentOffered'; readonly atMs: EpochMs; readonly agent: AgentLink }
  /** The agent's own leg (rung per call) is up. */
  | { readonly type: 'agentAnswered'; readonly atMs: EpochMs; readonly agentLegId: LegId }
  /** The agent could not be had: the phone did not answer, or the bridge failed. */
  | { readonly type: 'agentUnavailable'; readonly atMs: EpochMs; readonly agentId: AgentId; readonly reason: string }
  | {
      readonly type: 'bridged';
      readonly atMs: EpochMs;
      readonly bridgeId: BridgeId;
      readonly recordingId?: RecordingId;
    }
  /** The agent's leg ended during the talk. `hungUp`: a phone rung per call was put down, which means "goodbye". */
  | { readonly type: 'agentLost'; readonly atMs: EpochMs; readonly agentId: AgentId; readonly hungUp: boolean }
  | {
      readonly type: 'hangUpRequested';
      readonly atMs: EpochMs;
      readonly by: 'agent' | 'supervisor' | 'campaign' | 'pacer';
    }
  | { readonly type: 'holdRequested'; readonly atMs: EpochMs; readonly held: boolean }
  | { readonly type: 'playbackFinished'; readonly atMs: EpochMs; readonly playbackId: PlaybackId }
  | { readonly type: 'deadline'; readonly atMs: EpochMs; readonly name: CallDeadline }
  /** After a crash: the callee's leg has no trace at the switch; it cannot be known what came of it. */
  | { readonly type: 'noTrace'; readonly atMs: EpochMs; readonly legId: LegId };

export type CallDeadline = 'guard' | 'drop' | 'giveUp';

/** What a call asks of the world. */
export type CallEffect =
  /** Waits for the commit: the dial's row is written before the switch is told. */
  | { readonly type: 'originate'; readonly dialId: DialId; readonly trunkId: TrunkId }
  /** The dial on `dialId` is over. */
  | {
      readonly type: 'closeDial';
      readonly dialId: DialId;
      readonly atMs: EpochMs;
      readonly outcome: Outcome;
      readonly ending?: LegEnding;
      readonly answeredAtMs?: EpochMs;
      readonly progressAtMs?: EpochMs;
    }
  | { readonly type: 'writeNextDial'; readonly trunksLeft: readonly TrunkId[] }
  | { readonly type: 'requestAgent'; readonly answeredAtMs: EpochMs }
  | { readonly type: 'withdrawRequest' }
  /** Ring the agent's phone (rung per call). */
  | { readonly type: 'ringAgent'; readonly agent: AgentLink; readonly ringTimeoutMs: number }
  /** Put both into the bridge and, when asked, record; answered by `bridged` or `agentUnavailable`. */
  | { readonly type: 'bridge'; readonly agent: AgentLink; readonly calleeLegId: LegId; readonly record: boolean }
  | { readonly type: 'hold'; readonly legId: LegId; readonly held: boolean }
  | { readonly type: 'play'; readonly playbackId: PlaybackId; readonly legId: LegId; readonly prompt: string }
  | { readonly type: 'hangUp'; readonly legId: LegId; readonly reason: 'normal' | 'noAnswer' }
  | { readonly type: 'stopRecording'; readonly recordingId: RecordingId }
  /** The agent is done with this call. `talked`: wrap-up follows. */
  | { readonly type: 'releaseAgent'; readonly agentId: AgentId; readonly talked: boolean; readonly reason: string }
  /** The attempt is settled; written in the same commit. Exactly once per call. */
  | {
      readonly type: 'settle';
      readonly atMs: EpochMs;
      readonly outcome: Outcome;
      readonly detail: string;
      readonly answeredAtMs?: EpochMs;
      readonly talk?: TalkSoFar;
    };
