import { describe, expect, it } from 'vitest';
import { fromLocalInput, quickCallbacks, toLocalInput } from './callback-times.ts';

describe('quick callback times', () => {
  it('are all in the future and in order of their names', () => {
    const wednesday = new Date(2026, 10, 25, 11, 20).getTime();
    expect(quickCallbacks(wednesday)).toEqual([
      ['hour', wednesday + 3_600_000],
      ['afternoon', new Date(2026, 10, 25, 15).getTime()],
      ['tomorrow', new Date(2026, 10, 26, 10).getTime()],
      ['monday', new Date(2026, 10, 30, 10).getTime()],
    ]);
  });
  it('leave out the afternoon that is over and the Monday that is tomorrow', () => {
    const sundayEvening = new Date(2026, 10, 29, 18).getTime();
    expect(quickCallbacks(sundayEvening).map(([name]) => name)).toEqual(['hour', 'tomorrow']);
  });
  it('promise next Monday, not today, on a Monday', () => {
    const monday = new Date(2026, 10, 30, 9).getTime();
    expect(quickCallbacks(monday).at(-1)).toEqual(['monday', new Date(2026, 11, 7, 10).getTime()]);
  });
  it('go into an input and come back', () => {
    const at = new Date(2026, 0, 2, 3, 4).getTime();
    expect(fromLocalInput(toLocalInput(at))).toBe(at);
    expect(fromLocalInput('')).toBeUndefined();
    expect(toLocalInput(undefined)).toBe('');
  });
});
