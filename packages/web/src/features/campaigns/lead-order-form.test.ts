import { defaultLeadOrder } from '@qianhu/core';
import { expect, it } from 'vitest';
import { orderNameOf, ORDERS } from './lead-order-form.ts';

it('knows every order that it offers, and leaves others alone', () => {
  expect(orderNameOf(ORDERS.fair)).toBe('fair');
  expect(orderNameOf(ORDERS.bestTime)).toBe('bestTime');
  expect(orderNameOf({ ...defaultLeadOrder, then: 'newest' })).toBe('other');
  expect(orderNameOf({ ...ORDERS.bestTime, untried: 'last' })).toBe('other');
});
