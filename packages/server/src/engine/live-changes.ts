import type { AgentId, AttemptId, CampaignId, Outcome } from '@qianhu/core';
import type { Clock } from '../platform/clock.ts';
import type { AgentView, CampaignView, EngineStatus, LiveChange } from './port.ts';

/** How long changes of one view are gathered before it is told: people see no difference, and a busy engine is not slowed. */
const GATHER_MS = 200;

/** Tells listeners what changed: whole views, each at most once per `GATHER_MS`, agents' own at once. */
export class LiveChanges {
  readonly #clock: Clock;
  readonly #views: {
    readonly campaign: (id: CampaignId) => CampaignView | undefined;
    readonly agent: (id: AgentId) => AgentView | undefined;
  };
  readonly #listeners = new Set<(change: LiveChange) => void>();
  readonly #campaigns = new Set<CampaignId>();
  readonly #agents = new Set<AgentId>();
  #cancelSlow: (() => void) | undefined;
  #cancelFast: (() => void) | undefined;

  constructor(
    clock: Clock,
    views: {
      readonly campaign: (id: CampaignId) => CampaignView | undefined;
      readonly agent: (id: AgentId) => AgentView | undefined;
    },
  ) {
    this.#clock = clock;
    this.#views = views;
  }

  subscribe(listener: (change: LiveChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  mark(what: { readonly campaignId: CampaignId } | { readonly agentId: AgentId }): void {
    if (this.#listeners.size === 0) return;
    if ('agentId' in what) {
      this.#agents.add(what.agentId);
      this.#cancelFast ??= this.#clock.setTimer(0, () => this.#tellAgents());
    } else {
      this.#campaigns.add(what.campaignId);
      this.#cancelSlow ??= this.#clock.setTimer(GATHER_MS, () => this.#tellCampaigns());
    }
  }

  settled(attempt: {
    readonly campaignId: CampaignId;
    readonly attemptId: AttemptId;
    readonly outcome: Outcome;
  }): void {
    this.#tell({ type: 'attemptSettled', ...attempt });
    this.mark({ campaignId: attempt.campaignId });
  }

  status(status: EngineStatus): void {
    this.#tell({ type: 'status', status });
  }

  stop(): void {
    this.#cancelFast?.();
    this.#cancelSlow?.();
    this.#listeners.clear();
  }

  #tellAgents(): void {
    this.#cancelFast = undefined;
    const ids = [...this.#agents];
    this.#agents.clear();
    for (const id of ids) {
      const view = this.#views.agent(id);
      if (view !== undefined) this.#tell({ type: 'agent', view });
    }
  }

  #tellCampaigns(): void {
    this.#cancelSlow = undefined;
    const ids = [...this.#campaigns];
    this.#campaigns.clear();
    for (const id of ids) {
      const view = this.#views.campaign(id);
      if (view !== undefined) this.#tell({ type: 'campaign', view });
    }
  }

  #tell(change: LiveChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch {
        // A listener's fault is its own: the others are told all the same.
      }
    }
  }
}
