import {
  loggedOutAgent,
  type AgentId,
  type AgentState,
  type BridgeId,
  type CampaignId,
  type EndpointId,
  type EpochMs,
  type StationMode,
} from '@qianhu/core';
import type { Pool } from 'pg';
import type { SecretOpener } from './trunk-row.ts';

/** How an agent's phone is reached. */
export type StationTarget =
  | { readonly kind: 'browser'; readonly mode: StationMode; readonly endpointId: EndpointId }
  | {
      readonly kind: 'sip';
      readonly mode: StationMode;
      readonly endpointId: EndpointId;
      readonly phone:
        | { readonly kind: 'fixed'; readonly contact: string }
        /** Without a password (none was made yet) it cannot register. */
        | { readonly kind: 'registers'; readonly username: string; readonly password: string | undefined };
    }
  | { readonly kind: 'mobile'; readonly mode: 'perCall'; readonly number: string };

/** An agent as the engine needs one. */
export type EngineAgent = {
  readonly agentId: AgentId;
  readonly name: string;
  readonly isDemo: boolean;
  readonly station: StationTarget;
  readonly campaignIds: ReadonlySet<CampaignId>;
};

/** The bridge in which an agent's standing leg waits. */
export const stationBridge = (agentId: AgentId): BridgeId => `station-${agentId}` as BridgeId;
/** The endpoint of an agent's browser or SIP phone. */
export const agentEndpoint = (agentId: AgentId): EndpointId => `agent-${agentId}` as EndpointId;

/** The account of an agent's SIP phone: short, for it is typed on one. The end of our ids is random (RFC 9562 section 5.7). */
export const phoneUsername = (agentId: AgentId): string => `p${agentId.replaceAll('-', '').slice(-12)}`;

type Row = {
  id: string;
  display_name: string;
  demo: boolean;
  station: unknown;
  phone_secret_enc: Buffer | null;
  campaign_ids: string[] | null;
};

/** Reads agents from their users' rows: one, or all that may take calls. */
export const loadAgents = async (pool: Pool, open: SecretOpener, id?: AgentId): Promise<readonly EngineAgent[]> => {
  const { rows } = await pool.query<Row>(
    `SELECT u.id, u.display_name, u.demo, u.station, u.phone_secret_enc, (SELECT array_agg(ca.campaign_id) FROM campaign_agents ca WHERE ca.user_id = u.id) AS campaign_ids
     FROM users u WHERE u.disabled_at IS NULL AND ($1::uuid IS NULL OR u.id = $1)`,
    [id ?? null],
  );
  return rows.map((row) => ({
    agentId: row.id as AgentId,
    name: row.display_name,
    isDemo: row.demo,
    station: stationOf(row, open),
    campaignIds: new Set((row.campaign_ids ?? []) as CampaignId[]),
  }));
};

/** Reads the stored station; anything that is not understood is a browser, which every agent has. */
const stationOf = (row: Row, open: SecretOpener): StationTarget => {
  const agentId = row.id as AgentId;
  const station = (typeof row.station === 'object' && row.station !== null ? row.station : {}) as {
    kind?: unknown;
    mode?: unknown;
    number?: unknown;
    contact?: unknown;
  };
  const mode: StationMode = station.mode === 'perCall' ? 'perCall' : 'keptUp';
  if (station.kind === 'mobile' && typeof station.number === 'string')
    return { kind: 'mobile', mode: 'perCall', number: station.number };
  if (station.kind === 'sip') {
    return {
      kind: 'sip',
      mode,
      endpointId: agentEndpoint(agentId),
      phone:
        typeof station.contact === 'string'
          ? { kind: 'fixed', contact: station.contact }
          : {
              kind: 'registers',
              username: phoneUsername(agentId),
              password: row.phone_secret_enc === null ? undefined : open(row.phone_secret_enc),
            },
    };
  }
  return { kind: 'browser', mode, endpointId: agentEndpoint(agentId) };
};

/** An agent who has never logged in. */
export const loggedOutFor = (agentId: AgentId, atMs: EpochMs): AgentState =>
  loggedOutAgent(agentId, stationBridge(agentId), atMs);
