import { z } from 'zod';
import { agentView } from './agent.ts';
import { campaignView, outcome } from './campaigns.ts';
import { attemptId, campaignId, listOf } from './common.ts';
import { floor } from './floor.ts';
import { engineStatus } from './health.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** Where the live WebSocket is. */
export const LIVE_PATH = '/api/v1/live';

/**
 * What a client may listen to: `floor`, `campaign:ID`, `agent:me`, `import:ID`, `status`.
 * Agents may listen to `agent:me` only.
 */
export const liveTopic = z
  .string()
  .regex(new RegExp(`^(?:floor|status|agent:me|(?:campaign|import):${UUID})$`))
  .meta({ id: 'LiveTopic', description: 'floor, status, agent:me, campaign:ID or import:ID.', examples: ['floor'] });
export type LiveTopic = z.infer<typeof liveTopic>;

export const liveClientMessage = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('subscribe'), topics: listOf(liveTopic, { min: 1, max: 50 }) }),
    z.object({ type: z.literal('unsubscribe'), topics: listOf(liveTopic, { min: 1, max: 50 }) }),
  ])
  .meta({
    id: 'LiveClientMessage',
    description: 'Subscribing again sends a fresh snapshot with seq 0.',
    examples: [{ type: 'subscribe', topics: ['floor'] }],
  });
export type LiveClientMessage = z.infer<typeof liveClientMessage>;

export const liveServerMessage = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('snapshot'),
      topic: liveTopic,
      seq: z.literal(0).meta({ description: 'A snapshot begins the count anew.', examples: [0] }),
      data: z.unknown().meta({ description: 'By topic: LiveFloor…, see liveData.' }),
    }),
    z.object({
      type: z.literal('change'),
      topic: liveTopic,
      seq: z
        .int()
        .positive()
        .meta({ description: 'Gapless per topic and connection.', examples: [1] }),
      data: z.unknown().meta({ description: 'By topic.' }),
    }),
    z.object({
      type: z.literal('error'),
      topic: z.exactOptional(z.string()).meta({ description: 'Topic asked for.', examples: ['campaign:x'] }),
      code: z
        .enum(['forbidden', 'notFound', 'invalid', 'tooMany'])
        .meta({ description: 'Why not.', examples: ['forbidden'] }),
    }),
  ])
  .meta({
    id: 'LiveServerMessage',
    description: 'What the server sends.',
    examples: [{ type: 'error', topic: 'floor', code: 'forbidden' }],
  });
export type LiveServerMessage = z.infer<typeof liveServerMessage>;

/** A settled attempt, told to whoever watches its campaign (to refresh a table). */
const attemptSettled = z.object({ kind: z.literal('attemptSettled'), campaignId, attemptId, outcome });

/** Data of the snapshot and of each change, per kind of topic. A view replaces the one with the same id. */
export const liveData = {
  floor: {
    snapshot: floor,
    change: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('campaign'), view: campaignView }),
      z.object({ kind: z.literal('agent'), view: agentView }),
      /** A campaign was removed, or an agent. */
      z.object({ kind: z.literal('removed'), id: z.string() }),
    ]),
  },
  campaign: {
    snapshot: campaignView,
    change: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('campaign'), view: campaignView }),
      attemptSettled,
    ]),
  },
  /** Null until the first log-in to the station. */
  agentMe: {
    snapshot: z.union([agentView, z.null()]),
    change: z.object({ kind: z.literal('agent'), view: agentView }),
  },
  status: {
    snapshot: engineStatus,
    change: z.object({ kind: z.literal('status'), status: engineStatus }),
  },
} as const;

/** Close codes of the live WebSocket (4000–4999 are ours, RFC 6455, section 7.4.2). */
export const LIVE_CLOSE = {
  /** No session, or it ended. */
  unauthenticated: 4401,
  /** Not this origin. */
  forbidden: 4403,
  /** The client reads too slowly: it may come back and gets fresh snapshots. */
  tooSlow: 4408,
  /** The message was not understood. */
  invalid: 4400,
  /** The server is closing: come back. */
  goingAway: 1001,
} as const;
