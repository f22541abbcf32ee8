import { z } from 'zod';
import { leadField } from './attempts.ts';
import { agentPhase, disposition } from './campaigns.ts';
import {
  agentId,
  attemptId,
  callId,
  campaignId,
  count,
  done,
  durationMs,
  epochMs,
  leadId,
  listOf,
  shownNumber,
} from './common.ts';
import { defineRoute } from './route.ts';

export const agentCallView = z
  .object({
    callId,
    attemptId: z.exactOptional(attemptId),
    campaignId: z.exactOptional(campaignId),
    answeredAtMs: epochMs,
    bridgedAtMs: z.exactOptional(epochMs),
    endedAtMs: z.exactOptional(epochMs),
    wrapUpEndsAtMs: z.exactOptional(epochMs).meta({ description: 'When wrap-up ends by itself.' }),
    disposition: z.exactOptional(z.string()).meta({ description: 'Code already written.', examples: ['success'] }),
  })
  .meta({ id: 'AgentCallView', description: 'The call an agent is in or wraps up; no personal data.' });

/** The live view of one agent. */
export const agentView = z
  .object({
    agentId,
    name: z.string().meta({ description: 'Display name.', examples: ['李娜'] }),
    phase: agentPhase,
    sinceMs: epochMs,
    pauseReason: z.exactOptional(z.string()).meta({ description: 'Why paused.', examples: ['lunch'] }),
    pauseAfterCall: z
      .exactOptional(z.string())
      .meta({ description: 'Pause asked for during a call.', examples: ['lunch'] }),
    stationUp: z.boolean().meta({ description: 'Whether the standing leg is up.', examples: [true] }),
    demo: z.boolean().meta({ description: 'Simulated agent of the demonstration.', examples: [false] }),
    call: z.exactOptional(agentCallView),
  })
  .meta({ id: 'AgentView', description: 'An agent as it is at this moment.' });
export type AgentLive = z.infer<typeof agentView>;

export const agentToday = z
  .object({
    calls: count.meta({ description: 'Calls talked.' }),
    talkMs: durationMs.meta({ description: 'Time talked.' }),
    dispositions: z.record(z.string(), count).meta({ description: 'Results by code.', examples: [{ success: 2 }] }),
  })
  .meta({
    id: 'AgentToday',
    description: 'An agent’s day so far.',
    examples: [{ calls: 4, talkMs: 480_000, dispositions: { success: 2 } }],
  });

export const agentMe = z
  .object({
    agent: z.exactOptional(agentView).meta({ description: 'Absent until the first log-in to the station.' }),
    pauseReasons: listOf(
      z.object({
        code: z.string().meta({ description: 'Stable code.', examples: ['lunch'] }),
        label: z.object({
          zh: z.string().meta({ description: 'In Chinese.', examples: ['用餐'] }),
          en: z.string().meta({ description: 'In English.', examples: ['Lunch'] }),
        }),
      }),
    ).meta({ description: 'Reasons to choose from.' }),
    today: agentToday,
  })
  .meta({ id: 'AgentMe', description: 'The agent page’s first load.' });

export type AgentMe = z.infer<typeof agentMe>;

/** What the agent sees of the call: the lead's data. */
export const agentCall = z
  .object({
    callId,
    attemptId: z.exactOptional(attemptId),
    campaignId: z.exactOptional(campaignId),
    campaignName: z.exactOptional(z.string()).meta({ description: 'Name of the campaign.', examples: ['十一月回访'] }),
    leadId: z.exactOptional(leadId),
    number: z.exactOptional(shownNumber),
    name: z.exactOptional(z.string()).meta({ description: 'Name of the lead.', examples: ['王伟'], pii: true }),
    fields: listOf(leadField).meta({ description: 'Custom fields in order.' }),
    earlier: listOf(
      z.object({
        attemptId,
        atMs: epochMs,
        outcome: z.exactOptional(z.string()).meta({ description: 'Outcome.', examples: ['noAnswer'] }),
        disposition: z.exactOptional(z.string()).meta({ description: 'Disposition.', examples: ['callback'] }),
        note: z.exactOptional(z.string()).meta({ description: 'Note.', examples: ['周五再打'], pii: true }),
      }),
    ).meta({ description: 'Earlier attempts of this lead, newest first.' }),
    dispositions: listOf(disposition).meta({ description: 'Codes to choose from.' }),
    dispositionRequired: z.boolean().meta({ description: 'Whether one must be chosen.', examples: [true] }),
  })
  .meta({ id: 'AgentCall', description: 'The pop-up: who is on the line.' });
export type AgentCall = z.infer<typeof agentCall>;

export const softphoneCredentials = z
  .object({
    uri: z.string().meta({ description: 'SIP address to register.', examples: ['sip:u018f3c2e@qianhu.invalid'] }),
    username: z.string().meta({ description: 'Account.', examples: ['u018f3c2e'] }),
    password: z.string().meta({ description: 'Minted for this session.', examples: ['Zk3…'], secret: true }),
    wsPath: z.string().meta({ description: 'WebSocket path on this origin.', examples: ['/sip'] }),
    iceServers: listOf(
      z.object({
        urls: listOf(z.string()).meta({ description: 'STUN or TURN URLs.', examples: [['stun:192.0.2.1:3478']] }),
        username: z.exactOptional(z.string()).meta({ description: 'TURN account.', examples: ['turn'] }),
        credential: z
          .exactOptional(z.string())
          .meta({ description: 'TURN password.', examples: ['secret'], secret: true }),
      }),
    ).meta({ description: 'For RTCPeerConnection; empty on one machine.' }),
  })
  .meta({ id: 'SoftphoneCredentials', description: 'What the browser’s phone registers with; dies with the session.' });

export const pauseBody = z
  .object({
    reason: z
      .string()
      .regex(/^[a-zA-Z0-9_-]{1,40}$/)
      .meta({ description: 'Code of the reason.', examples: ['lunch'] }),
  })
  .meta({ id: 'Pause', description: 'Why paused.', examples: [{ reason: 'lunch' }] });
export const holdBody = z
  .object({ held: z.boolean().meta({ description: 'True holds, false takes back.', examples: [true] }) })
  .meta({ id: 'Hold', description: 'Hold or take back.', examples: [{ held: true }] });
export const dtmfBody = z
  .object({
    digits: z
      .string()
      .regex(/^[0-9*#A-D]{1,32}$/)
      .meta({ description: 'Digits to send.', examples: ['1'], pii: true }),
  })
  .meta({ id: 'Dtmf', description: 'Digits to send.', examples: [{ digits: '1' }] });
export const disposeBody = z
  .object({
    callId,
    code: z
      .string()
      .regex(/^[a-zA-Z0-9_-]{1,40}$/)
      .meta({ description: 'Disposition code.', examples: ['success'] }),
    note: z
      .exactOptional(z.string().trim().max(4000))
      .meta({ description: 'Note.', examples: ['周五再打'], pii: true }),
    callbackAtMs: z.exactOptional(epochMs).meta({ description: 'Needed where the code is a callback.' }),
  })
  .meta({
    id: 'Dispose',
    description: 'The result of a call.',
    examples: [{ callId: '018f3c2e-7d4a-7abc-8def-0123456789ab', code: 'success' }],
  });

const everybody = ['administrator', 'supervisor', 'agent'] as const;
const command = <const P extends string, const O extends string, const S extends string>(
  path: P,
  operationId: O,
  summary: S,
) =>
  defineRoute({
    method: 'POST',
    path,
    operationId,
    tag: 'agent',
    summary,
    access: everybody,
    isAudited: false,
    response: agentView,
    problems: [404, 409, 422, 503],
  });

export const agentRoutes = {
  getAgentMe: defineRoute({
    method: 'GET',
    path: '/agent/me',
    operationId: 'getAgentMe',
    tag: 'agent',
    summary: 'One’s own state, pause reasons and day',
    access: everybody,
    response: agentMe,
  }),
  getAgentCall: defineRoute({
    method: 'GET',
    path: '/agent/call',
    operationId: 'getAgentCall',
    tag: 'agent',
    summary: 'The lead’s data of one’s present or last call',
    access: everybody,
    response: agentCall,
    problems: [404],
  }),
  mintSoftphone: defineRoute({
    method: 'POST',
    path: '/agent/softphone',
    operationId: 'mintSoftphone',
    tag: 'agent',
    summary: 'Credentials for the browser’s phone',
    description: 'A new secret each time; the one before stops working.',
    access: everybody,
    isAudited: false,
    response: softphoneCredentials,
    problems: [409, 503],
  }),
  logInStation: command('/agent/log-in', 'logInStation', 'Opens the station; leaves the agent paused'),
  logOutStation: command('/agent/log-out', 'logOutStation', 'Closes the station'),
  ready: command('/agent/ready', 'ready', 'Takes calls from now on'),
  pause: defineRoute({
    ...command('/agent/pause', 'pause', 'Takes no calls; during a call: after it'),
    body: pauseBody,
  }),
  hangUp: command('/agent/hang-up', 'hangUp', 'Ends the present call'),
  hold: defineRoute({ ...command('/agent/hold', 'hold', 'Holds the callee or takes back'), body: holdBody }),
  dtmf: defineRoute({ ...command('/agent/dtmf', 'dtmf', 'Sends digits to the callee'), body: dtmfBody }),
  dispose: defineRoute({
    ...command('/agent/dispose', 'dispose', 'Writes the result and ends wrap-up'),
    body: disposeBody,
  }),
  logOutAgent: defineRoute({
    method: 'POST',
    path: '/agents/:agentId/log-out',
    operationId: 'logOutAgent',
    tag: 'agent',
    summary: 'Logs an agent out of the station (supervisor)',
    access: ['administrator', 'supervisor'],
    params: z.object({ agentId }),
    response: done,
    problems: [404, 409],
  }),
} as const;
