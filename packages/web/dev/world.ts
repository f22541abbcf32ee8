import { defaultCampaignSettings, OUTCOMES, RULE_IDS, type Outcome } from '@qianhu/core';
import type {
  AgentLive,
  Attempt,
  AttemptStory,
  Campaign,
  CampaignLive,
  ListView,
  Trunk,
  User,
} from '@qianhu/contracts';
import { trunkSettings } from '@qianhu/contracts';

/** A small invented call centre for looking at the pages. Nothing here reaches a telephone. */

const NOW = Date.now();
let counter = 0;
/** Ids that look like UUIDv7 and are the same on each start. */
export const uuid = (): string => `018f3c2e-7d4a-7abc-8def-${String((counter += 1)).padStart(12, '0')}`;

const person = (login: string, displayName: string, role: User['role'], more: Partial<User> = {}): User => ({
  userId: uuid() as User['userId'],
  login,
  displayName,
  role,
  locale: 'zh',
  station: { kind: 'browser', mode: 'keptUp' },
  isDemo: false,
  isDisabled: false,
  mustChangePassword: false,
  createdAtMs: NOW - 30 * 86_400_000,
  ...more,
});

export const users: User[] = [
  person('admin', '管理员', 'administrator'),
  person('zhao', '赵敏', 'supervisor'),
  person('agent', '王芳', 'agent'),
  person('li.na', '李娜', 'agent', { isDemo: true }),
  person('chen', '陈刚', 'agent', {
    station: { kind: 'sip', mode: 'perCall', contact: 'sip:desk7@192.0.2.20:5060' },
  }),
  person('sun', '孙丽', 'agent', { isDisabled: true }),
];

export const trunks: Trunk[] = [
  {
    trunkId: uuid() as Trunk['trunkId'],
    name: '北京联通',
    settings: trunkSettings.parse({ host: 'sip.carrier.example', auth: { kind: 'registration', username: '10086' } }),
    hasPassword: true,
    priority: 100,
    isEnabled: true,
    isDemo: false,
    state: { reachable: 'reachable', registration: 'registered', rttMs: 18 },
    createdAtMs: NOW - 9e8,
    updatedAtMs: NOW - 9e7,
  },
  {
    trunkId: uuid() as Trunk['trunkId'],
    name: '备用线路',
    settings: trunkSettings.parse({ host: '203.0.113.9', transport: 'tls', port: 5061, auth: { kind: 'ip' } }),
    hasPassword: false,
    priority: 200,
    isEnabled: true,
    isDemo: false,
    state: { reachable: 'unreachable', registration: 'notUsed', detail: 'No answer to OPTIONS' },
    createdAtMs: NOW - 9e8,
    updatedAtMs: NOW - 9e7,
  },
  {
    trunkId: uuid() as Trunk['trunkId'],
    name: '演示运营商',
    settings: trunkSettings.parse({ host: '127.0.0.1', auth: { kind: 'ip' } }),
    hasPassword: false,
    priority: 100,
    isEnabled: true,
    isDemo: true,
    state: { reachable: 'reachable', registration: 'notUsed', rttMs: 1 },
    createdAtMs: NOW - 9e6,
    updatedAtMs: NOW - 9e6,
  },
];

const newList = (name: string, ready: number, done: number, isDemo = false): ListView => ({
  listId: uuid() as ListView['listId'],
  name,
  defaultRegion: 'CN',
  isDemo,
  fieldDefs: [{ key: '公司', label: '公司' }],
  leads: { ready, dialing: 0, done },
  campaigns: [],
  createdAtMs: NOW - 5e7,
});
export const lists: ListView[] = [
  newList('演示名单', 620, 380, true),
  newList('十一月客户回访', 12_480, 3_204),
  newList('展会登记 上海', 860, 0),
];

const newCampaign = (name: string, phase: Campaign['phase'], list: ListView, isDemo: boolean): Campaign => ({
  campaignId: uuid() as Campaign['campaignId'],
  name,
  phase,
  isDemo,
  agentIds: [],
  createdAtMs: NOW - 4e7,
  startedAtMs: NOW - 3.6e7,
  settings: {
    ...defaultCampaignSettings,
    listIds: [list.listId],
    trunkIds: [trunks[isDemo ? 2 : 0]?.trunkId].filter((id) => id !== undefined),
    callerIds: ['+862112345678'] as unknown as Campaign['settings']['callerIds'],
    rulePack: isDemo ? 'lab' : 'china',
    mode: isDemo ? { kind: 'progressive' } : { kind: 'ratio', linesPerAgent: 1.5 },
  },
});
const [demoList, novemberList] = lists as [ListView, ListView];
export const campaigns: Campaign[] = [
  newCampaign('演示任务', 'running', demoList, true),
  newCampaign('十一月客户回访', 'paused', novemberList, false),
];
for (const [index, campaign] of campaigns.entries()) {
  const list = lists[index];
  if (list !== undefined)
    lists[index] = {
      ...list,
      campaigns: [{ campaignId: campaign.campaignId, name: campaign.name, phase: campaign.phase }],
    };
}

/** The live view of each campaign; changed by the ticker in main.ts. */
export const liveViews = new Map<string, CampaignLive>(
  campaigns.map((campaign, index) => [
    campaign.campaignId,
    {
      campaignId: campaign.campaignId,
      name: campaign.name,
      phase: campaign.phase,
      demo: campaign.isDemo,
      calls: { dialing: 2, ringing: 5, waiting: 0, talking: 3, announcing: 1 },
      outcomes: {
        answered: 142,
        noAnswer: 131,
        busy: 38,
        rejected: 21,
        poweredOff: 25,
        invalidNumber: 14,
        machine: 6,
        dropped: 3,
      },
      leads: { ...(lists[index]?.leads ?? { ready: 0, dialing: 0, done: 0 }), dialing: 7 },
      agents: { ready: 1, talking: 3, wrapUp: 1, paused: 1, loggedOut: 1 },
      limitedBy: campaign.phase === 'running' ? 'enoughLines' : 'paused',
      pacing: { idleAgents: 1, linesWanted: 1, dropRate: 0.021 },
    },
  ]),
);

export const me: { agent: AgentLive } = {
  agent: {
    agentId: users[2]?.userId as unknown as AgentLive['agentId'],
    name: '王芳',
    phase: 'loggedOut',
    sinceMs: NOW,
    stationUp: false,
    demo: false,
  },
};

const names = ['张伟', '王秀英', '李静', '刘洋', '陈杰', '杨帆', '赵磊', '黄敏', '周涛', '吴桂兰'];
const outcomeOf = (index: number): Outcome =>
  index % 3 === 0 ? 'answered' : (OUTCOMES[(index * 5) % OUTCOMES.length] ?? 'busy');
const dispositionsCycle = ['success', 'notInterested', 'callback', 'notReached'];

const newAttempt = (index: number): Attempt => {
  const campaign = campaigns[index % 4 === 0 ? 1 : 0] as Campaign;
  const createdAtMs = NOW - index * 47_000 - 20_000;
  const outcome = outcomeOf(index);
  const isAnswered = outcome === 'answered';
  return {
    attemptId: uuid() as Attempt['attemptId'],
    campaignId: campaign.campaignId,
    campaignName: campaign.name,
    listId: campaign.settings.listIds[0] as Attempt['listId'],
    leadId: String(1000 + index) as Attempt['leadId'],
    leadName: names[index % names.length] as string,
    callId: uuid() as Attempt['callId'],
    number: `+86138${String(10_010_000 + index * 7919).slice(0, 8)}`,
    ordinal: 1 + (index % 3),
    ...(index === 0 ? {} : { outcome }),
    createdAtMs,
    ringingAtMs: createdAtMs + 2_140,
    hasRecording: isAnswered,
    ...(isAnswered && index !== 0
      ? {
          agentId: users[2]?.userId as unknown as NonNullable<Attempt['agentId']>,
          agentName: '王芳',
          disposition: dispositionsCycle[index % 4] as string,
          answeredAtMs: createdAtMs + 9_312,
          bridgedAtMs: createdAtMs + 9_401,
          talkMs: 64_000 + index * 1300,
          endedAtMs: createdAtMs + 73_401 + index * 1300,
        }
      : {}),
  };
};
export const attempts: Attempt[] = Array.from({ length: 60 }, (_, index) => newAttempt(index));

/** The whole story of an attempt, invented around it. */
export const storyOf = (attempt: Attempt): AttemptStory => {
  const at = attempt.createdAtMs;
  const answered = attempt.answeredAtMs;
  const event = (ms: number, aggregate: string, seq: number, type: string, data: Record<string, unknown> = {}) => ({
    atMs: at + ms,
    aggregate,
    aggregateId: aggregate === 'call' ? attempt.callId : attempt.attemptId,
    seq,
    type,
    data,
  });
  return {
    attempt,
    odds: { probability: 0.31, reasons: [{ feature: 'answeredBefore', value: 'thisHour', oddsFactor: 1.62 }] },
    verdict: {
      allowed: true,
      atMs: at - 20,
      pack: 'china',
      packVersion: '2026-01',
      rules: RULE_IDS.map((rule) => ({
        rule,
        result: ['consent', 'perHour', 'per30d', 'inAll', 'quietAfterOptOut'].includes(rule)
          ? ('notApplicable' as const)
          : ('pass' as const),
        code: ['consent', 'perHour', 'per30d', 'inAll', 'quietAfterOptOut'].includes(rule) ? 'noRule' : 'ok',
        input: {
          zones: ['Asia/Shanghai'],
          country: 'CN',
          count: 1,
          max: 3,
          maxFrom: 'pack',
          minGapMs: 3_600_000,
          lastDialAtMs: at - 9e7,
        },
      })),
    },
    dials: [
      {
        dialId: uuid() as AttemptStory['dials'][number]['dialId'],
        trunkId: trunks[1]?.trunkId as AttemptStory['dials'][number]['trunkId'],
        trunkName: '备用线路',
        dialString: attempt.number.replace('+86', ''),
        callerId: '+862112345678',
        createdAtMs: at,
        endedAtMs: at + 820,
        cause: 34,
        sipStatus: 503,
        endedBy: 'them',
        outcome: 'congestion',
      },
      {
        dialId: uuid() as AttemptStory['dials'][number]['dialId'],
        trunkId: trunks[0]?.trunkId as AttemptStory['dials'][number]['trunkId'],
        trunkName: '北京联通',
        dialString: attempt.number.replace('+86', '0'),
        callerId: '+862112345678',
        createdAtMs: at + 830,
        ringingAtMs: at + 2_140,
        ...(answered === undefined ? {} : { answeredAtMs: answered }),
        ...(attempt.endedAtMs === undefined ? {} : { endedAtMs: attempt.endedAtMs }),
        cause: 16,
        sipStatus: 200,
        endedBy: 'them',
        ...(attempt.outcome === undefined ? {} : { outcome: attempt.outcome }),
      },
    ],
    events: [
      event(0, 'call', 0, 'dialed', { trunk: '备用线路' }),
      event(820, 'call', 1, 'callee', { event: { type: 'legEnded' }, sipStatus: 503 }),
      event(830, 'call', 2, 'nextDial', { trunk: '北京联通' }),
      event(2_140, 'call', 3, 'callee', { event: { type: 'legRinging' } }),
      ...(answered === undefined
        ? []
        : [
            event(9_312, 'call', 4, 'callee', { event: { type: 'legAnswered' } }),
            event(9_318, 'call', 5, 'agentOffered', { agentId: attempt.agentId }),
            event(9_401, 'call', 6, 'bridged', {}),
            event(9_402, 'recording', 0, 'recordingStarted', {}),
            event((attempt.endedAtMs ?? at) - at, 'call', 7, 'callee', { event: { type: 'legEnded' }, cause: 16 }),
            event((attempt.endedAtMs ?? at) - at + 4, 'attempt', 0, 'settled', { outcome: 'answered' }),
            event((attempt.endedAtMs ?? at) - at + 12_400, 'attempt', 1, 'disposed', { code: attempt.disposition }),
          ]),
    ],
    recordings: attempt.hasRecording
      ? [
          {
            recordingId: uuid() as AttemptStory['recordings'][number]['recordingId'],
            callId: attempt.callId,
            state: 'done',
            durationMs: 30_000,
            bytes: 960_044,
            sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
            startedAtMs: at + 9_402,
          },
        ]
      : [],
    ...(answered === undefined
      ? {}
      : { note: '对方案有兴趣，周五下午再联系，要带上报价单。', disposedAtMs: at + 99_000 }),
    leadFields: Object.entries({ 公司: '上海云帆贸易', 城市: '上海', 产品: '企业版' }).map(([key, value]) => ({
      key,
      label: key,
      value,
    })),
  };
};
