import type { ImportView, StartImport } from '@qianhu/contracts';
import type { ListId } from '@qianhu/core';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { realClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { silentLogger } from '../../platform/log.ts';
import { createTestDatabase, type TestDatabase } from '../../platform/testing/test-database.ts';
import { createImports } from './create-imports.ts';
import type { ImportsService } from './imports-service.ts';

// Every import starts a thread that compiles its sources: slow on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

let db: TestDatabase;
let folder: string;
let imports: ImportsService;
const clock = realClock();
const ids = createIdSource(() => clock.now());

const build = (): ImportsService =>
  createImports({ db, clock, ids, log: silentLogger(), folder, putConsent: () => Promise.resolve() });

beforeAll(async () => {
  db = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'imports-'));
  imports = build();
});
afterAll(async () => {
  await imports.close();
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

const newList = async (name = 'list'): Promise<ListId> => {
  const listId = ids.next<ListId>();
  await db.pool.query('INSERT INTO lists (id, name) VALUES ($1, $2)', [listId, name]);
  return listId;
};

const upload = (data: string | Buffer, fileName = 'file.csv') =>
  imports.upload({ stream: Readable.from([Buffer.from(data)]), fileName });

const run = async (data: string | Buffer, listId: ListId, more: Partial<StartImport> = {}): Promise<ImportView> => {
  const { import: view, fault } = await upload(data);
  expect(fault).toBeUndefined();
  await imports.start(view.importId, { listId, source: {}, options: {}, ...more });
  return imports.waitFor(view.importId);
};

type LeadRow = {
  number: string;
  name: string | null;
  fields: Record<string, string> | null;
  zone: string;
  priority: number;
  alt_numbers: string[] | null;
};
const leadsOf = async (listId: ListId): Promise<LeadRow[]> =>
  (await db.pool.query<LeadRow>('SELECT * FROM leads WHERE list_id = $1 ORDER BY id', [listId])).rows;

const rejectsOf = async (view: ImportView): Promise<string> =>
  readFile(await imports.reportPath(view.importId, 'rejects'), 'utf8');

const mobile = (n: number): string => `138${String(n).padStart(8, '0')}`;

describe('an import', () => {
  it('takes a table of Chinese headers as the preview suggests', async () => {
    const listId = await newList();
    const view = await run('姓名,手机号,公司\n张三,13800138000,千呼\n李四,０１０－８８８８８８８８,\n', listId);
    expect(view).toMatchObject({ state: 'done', rowsRead: 2, rowsImported: 2, rowsRejected: 0, canStart: false });
    expect(await leadsOf(listId)).toMatchObject([
      { number: '+8613800138000', name: '张三', fields: { 公司: '千呼' }, zone: 'Asia/Shanghai' },
      { number: '+861088888888', name: '李四', fields: null },
    ]);
    const { rows } = await db.pool.query('SELECT field_defs FROM lists WHERE id = $1', [listId]);
    expect(rows[0]).toEqual({ field_defs: [{ key: '公司', label: '公司' }] });
  });

  it('of 100,000 rows with 37 bad ones imports the rest and hands back 37 with reasons', async () => {
    const listId = await newList();
    const bad = new Set(Array.from({ length: 37 }, (_, i) => 1000 + i * 2600));
    const lines = Array.from(
      { length: 100_000 },
      (_, i) => `客户${i},${bad.has(i) ? '12345678901' : mobile(i + 70_000_000)},备注${i}`,
    );
    const view = await run(`姓名,电话,备注\n${lines.join('\n')}\n`, listId);
    expect(view).toMatchObject({
      state: 'done',
      rowsRead: 100_000,
      rowsImported: 99_963,
      rowsRejected: 37,
      rowsDuplicate: 0,
    });
    const report = (await rejectsOf(view)).trimEnd().split('\r\n');
    expect(report).toHaveLength(38);
    expect(report[0]).toBe('\ufeff姓名,电话,备注,qianhu_row,qianhu_code,qianhu_原因,qianhu_reason');
    expect(report[1]).toBe(
      '客户1000,12345678901,备注1000,1002,invalidNumber,该国家或地区没有这样的号码,no such number in its country',
    );
    const { rows } = await db.pool.query('SELECT count(*) AS n FROM leads WHERE list_id = $1', [listId]);
    expect(rows[0]).toEqual({ n: '99963' });
  });

  it('finds doubles within the file, in the list and in other lists', async () => {
    const [first, second] = [await newList(), await newList()];
    await run(`phone\n${mobile(1)}\n${mobile(2)}\n`, first);
    const again = await run(`phone,name\n${mobile(2)},B\n${mobile(3)},C\n+86 ${mobile(3)},C2\n`, first);
    expect(again).toMatchObject({
      rowsImported: 1,
      rowsDuplicate: 2,
      reasons: { duplicateInList: 1, duplicateInFile: 1 },
    });
    expect(await rejectsOf(again)).toMatch(/B,2,duplicateInList[\s\S]*C2,4,duplicateInFile,.*row 3/);
    const skip = await run(`phone\n${mobile(1)}\n${mobile(9)}\n`, second, { options: { acrossLists: 'skip' } });
    expect(skip).toMatchObject({ rowsImported: 1, rowsDuplicate: 1, reasons: { duplicateAcrossLists: 1 } });
    const allow = await run(`phone\n${mobile(1)}\n`, second, { options: { acrossLists: 'allow' } });
    expect(allow).toMatchObject({ rowsImported: 1, rowsDuplicate: 0 });
  });

  it('gives leads in this and in other lists the new data when asked, and keeps what the row leaves empty', async () => {
    const [first, second] = [await newList(), await newList()];
    await run(`phone,name,city,优先级\n${mobile(11)},旧名,上海,5\n${mobile(12)},留名,,\n`, first);
    const update = await run(`phone,name,level\n${mobile(11)},新名,A\n${mobile(12)},,B\n${mobile(13)},新,C\n`, first, {
      options: { inList: 'update' },
    });
    expect(update).toMatchObject({ rowsImported: 1, rowsUpdated: 2, rowsDuplicate: 0 });
    expect(await leadsOf(first)).toMatchObject([
      { name: '新名', fields: { city: '上海', level: 'A' }, priority: 5 },
      { name: '留名', fields: { level: 'B' }, priority: 0 },
      { name: '新', fields: { level: 'C' } },
    ]);
    const across = await run(`phone,name\n${mobile(11)},再新\n${mobile(14)},D\n`, second, {
      options: { acrossLists: 'update' },
    });
    expect(across).toMatchObject({ rowsImported: 1, rowsUpdated: 1 });
    expect((await leadsOf(first))[0]?.name).toBe('再新');
    expect(await leadsOf(second)).toHaveLength(1);
  });

  it('notes numbers on the do-not-call list and imports them', async () => {
    const listId = await newList();
    await db.pool.query(`INSERT INTO dnc_entries (number, source) VALUES ($1, 'manual')`, [`+86${mobile(21)}`]);
    await db.pool.query(
      `INSERT INTO dnc_entries (number, source, expires_at) VALUES ($1, 'manual', now() - interval '1 day')`,
      [`+86${mobile(22)}`],
    );
    const view = await run(`phone\n${mobile(21)}\n${mobile(22)}\n${mobile(23)}\n`, listId);
    expect(view).toMatchObject({
      rowsImported: 3,
      rowsNoted: 1,
      reasons: { onDncList: 1 },
      hasNotes: true,
      hasRejects: false,
    });
    expect(await readFile(await imports.reportPath(view.importId, 'notes'), 'utf8')).toContain(
      `${mobile(21)},2,onDncList`,
    );
  });

  it('is cancelled between batches, keeps what it has, and brings the rest when started again', async () => {
    const listId = await newList();
    const lines = Array.from({ length: 40_000 }, (_, i) => mobile(100_000 + i));
    const { import: view } = await upload(`phone\n${lines.join('\n')}\n`);
    await imports.start(view.importId, { listId, source: {}, options: {} });
    const cancelled = await imports.cancel(view.importId);
    expect(cancelled).toMatchObject({ state: 'cancelled', canStart: true });
    expect(cancelled.rowsRead).toBeLessThan(40_000);
    expect(await leadsOf(listId)).toHaveLength(cancelled.rowsImported);
    await imports.start(view.importId, { listId, source: {}, options: {} });
    const done = await imports.waitFor(view.importId);
    expect(done).toMatchObject({
      state: 'done',
      rowsDuplicate: cancelled.rowsImported,
      rowsImported: 40_000 - cancelled.rowsImported,
    });
    expect(await leadsOf(listId)).toHaveLength(40_000);
  });

  it('takes its leads away again, but for those that were dialled', async () => {
    const listId = await newList();
    await run(`phone\n${mobile(31)}\n`, listId);
    const second = await run(`phone\n${mobile(32)}\n${mobile(33)}\n${mobile(34)}\n`, listId);
    await db.pool.query('UPDATE leads SET attempts = 1 WHERE list_id = $1 AND number = $2', [
      listId,
      `+86${mobile(33)}`,
    ]);
    expect(await imports.removeLeads(second.importId)).toEqual({ removed: 2, kept: 1 });
    expect((await leadsOf(listId)).map((l) => l.number)).toEqual([`+86${mobile(31)}`, `+86${mobile(33)}`]);
  });

  it('that a crash cut short is failed after the restart and can be started again', async () => {
    const listId = await newList();
    const { import: view } = await upload(`phone\n${mobile(41)}\n`);
    await db.pool.query(`UPDATE imports SET state = 'running', list_id = $2, rows_read = 5 WHERE id = $1`, [
      view.importId,
      listId,
    ]);
    const restarted = build();
    expect(await restarted.recover()).toBe(1);
    expect(await restarted.recover()).toBe(0);
    const failed = await restarted.get(view.importId);
    expect(failed).toMatchObject({ state: 'failed', rowsRead: 5, canStart: true, error: { code: 'interrupted' } });
    await restarted.start(view.importId, { listId, source: {}, options: {} });
    expect(await restarted.waitFor(view.importId)).toMatchObject({ state: 'done', rowsImported: 1 });
    await restarted.close();
  });

  it('loses nothing when the connection to the database breaks', async () => {
    const listId = await newList();
    const lines = Array.from({ length: 40_000 }, (_, i) => mobile(300_000 + i));
    const { import: view } = await upload(`phone\n${lines.join('\n')}\n`);
    let isKilled = false;
    const off = imports.subscribe((progress) => {
      if (isKilled || progress.importId !== view.importId || progress.rowsRead === 0) return;
      isKilled = true;
      void db.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7141804`,
      );
    });
    await imports.start(view.importId, { listId, source: {}, options: {} });
    const failed = await imports.waitFor(view.importId);
    off();
    // A fast machine may have finished before the connection was cut; then there is nothing to mend.
    if (failed.state !== 'done') {
      expect(failed).toMatchObject({ state: 'failed', canStart: true, error: { code: 'databaseLost' } });
      expect(await leadsOf(listId)).toHaveLength(failed.rowsImported);
      await imports.start(view.importId, { listId, source: {}, options: {} });
      expect(await imports.waitFor(view.importId)).toMatchObject({ state: 'done', rowsDuplicate: failed.rowsImported });
    }
    expect(await leadsOf(listId)).toHaveLength(40_000);
  });

  it('whose end the database did not take is ended as soon as it does, without a restart', async () => {
    const listId = await newList();
    await db.pool.query(
      "CREATE OR REPLACE FUNCTION keep_running() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.state = 'done' THEN RAISE EXCEPTION 'away'; END IF; RETURN NEW; END $$",
    );
    await db.pool.query(
      'CREATE TRIGGER keep_running BEFORE UPDATE ON imports FOR EACH ROW EXECUTE FUNCTION keep_running()',
    );
    let view: ImportView;
    try {
      view = await run(`phone\n${mobile(61)}\n`, listId);
      expect(view.state).toBe('running');
    } finally {
      await db.pool.query('DROP TRIGGER keep_running ON imports');
    }
    for (let i = 0; i < 200 && view.state === 'running'; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      view = await imports.get(view.importId);
    }
    expect(view).toMatchObject({ state: 'done', rowsImported: 1 });
  });

  it('refuses a second import into a list while one runs', async () => {
    const listId = await newList();
    const lines = Array.from({ length: 40_000 }, (_, i) => mobile(500_000 + i));
    const [a, b] = [await upload(`phone\n${lines.join('\n')}\n`), await upload(`phone\n${mobile(1)}\n`)];
    await imports.start(a.import.importId, { listId, source: {}, options: {} });
    await expect(imports.start(b.import.importId, { listId, source: {}, options: {} })).rejects.toThrow(
      /Another import/,
    );
    expect(await imports.get(b.import.importId)).toMatchObject({ state: 'failed', canStart: true });
    expect(await imports.waitFor(a.import.importId)).toMatchObject({ state: 'done', rowsImported: 40_000 });
  });

  it('keeps whatever characters the cells hold', async () => {
    const listId = await newList();
    const nasty = 'tab\there "quote" back\\slash \\N \\. new\nline 😀';
    const view = await run(`phone,name,note\n${mobile(51)},"${nasty.replaceAll('"', '""')}","{""a"":1}\\"\n`, listId);
    expect(view.rowsImported).toBe(1);
    expect(await leadsOf(listId)).toMatchObject([{ name: nasty, fields: { note: '{"a":1}\\' } }]);
  });

  it.each([
    ['an empty file', '', 'emptyFile'],
    ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0]), 'binaryFile'],
    ['an old Excel file', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), 'oldExcelFile'],
    ['half an archive', Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(500, 7)]), 'truncatedFile'],
  ])('tells what is wrong with %s', async (_name, data, fault) => {
    const { import: view, fault: found, preview } = await upload(data);
    expect(preview).toBeUndefined();
    expect(found?.code).toBe(fault);
    await expect(
      imports.start(view.importId, { listId: await newList(), source: {}, options: {} }),
    ).rejects.toMatchObject({
      code: 'invalid',
      details: { code: fault },
    });
    expect(await imports.get(view.importId)).toMatchObject({ state: 'uploaded' });
  });

  it('without a phone column is refused, and goes when one is named', async () => {
    const listId = await newList();
    const { import: view, preview } = await upload('a,b\nx,y\n');
    expect(preview?.faults).toEqual(['noPhoneColumn']);
    await expect(imports.start(view.importId, { listId, source: {}, options: {} })).rejects.toMatchObject({
      details: { code: 'noPhoneColumn' },
    });
    await imports.start(view.importId, { listId, source: {}, options: {}, columns: [{ to: 'name' }, { to: 'phone' }] });
    expect(await imports.waitFor(view.importId)).toMatchObject({
      state: 'done',
      rowsRejected: 1,
      reasons: { notANumber: 1 },
    });
  });
});
