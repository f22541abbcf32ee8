import type { AgentId, AttemptId, CallId, CampaignId, EpochMs, Outcome, TrunkId } from '@qianhu/core';
import type { TrunkState } from '@qianhu/switch';

/**
 * What the rest of the server may ask of the engine, and what it tells. The engine owns every state row of calls, agents and
 * campaigns while it holds the lease; features read the database or the live views, and never write those rows themselves.
 *
 * Commands resolve after their commit and reject with `InvalidStateError` (409) or `AppError` (404, 422).
 */
export interface Engine {
  // Campaigns. `start` also resumes a paused campaign.
  startCampaign(id: CampaignId): Promise<void>;
  pauseCampaign(id: CampaignId): Promise<void>;
  /** No new dials; calls that are out go on; then it is stopped. */
  drainCampaign(id: CampaignId): Promise<void>;
  /** No new dials; ringing lines are hung up; talks go on. */
  stopCampaign(id: CampaignId): Promise<void>;
  /** Settings, lists, agents or trunks of a campaign were changed in the database: read them again. */
  reloadCampaign(id: CampaignId): Promise<void>;
  /** Trunks were changed in the database: provision the switch again. */
  reloadTrunks(): Promise<void>;

  // Agents.
  /** Users were changed in the database (new, renamed, disabled, removed): read them again. */
  reloadAgents(): Promise<void>;
  /** Opens the agent's station (rings the browser or phone, kept up) and leaves the agent paused. */
  logInAgent(id: AgentId): Promise<void>;
  logOutAgent(id: AgentId): Promise<void>;
  readyAgent(id: AgentId): Promise<void>;
  /** While in a call: takes effect after it. */
  pauseAgent(id: AgentId, reason: string): Promise<void>;
  /**
   * Makes the browser phone of an agent known to the switch under this account, and again after the switch has restarted.
   * Replaces the account of before; `undefined` takes it away (the session ended).
   */
  putAgentPhone(
    id: AgentId,
    account: { readonly username: string; readonly password: string } | undefined,
  ): Promise<void>;
  /** The agent's station or SIP phone's password was changed in the database, or the agent disabled: tell the switch. */
  reloadAgentPhone(id: AgentId): Promise<void>;
  hangUpAgentCall(id: AgentId): Promise<void>;
  holdAgentCall(id: AgentId, held: boolean): Promise<void>;
  sendAgentDtmf(id: AgentId, digits: string): Promise<void>;
  /** Writes the result of the agent's present or last call and ends wrap-up. */
  disposeCall(id: AgentId, disposal: Disposal): Promise<void>;

  // Live views. Snapshots are complete; changes follow as events through `subscribe`.
  floor(): FloorSnapshot;
  agent(id: AgentId): AgentView | undefined;
  campaign(id: CampaignId): CampaignView | undefined;
  subscribe(listener: (change: LiveChange) => void): () => void;
  status(): EngineStatus;
  /** How a trunk is now, as the switch last said; undefined when the engine does not know it (yet). */
  trunkState(id: TrunkId): TrunkState | undefined;

  /** One test call through a trunk; not a campaign call, still subject to the trunk's limits and the demonstration rule. */
  testTrunk(
    id: TrunkId,
    number: string,
    options: { ringTimeoutMs: number; signal?: AbortSignal },
  ): Promise<TrunkTestResult>;
}

export type Disposal = {
  readonly callId: CallId;
  readonly code: string;
  readonly note?: string;
  readonly callbackAtMs?: EpochMs;
};

/** Phases as people see them (glossary: agent states). */
export type AgentPhase = 'loggedOut' | 'connecting' | 'paused' | 'ready' | 'ringing' | 'talking' | 'held' | 'wrapUp';

export type AgentView = {
  readonly agentId: AgentId;
  readonly name: string;
  readonly phase: AgentPhase;
  readonly sinceMs: EpochMs;
  readonly pauseReason?: string;
  /** Pause asked for during a call. */
  readonly pauseAfterCall?: string;
  /** Whether the station (the standing leg) is up. */
  readonly stationUp: boolean;
  readonly demo: boolean;
  readonly call?: AgentCallView;
};

/** The call an agent is in, or wraps up. The lead's data are fetched over REST by attempt id (no personal data here). */
export type AgentCallView = {
  readonly callId: CallId;
  readonly attemptId?: AttemptId;
  readonly campaignId?: CampaignId;
  readonly answeredAtMs: EpochMs;
  readonly bridgedAtMs?: EpochMs;
  readonly endedAtMs?: EpochMs;
  /** When wrap-up ends by itself; absent: by hand. */
  readonly wrapUpEndsAtMs?: EpochMs;
  readonly disposition?: string;
};

export type CampaignPhase = 'draft' | 'running' | 'paused' | 'draining' | 'stopped' | 'finished';

export type CampaignView = {
  readonly campaignId: CampaignId;
  readonly name: string;
  readonly phase: CampaignPhase;
  readonly demo: boolean;
  readonly calls: CallCounts;
  /** Outcomes of settled attempts since the campaign began. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly leads: { readonly ready: number; readonly dialing: number; readonly done: number };
  readonly agents: Readonly<Partial<Record<AgentPhase, number>>>;
  /** Why not more lines now: static code for the UI (`noAgents`, `windowClosed`, `noTrunk`, `noLeads` …). */
  readonly limitedBy?: string;
  readonly nextOpeningMs?: EpochMs;
  /** Its caller IDs that are not shown for a while because few people answered them; the first 50. */
  readonly restingCallerIds?: readonly {
    readonly number: string;
    readonly sinceMs: EpochMs;
    readonly untilMs: EpochMs;
    readonly recentDials: number;
    readonly recentAnswers: number;
    readonly usualShare: number;
  }[];
  /** The pacer's named figures. */
  readonly pacing: Readonly<Record<string, number>>;
};

export type CallCounts = {
  readonly dialing: number;
  readonly ringing: number;
  readonly waiting: number;
  readonly talking: number;
  readonly announcing: number;
};

export type FloorSnapshot = { readonly campaigns: readonly CampaignView[]; readonly agents: readonly AgentView[] };

/** A whole replaced view each time: small, and a lost one is mended by the next. */
export type LiveChange =
  | { readonly type: 'campaign'; readonly view: CampaignView }
  | { readonly type: 'agent'; readonly view: AgentView }
  | {
      readonly type: 'attemptSettled';
      readonly campaignId: CampaignId;
      readonly attemptId: AttemptId;
      readonly outcome: Outcome;
    }
  | { readonly type: 'status'; readonly status: EngineStatus };

export type EngineStatus = {
  /** `owner`: we hold the lease and run calls. */
  readonly role: 'owner' | 'standby' | 'stopped' | 'replaced';
  readonly switch: {
    readonly state: string;
    readonly version?: string;
    readonly lastError?: string;
    readonly newCallsPerSecond?: number;
  };
  readonly openCalls: number;
  readonly commitQueue: number;
  readonly ignoredEvents: Readonly<Record<string, number>>;
};

export type TrunkTestResult = {
  readonly outcome: Outcome;
  readonly cause?: number;
  readonly sipStatus?: number;
  readonly text: string;
  /** What to mend, as a static code for the UI and CLI. */
  readonly advice: string;
  readonly ringMs?: number;
  readonly trace: readonly { readonly atMs: EpochMs; readonly direction: 'sent' | 'received'; readonly text: string }[];
};
