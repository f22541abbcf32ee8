import type { PhoneNumber } from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import { numberFacts } from './number-facts.ts';
import { loadPhoneZones } from './phone-zones.ts';

describe('zones of a number', () => {
  const zones = loadPhoneZones();
  it.each([
    ['+8613800138000', ['Asia/Shanghai']],
    ['+861088888888', ['Asia/Shanghai']],
    ['+14155552671', ['America/Los_Angeles']],
    ['+442079460958', ['Europe/London']],
    ['+85261234567', ['Asia/Hong_Kong']],
    ['+999123', []],
  ])('of %s are %j', (number, expected) => {
    expect(zones.zonesOf(number)).toEqual(expected);
  });

  it('are all candidates where the prefix does not settle it', () => {
    expect(zones.zonesOf('+18005551234').length).toBeGreaterThan(5);
  });
});

describe('facts of a number', () => {
  it.each([
    ['+8613800138000', 'CN', 'mobile'],
    ['+861088888888', 'CN', 'landline'],
    ['+14155552671', 'US', 'mobile'],
    ['+442079460958', 'GB', 'landline'],
    ['+80012345678', '001', 'tollFree'],
    ['+999123', 'ZZ', 'unknown'],
  ])('of %s are %s, %s', (number, country, kind) => {
    expect(numberFacts(number as PhoneNumber)).toMatchObject({ e164: number, country, kind });
  });
});
