import { unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { trunkSettings, type DemoStatus, type UserId } from '@qianhu/contracts';
import type { AgentId, ListId, PhoneNumber } from '@qianhu/core';
import type { Engine } from '../../engine/port.ts';
import { AppError } from '../../errors.ts';
import { sleep, type Clock } from '../../platform/clock.ts';
import type { IdSource } from '../../platform/ids.ts';
import type { Logger } from '../../platform/log.ts';
import type { CampaignService } from '../campaigns/campaign-service.ts';
import type { IdentityService } from '../identity/identity-service.ts';
import type { TrunkService } from '../trunks/trunk-service.ts';
import { runDemoAgents } from './demo-agents.ts';
import { demoLeads } from './demo-leads.ts';
import type { DemoStore } from './demo-store.ts';

export type DemoDeps = {
  readonly store: DemoStore;
  readonly engine: Pick<
    Engine,
    | 'agent'
    | 'logInAgent'
    | 'logOutAgent'
    | 'readyAgent'
    | 'disposeCall'
    | 'hangUpAgentCall'
    | 'stopCampaign'
    | 'reloadAgents'
    | 'reloadCampaign'
    | 'reloadTrunks'
    | 'subscribe'
  >;
  readonly trunks: TrunkService;
  readonly campaigns: CampaignService;
  readonly identity: IdentityService;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Recordings' rows name files below it. */
  readonly recordingsFolder: string;
  /** Ends the lab when the demonstration is gone. */
  readonly stopLab: () => Promise<void>;
};

/** The demonstration: made, kept running, removed with one click. */
export interface DemoService {
  status(): Promise<DemoStatus>;
  /** Whether it is there, or should be made now (no trunk yet, and nobody removed it). */
  isWanted(): Promise<boolean>;
  /**
   * Makes it where it is missing, leads it to where the lab listens and sets its agents to work. `visitor`: the login that
   * was made for the visitor's browser, the first time.
   */
  start(lab: {
    readonly sipPort: number;
  }): Promise<{ readonly visitor?: { readonly login: string; readonly password: string } }>;
  /** Sets the simulated agents' hands at rest (the program ends); nothing is removed. */
  stop(): void;
  remove(): Promise<DemoStatus>;
}

const SIMULATED_AGENTS = 8;
const LEADS = 2_400;
const REMOVE_WAIT_MS = 20_000;
/** Several, as a house has: no number is shown by more than a few calls at once. */
const CALLER_IDS = Array.from({ length: 8 }, (_, i) => `+86100000000${i + 1}` as PhoneNumber);

export const createDemoService = (deps: DemoDeps): DemoService => {
  const { store, engine, trunks, campaigns, identity, ids, clock, log } = deps;
  let stopAgents: (() => void) | undefined;
  let removing: Promise<DemoStatus> | undefined;

  const labSettings = (sipPort: number) =>
    trunkSettings.parse({
      host: '127.0.0.1',
      port: sipPort,
      auth: { kind: 'ip' },
      dialFormat: [{ template: '{digits}' }],
      callerIdFormat: [{ template: '{digits}' }],
      limits: { maxConcurrent: 60, newCalls: { perSecond: 5, burst: 10 } },
      qualifySec: 15,
    });
  const contactOf = (sipPort: number) => (index: number) => `sip:agent-${index + 1}@127.0.0.1:${sipPort}`;

  const make = async (sipPort: number): Promise<{ login: string; password: string }> => {
    const trunk = await trunks.create(
      { name: '演示线路 Lab', settings: labSettings(sipPort), priority: 1000, isEnabled: true },
      { isDemo: true },
    );
    const contact = contactOf(sipPort);
    const agentIds: UserId[] = [];
    for (let i = 0; i < SIMULATED_AGENTS; i++) {
      const { user } = await identity.createUser(
        {
          login: `demo-agent-${i + 1}`,
          displayName: `模拟坐席 ${i + 1}`,
          role: 'agent',
          locale: 'zh',
          station: { kind: 'sip', mode: 'keptUp', contact: contact(i) },
        },
        { isDemo: true },
      );
      agentIds.push(user.userId);
    }
    const visitor = await identity.createUser(
      {
        login: 'demo',
        displayName: '演示坐席',
        role: 'agent',
        locale: 'zh',
        station: { kind: 'browser', mode: 'keptUp' },
      },
      { isDemo: true },
    );
    const listId = ids.next<ListId>();
    await store.insertList(listId, '演示名单 Demo list', demoLeads(LEADS));
    const campaign = await campaigns.create(
      {
        name: '演示活动 Demo campaign',
        settings: {
          listIds: [listId],
          trunkIds: [trunk.trunkId],
          callerIds: CALLER_IDS,
          callerIdUse: { sameCityFirst: false, maxPerDay: 1_000_000, maxConcurrent: 100 },
          rulePack: 'lab',
          mode: { kind: 'predictive', dropLimit: 0.03 },
        },
        agentIds: [...agentIds, visitor.user.userId],
      },
      undefined,
    );
    await campaigns.command(campaign.campaignId, 'start');
    return { login: visitor.user.login, password: visitor.password ?? '' };
  };

  const remove = async (): Promise<DemoStatus> => {
    stopAgents?.();
    stopAgents = undefined;
    const campaignIds = await store.demoCampaigns();
    for (const campaignId of campaignIds)
      await engine.stopCampaign(campaignId).catch((error: unknown) => {
        // A campaign that is over already has nothing to stop.
        log.debug({ err: error, campaignId }, 'demonstration campaign was not running');
      });
    const agents = (await store.demoUsers()).map((userId) => userId as string as AgentId);
    for (const agentId of agents) {
      const phase = engine.agent(agentId)?.phase;
      if (phase === undefined || phase === 'loggedOut') continue;
      if (phase === 'talking' || phase === 'held')
        await engine.hangUpAgentCall(agentId).catch((error: unknown) => {
          log.debug({ err: error, agentId }, 'the call was over already');
        });
      await engine.logOutAgent(agentId).catch((error: unknown) => {
        log.debug({ err: error, agentId }, 'simulated agent was not at work');
      });
    }
    // Rows of living calls must not be pulled away from the engine.
    const giveUpAtMs = clock.now() + REMOVE_WAIT_MS;
    while ((await store.openCalls()) > 0) {
      if (clock.now() > giveUpAtMs)
        throw new AppError('conflict', 'Calls of the demonstration are still open; try again in a moment.');
      await sleep(clock, 250);
    }
    for (const userId of await store.demoUsers()) await identity.revokeSessions(userId);
    const files = await store.removeAll();
    for (const campaignId of campaignIds) await engine.reloadCampaign(campaignId);
    await engine.reloadAgents();
    await engine.reloadTrunks();
    for (const file of files)
      await unlink(resolve(deps.recordingsFolder, file)).catch((error: unknown) => {
        log.warn({ err: error }, 'a recording of the demonstration could not be removed');
      });
    await deps.stopLab();
    return store.status();
  };

  return {
    status: () => store.status(),
    async isWanted() {
      if (await store.wasRemoved()) return false;
      return (await store.demoTrunk()) !== undefined || !(await store.hasAnyTrunk());
    },
    async start({ sipPort }) {
      const trunkId = await store.demoTrunk();
      let visitor: { login: string; password: string } | undefined;
      if (trunkId === undefined) visitor = await make(sipPort);
      else {
        await trunks.moveDemo(trunkId, { host: '127.0.0.1', port: sipPort });
        await store.moveAgents(contactOf(sipPort), await store.simulatedAgents());
      }
      stopAgents?.();
      stopAgents = runDemoAgents(await store.simulatedAgents(), deps);
      return visitor === undefined ? {} : { visitor };
    },
    stop() {
      stopAgents?.();
      stopAgents = undefined;
    },
    remove: () => (removing ??= remove().finally(() => (removing = undefined))),
  };
};
