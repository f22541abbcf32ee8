import {
  campaignTransition,
  isIgnored,
  type AgentId,
  type CallId,
  type CampaignEvent,
  type CampaignId,
  type LegId,
  type TrunkId,
} from '@qianhu/core';
import type { SoundSource, Switch, SwitchEvent, TrunkState } from '@qianhu/switch';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { AppError } from '../errors.ts';
import { every, type Clock } from '../platform/clock.ts';
import type { IdSource } from '../platform/ids.ts';
import type { Logger } from '../platform/log.ts';
import { takeInAgent, takeRoster } from './agent-roster.ts';
import { agentEndpoint, loadAgents } from './agent-row.ts';
import { onAgentStep, STATION_RING_MS } from './agent-steps.ts';
import { act, onCallStep } from './call-steps.ts';
import { onClockJump } from './clock-jump.ts';
import { loadCampaigns, type LoadedCampaign } from './campaign-context.ts';
import { Committer } from './committer.ts';
import { pump } from './dialer.ts';
import { disposeAttempt } from './disposal.ts';
import type { EngineWorld, LiveCampaign } from './engine-world.ts';
import { Kernel } from './kernel.ts';
import { acquireLease, keepLease, releaseLease, type Lease } from './lease.ts';
import { LiveChanges } from './live-changes.ts';
import { Outbox } from './outbox.ts';
import { AnswerBook } from './pacing/answer-book.ts';
import { pacingKey, remember } from './pacing/memory.ts';
import { paceOf } from './pacing/pace.ts';
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
import { iso } from './rows.ts';
import {
  provisionAgent,
  provisionAgents,
  provisionTrunks,
  putAgentPhone,
  replaceAgentPhone,
  requirePhone,
} from './provisioning.ts';
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
    for (const agent of await loadAgents(world.pool, this.#deps.openSecret)) world.agentRows.set(agent.agentId, agent);
    await world.answers.load(world.pool);
    for (const loaded of await loadCampaigns(world.pool, undefined, clock.now())) this.#takeCampaign(world, loaded);
    world.trunks.load(await loadTrunks(world.pool, this.#deps.openSecret), clock.now());
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
    for (const campaign of world.campaigns.values()) void this.#count(world, campaign);
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

  /** Whether a campaign has come to its end: asked of the database, since leads may have been added or deleted. */
  async #count(world: EngineWorld, campaign: LiveCampaign): Promise<void> {
    const { kind } = campaign.state;
    if (campaign.open.size > 0 || campaign.writing > 0) return;
    if (kind === 'draining')
      return void this.#campaignEvent(world, campaign, {
        type: 'counted',
        atMs: world.clock.now(),
        openCalls: 0,
        openLeads: 1,
      });
    if (kind !== 'running' || campaign.counting || (campaign.leads.ready > 0 && campaign.emptyUntilMs === 0)) return;
    campaign.counting = true;
    try {
      const { rows } = await world.pool.query<{ ready: boolean; dialing: boolean }>(
        `SELECT EXISTS (SELECT 1 FROM leads WHERE list_id = ANY($1) AND state = 'ready') AS ready,
                EXISTS (SELECT 1 FROM leads WHERE list_id = ANY($1) AND state = 'dialing') AS dialing`,
        [campaign.context.lists.map((list) => list.listId)],
      );
      const openLeads = rows[0]?.ready === true || rows[0]?.dialing === true ? 1 : 0;
      if (openLeads > 0 && campaign.leads.ready <= 0 && rows[0]?.ready === true)
        await this.reloadCampaign(campaign.context.id);
      if (campaign.open.size === 0)
        await this.#campaignEvent(world, campaign, {
          type: 'counted',
          atMs: world.clock.now(),
          openCalls: 0,
          openLeads,
        });
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'leads could not be counted');
    } finally {
      campaign.counting = false;
    }
  }

  #takeCampaign(world: EngineWorld, loaded: LoadedCampaign): LiveCampaign {
    const before = world.campaigns.get(loaded.context.id);
    const { context, leads, outcomes } = loaded;
    for (const agentId of world.agentRows.keys())
      this.#assign(world, agentId, context.id, context.agentIds.has(agentId));
    if (before !== undefined) {
      const pace = paceOf(loaded.plan, world.clock.now(), before.pace);
      Object.assign(before, { context, leads, pace, emptyUntilMs: 0 });
      this.#changes.mark({ campaignId: context.id });
      return before;
    }
    const campaign: LiveCampaign = {
      context,
      state: loaded.state,
      seq: loaded.seq,
      leads,
      outcomes,
      open: new Set(),
      writing: 0,
      pumpAgain: false,
      counting: false,
      limitedBy: undefined,
      nextOpeningMs: undefined,
      pacing: {},
      pace: paceOf(loaded.plan, world.clock.now()),
      nextOdds: [],
      bucket: { tokens: Math.max(1, context.settings.newCallsPerSecond), atMs: world.clock.now() },
      emptyUntilMs: 0,
    };
    world.campaigns.set(context.id, campaign);
    this.#changes.mark({ campaignId: context.id });
    return campaign;
  }

  #assign(world: EngineWorld, agentId: AgentId, campaignId: CampaignId, isMember: boolean): void {
    const agent = world.agentRows.get(agentId);
    if (agent === undefined || agent.campaignIds.has(campaignId) === isMember) return;
    const campaignIds = new Set(agent.campaignIds);
    if (isMember) campaignIds.add(campaignId);
    else campaignIds.delete(campaignId);
    world.agentRows.set(agentId, { ...agent, campaignIds });
    const free = world.free.get(agentId);
    if (free !== undefined) world.free.set(agentId, { ...free, campaignIds });
  }

  async #campaign(world: EngineWorld, id: CampaignId): Promise<LiveCampaign> {
    const [loaded] = await loadCampaigns(world.pool, id, world.clock.now());
    if (loaded === undefined)
      throw new AppError('notFound', 'There is no such campaign.', { details: { campaignId: id } });
    return this.#takeCampaign(world, loaded);
  }

  async #command(id: CampaignId, make: (campaign: LiveCampaign, atMs: number) => CampaignEvent): Promise<void> {
    const world = this.#owned();
    const campaign = world.campaigns.get(id) ?? (await this.#campaign(world, id));
    await this.#campaignEvent(world, campaign, make(campaign, world.clock.now()));
  }

  async #campaignEvent(world: EngineWorld, campaign: LiveCampaign, event: CampaignEvent): Promise<void> {
    const { id } = campaign.context;
    await world.kernel.turn(() => {
      const result = campaignTransition(campaign.state, event);
      if (isIgnored(result)) return;
      const before = campaign.state.kind;
      campaign.state = result.state;
      campaign.seq += 1;
      const isOver = result.state.kind === 'finished' || result.state.kind === 'stopped';
      world.kernel.write({
        campaigns: [
          {
            id,
            phase: result.state.kind,
            state: result.state,
            seq: campaign.seq,
            ...(event.type === 'start' ? { started_at: iso(event.atMs) } : {}),
            finished_at: isOver ? iso(event.atMs) : null,
          },
        ],
        events: [
          {
            at: iso(event.atMs),
            aggregate: 'campaign',
            aggregate_id: id,
            seq: campaign.seq,
            type: event.type,
            data: { from: before, to: result.state.kind },
          },
        ],
      });
      for (const effect of result.effects) {
        if (effect.type === 'dial') {
          campaign.emptyUntilMs = 0;
          world.kernel.afterCommit(() => world.pump(id));
        }
        if (effect.type === 'hangUpUnanswered') {
          for (const callId of campaign.open) {
            world.kernel.post(() =>
              world.kernel.calls.send(callId, { type: 'hangUpRequested', atMs: event.atMs, by: 'campaign' }),
            );
          }
        }
      }
      // A stopping campaign hangs up what rings: those are `cancelled`, the talks go on.
      this.#changes.mark({ campaignId: id });
    });
  }

  startCampaign(id: CampaignId): Promise<void> {
    return this.#startCampaign(id);
  }

  async #startCampaign(id: CampaignId): Promise<void> {
    const world = this.#owned();
    const campaign = await this.#campaign(world, id);
    await this.#refuseBusyLists(world, campaign);
    await this.#command(id, (_campaign, atMs) => ({ type: 'start', atMs }));
  }

  /** A lead carries its own progress, so its list is dialled by one campaign at a time (ADR 0004). */
  async #refuseBusyLists(world: EngineWorld, campaign: LiveCampaign): Promise<void> {
    const { rows } = await world.pool.query<{ list: string; campaign: string }>(
      `SELECT l.name AS list, c.name AS campaign FROM campaign_lists mine
       JOIN campaign_lists other ON other.list_id = mine.list_id AND other.campaign_id <> mine.campaign_id
       JOIN campaigns c ON c.id = other.campaign_id AND c.phase IN ('running', 'paused', 'draining')
       JOIN lists l ON l.id = mine.list_id WHERE mine.campaign_id = $1 LIMIT 1`,
      [campaign.context.id],
    );
    const busy = rows[0];
    if (busy === undefined) return;
    throw new AppError(
      'conflict',
      `The list “${busy.list}” is being dialled by the campaign “${busy.campaign}”; stop that campaign first, or copy the list.`,
      { details: { reason: 'listBusy', list: busy.list, campaign: busy.campaign } },
    );
  }

  pauseCampaign(id: CampaignId): Promise<void> {
    return this.#command(id, (_campaign, atMs) => ({ type: 'pause', atMs, cause: 'person' }));
  }

  drainCampaign(id: CampaignId): Promise<void> {
    return this.#command(id, (campaign, atMs) => ({
      type: 'drain',
      atMs,
      openCalls: campaign.open.size + campaign.writing,
    }));
  }

  stopCampaign(id: CampaignId): Promise<void> {
    return this.#command(id, (_campaign, atMs) => ({ type: 'stop', atMs }));
  }

  async reloadCampaign(id: CampaignId): Promise<void> {
    const world = this.#owned();
    const [loaded] = await loadCampaigns(world.pool, id, world.clock.now());
    if (loaded === undefined) {
      world.campaigns.delete(id);
      return;
    }
    this.#takeCampaign(world, loaded);
    world.pump(id);
  }

  async reloadTrunks(): Promise<void> {
    const world = this.#owned();
    await provisionTrunks(world, await loadTrunks(world.pool, this.#deps.openSecret));
  }

  // Agents ----------------------------------------------------------------------------------------------------------

  async reloadAgents(): Promise<void> {
    const world = this.#owned();
    const rows = await loadAgents(world.pool, this.#deps.openSecret);
    for (const { agentId } of rows)
      if (world.kernel.agents.state(agentId) === undefined) await takeInAgent(world, agentId);
    takeRoster(world, rows);
  }

  async logInAgent(id: AgentId): Promise<void> {
    const world = this.#owned();
    await this.#readAgent(world, id);
    await provisionAgent(world, id);
    await requirePhone(world, id);
    const row = world.agentRows.get(id);
    const event = { atMs: world.clock.now(), legId: world.ids.next<LegId>(), ringTimeoutMs: STATION_RING_MS };
    await this.#agent(world, id, () =>
      world.kernel.agents.send(id, { type: 'logIn', mode: row?.station.mode ?? 'keptUp', ...event }),
    );
  }

  async logOutAgent(id: AgentId): Promise<void> {
    const world = this.#owned();
    await this.#agent(world, id, () => world.kernel.agents.send(id, { type: 'logOut', atMs: world.clock.now() }));
  }

  async readyAgent(id: AgentId): Promise<void> {
    const world = this.#owned();
    if (world.kernel.agents.state(id)?.station.phase !== 'up') await requirePhone(world, id);
    const event = { atMs: world.clock.now(), legId: world.ids.next<LegId>(), ringTimeoutMs: STATION_RING_MS };
    await this.#agent(world, id, () => world.kernel.agents.send(id, { type: 'ready', ...event }));
  }

  async pauseAgent(id: AgentId, reason: string): Promise<void> {
    const world = this.#owned();
    await this.#agent(world, id, () =>
      world.kernel.agents.send(id, { type: 'pause', atMs: world.clock.now(), reason }),
    );
  }

  async hangUpAgentCall(id: AgentId): Promise<void> {
    const world = this.#owned();
    const callId = this.#callOf(world, id);
    await world.kernel.turn(
      () => void world.kernel.calls.send(callId, { type: 'hangUpRequested', atMs: world.clock.now(), by: 'agent' }),
    );
  }

  async holdAgentCall(id: AgentId, held: boolean): Promise<void> {
    const world = this.#owned();
    const callId = this.#callOf(world, id);
    await world.kernel.turn(
      () => void world.kernel.calls.send(callId, { type: 'holdRequested', atMs: world.clock.now(), held }),
    );
    this.#changes.mark({ agentId: id });
  }

  async sendAgentDtmf(id: AgentId, digits: string): Promise<void> {
    const world = this.#owned();
    const call = world.kernel.calls.state(this.#callOf(world, id));
    if (call?.kind !== 'talking') throw new AppError('conflict', 'There is no talk to send digits into.');
    await world.switch.sendDtmf(call.callee.legId, digits);
  }

  async disposeCall(id: AgentId, disposal: Disposal): Promise<void> {
    const world = this.#owned();
    await disposeAttempt(world, id, disposal);
  }

  async putAgentPhone(
    id: AgentId,
    account: { readonly username: string; readonly password: string } | undefined,
  ): Promise<void> {
    const world = this.#owned();
    await this.#readAgent(world, id);
    if (account === undefined) world.phoneAccounts.delete(id);
    else world.phoneAccounts.set(id, account);
    await putAgentPhone(world, id);
  }

  async reloadAgentPhone(id: AgentId): Promise<void> {
    const world = this.#owned();
    const [row] = await loadAgents(world.pool, this.#deps.openSecret, id);
    const state = world.kernel.agents.state(id);
    const isInUse = state !== undefined && state.kind !== 'loggedOut';
    const before = world.agentRows.get(id);
    // Somebody disabled is being logged out; a station in use stays as it is, but for its password.
    const isSamePhone =
      row?.station.kind === 'sip' && before?.station.kind === 'sip' && row.station.mode === before.station.mode;
    if (row !== undefined && before !== undefined && (!isInUse || isSamePhone))
      world.agentRows.set(id, { ...before, station: row.station });
    else if (row !== undefined && before === undefined) await this.#readAgent(world, id);
    else if (row !== undefined) return;
    if (row === undefined) await world.switch.removeEndpoint(agentEndpoint(id));
    else await replaceAgentPhone(world, id);
  }

  /** Reads the user's row again (station, name, campaigns) while the agent is logged out; a station never changes in use. */
  async #readAgent(world: EngineWorld, id: AgentId): Promise<void> {
    const state = world.kernel.agents.state(id);
    const [row] = await loadAgents(world.pool, this.#deps.openSecret, id);
    if (row === undefined) throw new AppError('notFound', 'There is no such user, or the user is disabled.');
    const before = world.agentRows.get(id);
    world.agentRows.set(
      id,
      state === undefined || state.kind === 'loggedOut' || before === undefined
        ? row
        : { ...row, station: before.station },
    );
    if (state === undefined) await takeInAgent(world, id);
    for (const campaign of world.campaigns.values()) {
      if (!row.campaignIds.has(campaign.context.id) || campaign.context.agentIds.has(id)) continue;
      campaign.context = { ...campaign.context, agentIds: new Set([...campaign.context.agentIds, id]) };
    }
  }

  async #agent(world: EngineWorld, id: AgentId, run: () => void): Promise<void> {
    if (world.kernel.agents.state(id) === undefined) await this.#readAgent(world, id);
    await world.kernel.turn(run);
  }

  #callOf(world: EngineWorld, id: AgentId): CallId {
    const state = world.kernel.agents.state(id);
    if (state === undefined || (state.kind !== 'talking' && state.kind !== 'reserved')) {
      throw new AppError('conflict', 'You are not in a call.', { details: { phase: state?.kind ?? 'loggedOut' } });
    }
    return state.callId;
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
