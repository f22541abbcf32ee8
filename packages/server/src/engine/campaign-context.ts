import {
  isOpen,
  keptRiskPacer,
  nextOpeningInAll,
  rulePackAt,
  tighten,
  type AgentId,
  type AnswerModel,
  type CallPolicy,
  type CampaignId,
  type CampaignSettings,
  type CampaignState,
  type EpochMs,
  type ListId,
  type RulePack,
  type RulesInForce,
} from '@qianhu/core';
import type { Pool } from 'pg';
import { answersKey } from './pacing/answer-book.ts';
import { countDrops } from './pacing/drop-counts.ts';
import { pacingKey, recall } from './pacing/memory.ts';
import type { PacePlan } from './pacing/pace.ts';
import { riskSettings } from './pacing/risk-settings.ts';

/** A campaign's settings with what follows from them; made anew by `reloadCampaign`. */
export type CampaignContext = {
  readonly id: CampaignId;
  readonly name: string;
  readonly isDemo: boolean;
  readonly settings: CampaignSettings;
  readonly rules: RulesInForce;
  readonly policy: CallPolicy;
  /** A talk that begins later than this after the answer counts as a drop. */
  readonly graceMs: number;
  readonly lists: readonly CampaignList[];
  /** Zones that occur in its lists. */
  readonly zones: readonly string[];
  readonly agentIds: ReadonlySet<AgentId>;
};

/** A list as the rules see it. */
export type CampaignList = { readonly listId: ListId; readonly isDemo: boolean; readonly consentAtMs?: EpochMs };

export type LeadCounts = { ready: number; dialing: number; done: number };

export type LoadedCampaign = {
  readonly context: CampaignContext;
  readonly state: CampaignState;
  readonly seq: number;
  readonly leads: LeadCounts;
  readonly outcomes: Record<string, number>;
  readonly plan: PacePlan;
};

type CampaignRow = {
  id: string;
  name: string;
  demo: boolean;
  settings: CampaignSettings;
  state: CampaignState;
  seq: string;
  started_at: Date | null;
};

/** Reads one campaign, or every one that is not a draft (`id` undefined). */
export const loadCampaigns = async (
  pool: Pool,
  id: CampaignId | undefined,
  nowMs: EpochMs,
): Promise<readonly LoadedCampaign[]> => {
  const { rows } = await pool.query<CampaignRow>(
    `SELECT id, name, demo, settings, state, seq, started_at FROM campaigns WHERE ($1::uuid IS NULL AND phase <> 'draft') OR id = $1`,
    [id ?? null],
  );
  return Promise.all(rows.map((row) => loadOne(pool, row, nowMs)));
};

const loadOne = async (pool: Pool, row: CampaignRow, nowMs: EpochMs): Promise<LoadedCampaign> => {
  const [lists, zones, agents, leads, outcomes] = await Promise.all([
    pool.query<{ list_id: string; demo: boolean; consent_at: Date | null }>(
      'SELECT cl.list_id, l.demo, l.consent_at FROM campaign_lists cl JOIN lists l ON l.id = cl.list_id WHERE cl.campaign_id = $1 ORDER BY cl.position, cl.list_id',
      [row.id],
    ),
    // A loose index scan would be quicker still; a campaign is loaded seldom.
    pool.query<{ zone: string }>(
      'SELECT DISTINCT zone FROM leads WHERE list_id IN (SELECT list_id FROM campaign_lists WHERE campaign_id = $1)',
      [row.id],
    ),
    pool.query<{ user_id: string }>('SELECT user_id FROM campaign_agents WHERE campaign_id = $1', [row.id]),
    pool.query<{ state: 'ready' | 'dialing' | 'done'; n: string }>(
      'SELECT state, count(*) AS n FROM leads WHERE list_id IN (SELECT list_id FROM campaign_lists WHERE campaign_id = $1) GROUP BY state',
      [row.id],
    ),
    pool.query<{ outcome: string; n: string }>(
      'SELECT outcome, count(*) AS n FROM attempts WHERE campaign_id = $1 AND outcome IS NOT NULL GROUP BY outcome',
      [row.id],
    ),
  ]);
  const counts: LeadCounts = { ready: 0, dialing: 0, done: 0 };
  for (const { state, n } of leads.rows) counts[state] = Number(n);
  const { settings } = row;
  const pack = rulePackAt(settings.rulePack, nowMs);
  const rules = tighten(pack, {
    window: settings.window,
    caps: settings.caps,
    quiet: settings.quiet,
    consent: settings.consent,
  });
  return {
    context: {
      id: row.id as CampaignId,
      name: row.name,
      isDemo: row.demo,
      settings,
      rules,
      policy: policyOf(settings),
      graceMs: pack.drop.connectWithinMs,
      lists: lists.rows.map((list) => ({
        listId: list.list_id as ListId,
        isDemo: list.demo,
        ...(list.consent_at === null ? {} : { consentAtMs: list.consent_at.getTime() }),
      })),
      zones: zones.rows.map(({ zone }) => zone),
      agentIds: new Set(agents.rows.map(({ user_id }) => user_id as AgentId)),
    },
    state: row.state,
    seq: Number(row.seq),
    leads: counts,
    outcomes: Object.fromEntries(outcomes.rows.map(({ outcome, n }) => [outcome, Number(n)])),
    plan: await planOf(pool, row, pack, zones.rows[0]?.zone ?? '', nowMs),
  };
};

const planOf = async (
  pool: Pool,
  row: CampaignRow,
  pack: RulePack,
  zone: string,
  nowMs: EpochMs,
): Promise<PacePlan> => {
  const { mode } = row.settings;
  if (mode.kind !== 'predictive') return mode;
  const id = row.id as CampaignId;
  const [kept, model] = await Promise.all([recall(pool, pacingKey(id)), recall(pool, answersKey(row.demo))]);
  const saved = keptRiskPacer(kept);
  const score = (model as Partial<AnswerModel> | undefined)?.score;
  const settings = riskSettings(row.settings, {
    pack,
    dropLimit: mode.dropLimit,
    zone: zonesOf(zone)[0] ?? 'UTC',
    startedAtMs: row.started_at?.getTime() ?? nowMs,
    nowMs,
    history: { dials: score?.dials ?? 0, answers: score?.answers ?? 0 },
  });
  return {
    kind: 'predictive',
    settings,
    counts: await countDrops(pool, id, settings.windows, pack.drop.connectWithinMs, nowMs),
    ...(saved === undefined ? {} : { saved }),
  };
};

/** How long an agent's phone may ring that is rung per call. */
const AGENT_RING_MS = 20_000;

const policyOf = (settings: CampaignSettings): CallPolicy => ({
  ringTimeoutMs: settings.ringTimeoutMs,
  agentWaitMs: settings.agentWaitMs,
  agentRingMs: AGENT_RING_MS,
  record: settings.recording === 'answered',
  dropPrompt: settings.dropMessage,
  onAgentLost:
    settings.onAgentLost.kind === 'anotherAgent'
      ? { ...settings.onAgentLost }
      : { kind: 'message', message: settings.onAgentLost.message },
});

/** A lead's zones: one, several joined by commas (a mobile of a country with several), or none known. */
export const zonesOf = (stored: string): readonly string[] => (stored === '' ? [] : stored.split(','));

/**
 * Zones (as leads carry them) in which calls may be made now, and when the next one opens if none may. Leads without a
 * known zone are let through to the verdict, which keeps them back and says so.
 */
export const openZones = (
  context: CampaignContext,
  nowMs: EpochMs,
): { readonly zones: readonly string[]; readonly nextOpeningMs?: EpochMs } => {
  const { window } = context.rules;
  const zones = context.zones.filter((stored) => zonesOf(stored).every((zone) => isOpen(window, zone, nowMs)));
  if (zones.length > 0) return { zones };
  const openings = context.zones
    .map((stored) => nextOpeningInAll(window, zonesOf(stored), nowMs))
    .filter((at) => at !== undefined);
  return openings.length === 0 ? { zones } : { zones, nextOpeningMs: Math.min(...openings) };
};
