import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  agentRoutes,
  attemptRoutes,
  auditRoutes,
  campaignRoutes,
  demoRoutes,
  importRoutes,
  listRoutes,
  recordingRoutes,
  sessionRoutes,
  trunkRoutes,
  userRoutes,
  type Campaign,
  type ImportView,
  type RouteContract,
} from '@qianhu/contracts';
import { checkSettings, defaultCampaignSettings, defaultDispositions, rulePackAt } from '@qianhu/core';
import { WebSocketServer, type WebSocket } from 'ws';
import { conversationWav } from './wav.ts';
import { attempts, campaigns, lists, liveViews, me, storyOf, trunks, users, uuid } from './world.ts';

// A server of invented data for working on the pages: every answer is checked with its contract, so that it cannot drift.
// Log in as admin, zhao or agent with any password. `wrong` as password is refused.

type Request = { readonly params: Record<string, string>; readonly query: URLSearchParams; readonly body: never };
type Handler = (request: Request) => unknown;
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

let login: string | undefined;
let isDemoLoaded = true;
const sockets = new Map<WebSocket, Map<string, number>>();
const imports = new Map<string, ImportView>();

const meOf = () => {
  const user = users.find((item) => item.login === login);
  if (user === undefined) throw new Refusal(401, 'Log in first.');
  return { user, demo: isDemoLoaded, numbersMasked: user.role === 'agent' };
};

const snapshotOf = (topic: string): unknown => {
  if (topic === 'floor') return { campaigns: [...liveViews.values()], agents: [me.agent] };
  if (topic === 'agent:me') return me.agent;
  if (topic.startsWith('campaign:')) return liveViews.get(topic.slice(9));
  if (topic.startsWith('import:')) return imports.get(topic.slice(7));
  return undefined;
};

const publish = (topic: string, data: unknown): void => {
  for (const [socket, topics] of sockets) {
    const seq = topics.get(topic);
    if (seq === undefined) continue;
    topics.set(topic, seq + 1);
    socket.send(JSON.stringify({ topic, seq: seq + 1, type: 'change', data }));
  }
};

const setAgent = (
  change: Partial<typeof me.agent>,
  without: readonly ('call' | 'pauseReason' | 'pauseAfterCall')[] = [],
) => {
  const next = { ...me.agent, sinceMs: Date.now(), ...change };
  for (const key of without) delete next[key];
  me.agent = next;
  publish('agent:me', { kind: 'agent', view: next });
  publish('floor', { kind: 'agent', view: next });
  return next;
};

const ring = (): void => {
  const attempt = attempts[1];
  if (me.agent.phase !== 'ready' || attempt === undefined) return;
  const now = Date.now();
  setAgent({
    phase: 'talking',
    call: {
      callId: uuid() as typeof attempt.callId,
      attemptId: attempt.attemptId,
      campaignId: attempt.campaignId,
      answeredAtMs: now,
      bridgedAtMs: now,
    },
  });
};

const endCall = () => {
  const { call } = me.agent;
  if (call === undefined) throw new Refusal(409, 'There is no call.');
  const now = Date.now();
  return setAgent({ phase: 'wrapUp', call: { ...call, endedAtMs: now, wrapUpEndsAtMs: now + 30_000 } });
};

const campaignOf = (id: string | undefined): Campaign => {
  const found = campaigns.find((item) => item.campaignId === id);
  if (found === undefined) throw new Refusal(404, 'No such campaign.');
  const live = liveViews.get(found.campaignId);
  return live === undefined ? found : { ...found, phase: live.phase, live };
};

const page = <T>(items: readonly T[], query: URLSearchParams, size = 25) => {
  const from = Number(query.get('cursor') ?? '0');
  const limit = Math.min(Number(query.get('limit') ?? size), size);
  const next = from + limit;
  return { items: items.slice(from, next), ...(next < items.length ? { nextCursor: String(next) } : {}) };
};

const checksOf = (settings: Campaign['settings']) => {
  const problems = checkSettings(settings, rulePackAt(settings.rulePack, Date.now())).map((problem) => ({
    ...problem,
    message: problem.code,
  }));
  return { canStart: !problems.some((problem) => problem.severity === 'error'), problems };
};

const runImport = (view: ImportView): void => {
  const total = 5000;
  let rows = 0;
  const tick = setInterval(() => {
    rows = Math.min(total, rows + 400);
    const isDone = rows === total;
    const rejected = Math.floor(rows / 135);
    const present = imports.get(view.importId);
    if (present?.state !== 'running') {
      clearInterval(tick);
      return;
    }
    const next: ImportView = {
      ...present,
      state: isDone ? 'done' : 'running',
      bytesRead: Math.round((view.fileBytes * rows) / total),
      rowsRead: rows,
      rowsImported: rows - rejected - 12,
      rowsRejected: rejected,
      rowsDuplicate: 12,
      hasRejects: rejected > 0,
      reasons: { invalidNumber: rejected, duplicateInFile: 12 },
    };
    imports.set(view.importId, next);
    publish(`import:${view.importId}`, next);
    if (isDone) clearInterval(tick);
  }, 300);
};

const preview = {
  source: { format: 'csv', encoding: 'gb18030', delimiter: ',', hasHeader: true, sheet: 0, sheets: [] },
  columns: [
    { name: '客户姓名', samples: ['张伟', '王秀英', '李静'], suggested: { to: 'name' }, phoneShare: 0 },
    {
      name: '手机号',
      samples: ['13800138000', '139 0013 9000', '1.38E+10'],
      suggested: { to: 'phone' },
      phoneShare: 0.97,
    },
    { name: '备用电话', samples: ['010-88886666', '', '13700137000'], suggested: { to: 'phone' }, phoneShare: 0.8 },
    {
      name: '公司',
      samples: ['上海云帆贸易', '北京远山科技', ''],
      suggested: { to: 'field', key: '公司' },
      phoneShare: 0,
    },
    { name: '序号', samples: ['1', '2', '3'], suggested: { to: 'ignore' }, phoneShare: 0 },
  ],
  rows: [],
  faults: [],
};

const callPopUp = () => {
  const attempt = attempts.find((item) => item.attemptId === me.agent.call?.attemptId);
  if (me.agent.call === undefined || attempt === undefined) throw new Refusal(404, 'There is no call.');
  return {
    callId: me.agent.call.callId,
    attemptId: attempt.attemptId,
    campaignId: attempt.campaignId,
    campaignName: attempt.campaignName,
    leadId: attempt.leadId,
    number: '+86138****8000',
    name: '王秀英',
    fields: [
      { key: '公司', label: '公司', value: '上海云帆贸易有限公司' },
      { key: '城市', label: '城市', value: '上海' },
      { key: '产品', label: '意向产品', value: '企业版，20 个坐席' },
    ],
    earlier: attempts.slice(4, 6).map((item) => ({
      attemptId: item.attemptId,
      atMs: item.createdAtMs - 9e7,
      outcome: item.outcome,
      note: '上次说周五之后方便',
    })),
    dispositions: defaultDispositions,
    dispositionRequired: true,
  };
};

const routes: [RouteContract, Handler][] = [
  [sessionRoutes.getMe, meOf],
  [
    sessionRoutes.login,
    ({ body }: { body: { login: string; password: string } }) => {
      if (body.password === 'wrong') throw new Refusal(401, 'Wrong name or password.');
      login = body.login;
      return meOf();
    },
  ],
  [sessionRoutes.logout, () => ((login = undefined), { ok: true })],
  [sessionRoutes.changePassword, () => ({ ok: true })],
  [demoRoutes.getDemo, () => ({ isLoaded: isDemoLoaded, campaigns: 1, lists: 1, trunks: 1, agents: 4 })],
  [
    demoRoutes.removeDemo,
    () => ((isDemoLoaded = false), { isLoaded: false, campaigns: 0, lists: 0, trunks: 0, agents: 0 }),
  ],
  [userRoutes.listUsers, () => ({ items: users })],
  [
    userRoutes.createUser,
    ({ body }: { body: object }) => {
      const user = {
        ...(users[2] as object),
        ...body,
        userId: uuid(),
        createdAtMs: Date.now(),
      } as (typeof users)[number];
      users.push(user);
      return { user, password: 'k3-Vu9_qLx2a' };
    },
  ],
  [
    userRoutes.updateUser,
    ({ params, body }) => Object.assign(users.find((u) => u.userId === params['userId']) ?? {}, body),
  ],
  [userRoutes.revokeSessions, () => ({ ok: true })],
  [trunkRoutes.listTrunks, () => ({ items: trunks, total: trunks.length })],
  [trunkRoutes.getTrunk, ({ params }) => trunks.find((item) => item.trunkId === params['trunkId'])],
  [
    trunkRoutes.updateTrunk,
    ({ params, body }) => Object.assign(trunks.find((item) => item.trunkId === params['trunkId']) ?? {}, body),
  ],
  [
    trunkRoutes.testTrunk,
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const at = Date.now();
      const sip = (line: string) =>
        `${line}\r\nVia: SIP/2.0/UDP 192.0.2.1:5060\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n`;
      return {
        outcome: 'answered',
        cause: 16,
        sipStatus: 200,
        text: 'Answered after 4.1 s.',
        advice: 'none',
        ringMs: 3100,
        trace: [
          { atMs: at, direction: 'sent', text: sip('INVITE sip:013800138000@sip.carrier.example SIP/2.0') },
          { atMs: at + 40, direction: 'received', text: sip('SIP/2.0 100 Trying') },
          { atMs: at + 980, direction: 'received', text: sip('SIP/2.0 180 Ringing') },
          { atMs: at + 4100, direction: 'received', text: sip('SIP/2.0 200 OK') },
          { atMs: at + 4105, direction: 'sent', text: sip('ACK sip:013800138000@sip.carrier.example SIP/2.0') },
        ],
      };
    },
  ],
  [
    campaignRoutes.listCampaigns,
    ({ query }) =>
      page(
        campaigns.map((item) => ({
          ...campaignOf(item.campaignId),
          modeKind: item.settings.mode.kind,
          lists: item.settings.listIds.map((listId) => ({
            listId,
            name: lists.find((list) => list.listId === listId)?.name ?? '',
          })),
          leads: liveViews.get(item.campaignId)?.leads ?? { ready: 0, dialing: 0, done: 0 },
          attempts: 380,
          answered: 142,
        })),
        query,
      ),
  ],
  [campaignRoutes.getCampaignDefaults, () => defaultCampaignSettings],
  [
    campaignRoutes.checkNewCampaign,
    ({ body }: { body: { settings: Campaign['settings'] } }) => checksOf(body.settings),
  ],
  [campaignRoutes.checkCampaign, ({ params }) => checksOf(campaignOf(params['campaignId']).settings)],
  [
    campaignRoutes.createCampaign,
    ({ body }: { body: Pick<Campaign, 'name' | 'settings' | 'agentIds'> }) => {
      const made: Campaign = {
        ...body,
        campaignId: uuid() as Campaign['campaignId'],
        phase: 'draft',
        isDemo: body.settings.rulePack === 'lab',
        createdAtMs: Date.now(),
      };
      campaigns.unshift(made);
      const first = [...liveViews.values()][0];
      if (first !== undefined)
        liveViews.set(made.campaignId, {
          ...first,
          campaignId: made.campaignId,
          name: made.name,
          phase: 'draft',
          outcomes: {},
          calls: { dialing: 0, ringing: 0, waiting: 0, talking: 0, announcing: 0 },
        });
      return made;
    },
  ],
  [campaignRoutes.getCampaign, ({ params }) => campaignOf(params['campaignId'])],
  [campaignRoutes.updateCampaign, ({ params, body }) => Object.assign(campaignOf(params['campaignId']), body)],
  [
    campaignRoutes.commandCampaign,
    ({ params }) => {
      const id = params['campaignId'] ?? '';
      const view = liveViews.get(id);
      const phases = { start: 'running', pause: 'paused', drain: 'draining', stop: 'stopped' } as const;
      const phase = phases[params['command'] as keyof typeof phases];
      if (view !== undefined) {
        const next = { ...view, phase, limitedBy: phase === 'running' ? 'enoughLines' : phase };
        liveViews.set(id, next);
        publish(`campaign:${id}`, { kind: 'campaign', view: next });
        publish('floor', { kind: 'campaign', view: next });
      }
      return campaignOf(id);
    },
  ],
  [
    attemptRoutes.listAttempts,
    ({ query }) =>
      page(
        attempts.filter(
          (item) =>
            (query.get('outcome') ?? item.outcome ?? 'open') === (item.outcome ?? 'open') &&
            (query.get('campaignId') ?? item.campaignId) === item.campaignId,
        ),
        query,
      ),
  ],
  [
    attemptRoutes.getAttempt,
    ({ params }) => {
      const found = attempts.find((item) => item.attemptId === params['attemptId']);
      if (found === undefined) throw new Refusal(404, 'No such attempt.');
      return storyOf(found);
    },
  ],
  [
    listRoutes.listLists,
    ({ query }) =>
      page(
        lists.filter((list) => list.name.includes(query.get('search') ?? '')),
        query,
      ),
  ],
  [
    listRoutes.createList,
    ({ body }: { body: { name: string } }) => {
      const first = lists[0];
      if (first === undefined) throw new Refusal(500, 'Empty world.');
      const list = {
        ...first,
        listId: uuid() as typeof first.listId,
        name: body.name,
        isDemo: false,
        campaigns: [],
        leads: { ready: 0, dialing: 0, done: 0 },
        createdAtMs: Date.now(),
      };
      lists.unshift(list);
      return list;
    },
  ],
  [
    listRoutes.getList,
    ({ params }) => {
      const list = lists.find((item) => item.listId === params['listId']);
      if (list === undefined) throw new Refusal(404, 'No such list.');
      return list;
    },
  ],
  [
    listRoutes.listLeads,
    ({ query, params }) =>
      page(
        attempts.map((item, index) => ({
          leadId: item.leadId,
          listId: params['listId'],
          number: item.number,
          altNumbers: [],
          region: 'CN',
          zones: ['Asia/Shanghai'],
          name: item.leadName,
          fields: { 公司: '上海云帆贸易' },
          priority: 0,
          state: index % 3 === 0 ? 'done' : 'ready',
          isCallback: index % 7 === 1,
          attempts: index % 3,
          ...(index % 3 === 0
            ? {}
            : { lastOutcome: 'noAnswer', lastAttemptAtMs: item.createdAtMs, nextAtMs: Date.now() + 9e6 }),
        })),
        query,
      ),
  ],
  [
    listRoutes.getLead,
    ({ params }) => {
      const item = attempts.find((attempt) => attempt.leadId === params['leadId']);
      if (item === undefined) throw new Refusal(404, 'No such lead.');
      const { verdict } = storyOf(item);
      return {
        leadId: item.leadId,
        listId: item.listId,
        number: item.number,
        altNumbers: ['+861088886666'],
        region: 'CN',
        zones: ['Asia/Shanghai'],
        name: item.leadName,
        fields: { 公司: '上海云帆贸易', 城市: '上海' },
        priority: 0,
        state: 'ready',
        isCallback: false,
        attempts: 2,
        blockedVerdict: {
          ...verdict,
          allowed: false,
          retryAtMs: Date.now() + 9e6,
          rules: verdict.rules.map((rule) =>
            rule.rule === 'callingWindow'
              ? { ...rule, result: 'block', code: 'outsideHours', retryAtMs: Date.now() + 9e6 }
              : rule,
          ),
        },
        attemptList: [item],
      };
    },
  ],
  [
    importRoutes.listImports,
    ({ query }) =>
      page(
        [...imports.values()].filter((view) => view.listId === query.get('listId')),
        query,
      ),
  ],
  [importRoutes.getImport, ({ params }) => imports.get(params['importId'] ?? '')],
  [importRoutes.previewImport, () => preview],
  [
    importRoutes.startImport,
    ({ params, body }: { params: Record<string, string>; body: { listId: ImportView['listId'] } }) => {
      const view = imports.get(params['importId'] ?? '');
      if (view === undefined) throw new Refusal(404, 'No such import.');
      const next = {
        ...view,
        ...(body.listId === undefined ? {} : { listId: body.listId }),
        state: 'running' as const,
        startedAtMs: Date.now(),
      };
      imports.set(view.importId, next);
      runImport(next);
      return next;
    },
  ],
  [
    importRoutes.cancelImport,
    ({ params }) => {
      const view = imports.get(params['importId'] ?? '');
      if (view === undefined) throw new Refusal(404, 'No such import.');
      const next = { ...view, state: 'cancelled' as const };
      imports.set(view.importId, next);
      publish(`import:${view.importId}`, next);
      return next;
    },
  ],
  [
    auditRoutes.listAudit,
    ({ query }) =>
      page(
        ['trunk.updated', 'campaign.started', 'user.created', 'session.loggedIn', 'list.created'].map(
          (action, index) => ({
            entryId: String(90 - index),
            atMs: Date.now() - index * 3_600_000,
            ...(index === 2 ? {} : { userName: '管理员' }),
            action,
            subjectType: action.split('.')[0],
            subjectId: uuid(),
            details: index % 2 === 0 ? { fields: ['name', 'priority'] } : {},
          }),
        ),
        query,
      ),
  ],
  [
    agentRoutes.getAgentMe,
    () => ({
      agent: me.agent,
      pauseReasons: [
        { code: 'break', label: { zh: '小休', en: 'Break' } },
        { code: 'lunch', label: { zh: '用餐', en: 'Lunch' } },
        { code: 'meeting', label: { zh: '会议', en: 'Meeting' } },
      ],
      today: { calls: 34, talkMs: 4_980_000, dispositions: { success: 6, notInterested: 17, callback: 4 } },
    }),
  ],
  [agentRoutes.getAgentCall, callPopUp],
  [
    agentRoutes.mintSoftphone,
    () => ({ uri: 'sip:agent@qianhu.invalid', username: 'agent', password: 'x', wsPath: '/sip', iceServers: [] }),
  ],
  [agentRoutes.logInStation, () => setAgent({ phase: 'paused', stationUp: true, pauseReason: 'break' })],
  [agentRoutes.logOutStation, () => setAgent({ phase: 'loggedOut', stationUp: false }, ['pauseReason', 'call'])],
  [
    agentRoutes.ready,
    () => {
      setTimeout(ring, 2500);
      return setAgent({ phase: 'ready' }, ['pauseReason', 'call', 'pauseAfterCall']);
    },
  ],
  [
    agentRoutes.pause,
    ({ body }: { body: { reason: string } }) =>
      me.agent.phase === 'talking'
        ? setAgent({ pauseAfterCall: body.reason, sinceMs: me.agent.sinceMs })
        : setAgent({ phase: 'paused', pauseReason: body.reason }, ['call']),
  ],
  [agentRoutes.hangUp, endCall],
  [agentRoutes.hold, ({ body }: { body: { held: boolean } }) => setAgent({ phase: body.held ? 'held' : 'talking' })],
  [agentRoutes.dtmf, () => me.agent],
  [
    agentRoutes.dispose,
    () => {
      setTimeout(ring, 6000);
      return setAgent({ phase: 'ready' }, ['call']);
    },
  ],
];

const match = (path: string, pattern: string): Record<string, string> | undefined => {
  const parts = path.split('/');
  const wanted = pattern.split('/');
  if (parts.length !== wanted.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, want] of wanted.entries()) {
    const part = parts[index] ?? '';
    if (want.startsWith(':')) params[want.slice(1)] = decodeURIComponent(part);
    else if (want !== part) return undefined;
  }
  return params;
};

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const sendJson = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(value));
};

const audio = conversationWav();

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = url.pathname.replace('/api/v1', '');
  const body = await readBody(request);
  if (request.method === 'GET' && match(path, recordingRoutes.getRecordingAudio.path) !== undefined) {
    response.writeHead(200, { 'content-type': 'audio/wav', 'content-length': audio.length });
    response.end(audio);
    return;
  }
  if (request.method === 'POST' && path === '/imports') {
    const view: ImportView = {
      importId: uuid() as ImportView['importId'],
      state: 'uploaded',
      fileName: '十一月_客户.csv',
      fileBytes: body.length,
      bytesRead: 0,
      rowsRead: 0,
      rowsImported: 0,
      rowsUpdated: 0,
      rowsRejected: 0,
      rowsDuplicate: 0,
      rowsNoted: 0,
      reasons: {},
      hasRejects: false,
      hasNotes: false,
      canStart: true,
      canRemoveLeads: false,
      createdAtMs: Date.now(),
    };
    imports.set(view.importId, view);
    sendJson(response, 201, { import: view, preview });
    return;
  }
  for (const [route, handler] of routes) {
    const params = route.method === request.method ? match(path, route.path) : undefined;
    if (params === undefined) continue;
    try {
      if (route.access !== 'public') meOf();
      const parsed: unknown = body.length > 0 ? JSON.parse(body.toString()) : undefined;
      const value = await handler({ params, query: url.searchParams, body: parsed as never });
      const checked = route.response?.safeParse(value);
      if (checked?.success === false) throw new Refusal(500, `${route.operationId}: ${checked.error.message}`);
      sendJson(response, route.status ?? 200, checked?.data ?? value);
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500;
      const detail = error instanceof Error ? error.message : String(error);
      if (status === 500) console.error(detail);
      sendJson(response, status, { type: 'about:blank', title: 'Refused', status, code: 'invalid', detail });
    }
    return;
  }
  sendJson(response, 404, { type: 'about:blank', title: 'Not found', status: 404, code: 'notFound', detail: path });
};

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
const liveServer = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  if (request.url !== '/api/v1/live') {
    socket.destroy();
    return;
  }
  liveServer.handleUpgrade(request, socket, head, (client) => {
    const topics = new Map<string, number>();
    sockets.set(client, topics);
    client.on('close', () => sockets.delete(client));
    client.on('message', (raw) => {
      const message = JSON.parse(String(raw)) as { type: string; topics: string[] };
      for (const topic of message.topics) {
        topics.delete(topic);
        if (message.type !== 'subscribe') continue;
        topics.set(topic, 0);
        client.send(JSON.stringify({ topic, seq: 0, type: 'snapshot', data: snapshotOf(topic) ?? null }));
      }
    });
  });
});

// Something moves: calls come and go while a campaign runs.
setInterval(() => {
  for (const [id, view] of liveViews) {
    if (view.phase !== 'running') continue;
    const wave = (period: number, top: number): number => Math.round((Math.sin(Date.now() / period) * 0.5 + 0.5) * top);
    const outcomes = {
      ...view.outcomes,
      noAnswer: (view.outcomes.noAnswer ?? 0) + 1,
      answered: (view.outcomes.answered ?? 0) + wave(3000, 1),
    };
    const next = {
      ...view,
      outcomes,
      calls: { ...view.calls, ringing: 2 + wave(4000, 5), talking: 1 + wave(9000, 4), dialing: wave(2500, 3) },
      leads: { ...view.leads, ready: Math.max(0, view.leads.ready - 1), done: view.leads.done + 1 },
    };
    liveViews.set(id, next);
    publish(`campaign:${id}`, { kind: 'campaign', view: next });
    publish('floor', { kind: 'campaign', view: next });
  }
}, 1500);

const port = Number(process.env['PORT'] ?? '8090');
server.listen(port, '127.0.0.1', () => {
  console.log(`Invented data at http://127.0.0.1:${port}/api/v1 (log in as admin, zhao or agent)`);
});
