import { describe, expect, it } from 'vitest';
import { importLeftMs, importRatio, listNameFrom, mappingFaults, targetFor } from './import-mapping.ts';

describe('the mapping of columns', () => {
  it('needs a phone column', () => {
    expect(mappingFaults([{ to: 'name' }])).toEqual(['noPhoneColumn']);
    expect(mappingFaults([{ to: 'name' }, { to: 'phone' }])).toEqual([]);
  });
  it('allows several phone columns but only one name', () => {
    expect(mappingFaults([{ to: 'phone' }, { to: 'phone' }, { to: 'name' }, { to: 'name' }])).toEqual(['repeatedName']);
  });
  it('refuses two fields of the same name', () => {
    expect(mappingFaults([{ to: 'phone' }, { to: 'field', key: '公司' }, { to: 'field', key: '公司 ' }])).toEqual([
      'repeatedField',
    ]);
  });
  it('names a field of one’s own after its header', () => {
    expect(targetFor('field', ' 公司 ')).toEqual({ to: 'field', key: '公司' });
    expect(targetFor('zone', 'x')).toEqual({ to: 'zone' });
  });
});

describe('the progress of an import', () => {
  it('goes by bytes and is whole when done', () => {
    expect(importRatio({ state: 'running', bytesRead: 25, fileBytes: 100 })).toBe(0.25);
    expect(importRatio({ state: 'done', bytesRead: 0, fileBytes: 0 })).toBe(1);
    expect(importRatio({ state: 'running', bytesRead: 0, fileBytes: 0 })).toBe(0);
  });
  it('tells the time left only once there is a speed', () => {
    const view = { state: 'running', bytesRead: 25, fileBytes: 100, startedAtMs: 1_700_000_000_000 } as const;
    const start = view.startedAtMs;
    expect(importLeftMs(view, start + 1000)).toBeUndefined();
    expect(importLeftMs(view, start + 10_000)).toBe(30_000);
  });
  it('names a list after its file', () => {
    expect(listNameFrom('十一月_回访.CSV')).toBe('十一月 回访');
  });
});
