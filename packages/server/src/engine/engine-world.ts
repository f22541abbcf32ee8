import type { CampaignLimit } from '@qianhu/contracts';
import type {
  AgentId,
  BridgeId,
  CallEffect,
  CallId,
  CampaignId,
  CampaignState,
  EpochMs,
  Outcome,
  PlaybackId,
  RecordingId,
  TrunkId,
} from '@qianhu/core';
import type { SoundSource, Switch } from '@qianhu/switch';
import type { Pool } from 'pg';
import type { Clock } from '../platform/clock.ts';
import type { IdSource } from '../platform/ids.ts';
import type { Logger } from '../platform/log.ts';
import type { CampaignContext, LeadCounts } from './campaign-context.ts';
import type { DialOrder, LeadInCall } from './dial-order.ts';
import type { LeadDisposal } from './lead-plan.ts';
import type { Kernel } from './kernel.ts';
import type { Lease } from './lease.ts';
import type { EngineAgent } from './agent-row.ts';
import type { FreeAgent, WaitingCall } from './router.ts';
import type { AgentCallView } from './port.ts';
import type { AnswerBook } from './pacing/answer-book.ts';
import type { Pace } from './pacing/pace.ts';
import type { TrunkBook } from './trunk-book.ts';
import type { SecretOpener } from './trunk-row.ts';

/** What a call carries beside its machine's state, while it lives. */
export type CallExtra = {
  readonly lead: LeadInCall;
  /** The present (last) dial. */
  order: DialOrder;
  readonly triedTrunkIds: TrunkId[];
  /** What plays to the callee while waiting, to be stopped before the bridge; `begun` resolves when the switch has it, or refused. */
  playing: { readonly playbackId: PlaybackId; readonly begun: Promise<void> } | undefined;
  /** The recording that runs: of the callee alone while nobody is there, of both once an agent has joined. */
  recordingId?: RecordingId | undefined;
  /** The bridge that the callee's leg was last put into: a message needs it taken out first. */
  bridgeId: BridgeId | undefined;
  /** A result was written before the end: it decides about the lead, and no wrap-up is needed. */
  disposal: LeadDisposal | undefined;
  /** For the live counts. */
  countedAs: 'dialing' | 'ringing' | 'waiting' | 'talking' | 'announcing' | undefined;
};

/** A campaign that the engine runs (or has run since its start). */
export type LiveCampaign = {
  context: CampaignContext;
  state: CampaignState;
  seq: number;
  leads: LeadCounts;
  outcomes: Record<string, number>;
  /** Calls not yet ended. */
  readonly open: Set<CallId>;
  /** Dials that a transaction is writing now; counted as lines. */
  writing: number;
  /** Another look is wanted when the transaction in flight is over. */
  pumpAgain: boolean;
  /** The database is being asked whether leads are left. */
  counting: boolean;
  limitedBy: CampaignLimit | undefined;
  nextOpeningMs: EpochMs | undefined;
  pacing: Readonly<Record<string, number>>;
  /** Decides how many lines; told of everything that happens to the campaign's calls. */
  pace: Pace;
  /** How likely (0–1) the leads that come next are to answer, as last seen. */
  nextOdds: readonly number[];
  /** Tokens of the campaign's own rate limit. */
  bucket: { tokens: number; atMs: EpochMs };
  /** Nothing could be dialled at the last look, for this reason; looked at again at this time or when told. */
  emptyUntilMs: EpochMs;
  emptyBecause: CampaignLimit;
};

/** Everything that the engine's parts share. Parts are plain functions over it; only the kernel's turns change it. */
export type EngineWorld = {
  readonly pool: Pool;
  readonly switch: Switch;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ids: IdSource;
  readonly lease: Lease;
  readonly kernel: Kernel;
  readonly trunks: TrunkBook;
  readonly answers: AnswerBook;
  readonly extras: Map<CallId, CallExtra>;
  readonly campaigns: Map<CampaignId, LiveCampaign>;
  readonly agentRows: Map<AgentId, EngineAgent>;
  /** Agents who may no longer take calls and are still logging out. */
  readonly leaving: Set<AgentId>;
  readonly waiting: Map<CallId, WaitingCall>;
  readonly free: Map<AgentId, FreeAgent>;
  /** The station's bridge is being made: what needs it waits. */
  readonly parking: Map<AgentId, Promise<void>>;
  readonly recordings: Map<
    RecordingId,
    { readonly callId: CallId; readonly agentId: AgentId | undefined; readonly startedAtMs: EpochMs }
  >;
  /** Accounts of browser phones, kept to be pushed again when the switch has restarted. In memory only: they die with us. */
  readonly phoneAccounts: Map<AgentId, { readonly username: string; readonly password: string }>;
  /** The call each agent is in or was in last: what wrap-up is about. */
  readonly lastCalls: Map<AgentId, AgentCallView>;
  readonly openSecret: SecretOpener;
  /** What to play for a prompt's name. */
  readonly prompt: (name: string) => readonly SoundSource[];
  /** A live view changed. */
  readonly changed: (what: { readonly campaignId: CampaignId } | { readonly agentId: AgentId }) => void;
  /** Look at the campaign's pace soon. */
  readonly pump: (campaignId: CampaignId) => void;
  /** Runs one effect of a call that was just taken in. */
  readonly startEffect: (callId: CallId, effect: CallEffect) => void;
  /** Wakes the outbox after a commit. */
  readonly wakeOutbox: () => void;
  readonly settled: (attempt: {
    readonly campaignId: CampaignId;
    readonly attemptId: DialOrder['attemptId'];
    readonly outcome: Outcome;
  }) => void;
};
