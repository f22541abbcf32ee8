import type { ImportView, ListView } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createHttpApp } from './app.ts';
import type { AuditEntryInput } from './route.ts';
import { realClock } from '../platform/clock.ts';
import { createIdSource } from '../platform/ids.ts';
import { silentLogger } from '../platform/log.ts';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import { createDnc } from '../features/dnc/create-dnc.ts';
import { registerDncRoutes } from '../features/dnc/dnc-routes.ts';
import { createImports } from '../features/imports/create-imports.ts';
import { registerImportRoutes } from '../features/imports/imports-routes.ts';
import type { ImportsService } from '../features/imports/imports-service.ts';
import { createLists } from '../features/lists/create-lists.ts';
import { registerListRoutes } from '../features/lists/lists-routes.ts';

// Every import starts a thread that compiles its sources: slow on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

let db: TestDatabase;
let app: FastifyInstance;
let folder: string;
let imports: ImportsService;
const audit: AuditEntryInput[] = [];
const clock = realClock();
const ids = createIdSource(() => clock.now());
const TOKEN = 'local-token';

/** Campaigns that were told to read their lists anew. */
const reloaded: string[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'lists-'));
  const lists = createLists({
    db,
    clock,
    ids,
    reloadCampaign: (id) => {
      reloaded.push(id);
      return Promise.resolve();
    },
  });
  imports = createImports({
    db,
    clock,
    ids,
    log: silentLogger(),
    folder,
    putConsent: (listId, evidence) => lists.putConsent(listId, evidence),
  });
  app = await createHttpApp({
    log: silentLogger(),
    version: '0.0.0',
    cookieName: 'session',
    findViewer: (token) =>
      Promise.resolve({ login: token, name: token, role: token === 'agent' ? 'agent' : 'supervisor', locale: 'zh' }),
    audit: {
      record: () => Promise.resolve(),
      begin: () => Promise.resolve('1'),
      complete: (_entryId, entry) => {
        audit.push(entry);
        return Promise.resolve();
      },
      discard: () => Promise.resolve(),
    },
    localToken: TOKEN,
    registerFeatures: async (instance) => {
      registerListRoutes(instance, { lists });
      await registerImportRoutes(instance, { imports });
      await registerDncRoutes(instance, { dnc: createDnc({ db, clock, ids, folder }) });
    },
  });
});
afterAll(async () => {
  await imports.close();
  await app.close();
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

const call = async <T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) => {
  const response = await app.inject({
    method,
    url: `/api/v1${url}`,
    headers: { authorization: `Bearer ${TOKEN}` },
    ...(payload === undefined ? {} : { payload }),
  });
  return {
    status: response.statusCode,
    body: String(response.headers['content-type']).includes('json') ? response.json<T>() : (response.body as T),
  };
};

const upload = async <T>(url: string, text: string) => {
  const boundary = 'x-boundary-x';
  const response = await app.inject({
    method: 'POST',
    url: `/api/v1${url}`,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': `multipart/form-data; boundary=${boundary}` },
    payload: `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="客户.csv"\r\ncontent-type: text/csv\r\n\r\n${text}\r\n--${boundary}--\r\n`,
  });
  return { status: response.statusCode, body: response.json<T>() };
};

const newList = async (name: string): Promise<ListView> => (await call<ListView>('POST', '/lists', { name })).body;

const fill = async (listId: string, text: string): Promise<ImportView> => {
  const { body } = await upload<{ import: ImportView }>('/imports', text);
  expect((await call('POST', `/imports/${body.import.importId}/start`, { listId })).status).toBe(202);
  return imports.waitFor(body.import.importId);
};

describe('lists over HTTP', () => {
  it('are made, renamed, found and counted', async () => {
    const list = await newList('十一月');
    expect(list).toMatchObject({ defaultRegion: 'CN', isDemo: false, leads: { ready: 0, dialing: 0, done: 0 } });
    expect((await call<ListView>('PATCH', `/lists/${list.listId}`, { name: '十二月 100%' })).body.name).toBe(
      '十二月 100%',
    );
    const found = await call<{ items: ListView[] }>('GET', `/lists?search=${encodeURIComponent('100%')}`);
    expect(found.body.items.map((l) => l.listId)).toEqual([list.listId]);
    expect((await call('POST', '/lists', { name: ' ' })).status).toBe(400);
    expect((await call('POST', '/lists', { name: 'x', defaultRegion: 'XX' })).status).toBe(400);
  });

  it('take a file from upload to leads, page by page and filtered', async () => {
    const list = await newList('页');
    const rows = Array.from({ length: 7 }, (_, i) => `客户${i},1381111000${i},同城`).join('\n');
    const view = await fill(list.listId, `姓名,手机号,城市\n${rows}\n坏,123,x\n`);
    expect(view).toMatchObject({ state: 'done', rowsImported: 7, rowsRejected: 1, hasRejects: true });
    const url = `/lists/${list.listId}/leads`;
    const first = (
      await call<{ items: { number: string; leadId: string }[]; nextCursor: string }>('GET', `${url}?limit=5`)
    ).body;
    const second = (await call<typeof first>('GET', `${url}?limit=5&cursor=${first.nextCursor}`)).body;
    expect([...first.items, ...second.items].map((l) => l.number)).toEqual(
      Array.from({ length: 7 }, (_, i) => `+861381111000${i}`),
    );
    expect(second.nextCursor).toBeUndefined();
    expect((await call<typeof first>('GET', `${url}?number=13811110003`)).body.items).toHaveLength(1);
    expect((await call<typeof first>('GET', `${url}?number=138`)).body.items).toHaveLength(7);
    expect((await call<typeof first>('GET', `${url}?name=${encodeURIComponent('客户4')}`)).body.items).toHaveLength(1);
    expect((await call<typeof first>('GET', `${url}?state=done`)).body.items).toHaveLength(0);
    const lead = await call('GET', `/leads/${first.items[0]?.leadId ?? ''}`);
    expect(lead.body).toMatchObject({
      name: '客户0',
      fields: { 城市: '同城' },
      zones: ['Asia/Shanghai'],
      attemptList: [],
    });
    expect((await call<ListView>('GET', `/lists/${list.listId}`)).body).toMatchObject({
      leads: { ready: 7 },
      fieldDefs: [{ key: '城市', label: '城市' }],
    });
    const rejects = await call<string>('GET', `/imports/${view.importId}/rejects.csv`);
    expect(rejects.body).toContain('坏,123,x,9,tooShort');
    expect((await call('GET', `/imports/${view.importId}/notes.csv`)).status).toBe(404);
    expect((await call<{ items: ImportView[] }>('GET', `/imports?listId=${list.listId}`)).body.items).toHaveLength(1);
    expect(audit.map((a) => a.action)).toEqual(expect.arrayContaining(['uploadImport', 'startImport', 'createList']));
  });

  it('are removed with their leads, but not while a campaign runs on them', async () => {
    const list = await newList('去');
    await fill(list.listId, 'phone\n13822220001\n');
    const campaignId = ids.next();
    await db.pool.query(
      `INSERT INTO campaigns (id, name, settings, phase, state) VALUES ($1, '在跑', $2, 'running', '{}')`,
      [campaignId, JSON.stringify({ listIds: [list.listId, 'other'] })],
    );
    await db.pool.query('INSERT INTO campaign_lists (campaign_id, list_id) VALUES ($1, $2)', [campaignId, list.listId]);
    const refused = await call<{ detail: string }>('DELETE', `/lists/${list.listId}`);
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain('在跑');
    await db.pool.query(`UPDATE campaigns SET phase = 'stopped' WHERE id = $1`, [campaignId]);
    expect((await call('DELETE', `/lists/${list.listId}`)).status).toBe(200);
    expect((await call('GET', `/lists/${list.listId}`)).status).toBe(404);
    const left = await db.pool.query('SELECT 1 FROM leads WHERE list_id = $1', [list.listId]);
    expect(left.rowCount).toBe(0);
    const { rows } = await db.pool.query('SELECT settings FROM campaigns WHERE id = $1', [campaignId]);
    expect(rows[0]).toEqual({ settings: { listIds: ['other'] } });
  });

  it('are not shown to agents', async () => {
    const response = await app.inject({ method: 'GET', url: '/api/v1/lists', cookies: { session: 'agent' } });
    expect(response.statusCode).toBe(403);
  });

  it('answer a form without a file, and what is no form, with what to do', async () => {
    expect((await call('POST', '/imports', {})).status).toBe(400);
    expect((await call('GET', `/imports/${ids.next()}`)).status).toBe(404);
  });
});

describe('the consent of a list', () => {
  const evidence = '2026 年 9 月活动报名表，原件在 CRM';
  const put = (listId: string, consent: object | null) => call<ListView>('PATCH', `/lists/${listId}`, { consent });

  it('is put on record, withdrawn, and written into the audit', async () => {
    const list = await newList('同意');
    expect(list.consent).toBeUndefined();
    expect((await put(list.listId, { evidence })).body.consent).toMatchObject({ evidence });
    expect(audit.at(-1)).toMatchObject({ action: 'updateList', details: { consent: { evidence } } });
    expect((await put(list.listId, null)).body.consent).toBeUndefined();
    expect(audit.at(-1)?.details).toEqual({ consent: 'withdrawn' });
    expect((await put(list.listId, { evidence: ' ' })).status).toBe(400);
    expect((await call('PATCH', `/lists/${list.listId}`, {})).status).toBe(400);
    expect((await call<ListView>('POST', '/lists', { name: 'x', consent: { evidence } })).body.consent).toMatchObject({
      evidence,
    });
  });

  it('makes leads ready again that were finished for want of it, and no others, and tells the campaigns', async () => {
    const list = await newList('补上');
    await fill(list.listId, 'phone\n13833330001\n13833330002\n');
    await db.pool.query(
      `UPDATE leads SET state = 'done', done_reason = CASE number WHEN '+8613833330001' THEN 'consentMissing' ELSE 'onDncAll' END WHERE list_id = $1`,
      [list.listId],
    );
    const campaignId = ids.next();
    await db.pool.query(
      `INSERT INTO campaigns (id, name, settings, phase, state) VALUES ($1, '跑', '{}', 'running', '{}')`,
      [campaignId],
    );
    await db.pool.query('INSERT INTO campaign_lists (campaign_id, list_id) VALUES ($1, $2)', [campaignId, list.listId]);
    expect((await put(list.listId, { evidence })).body.leads).toEqual({ ready: 1, dialing: 0, done: 1 });
    await put(list.listId, null);
    expect(reloaded).toEqual([campaignId, campaignId]);
  });

  it('is asked for again when more people come under it, but not when an import goes on', async () => {
    const list = await newList('增补');
    const start = async (consent?: object) => {
      const { body } = await upload<{ import: ImportView }>('/imports', 'phone\n13844440001\n');
      const { importId } = body.import;
      const url = `/imports/${importId}/start`;
      const answer = await call('POST', url, { listId: list.listId, ...(consent === undefined ? {} : { consent }) });
      if (answer.status === 202) await imports.waitFor(importId);
      return answer.status;
    };
    expect(await start()).toBe(202);
    expect(await start({ evidence })).toBe(202);
    expect((await call<ListView>('GET', `/lists/${list.listId}`)).body.consent).toMatchObject({ evidence });
    expect(await start()).toBe(409);
    expect(await start({ evidence: 'again' })).toBe(202);
  });
});

describe('the do-not-call list over HTTP', () => {
  type Entry = { entryId: string; number: string; expiresAtMs?: number; isExpired: boolean };
  it('takes a number in any dress, once, and keeps the later end', async () => {
    const soon = Date.now() + 3_600_000;
    const first = await call<Entry>('POST', '/dnc', { number: '０１３８-3333-0001', expiresAtMs: soon });
    expect(first).toMatchObject({
      status: 201,
      body: { number: '+8613833330001', expiresAtMs: soon, isExpired: false },
    });
    const again = await call<Entry>('POST', '/dnc', { number: '+86 138 3333 0001', reason: '拒绝' });
    expect(again.body.entryId).toBe(first.body.entryId);
    expect(again.body.expiresAtMs).toBeUndefined();
    expect((await call('POST', '/dnc', { number: '12345' })).status).toBe(400);
    expect((await call('POST', '/dnc', { number: '13833330002', expiresAtMs: 1 })).status).toBe(400);
    expect((await call<{ items: Entry[] }>('GET', '/dnc?number=13833330001')).body.items).toHaveLength(1);
  });

  it('takes a file and hands back what is no number', async () => {
    const text = ['13844440001', '13844440002/13844440003', 'abc', '13844440001', '12345'].join('\n');
    const { status, body } = await upload('/dnc/file', text);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        added: 3,
        existing: 0,
        rejected: 2,
        rejects: [
          { row: 3, text: 'abc', reason: 'notANumber' },
          { row: 5, text: '12345', reason: 'tooShort' },
        ],
      },
    });
    expect((await upload('/dnc/file', '13844440001')).body).toMatchObject({ added: 0, existing: 1 });
  });

  it('lets a number go only with a reason, which the audit keeps', async () => {
    const { body } = await call<Entry>('POST', '/dnc', { number: '13855550001' });
    expect((await call('POST', `/dnc/${body.entryId}/remove`, {})).status).toBe(400);
    expect((await call('POST', `/dnc/${body.entryId}/remove`, { reason: '书面同意' })).status).toBe(200);
    expect((await call('POST', `/dnc/${body.entryId}/remove`, { reason: '书面同意' })).status).toBe(404);
    expect(audit.at(-1)).toMatchObject({
      action: 'removeDnc',
      subjectId: body.entryId,
      details: { reason: '书面同意', number: '+8613855550001' },
    });
  });
});
