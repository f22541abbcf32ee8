import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPhoneParser } from '../../../numbers/phone-parser.ts';
import { previewFile } from './preview-file.ts';
import { sniffFile } from './sniff-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sniff-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
const parser = createPhoneParser('CN');
const write = async (data: string | Buffer): Promise<string> => {
  const path = join(folder, 'file');
  await writeFile(path, data);
  return path;
};
const TABLE = '姓名,手机号\n张三,13800138000\n李四,13900139000\n';
/** 姓名,手机号\n张三,13800138000\n in GBK (made by iconv). */
const GBK = Buffer.from('d0d5c3fb2ccad6bbfabac50ad5c5c8fd2c31333830303133383030300a', 'hex');
const utf16 = (text: string, isBig: boolean): Buffer => {
  const data = Buffer.from(text, 'utf16le');
  return isBig ? data.swap16() : data;
};

describe('looking at a file', () => {
  it.each([
    ['UTF-8', Buffer.from(TABLE), 'utf-8', 0],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${TABLE}`), 'utf-8', 3],
    ['GBK', GBK, 'gb18030', 0],
    ['UTF-16 LE with a mark', utf16(`\ufeff${TABLE}`, false), 'utf-16le', 2],
    ['UTF-16 BE with a mark', utf16(`\ufeff${TABLE}`, true), 'utf-16be', 2],
    ['UTF-16 LE without', utf16(TABLE, false), 'utf-16le', 0],
    ['UTF-16 BE without', utf16(TABLE, true), 'utf-16be', 0],
  ])('finds %s', async (_name, data, encoding, bomBytes) => {
    const path = await write(data);
    expect(await sniffFile(path)).toMatchObject({ format: 'csv', encoding, bomBytes, delimiter: ',' });
    const preview = await previewFile(path, {}, parser);
    expect(preview.columns.map((c) => [c.name, c.suggested.to])).toEqual([
      ['姓名', 'name'],
      ['手机号', 'phone'],
    ]);
    expect(preview.rows[0]).toEqual(['张三', '13800138000']);
  });

  it('finds GBK that begins only after a megabyte of ASCII', async () => {
    const path = await write(Buffer.concat([Buffer.from('a,13800138000\n'.repeat(80_000)), GBK]));
    expect(await sniffFile(path)).toMatchObject({ encoding: 'gb18030' });
  });

  it.each([
    ['\t', 'a\tb\n1\t2\n'],
    [';', 'a;b\n"1,5";2\n'],
    ['|', 'a|b\n1|2\n'],
    [',', 'phone\n13800138000\n'],
  ])('finds the delimiter %j', async (delimiter, text) => {
    expect(await sniffFile(await write(text))).toMatchObject({ delimiter });
  });

  it('finds lines ended by CR alone', async () => {
    expect(await sniffFile(await write('a,b\r1,2\r'))).toMatchObject({ newline: '\r' });
  });

  it.each([
    ['emptyFile', ''],
    ['emptyFile', '  \n \n'],
    ['binaryFile', Buffer.from('%PDF-1.7 ...')],
    ['binaryFile', Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 7) % 256))],
    ['unknownEncoding', Buffer.from('name,phone\n\xff\xfe\x81\n\x81', 'latin1')],
  ])('refuses with %s', async (fault, data) => {
    await expect(sniffFile(await write(data))).rejects.toMatchObject({ fault });
  });
});

describe('the preview', () => {
  const columnsOf = async (text: string): Promise<string[]> =>
    (await previewFile(await write(text), {}, parser)).columns.map(({ suggested: s }) =>
      s.to === 'field' ? `field:${s.key}` : s.to,
    );

  it('maps Chinese and English headers', async () => {
    expect(
      await columnsOf('客户名称,联系电话,备用电话,身份证号码,优先级,预约时间,时区,城市\nA,13800138000,,1,2,,,x\n'),
    ).toEqual(['name', 'phone', 'phone', 'field:身份证号码', 'priority', 'callbackAt', 'zone', 'field:城市']);
    expect(await columnsOf('Full Name,Mobile Phone,Company,Company\nA,13800138000,x,y\n')).toEqual([
      'name',
      'phone',
      'field:Company',
      'field:Company (2)',
    ]);
  });

  it('finds phones by what the cells hold when no header says so', async () => {
    expect(await columnsOf('甲,乙\nA,13800138000\nB,139-0013-9000\n')).toEqual(['field:甲', 'phone']);
    expect(await columnsOf('张三,13800138000\n李四,13900139000\n')).toEqual(['field:A', 'phone']);
  });

  it('knows a table without header', async () => {
    const preview = await previewFile(await write('张三,13800138000\n李四,13900139000\n'), {}, parser);
    expect(preview.source.hasHeader).toBe(false);
    expect(preview.rows).toHaveLength(2);
  });

  it('leaves the columns of our own report out', async () => {
    expect(
      await columnsOf('phone,qianhu_row,qianhu_code,qianhu_原因,qianhu_reason\n13800138000,2,tooShort,x,y\n'),
    ).toEqual(['phone', 'ignore', 'ignore', 'ignore', 'ignore']);
  });

  it('says that a phone column is missing, and that there are no rows', async () => {
    expect((await previewFile(await write('a,b\nx,y\n'), {}, parser)).faults).toEqual(['noPhoneColumn']);
    expect((await previewFile(await write('姓名,手机号\n'), {}, parser)).faults).toEqual(['noRows']);
  });

  it('takes a nameless last column when most rows have it', async () => {
    expect(await columnsOf('手机号\n13800138000,x\n13900139000,y\n')).toEqual(['phone', 'field:B']);
  });
});
