import type { AgentId, CampaignId, DialId, EpochMs } from '../ids.ts';

/** An agent as the pacer sees one. `sinceMs` is when the present state began. */
export type PacingAgent = {
  readonly agentId: AgentId;
  readonly state: 'idle' | 'reserved' | 'talking' | 'wrapUp';
  readonly sinceMs: EpochMs;
  /** The agent asked to pause or log out after the present call, or has a scheduled leave at this time. */
  readonly leavesAtMs?: EpochMs;
};

/** A line that is out and not yet answered. `answerProbability` (0–1) when a lead model gave one. */
export type PacingLine = { readonly dialId: DialId; readonly dialedAtMs: EpochMs; readonly answerProbability?: number };

/** Everything a pacer may look at when it decides. Plain data; built by the engine, read by the pacer. */
export type PacingView = {
  readonly nowMs: EpochMs;
  readonly campaignId: CampaignId;
  readonly agents: readonly PacingAgent[];
  readonly ringing: readonly PacingLine[];
  /** Answered callees who wait for an agent, with the time of their answer. */
  readonly waiting: readonly { readonly answeredAtMs: EpochMs }[];
  /** Most new lines that trunks, caller IDs, rate limits and the campaign's own limit allow now. */
  readonly linesAvailable: number;
  /** Leads ready in the hopper (so that the pacer can taper at a list's end). */
  readonly leadsAvailable: number;
  /** Answer probabilities (0–1) of the next leads in order, where a model gives them; may be shorter than `leadsAvailable`. */
  readonly nextLeads?: readonly number[];
  /** Lines of other campaigns that ring for the same agents; they take agents but are in another campaign's ledger. */
  readonly otherLines?: readonly PacingLine[];
  /** Calls that robots, queues or scripts may hand to the same agents: probability (0–1) that it comes within the time. */
  readonly transfers?: readonly { readonly probability: number; readonly withinMs: number }[];
  /** When the legal window or shift closes, if known. */
  readonly closesAtMs?: EpochMs;
};

/** Why no more lines are wanted; shown to the supervisor. */
export type PacingLimit = 'noAgents' | 'enoughLines' | 'budget' | 'noLines' | 'noLeads' | 'windowClosed' | 'guard';

/** The pacer's answer: how many new lines now, lines to shed, and why not more. */
export type PacingDecision = {
  readonly lines: number;
  /** Ringing lines to hang up because the risk that nobody is in time has become too high. Usually empty. */
  readonly shed: readonly DialId[];
  readonly limitedBy: PacingLimit;
  /** Risk now, price, budget … named numbers for the live view; empty for simple pacers. */
  readonly figures: Readonly<Record<string, number>>;
};

/** What happened since the last decision; the engine sends each once, in time order. */
export type PacingEvent =
  | { readonly type: 'dialed'; readonly atMs: EpochMs; readonly dialId: DialId; readonly answerProbability?: number }
  | {
      readonly type: 'answered';
      readonly atMs: EpochMs;
      readonly dialId: DialId;
      readonly dialedAtMs: EpochMs;
      readonly human: boolean;
    }
  | { readonly type: 'notAnswered'; readonly atMs: EpochMs; readonly dialId: DialId; readonly dialedAtMs: EpochMs }
  | { readonly type: 'connected'; readonly atMs: EpochMs; readonly agentId: AgentId; readonly waitedMs: number }
  | { readonly type: 'dropped'; readonly atMs: EpochMs; readonly waitedMs: number }
  | { readonly type: 'talkEnded'; readonly atMs: EpochMs; readonly agentId: AgentId; readonly talkMs: number }
  | { readonly type: 'wrapUpEnded'; readonly atMs: EpochMs; readonly agentId: AgentId; readonly wrapUpMs: number };

/**
 * Decides how many lines to dial. Pure over its serialisable state: `observe` and `decide` return the next state.
 * Total: any order of events, any view, never a throw; `lines` is a whole number within [0, min(linesAvailable, leadsAvailable)].
 */
export interface Pacer<State> {
  readonly name: string;
  initial(nowMs: EpochMs): State;
  observe(state: State, event: PacingEvent): State;
  decide(state: State, view: PacingView): { readonly state: State; readonly decision: PacingDecision };
}
