import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHistory } from './history.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'qianhu-cel-'));
  file = join(dir, 'cel.csv');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const line = (
  kind: string,
  atMs: number,
  id: string,
  extra: object | '' = '',
  name = `PJSIP/trunk-t-${id}`,
): string => {
  const text = extra === '' ? '' : JSON.stringify(extra);
  return `${[kind, (atMs / 1000).toFixed(6), id, id, name, '', text].map((value) => `"${value.replaceAll('"', '""')}"`).join(',')}\n`;
};
const call = (id: string, atMs: number, answered: boolean, cause: number, source: string): string =>
  line('CHAN_START', atMs, id) +
  (answered ? line('ANSWER', atMs + 100, id) : '') +
  line('HANGUP', atMs + 1000, id, { hangupcause: cause, hangupsource: source, dialstatus: '' }) +
  line('CHAN_END', atMs + 1001, id);

const T0 = Date.now();

test('tells how legs ended, who ended them and whether they were answered', async () => {
  writeFileSync(
    file,
    call('a', T0, true, 16, 'PJSIP/trunk-t-a') + call('b', T0 + 5, false, 19, '') + line('CHAN_START', T0, 'c'),
  );
  expect(await readHistory(file, T0)).toEqual([
    { legId: 'a', startedAtMs: T0, answeredAtMs: T0 + 100, endedAtMs: T0 + 1000, ending: { cause: 16, by: 'them' } },
    { legId: 'b', startedAtMs: T0 + 5, endedAtMs: T0 + 1005, ending: { cause: 19, by: 'us' } },
  ]);
});

test('leaves out what ended before, and keeps the beginning of what ended after', async () => {
  writeFileSync(file, call('old', T0 - 60_000, true, 16, '') + call('new', T0 - 500, true, 16, ''));
  expect(await readHistory(file, T0)).toMatchObject([{ legId: 'new', startedAtMs: T0 - 500 }]);
});

test('bears half a line, at the end and before more lines', async () => {
  writeFileSync(file, call('a', T0, true, 16, '') + '"HANGUP","17953');
  expect(await readHistory(file, T0)).toHaveLength(1);
  appendFileSync(file, `\n${call('b', T0, true, 16, '')}`);
  expect(await readHistory(file, T0)).toHaveLength(2);
});

test('reads on across a rotation in the middle of a call', async () => {
  writeFileSync(file, line('CHAN_START', T0, 'a'));
  renameSync(file, `${file}.1`);
  writeFileSync(file, line('HANGUP', T0 + 900, 'a', { hangupcause: 16, hangupsource: '' }));
  expect(await readHistory(file, T0)).toMatchObject([{ legId: 'a', startedAtMs: T0, endedAtMs: T0 + 900 }]);
});

test('without a file there is no history', async () => {
  expect(await readHistory(file, 0)).toEqual([]);
});

test('leaves out channels that are no legs', async () => {
  writeFileSync(file, line('HANGUP', T0, 'rec-x-l', { hangupcause: 16 }, 'Snoop/a-00000001'));
  expect(await readHistory(file, T0)).toEqual([]);
});

test('finds its place in a long file', async () => {
  const day = 24 * 3_600_000;
  let text = '';
  for (let n = 0; n < 20_000; n += 1) text += call(`id${String(n)}`, T0 - day + n * 4000, true, 16, '');
  writeFileSync(file, text);
  const sinceMs = T0 - day + 19_990 * 4000;
  const found = await readHistory(file, sinceMs);
  expect(found.map(({ legId }) => legId)).toEqual(Array.from({ length: 10 }, (_, n) => `id${String(19_990 + n)}`));
  expect(await readHistory(file, 0)).toHaveLength(20_000);
});
