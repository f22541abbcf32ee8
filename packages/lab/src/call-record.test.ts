import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { CallRecord } from './call-record.ts';

let dir = '';
let path = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'qianhu-record-'));
  path = join(dir, 'record.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const invite = (record: CallRecord, id: string, number = '13800138000'): void => {
  const attempt = record.attempts(number);
  record.append({ type: 'invite', atMs: 1000, id, number, callerId: '010', character: 'talks', attempt });
};

test('a line is on disk as soon as it is appended', () => {
  const record = new CallRecord(path);
  invite(record, 'a');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ seq: 1, type: 'invite', id: 'a', attempt: 0 });
  record.close();
});

test('calls are put together from their lines, also after a restart', () => {
  const first = new CallRecord(path);
  invite(first, 'a');
  first.append({ type: 'ringing', atMs: 1100, id: 'a' });
  first.append({ type: 'answered', atMs: 2000, id: 'a' });
  first.append({ type: 'dtmf', atMs: 2500, id: 'a', digit: '4', from: 'caller' });
  first.append({ type: 'dtmf', atMs: 2500, id: 'a', digit: '9', from: 'callee' });
  first.append({ type: 'ended', atMs: 3000, id: 'a', by: 'caller', cause: 16 });
  invite(first, 'b');
  first.close();
  const second = new CallRecord(path);
  expect(second.callsTo('13800138000')).toMatchObject([
    { id: 'a', attempt: 0, answeredAtMs: 2000, endedAtMs: 3000, endedBy: 'caller', cause: 16, digitsFromCaller: '4' },
    { id: 'b', attempt: 1 },
  ]);
  expect(second.open().map((call) => call.id)).toEqual(['b']);
  expect(second.attempts('13800138000')).toBe(2);
  expect(second.linesAfter(6, 10)).toHaveLength(1);
  second.close();
});

test('a half line of a crash is closed, and what follows is whole', () => {
  const first = new CallRecord(path);
  invite(first, 'a');
  first.close();
  appendFileSync(path, '{"seq":2,"type":"answ');
  const second = new CallRecord(path);
  second.append({ type: 'answered', atMs: 2000, id: 'a' });
  second.close();
  const third = new CallRecord(path);
  expect(third.call('a')).toMatchObject({ answeredAtMs: 2000 });
  expect(third.linesAfter(0, 10)).toHaveLength(2);
  third.close();
});
