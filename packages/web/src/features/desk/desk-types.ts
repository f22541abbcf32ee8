export type AgentPhase = 'loggedOut' | 'connecting' | 'paused' | 'ready' | 'ringing' | 'talking' | 'held' | 'wrapUp';

export type AgentView = {
  readonly agentId: string;
  readonly name: string;
  readonly phase: AgentPhase;
  readonly sinceMs: number;
  readonly pauseReason?: string;
  readonly pauseAfterCall?: string;
  readonly stationUp: boolean;
  readonly demo: boolean;
  readonly call?: {
    readonly callId: string;
    readonly attemptId?: string;
    readonly campaignId?: string;
    readonly answeredAtMs: number;
    readonly bridgedAtMs?: number;
    readonly endedAtMs?: number;
    readonly wrapUpEndsAtMs?: number;
    readonly disposition?: string;
  };
};
