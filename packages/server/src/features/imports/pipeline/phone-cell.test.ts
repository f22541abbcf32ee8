import { describe, expect, it } from 'vitest';
import { createPhoneParser } from '../../../numbers/phone-parser.ts';
import { parsePhoneCells } from './phone-cell.ts';

const parser = createPhoneParser('CN');
const parse = (cells: string | string[], maxNumbers = 10, tooMany: 'reject' | 'keepFirst' = 'reject') =>
  parsePhoneCells(typeof cells === 'string' ? [cells] : cells, parser, { maxNumbers, tooMany });
const A = '+8613800138000';
const B = '+8613900139000';

describe('the phone cells of a row', () => {
  it.each([
    ['13800138000/13900139000', [A, B]],
    ['13800138000；13900139000', [A, B]],
    ['13800138000、13900139000', [A, B]],
    ['13800138000，13900139000', [A, B]],
    ['13800138000 13900139000', [A, B]],
    ['13800138000\n13900139000', [A, B]],
    ['13800138000 或 13900139000', [A, B]],
    ['13800138000 or 13900139000', [A, B]],
    ['138 0013 8000', [A]],
    ['13800138000;13800138000', [A]],
    ['13800138000.0', [A]],
    ["'13800138000", [A]],
    ["'+8613800138000", [A]],
    [' 电话：13800138000 ', [A]],
  ])('read %j', (cell, numbers) => {
    expect(parse(cell)).toMatchObject({ ok: true, numbers });
  });

  it('in several columns are tried in their order', () => {
    expect(parse(['', '13900139000', '13800138000'])).toMatchObject({ ok: true, numbers: [B, A], notes: [] });
  });

  it.each([
    ['', 'noPhone'],
    ['1.38E+10', 'scientificNotation'],
    ['1.3800138e10', 'scientificNotation'],
    ['1,38E+10', 'scientificNotation'],
    ['#N/A', 'cellError'],
    ['没有', 'notANumber'],
    ['12345678901', 'invalidNumber'],
  ])('refuse %j as %s', (cell, reason) => {
    expect(parse(cell)).toEqual({ ok: false, reason });
  });

  it('with a valid number among faulty ones make a lead with a note', () => {
    expect(parse(['12345', '13800138000'])).toMatchObject({ ok: true, numbers: [A], notes: ['someNumbersInvalid'] });
  });

  it.each([
    ['010-88888888-8001', '+861088888888', '8001'],
    ['010-88888888转8001', '+861088888888', '8001'],
    ['０１０－８８８８８８８８ 分机 22', '+861088888888', '22'],
    ['010-88888888 ext. 12', '+861088888888', '12'],
  ])('keep the extension of %j', (cell, number, extension) => {
    expect(parse(cell)).toMatchObject({ ok: true, numbers: [number], extension, notes: ['extensionKept'] });
  });

  it('of a lead with fourteen numbers are handed back, or cut with a note when asked', () => {
    const fourteen = Array.from({ length: 14 }, (_, i) => `138001380${String(i).padStart(2, '0')}`).join('/');
    expect(parse(fourteen)).toEqual({ ok: false, reason: 'tooManyNumbers' });
    const kept = parse(fourteen, 10, 'keepFirst');
    expect(kept).toMatchObject({ ok: true, notes: ['numbersDropped'] });
    expect(kept.ok && kept.numbers.length).toBe(10);
  });
});
