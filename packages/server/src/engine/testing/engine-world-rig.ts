import { trunkSettings } from '@qianhu/contracts';
import {
  defaultCampaignSettings,
  type AgentId,
  type CampaignId,
  type CampaignSettings,
  type ListId,
  type TrunkId,
} from '@qianhu/core';
import { seededRandom, VirtualExchange, type ExchangeOptions, VirtualSwitch, type Switch } from '@qianhu/switch';
import type { Pool } from 'pg';
import { realClock, type Clock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { silentLogger, type Logger } from '../../platform/log.ts';
import { LiveEngine } from '../live-engine.ts';
import { iso } from '../rows.ts';

const clock = realClock();
const ids = createIdSource(() => clock.now());

/** A virtual exchange on real time. */
export const virtualExchange = (options: Partial<ExchangeOptions> = {}): VirtualExchange =>
  new VirtualExchange({ scheduler: clock, random: seededRandom(1), ...options });

/** A campaign's world in the database: a lab trunk, a list of leads, agents with SIP phones, and the campaign itself. */
export type Fixture = {
  readonly campaignId: CampaignId;
  readonly trunkIds: readonly TrunkId[];
  readonly listId: ListId;
  readonly agentIds: readonly AgentId[];
};

export type FixtureOptions = {
  readonly leads: number;
  readonly agents: number;
  /** Lab trunks, tried in order; default 1. */
  readonly trunks?: number;
  readonly settings?: Partial<CampaignSettings>;
  readonly newCallsPerSecond?: number;
  readonly maxConcurrent?: number;
};

/** Number of the n-th lead: a Chinese mobile of the lab's range. */
export const leadNumber = (n: number): string => `+86139${String(n).padStart(8, '0')}`;

/** Writes the fixture's rows straight into the tables that features own: the engine is tested from its own door. */
export const writeFixture = async (pool: Pool, options: FixtureOptions): Promise<Fixture> => {
  const listId = ids.next<ListId>();
  const campaignId = ids.next<CampaignId>();
  const trunkIds = Array.from({ length: options.trunks ?? 1 }, () => ids.next<TrunkId>());
  const agentIds = Array.from({ length: options.agents }, () => ids.next<AgentId>());
  const limits = {
    maxConcurrent: options.maxConcurrent ?? 10_000,
    newCalls: { perSecond: options.newCallsPerSecond ?? 1_000, burst: options.newCallsPerSecond ?? 1_000 },
  };
  for (const [i, id] of trunkIds.entries()) {
    const settings = trunkSettings.parse({ host: '127.0.0.1', port: 5060, auth: { kind: 'ip' }, limits });
    await pool.query('INSERT INTO trunks (id, name, settings, priority, demo) VALUES ($1, $2, $3, $4, true)', [
      id,
      `lab ${id}`,
      settings,
      100 + i,
    ]);
  }
  await pool.query("INSERT INTO lists (id, name, demo) VALUES ($1, 'Demonstration', true)", [listId]);
  await pool.query(
    `INSERT INTO leads (list_id, number, region, zone)
     SELECT $1, '+86139' || lpad(n::text, 8, '0'), 'CN', 'Asia/Shanghai' FROM generate_series(0, $2::int - 1) n`,
    [listId, options.leads],
  );
  const settings: CampaignSettings = {
    ...defaultCampaignSettings,
    listIds: [listId],
    trunkIds,
    rulePack: 'lab',
    retry: { maxAttempts: 1, perOutcome: {} },
    newCallsPerSecond: 1_000,
    maxChannels: 10_000,
    dropMessage: 'drop',
    wrapUp: { maxMs: 0, dispositionRequired: false },
    recording: 'none',
    ...options.settings,
  };
  await pool.query(
    `INSERT INTO campaigns (id, name, settings, phase, state, demo) VALUES ($1, 'Demonstration', $2, 'draft', '{"kind":"draft"}', true)`,
    [campaignId, settings],
  );
  await pool.query('INSERT INTO campaign_lists (campaign_id, list_id) VALUES ($1, $2)', [campaignId, listId]);
  for (const [i, id] of agentIds.entries()) {
    await pool.query(
      `INSERT INTO users (id, login, display_name, role, password_hash, station, demo) VALUES ($1, $2, $3, 'agent', 'x', $4, true)`,
      [
        id,
        `agent-${id}`,
        `Agent ${i + 1}`,
        { kind: 'sip', mode: 'keptUp', contact: `sip:agent${i + 1}@127.0.0.1:5070` },
      ],
    );
    await pool.query('INSERT INTO campaign_agents (campaign_id, user_id) VALUES ($1, $2)', [campaignId, id]);
  }
  return { campaignId, trunkIds, listId, agentIds };
};

export type RigOptions = {
  readonly recordingsFolder?: string;
  readonly log?: Logger;
  readonly holder?: string;
  readonly clock?: Clock;
  readonly wrap?: (virtual: VirtualSwitch) => Switch;
  /** What every prompt plays, without extension; default `/prompts/<name>`. */
  readonly promptFile?: string;
};

export type EngineRig = { readonly engine: LiveEngine; readonly switch: VirtualSwitch; readonly lost: string[] };

/** An engine on a virtual switch of the given exchange. Several rigs on one database and exchange are several processes. */
export const createEngineRig = (pool: Pool, exchange: VirtualExchange, options: RigOptions = {}): EngineRig => {
  const lost: string[] = [];
  const virtual = new VirtualSwitch(exchange);
  const engine = new LiveEngine({
    pool,
    switch: options.wrap?.(virtual) ?? virtual,
    clock: options.clock ?? clock,
    log: options.log ?? silentLogger(),
    ids,
    openSecret: () => '',
    prompt: (name) => [{ kind: 'file', path: options.promptFile ?? `/prompts/${name}` }],
    recordingsFolder: options.recordingsFolder ?? '/tmp',
    holder: options.holder ?? 'rig',
    onLost: (reason) => lost.push(reason),
  });
  return { engine, switch: virtual, lost };
};

/** Logs agents in and makes them ready. */
export const readyAgents = async (engine: LiveEngine, agentIds: readonly AgentId[]): Promise<void> => {
  for (const id of agentIds) await engine.logInAgent(id);
  for (const id of agentIds) {
    await until(() => engine.agent(id)?.stationUp === true, `station of ${id}`);
    await engine.readyAgent(id);
  }
};

/** Waits until a condition holds, with a bound that only a hang reaches. */
export const until = async (
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 8_000,
): Promise<void> => {
  const endMs = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`Waited in vain for: ${what} (${iso(Date.now())}).`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
