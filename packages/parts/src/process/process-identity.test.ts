import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPidFile, parsePidFile, parseProcStat } from './process-identity.ts';

describe('a pid file', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_194_304 }), fc.nat(), fc.uuid(), (pid, startTicks, bootId) => {
        expect(parsePidFile(formatPidFile({ pid, startTicks, bootId }))).toEqual({ pid, startTicks, bootId });
      }),
    );
  });

  it('is not believed when it was cut off anywhere', () => {
    const whole = formatPidFile({ pid: 4711, startTicks: 123456, bootId: 'ef4a8415-0a9d-45f6-8381-01ad392d5ad3' });
    for (let length = 0; length < whole.length; length++) expect(parsePidFile(whole.slice(0, length))).toBeUndefined();
  });

  it('is not believed when it holds something else', () => {
    fc.assert(fc.property(fc.string(), (text) => void parsePidFile(text)));
    expect(parsePidFile('4711\n')).toBeUndefined();
    expect(parsePidFile('-1\n5\nx\n')).toBeUndefined();
    expect(parsePidFile('0\n5\nx\n')).toBeUndefined();
  });
});

describe('/proc/PID/stat', () => {
  it('is read although the name holds spaces and brackets', () => {
    const fields = ['S', '1', ...Array.from({ length: 17 }, (_, i) => String(i)), '987654', '0'];
    expect(parseProcStat(`42 (ld linux) (x) ) ${fields.join(' ')}`)).toEqual({
      state: 'S',
      parentPid: 1,
      startTicks: 987654,
    });
    expect(parseProcStat('')).toBeUndefined();
  });
});
