import type { AgentId, CampaignId, TrunkId } from '@qianhu/core';
import type { SoundSource, Switch, SwitchEvent, TrunkState } from '@qianhu/switch';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { AppError } from '../errors.ts';
import { every, type Clock } from '../platform/clock.ts';
import type { IdSource } from '../platform/ids.ts';
import type { Logger } from '../platform/log.ts';
import * as agents from './agent-commands.ts';
import { loadAgents } from './agent-row.ts';
import { onAgentStep } from './agent-steps.ts';
import { act, onCallStep } from './call-steps.ts';
import { onClockJump } from './clock-jump.ts';
import { campaignCommand, countLeads, reloadCampaign, startCampaign, takeCampaign } from './campaign-commands.ts';
import { loadCampaigns } from './campaign-context.ts';
import { watchCallerIds } from './caller-id-rests.ts';
import { Committer } from './committer.ts';
import { pump } from './dialer.ts';
import { disposeAttempt } from './disposal.ts';
import type { EngineWorld } from './engine-world.ts';
import { Kernel } from './kernel.ts';
import { acquireLease, keepLease, releaseLease, type Lease } from './lease.ts';
import { LiveChanges } from './live-changes.ts';
import { Outbox } from './outbox.ts';
import { AnswerBook } from './pacing/answer-book.ts';
import { pacingKey, remember } from './pacing/memory.ts';
import type {
  AgentView,
  CampaignView,
  Disposal,
  Engine,
  EngineStatus,
  FloorSnapshot,
  LiveChange,
  TrunkTestResult,
} from './port.ts';
import { finishRecordingJob } from './recording-job.ts';
import { readBack, reconcile } from './recovery.ts';
import { provisionAgents, provisionTrunks } from './provisioning.ts';
import { byPriority } from './routing.ts';
import { onSwitchEvent } from './switch-events.ts';
import { TrunkBook } from './trunk-book.ts';
import { loadTrunks, type SecretOpener } from './trunk-row.ts';
import { testTrunk } from './trunk-test.ts';
import { agentView, campaignView } from './views.ts';

/** The resource whose lease an engine holds: its agents, campaigns and its switch's calls. */
const RESOURCE = 'engine';
const TICK_MS = 500;
/** Looks at a campaign's pace are gathered this long: a burst of endings is one look and one transaction. */
const PUMP_MS = 10;
/** How often a standby asks for the lease. */
const STANDBY_MS = 1_000;
/** How often what was learned is saved: a crash costs so much learning at most. */
const REMEMBER_MS = 10_000;

export type LiveEngineDeps = {
  readonly pool: Pool;
  readonly switch: Switch;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ids: IdSource;
  readonly openSecret: SecretOpener;
  /** What to play for a prompt's name. */
  readonly prompt: (name: string) => readonly SoundSource[];
  /** Where finished recordings go. */
  readonly recordingsFolder: string;
  /** Names this process in the lease; the same name takes its own lease back at once. */
  readonly holder?: string;
  /** Another process has taken over: this one must end. */
  readonly onLost: (reason: string) => void;
};

/** The engine on a real (or virtual) switch and a real database. */
export class LiveEngine implements Engine {
  readonly #deps: LiveEngineDeps;
  readonly #changes: LiveChanges;
  #world: EngineWorld | undefined;
  #committer: Committer | undefined;
  #outbox: Outbox | undefined;
  #role: EngineStatus['role'] = 'standby';
  #cancels: (() => void)[] = [];
  /** Since when nobody listens to the switch; undefined while the connection is up. */
  #blindSinceMs: number | undefined;
  #reconciling: Promise<void> = Promise.resolve();
  /** What the switch told since its control came back, until that has been held against what we believe. */
  #early: SwitchEvent[] | undefined;
  /** Campaigns that will be looked at in a moment. */
  readonly #pumps = new Set<CampaignId>();

  constructor(deps: LiveEngineDeps) {
    this.#deps = deps;
    this.#changes = new LiveChanges(deps.clock, {
      campaign: (id) => this.campaign(id),
      agent: (id) => this.agent(id),
    });
  }

  /**
   * Waits for the lease, reads back what was, connects to the switch and reconciles. Resolves when calls may be made.
   * `signal` ends the wait of a standby.
   */
  async start(signal?: AbortSignal): Promise<void> {
    const lease = await this.#waitForLease(signal);
    const world = this.#build(lease);
    this.#world = world;
    const { clock, log } = this.#deps;
    this.#cancels.push(
      keepLease(this.#deps.pool, lease, { clock, log, onLost: () => this.#lost('the lease has another owner') }),
    );
    for (const agent of await loadAgents(world.pool, world.openSecret)) world.agentRows.set(agent.agentId, agent);
    await world.answers.load(world.pool);
    for (const loaded of await loadCampaigns(world.pool, undefined, clock.now())) takeCampaign(world, loaded);
    world.trunks.load(await loadTrunks(world.pool, world.openSecret), clock.now());
    this.#cancels.push(await watchCallerIds(world));
    world.kernel.holdDeadlines();
    await readBack(world);
    // Events that come before the snapshot is worked in would speak of legs in a state that is not yet ours.
    const early: SwitchEvent[] = [];
    let isReady = false;
    this.#cancels.push(
      world.switch.subscribe((event) => {
        if (isReady) this.#onSwitchEvent(world, event);
        else early.push(event);
      }),
    );
    await world.switch.connect();
    await provisionTrunks(world);
    await provisionAgents(world);
    const found = await reconcile(world, await world.switch.snapshot(), 0);
    world.kernel.releaseDeadlines();
    isReady = true;
    for (const event of early) this.#onSwitchEvent(world, event);
    log.info(found, 'engine started');
    this.#role = 'owner';
    this.#outbox?.wake();
    this.#cancels.push(every(this.#deps.clock, TICK_MS, () => this.#tick(world)));
    this.#cancels.push(every(this.#deps.clock, REMEMBER_MS, () => void this.#remember(world)));
    this.#tick(world);
    this.#changes.status(this.status());
  }

  /** Ends our work, not the calls: they live in the switch, and the next owner adopts them. */
  async stop(): Promise<void> {
    const world = this.#world;
    this.#role = 'stopped';
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#changes.stop();
    if (world === undefined) return;
    world.kernel.stop();
    await this.#remember(world);
    await this.#outbox?.stop();
    await this.#committer?.close();
    await world.switch.close();
    await releaseLease(world.pool, world.lease).catch(() => undefined);
    this.#world = undefined;
  }

  async #waitForLease(signal: AbortSignal | undefined): Promise<Lease> {
    const { pool, clock, log } = this.#deps;
    const holder = this.#deps.holder ?? `${hostname()}:${process.pid}`;
    for (let waited = 0; ; waited++) {
      const lease = await acquireLease(pool, RESOURCE, holder);
      if (lease !== undefined) return lease;
      if (waited === 0) log.info({}, 'another process runs the engine, waiting for its lease');
      await new Promise<void>((resolve) => clock.setTimer(STANDBY_MS, resolve));
      if (signal?.aborted === true) throw new AppError('unavailable', 'The wait for the engine was cancelled.');
    }
  }

  #build(lease: Lease): EngineWorld {
    const { pool, clock, log, ids } = this.#deps;
    const committer = new Committer({ pool, lease, clock, log, onFenced: () => this.#lost('a newer owner writes') });
    const kernel = new Kernel({ clock, log, committer });
    this.#committer = committer;
    this.#outbox = new Outbox(
      { pool, clock, log },
      { 'recording.finish': (key) => finishRecordingJob(pool, key, this.#deps.recordingsFolder) },
    );
    const world: EngineWorld = {
      pool,
      switch: this.#deps.switch,
      clock,
      log,
      ids,
      lease,
      kernel,
      trunks: new TrunkBook(),
      answers: new AnswerBook(),
      extras: new Map(),
      campaigns: new Map(),
      agentRows: new Map(),
      leaving: new Set(),
      waiting: new Map(),
      free: new Map(),
      parking: new Map(),
      recordings: new Map(),
      phoneAccounts: new Map(),
      lastCalls: new Map(),
      openSecret: this.#deps.openSecret,
      prompt: this.#deps.prompt,
      changed: (what) => this.#changes.mark(what),
      pump: (campaignId) => this.#pumpSoon(world, campaignId),
      startEffect: (callId, effect) => {
        const state = kernel.calls.state(callId);
        if (state !== undefined) act(world, callId, state, world.extras.get(callId), effect);
      },
      wakeOutbox: () => this.#outbox?.wake(),
      settled: (attempt) => this.#changes.settled(attempt),
    };
    kernel.onClockJump((byMs) => onClockJump(world, byMs));
    kernel.handle({
      onCallStep: (id, step) => onCallStep(world, id, step),
      onAgentStep: (id, step) => onAgentStep(world, id, step),
    });
    return world;
  }

  // The switch ------------------------------------------------------------------------------------------------------

  #onSwitchEvent(world: EngineWorld, event: SwitchEvent): void {
    if (event.type === 'replaced') {
      this.#lost('another process controls the switch');
      return;
    }
    if (event.type === 'connectionLost') {
      this.#blindSinceMs ??= event.atMs;
      this.#deps.log.warn({ reason: event.reason }, 'control of the switch is lost; calls go on');
      this.#changes.status(this.status());
      return;
    }
    if (event.type === 'connectionRestored') {
      const blindSinceMs = this.#blindSinceMs ?? event.atMs;
      this.#blindSinceMs = undefined;
      this.#early ??= [];
      this.#reconciling = this.#reconciling.then(() => this.#restore(world, event.sameIncarnation, blindSinceMs));
      return;
    }
    if (this.#early === undefined) onSwitchEvent(world, event);
    else this.#early.push(event);
  }

  async #restore(world: EngineWorld, sameIncarnation: boolean, blindSinceMs: number): Promise<void> {
    try {
      if (!sameIncarnation) {
        await provisionTrunks(world);
        await provisionAgents(world);
      }
      const found = await reconcile(world, await world.switch.snapshot(), blindSinceMs);
      this.#deps.log.info({ ...found, sameIncarnation }, 'control of the switch is back');
    } catch (error) {
      this.#deps.log.error({ err: error }, 'the switch could not be reconciled');
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) onSwitchEvent(world, event);
    if (!sameIncarnation) world.kernel.post(() => world.trunks.forgiveFailures());
    this.#changes.status(this.status());
    for (const campaignId of world.campaigns.keys()) world.pump(campaignId);
  }

  #lost(reason: string): void {
    if (this.#role === 'replaced') return;
    this.#role = 'replaced';
    this.#deps.log.error({ reason }, 'this process no longer owns the engine');
    this.#world?.kernel.stop();
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#deps.onLost(reason);
  }

  // Campaigns -------------------------------------------------------------------------------------------------------

  #tick(world: EngineWorld): void {
    // A turn looks at the clock: a jump is noticed also while nothing happens.
    world.kernel.post(() => undefined);
    for (const campaignId of byPriority(world, world.campaigns.keys()))
      if (world.campaigns.get(campaignId)?.state.kind === 'running') this.#pumpSoon(world, campaignId);
    for (const campaign of world.campaigns.values()) void countLeads(world, campaign);
  }

  async #remember(world: EngineWorld): Promise<void> {
    const pacers = [...world.campaigns.values()].flatMap(({ context, state, pace }) => {
      const kept = state.kind === 'running' || state.kind === 'draining' ? pace.kept() : undefined;
      return kept === undefined ? [] : [{ key: pacingKey(context.id), state: kept }];
    });
    const things = [...pacers, ...world.answers.takeChanged()];
    if (things.length === 0) return;
    await remember(world.pool, world.lease, things).catch((error: unknown) =>
      this.#deps.log.warn({ err: error }, 'what was learned could not be saved'),
    );
  }

  #pumpSoon(world: EngineWorld, campaignId: CampaignId): void {
    if (this.#role !== 'owner' || this.#blindSinceMs !== undefined || this.#pumps.has(campaignId)) return;
    this.#pumps.add(campaignId);
    this.#deps.clock.setTimer(PUMP_MS, () => {
      this.#pumps.delete(campaignId);
      if (this.#role === 'owner' && this.#blindSinceMs === undefined) void pump(world, campaignId);
    });
  }

  async startCampaign(id: CampaignId): Promise<void> {
    await startCampaign(this.#owned(), id);
  }

  async pauseCampaign(id: CampaignId): Promise<void> {
    await campaignCommand(this.#owned(), id, (_campaign, atMs) => ({ type: 'pause', atMs, cause: 'person' }));
  }

  async drainCampaign(id: CampaignId): Promise<void> {
    await campaignCommand(this.#owned(), id, (campaign, atMs) => ({
      type: 'drain',
      atMs,
      openCalls: campaign.open.size + campaign.writing,
    }));
  }

  async stopCampaign(id: CampaignId): Promise<void> {
    await campaignCommand(this.#owned(), id, (_campaign, atMs) => ({ type: 'stop', atMs }));
  }

  async reloadCampaign(id: CampaignId): Promise<void> {
    await reloadCampaign(this.#owned(), id);
  }

  async reloadTrunks(): Promise<void> {
    const world = this.#owned();
    await provisionTrunks(world, await loadTrunks(world.pool, world.openSecret));
  }

  // Agents ----------------------------------------------------------------------------------------------------------

  async reloadAgents(): Promise<void> {
    await agents.reloadAgents(this.#owned());
  }

  async logInAgent(id: AgentId): Promise<void> {
    await agents.logInAgent(this.#owned(), id);
  }

  async logOutAgent(id: AgentId): Promise<void> {
    await agents.logOutAgent(this.#owned(), id);
  }

  async readyAgent(id: AgentId): Promise<void> {
    await agents.readyAgent(this.#owned(), id);
  }

  async pauseAgent(id: AgentId, reason: string): Promise<void> {
    await agents.pauseAgent(this.#owned(), id, reason);
  }

  async hangUpAgentCall(id: AgentId): Promise<void> {
    await agents.hangUpAgentCall(this.#owned(), id);
  }

  async holdAgentCall(id: AgentId, held: boolean): Promise<void> {
    await agents.holdAgentCall(this.#owned(), id, held);
  }

  async sendAgentDtmf(id: AgentId, digits: string): Promise<void> {
    await agents.sendAgentDtmf(this.#owned(), id, digits);
  }

  async disposeCall(id: AgentId, disposal: Disposal): Promise<void> {
    await disposeAttempt(this.#owned(), id, disposal);
  }

  async putAgentPhone(
    id: AgentId,
    account: { readonly username: string; readonly password: string } | undefined,
  ): Promise<void> {
    await agents.setAgentPhone(this.#owned(), id, account);
  }

  async reloadAgentPhone(id: AgentId): Promise<void> {
    await agents.reloadAgentPhone(this.#owned(), id);
  }

  // Views -----------------------------------------------------------------------------------------------------------

  floor(): FloorSnapshot {
    const world = this.#world;
    if (world === undefined) return { campaigns: [], agents: [] };
    return {
      campaigns: [...world.campaigns.values()].map((campaign) => campaignView(world, campaign)),
      agents: [...world.agentRows.keys()].map((id) => agentView(world, id)).filter((view) => view !== undefined),
    };
  }

  agent(id: AgentId): AgentView | undefined {
    return this.#world === undefined ? undefined : agentView(this.#world, id);
  }

  campaign(id: CampaignId): CampaignView | undefined {
    const campaign = this.#world?.campaigns.get(id);
    return this.#world === undefined || campaign === undefined ? undefined : campaignView(this.#world, campaign);
  }

  subscribe(listener: (change: LiveChange) => void): () => void {
    return this.#changes.subscribe(listener);
  }

  trunkState(id: TrunkId): TrunkState | undefined {
    return this.#world?.trunks.state(id);
  }

  status(): EngineStatus {
    const health = this.#deps.switch.health();
    const admission = health.state === 'up' ? this.#deps.switch.admission() : undefined;
    return {
      role: this.#role,
      switch: {
        state: health.state,
        ...(health.version === undefined ? {} : { version: health.version }),
        ...(health.lastError === undefined ? {} : { lastError: health.lastError }),
        ...(admission === undefined ? {} : { newCallsPerSecond: admission.newCallsPerSecond }),
      },
      openCalls: this.#world?.kernel.calls.size ?? 0,
      commitQueue: this.#committer?.pending ?? 0,
      ignoredEvents: Object.fromEntries(this.#world?.kernel.ignored ?? []),
    };
  }

  testTrunk(
    id: TrunkId,
    number: string,
    options: { readonly ringTimeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<TrunkTestResult> {
    return testTrunk(this.#owned(), id, number, options);
  }

  #owned(): EngineWorld {
    if (this.#world === undefined || this.#role !== 'owner') {
      throw new AppError('unavailable', 'The call engine is not running here; try again in a moment.', {
        retryable: true,
        details: { role: this.#role },
      });
    }
    return this.#world;
  }
}
